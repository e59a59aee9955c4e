"""Reading one file: looked through first, so that what is wrong with it is known before anything of it is taken."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from integrations.base import Rejected, SourceDataError, SourceDownError
from integrations.csv import text as csv_text
from integrations.csv.layouts import Layout, Plan, read_row, understand
from integrations.csv.records import Manner
from integrations.csv.usage import Spool, midnight_after, spooling
from scoring.records import Organisation, Record, UsageDays

PAGE_ROWS = 5_000
RECORDS_MAX, USAGE_MAX = 500_000, 10_000_000
"""Rows a file may have: every id is remembered while it is read, and usage waits on disk."""
TOLD_MAX = 1_000
"""Problems of one file that are told one by one."""
BAD_MAX = 100_000
"""Rows of one file that may be wrong, whatever their share: they are remembered too."""

_SLACK = timedelta(days=1)  # clocks and time zones differ; more than that ahead is a mistake


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a row; `column` is empty where it is the row as a whole."""

    row: int
    column: str
    what: str

    def __str__(self) -> str:
        return f"row {self.row}{f', {self.column}' if self.column else ''}: {self.what}"


@dataclass(slots=True)
class Contents:
    """What a file holds. `bad` rows cannot be taken; `problems` are the first of what is wrong with them.

    `accounts` are the ids it names, with the domains it gives them, `days` the days of usage (since
    1970), `left_out` what was passed over on purpose, by its word, `unknown` columns nobody asked for,
    `mistyped` ones with the column they look like.
    """

    rows: int = 0
    bad: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    accounts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    days: tuple[int, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)
    unknown: tuple[str, ...] = ()
    mistyped: tuple[tuple[str, str], ...] = ()

    @property
    def good(self) -> int:
        return self.rows - len(self.bad) - self.left_out.total()

    @property
    def holds_until(self) -> datetime | None:
        """The end of the newest day of usage: it says nothing of what came after. None: not a file of days."""
        return datetime.combine(midnight_after(self.days[-1]), time(), UTC) if self.days else None

    def refuse(self, row: int, *problems: tuple[str, str]) -> None:
        self.bad.add(row)
        if len(self.bad) <= TOLD_MAX:
            self.problems += [Problem(row, column, what) for column, what in problems]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file, of how many rows it was made, and the share of the file that is read with it."""

    records: tuple[Record, ...]
    usage: UsageDays | None
    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was looked through; `parts` takes the good rows of it, once."""

    contents: Contents
    parts: Iterator[Part]


class MostlyWrongError(SourceDataError):
    """More than half of a file's rows cannot be read; `contents` says which and why."""

    def __init__(self, sentence: str, contents: Contents) -> None:
        super().__init__(sentence)
        self.contents = contents


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads files by a layout, at an instant."""

    now: datetime
    manner: Manner

    @contextmanager
    def reading(self, path: Path, layout: Layout) -> Iterator[Reading]:
        """Raises SourceDataError for a file that cannot be understood as a whole, or mostly not."""
        with ExitStack() as stack:
            contents = Contents()
            if layout.build is None:
                spool = stack.enter_context(spooling(self.manner.hash_key))
                self._spool(path, layout, contents, spool)
                parts = _days(spool)
            else:
                self._look_through(path, layout, contents)
                parts = self._records(path, layout, contents)
            _judge(path, layout, contents)
            yield Reading(contents, parts)

    def _spool(self, path: Path, layout: Layout, contents: Contents, spool: Spool) -> None:
        for _, values, _ in self._good_rows(path, layout, contents, most=USAGE_MAX):
            contents.accounts.setdefault(values["account_id"], ())
            spool.add(values)
        contents.days = tuple(sorted(spool.days))
        spool.settle()

    def _look_through(self, path: Path, layout: Layout, contents: Contents) -> None:
        """Build every record once and let go of it, for what is wrong; an id that comes again replaces the row before."""
        seen: dict[str, int] = {}
        for row, values, record in self._good_rows(path, layout, contents, most=RECORDS_MAX):
            key = str(values[layout.key or ""])
            if (before := seen.get(key)) is not None:
                contents.refuse(
                    before,
                    (
                        layout.key or "",
                        f"“{key}” stands twice, in rows {before} and {row}; the last counts",
                    ),
                )
            seen[key] = row
            domains = record.domains if isinstance(record, Organisation) else ()
            if ref := getattr(record, "account_ref", None) or getattr(record, "ref", None):
                contents.accounts[ref] = domains
        contents.problems.sort(key=lambda each: each.row)

    def _records(self, path: Path, layout: Layout, contents: Contents) -> Iterator[Part]:
        found: list[Record] = []
        again, share = Contents(bad=set(contents.bad)), 0.0
        for row, values, share in self._rows(path, layout, again, most=RECORDS_MAX):
            if row in contents.bad or layout.build is None:
                continue
            try:
                found.append(layout.build(values, self.manner))
            except ValueError as error:  # it could be built a moment ago
                raise changed(path) from error
            if len(found) == PAGE_ROWS:
                yield Part(tuple(found), None, len(found), share)
                found = []
        yield Part(tuple(found), None, len(found), 1.0)

    def _good_rows(
        self, path: Path, layout: Layout, contents: Contents, *, most: int
    ) -> Iterator[tuple[int, dict[str, Any], Record | None]]:
        """The rows that can be taken, with their record where a row is one; what is wrong with the others is noted."""
        for row, values, _ in self._rows(path, layout, contents, most=most):
            try:
                record = layout.build(values, self.manner) if layout.build else None
            except ValueError as error:
                contents.refuse(row, ("", str(error)))
            else:
                yield row, values, record

    def _rows(
        self, path: Path, layout: Layout, contents: Contents, *, most: int
    ) -> Iterator[tuple[int, dict[str, Any], float]]:
        now = self.now + _SLACK
        with csv_text.opened(path) as (header, rows):
            plan = understand(header, layout, file=path.name)
            contents.unknown, contents.mistyped = plan.unknown, plan.mistyped
            for each in rows:
                contents.rows += 1
                if contents.rows > most:
                    raise SourceDataError(
                        f"{path.name} has more than {most:,} rows; cut it into several files."
                    )
                if (word := _left_out(layout, plan, each.cells)) is not None:
                    contents.left_out[word] += 1
                    continue
                values, problems = read_row(plan, each.cells, today=now.date(), now=now)
                if problems:
                    contents.refuse(each.number, *problems)
                    _bear(path, contents)
                else:
                    yield each.number, values, each.share


def changed(path: Path) -> SourceDownError:
    return SourceDownError(
        f"{path.name} was changed while it was read; it is read anew the next time."
    )


def rejections(name: str, contents: Contents) -> tuple[Rejected, ...]:
    """What is kept aside of a file, one a row. The rows themselves stay in the file: they may hold people's addresses."""
    said = [
        Rejected(
            what=f"{name} row {row}",
            problem="; ".join(
                f"{each.column}: {each.what}".removeprefix(": ") for each in problems
            ),
            raw="",
        )
        for row, problems in groupby(contents.problems, key=lambda each: each.row)
    ]
    if more := len(contents.bad) - len(said):
        said.append(
            Rejected(
                what=f"{name}, more rows", problem=f"{more:,} more rows cannot be read", raw=""
            )
        )
    said += [
        Rejected(
            what=f"{name} column {title}",
            problem=f"there is no such column; did you mean {column}? It is left out",
            raw="",
        )
        for title, column in contents.mistyped
    ]
    return tuple(said)


def _bear(path: Path, contents: Contents) -> None:
    if len(contents.bad) > BAD_MAX:
        raise SourceDataError(
            f"{path.name}: more than {BAD_MAX:,} rows cannot be read, so nothing of it is taken. First, {contents.problems[0]}."
        )


def _judge(path: Path, layout: Layout, contents: Contents) -> None:
    """Refuse a file that tells nothing, or is mostly wrong: it would look as if customers had gone."""
    if contents.rows == 0 and not layout.may_be_empty:
        raise SourceDataError(
            f"{path.name} has a header and no rows below it, so it tells nothing; write the rows, or remove the file."
        )
    if len(contents.bad) * 2 > contents.rows:
        first = contents.problems[0]
        raise MostlyWrongError(
            f"{path.name}: {len(contents.bad):,} of {contents.rows:,} rows cannot be read, so nothing of it is taken. First, {first}.",
            contents,
        )


def _left_out(layout: Layout, plan: Plan, row: list[str]) -> str | None:
    if layout.only is None:
        return None
    name, words = layout.only
    place = next(place for place, column in plan.places if column.name == name)
    word = row[place].lower() if place < len(row) else ""
    return None if not word or word in words else word


def _days(spool: Spool) -> Iterator[Part]:
    """Whole days, as many at a time as make a page."""
    done, total = 0, sum(spool.days.values())
    waiting: list[int] = []
    rows = 0
    for day in sorted(spool.days):
        if waiting and rows + spool.days[day] > PAGE_ROWS:
            done += rows
            yield Part((), spool.usage(waiting), rows, done / total)
            waiting, rows = [], 0
        waiting.append(day)
        rows += spool.days[day]
    if waiting:
        yield Part((), spool.usage(waiting), rows, 1.0)
