"""Mailchimp's shapes: campaigns and their recipients, how far they are read, the archive a batch leaves behind."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from integrations.base import Cursor, SourceDataError
from integrations.payload import Instant, parse_json, rows_in

TITLE = "Mailchimp"
_FILE_MAX_BYTES = 64 * 1024**2
_ARCHIVE_MAX_BYTES = 1024**3
_FILES_MAX = 1_000
_OK = 200
COUNT = 1_000  # recipients a page: the most there can be
_OVERLAP = timedelta(days=1)  # activity reaches the reports late
_FIELDS = "emails.email_id,emails.email_address,emails.activity.action,emails.activity.timestamp"


class Campaign(BaseModel, frozen=True):
    """A campaign that was sent, and to how many."""

    id: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$")
    send_time: Instant
    emails_sent: int = Field(ge=0, le=50_000_000)


class Activity(BaseModel):
    """One thing a recipient did. There are others than those we look for."""

    action: str
    timestamp: Instant


class Recipient(BaseModel):
    """Who a campaign was sent to, with all they did; nothing is an empty list."""

    email_id: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$")
    email_address: str = ""
    activity: tuple[Activity, ...] = ()

    def latest(self, action: str) -> datetime | None:
        return max(
            (each.timestamp for each in self.activity if each.action == action), default=None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One page of a campaign's recipients; `since` asks only for what they did after it."""

    campaign: str
    sent_at: datetime
    since: datetime | None
    offset: int
    is_last: bool

    @property
    def id(self) -> str:
        return f"{self.campaign}-{self.offset}"

    @property
    def path(self) -> str:
        return f"reports/{self.campaign}/email-activity"

    @property
    def params(self) -> dict[str, str | int]:
        since = {} if self.since is None else {"since": self.since.isoformat(timespec="seconds")}
        page = {"count": COUNT, "offset": self.offset}
        return {**page, "fields": _FIELDS, "filter_bots": "true", **since}


class At(BaseModel, frozen=True):
    """The cursor. Between pulls: until when was read, and which campaigns to the last recipient.

    Within one also when it began, the campaigns it reads, how many of their requests are done, and
    the batches that make the next ones, in their order.
    """

    since: AwareDatetime | None = None
    read: tuple[str, ...] = ()
    began_at: AwareDatetime | None = None
    campaigns: tuple[Campaign, ...] = ()
    done: int = 0
    batches: tuple[str, ...] = ()

    def requests(self) -> Sequence[Request]:
        """All requests of this pull, in an order that never changes."""
        known = frozenset(self.read)
        since = None if self.since is None else self.since - _OVERLAP
        return [
            Request(
                campaign=each.id,
                sent_at=each.send_time,
                since=since if each.id in known else None,
                offset=offset,
                is_last=offset + COUNT >= each.emails_sent,
            )
            for each in self.campaigns
            for offset in range(0, max(1, each.emails_sent), COUNT)
        ]

    @property
    def total(self) -> int:
        return sum(max(1, -(-each.emails_sent // COUNT)) for each in self.campaigns)

    def cursor(self) -> Cursor:
        return self.model_dump(mode="json", exclude_defaults=True)

    def moved(self, **changes: Any) -> "At":
        return self.model_copy(update=changes)


class Batch(BaseModel):
    """A batch of requests that Mailchimp makes to itself."""

    id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")
    status: str
    response_body_url: str | None = None

    @property
    def results_at(self) -> str | None:
        """Where its results lie, None until there are any."""
        return (self.response_body_url or None) if self.status == "finished" else None


class Result(BaseModel):
    """What came of one request of a batch. The answer is JSON within JSON."""

    operation_id: str
    status_code: int
    response: str

    def rows(self) -> Sequence[Any] | None:
        """The recipients in it, None when the request failed."""
        if self.status_code != _OK:
            return None
        try:
            answer = parse_json(self.response.encode("utf-8", "replace"), title=TITLE)
            return rows_in(answer, "emails", title=TITLE)
        except SourceDataError:
            return None


def salvaged(archive: Path) -> Iterator[Result]:
    """The results that can be read: a damaged archive is no reason to do without all of them, or to fail for days."""
    try:
        yield from results_in(archive)
    except SourceDataError:
        return


def results_in(archive: Path) -> Iterator[Result]:
    """The results in a batch's tar.gz, one file at a time. Names in it are never used as paths.

    Files may be empty, and results may be missing. Raises SourceDataError when the archive is cut,
    damaged, or larger than any honest one.
    """
    try:
        with gzip.open(archive) as unpacked:
            capped = _Capped(unpacked)
            with tarfile.open(fileobj=capped, mode="r|") as files:  # type: ignore[call-overload] # it only reads
                yield from _each_result(files)
            while capped.read(65_536):
                pass  # the checksum stands at the very end, after what tar reads
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise SourceDataError(
            f"{TITLE} sent a damaged archive of results, or cut it short."
        ) from error


def _each_result(files: tarfile.TarFile) -> Iterator[Result]:
    for number, member in enumerate(files):
        if number >= _FILES_MAX or member.size > _FILE_MAX_BYTES:
            raise _too_large()
        content = files.extractfile(member) if member.isfile() and member.size else None
        if content is None:
            continue
        entries = parse_json(content.read(), title=TITLE)
        for entry in entries if isinstance(entries, list) else ():
            try:
                yield Result.model_validate(entry)
            except ValidationError:
                continue  # as good as missing: what was asked is asked again


class _Capped:
    """A stream that ends with an error instead of going on for ever."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream, self._left = stream, _ARCHIVE_MAX_BYTES

    def read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self._left -= len(chunk)
        if self._left < 0:
            raise _too_large()
        return chunk


def _too_large() -> SourceDataError:
    return SourceDataError(f"{TITLE} sent an archive of results that is too large to be true.")
