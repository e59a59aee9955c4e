"""CSV files: accounts, usage, tickets, subscriptions and surveys, from a folder or handed over one by one.

No vendor: files somebody exported, by the layouts in docs/csv.md. A file tells of the day it was
written, so what was read of it grows old with it. One that has not changed is not read again.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, Field

from integrations.base import (
    ASKED,
    Clock,
    Cursor,
    Page,
    SourceAuthError,
    SourceDataError,
    SourceDownError,
    SourceError,
    SourceKind,
)
from integrations.csv import text as csv_text
from integrations.csv.layouts import TELLS, FileKind, Layout, layout_of, understand
from integrations.csv.reading import Part, Reader, Reading, changed, rejections
from integrations.csv.records import Manner
from scoring.records import Kind

FILES_MAX = 1_000
_TOLD_MAX = 3  # errors in one sentence


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Which kinds of files there are, and where they lie."""

    kinds: tuple[FileKind, ...] = Field(
        min_length=1,
        description="What your files tell of, with commas between: accounts, usage, tickets, subscriptions, surveys.",
    )
    folder: Path | None = Field(
        default=None,
        description="The folder files are dropped into, from where Bellwether is started; without one they come by `bellwether import` alone.",
        json_schema_extra=ASKED,
    )
    comments: bool = Field(
        default=False,
        description="Whether the texts people wrote in surveys are kept; else only that there was one.",
    )


def told_by(settings: Settings) -> frozenset[Kind]:
    return frozenset(TELLS[each] for each in settings.kinds)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A file as it was last read. `holds_until`: the end of the days of usage in it."""

    size: int
    mtime_ns: int
    sha256: str
    holds_until: str | None = None


@dataclass(slots=True)
class _Progress:
    """The cursor, taken apart: the files that were read, and the instant up to which each kind was told."""

    files: dict[str, _Mark]
    as_of: dict[str, datetime]

    @classmethod
    def of(cls, cursor: Cursor | None) -> "_Progress":
        told = cursor or {}
        return cls(
            {name: _Mark(*mark) for name, mark in told.get("files", {}).items()},
            {kind: datetime.fromisoformat(at) for kind, at in told.get("as_of", {}).items()},
        )

    def cursor(self) -> Cursor:
        return {
            "files": {name: list(astuple(mark)) for name, mark in self.files.items()},
            "as_of": {kind: at.isoformat() for kind, at in self.as_of.items()},
        }

    def tell(self, layout: Layout, at: datetime) -> None:
        """A kind holds for its newest file; an older one that is read later takes nothing back."""
        self.as_of[layout.kind] = max(at, self.as_of.get(layout.kind, at))


class Csv:
    name = "csv"

    def __init__(self, settings: Settings, *, hash_key: bytes) -> None:
        self.tells = told_by(settings)
        self.kinds = frozenset(settings.kinds)
        self._folder = settings.folder.expanduser() if settings.folder else None
        self._manner = Manner(hash_key, settings.comments)

    def check(self) -> str:
        kinds = ", ".join(sorted(self.kinds))
        if self._folder is None:
            return f"files imported by hand: {kinds}"
        files = self._files()
        for path, layout in files:
            with csv_text.opened(path) as (header, _):
                understand(header, layout, file=path.name)
        missing = sorted(self.kinds - {layout.kind for _, layout in files})
        waits = f"; none yet of {', '.join(missing)}" if missing else ""
        return f"{len(files)} files of {kinds} in {self._folder}{waits}"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        files = self._files()
        if (
            cursor
            and "again" in cursor
            and (gone := sorted(self.kinds - {layout.kind for _, layout in files}))
        ):
            raise SourceDataError(
                f"What was imported by hand cannot be read again by itself: import {gone[0]}.csv anew."
            )
        known, errors = _Progress.of(cursor), list[SourceError]()
        there = {path.name for path, _ in files}
        living = {layout.kind for _, layout in files if not layout.for_good}
        known.files = {name: mark for name, mark in known.files.items() if name in there}
        for number, (path, layout) in enumerate(files):
            try:
                # What can never be newer does not keep young what can.
                ages = not layout.for_good or layout.kind in living
                for page in self._take(path, layout, known, now, ages=ages):
                    share = (number + (page.progress or 0)) / len(files)
                    yield replace(page, progress=share)
            except SourceError as error:
                errors.append(error)
        if errors:
            raise _joined(errors)
        self.complain_of_missing(known.cursor())
        yield Page(cursor=known.cursor(), progress=1.0, as_of=self.holds(known.cursor()))

    def cursor_since(self, since: datetime) -> Cursor:
        """Everything in the folder, whatever it tells of: files are named after no day."""
        return {"again": since.isoformat()}

    def reading(
        self, path: Path, layout: Layout, *, now: datetime
    ) -> AbstractContextManager[Reading]:
        """One file, wherever it lies, looked through."""
        return Reader(now=now, manner=self._manner).reading(path, layout)

    def holds(self, cursor: Cursor | None) -> datetime | None:
        """The instant everything holds for that was read up to a cursor; None while a kind was never read."""
        as_of = _Progress.of(cursor).as_of
        return None if self.missing(cursor) else min(as_of[each] for each in self.kinds)

    def missing(self, cursor: Cursor | None) -> list[FileKind]:
        """The kinds of which no file was ever read."""
        return sorted(self.kinds - _Progress.of(cursor).as_of.keys())

    def complain_of_missing(self, cursor: Cursor | None) -> None:
        """Raises SourceDataError while a kind was never read: what it would say is not nothing."""
        if missing := self.missing(cursor):
            file = f"{missing[0]}.csv"
            bring = f"Put {file} into {self._folder}, or r" if self._folder else "R"
            raise SourceDataError(
                f"No file of {' or '.join(missing)} has been read yet. {bring}un `bellwether import {file}`; "
                f"or take {missing[0]} out of kinds in [sources.csv]."
            )

    def _take(
        self, path: Path, layout: Layout, known: _Progress, now: datetime, *, ages: bool
    ) -> Iterator[Page]:
        """What is new in a file; nothing when it was read before. Its last page marks it as read."""
        stat, mark = csv_text.checked(path), known.files.get(path.name)
        if mark is None or (mark.size, mark.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
            read = _Mark(stat.st_size, stat.st_mtime_ns, csv_text.digest(path))
            if mark is not None and mark.sha256 == read.sha256:
                mark = replace(read, holds_until=mark.holds_until)
            else:
                with self.reading(path, layout, now=now) as reading:
                    for part in reading.parts:
                        yield _page(part, known.cursor())
                    until = reading.contents.holds_until
                    mark = replace(read, holds_until=until.isoformat() if until else None)
                    if csv_text.checked(path).st_mtime_ns != read.mtime_ns:
                        raise changed(path)
                    known.files[path.name] = mark
                    known.tell(layout, _holds(mark, now) if ages else now)
                    aside = rejections(path.name, reading.contents)
                    yield Page(cursor=known.cursor(), rejected=aside, progress=1.0)
        known.files[path.name] = mark
        known.tell(layout, _holds(mark, now) if ages else now)

    def _files(self) -> list[tuple[Path, Layout]]:
        """The files of our kinds, oldest first: what a newer one says of the same thing counts."""
        if self._folder is None:
            return []
        try:
            found = [
                (path, layout)
                for path in sorted(self._folder.iterdir())
                if (layout := layout_of(path)) and layout.kind in self.kinds
            ]
        except PermissionError as error:
            raise SourceAuthError(
                f"The folder {self._folder} may not be read: give us the right to read it."
            ) from error
        except OSError as error:
            raise SourceDataError(
                f"The folder {self._folder} cannot be read: {error.strerror}. Check folder in [sources.csv]."
            ) from error
        if len(found) > FILES_MAX:
            raise SourceDataError(
                f"There are more than {FILES_MAX:,} files in {self._folder}; move old ones away."
            )
        return sorted(found, key=lambda each: _written_ns(each[0]))


class Handed:
    """One file that is handed over, read as a source of its own; it moves the cursor of the others."""

    name = Csv.name

    def __init__(self, source: Csv, path: Path, layout: Layout) -> None:
        self.tells = source.tells
        self._source, self._path, self._layout = source, path, layout

    def check(self) -> str:
        return self._source.check()

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        """Ends with a SourceDataError while other kinds were never read; what this file tells is stored by then."""
        known = _Progress.of(cursor)
        before = csv_text.checked(self._path).st_mtime_ns
        with self._source.reading(self._path, self._layout, now=now) as reading:
            for part in reading.parts:
                yield _page(part, known.cursor())
            if csv_text.checked(self._path).st_mtime_ns != before:
                raise changed(self._path)
            # What is handed over holds for now, or as far as its days go.
            known.tell(self._layout, min(now, reading.contents.holds_until or now))
            aside = rejections(self._path.name, reading.contents)
        done = known.cursor()
        yield Page(cursor=done, rejected=aside, progress=1.0, as_of=self._source.holds(done))
        self._source.complain_of_missing(done)

    def cursor_since(self, since: datetime) -> Cursor:
        return self._source.cursor_since(since)


def _holds(mark: _Mark, now: datetime) -> datetime:
    """The instant a file tells of: when it was written, and of usage the end of its newest day at most."""
    written = datetime.fromtimestamp(mark.mtime_ns / 10**9, UTC)
    until = datetime.fromisoformat(mark.holds_until) if mark.holds_until else now
    return min(written, until, now)


def _page(part: Part, cursor: Cursor) -> Page:
    return Page(
        cursor=cursor,
        records=part.records,
        usage=part.usage,
        read=part.rows,
        progress=part.share,
    )


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # said when its turn comes
        return 0


def _joined(errors: Sequence[SourceError]) -> SourceError:
    """One error of all, of the kind that needs a person most."""
    if len(errors) == 1:
        return errors[0]
    kinds = (SourceAuthError, SourceDataError, SourceDownError)
    kind = next(each for each in kinds if any(isinstance(one, each) for one in errors))
    more = f" And {len(errors) - _TOLD_MAX} more files." if len(errors) > _TOLD_MAX else ""
    return kind(" ".join(str(each) for each in errors[:_TOLD_MAX]) + more)


def open_source(settings: Settings, _clock: Clock, hash_key: bytes) -> Csv:
    return Csv(settings, hash_key=hash_key)


SOURCE = SourceKind(
    title="CSV files",
    tells=frozenset(TELLS.values()),
    every=timedelta(hours=1),
    settings=Settings,
    open=open_source,
    told_by=told_by,
    stale_after=timedelta(days=8),
)
