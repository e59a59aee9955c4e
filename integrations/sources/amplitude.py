"""Amplitude: which features each account uses, and how many of its people are active, day by day.

Source: GET /api/2/export on the host of the region (Amplitude docs, "Export API"): a zip of gzip files,
a JSON object a line, of whole hours by the time of the *upload*. An hour can be had two hours after its
end and never changes then, so each is read once. Its events are mostly of the same day and some of
earlier ones, to which they are added. At most 4 GB an answer; where it is more, we ask for less.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field, SecretStr

from integrations.base import ASKED, Clock, Cursor, Page, SourceKind
from integrations.credentials import FixedCredentials, Vendor, basic
from integrations.events.archive import inflate, unpack
from integrations.events.reducer import Reduced, Reducer, Span
from integrations.events.shapes import Shape, amplitude_shape
from integrations.http import FailingError, Http, RefusedError
from integrations.limiter import Limit
from integrations.payload import rows_in
from scoring.records import Kind

_HOSTS = {"us": "https://amplitude.com", "eu": "https://analytics.eu.amplitude.com"}
_EPOCH = date(1970, 1, 1)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_READY_AFTER = timedelta(hours=3)  # the hour itself, and two until it can be exported
_NOTHING, _TOO_MUCH = 404, {400, 504}
_FORMAT = "%Y%m%dT%H"


class Settings(BaseModel, frozen=True, extra="forbid"):
    """The keys of one project, and how its events name accounts."""

    api_key: str = Field(description="The project's API key.")
    secret_key: SecretStr = Field(description="The project's secret key.")
    region: Literal["us", "eu"] = Field(
        default="us", description="Where the project's data lies: us or eu."
    )
    base_url: str | None = Field(
        default=None, description="Another address instead of the region's."
    )
    account_by: Literal["group", "property", "email"] = Field(
        default="group",
        description="What names the account of an event: a group (Accounts add-on), a user property, or the domain of an e-mail address.",
        json_schema_extra=ASKED,
    )
    group_type: str = Field(
        default="company",
        description="The group type that holds the account id (account_by = group).",
    )
    account_property: str = Field(
        default="company_id",
        description="The user property that holds the account id (account_by = property).",
    )
    email_property: str = Field(
        default="email",
        description="The user property that holds the e-mail address (account_by = email).",
    )
    backfill_days: int = Field(
        default=35, ge=1, le=400, description="How many days back the first pull reads."
    )
    memory_limit: str = Field(
        default="256MB",
        pattern=r"^\d+(MB|GB)$",
        description="How much memory the reduction may take; what does not fit goes to disk.",
    )


class Amplitude:
    name = "amplitude"
    tells = frozenset({Kind.USAGE})

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings = settings
        self._reducer = Reducer(
            title="Amplitude",
            shape=_shape(settings),
            hash_key=hash_key,
            memory_limit=settings.memory_limit,
        )
        secret = settings.secret_key.get_secret_value()
        self._http = Http(
            settings.base_url or _HOSTS[settings.region],
            vendor=Vendor(
                title="Amplitude",
                mend="Check api_key, secret_key and region in [sources.amplitude].",
                secrets=(secret,),
            ),
            credentials=FixedCredentials(basic(settings.api_key, secret)),
            clock=clock,
            limits=(Limit(4, 1),),  # none is documented for exports
            silence_s=300,
            deadline_s=3600,
        )

    def check(self) -> str:
        """The names of the project's events: as cheap as it gets, and an export can be 4 GB."""
        events = rows_in(self._http.get_json("api/2/events/list"), "data", title="Amplitude")
        return f"a project with {len(events)} kinds of events"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        first_day = now.astimezone(UTC).date() - self._settings.backfill_days * _DAY
        reading = _Reading(cursor or self._from(first_day), now)
        while hours := reading.next_hours():
            with TemporaryDirectory(prefix="bellwether-") as folder:
                try:
                    files = self._export(hours, Path(folder))
                except (RefusedError, FailingError) as error:
                    if not _is_too_much(error) or not reading.shorten():
                        raise
                    continue
                span, spill = reading.span(hours), Path(folder) / "spill"
                with self._reducer.reduce(files, span, spill=spill) as reduced:
                    yield from self._pages(reading, hours, reduced)

    def cursor_since(self, since: datetime) -> Cursor:
        return self._from(since.astimezone(UTC).date())

    @staticmethod
    def _from(day: date) -> Cursor:
        """Read all that was uploaded since a day began; of days before it nothing is taken any more."""
        return {"from_day": day.isoformat(), "next_hour": f"{day.isoformat()}T00"}

    def _pages(self, reading: "_Reading", hours: "_Hours", reduced: Reduced) -> Iterator[Page]:
        """The page that replaces the day that begins with these hours, and the one that adds to the days there were.

        Nothing can be known of a day before its first hour is read, unless it is read again: replaced,
        it is right both times, and no day is empty meanwhile.
        """
        today, days = _number(hours.first), reduced.days
        requests, usage = self._http.spent(), None
        if hours.begin_a_day:
            days = tuple(day for day in days if day < today)
            usage = reduced.usage((today,))
            if days:
                # The cursor stands still: should the next page be lost, this day is replaced once more.
                yield Page(cursor=reading.cursor, usage=usage, requests=requests)
                requests = 0
        reading.advance(hours)
        yield Page(
            cursor=reading.cursor,
            usage=reduced.usage(days, adds=True) if days else usage,
            rejected=reduced.rejected,
            requests=requests,
            read=reduced.events,
            progress=reading.progress,
        )

    def _export(self, hours: "_Hours", folder: Path) -> list[Path]:
        """The files of what was uploaded in these hours; none where nothing was."""
        archive = folder / "export.zip"
        params = {"start": f"{hours.first:{_FORMAT}}", "end": f"{hours.last:{_FORMAT}}"}
        try:
            gzipped = self._http.spool("api/2/export", params, archive)
        except RefusedError as error:
            if error.status == _NOTHING:
                return []
            raise
        if gzipped:
            inflate(archive, title="Amplitude")
        return unpack(archive, folder, title="Amplitude")


class _Hours(NamedTuple):
    """Some hours of one day, both included."""

    first: datetime
    last: datetime

    @property
    def begin_a_day(self) -> bool:
        return self.first.hour == 0


class _Reading:
    """How far the uploads have been read, how far they can be, and how many hours are asked for at once."""

    def __init__(self, cursor: Cursor, now: datetime) -> None:
        self._from_day = _midnight(date.fromisoformat(cursor["from_day"]))
        self._next = datetime.fromisoformat(cursor["next_hour"]).replace(tzinfo=UTC)
        ready = now.astimezone(UTC) - _READY_AFTER
        self._end = ready.replace(minute=0, second=0, microsecond=0) + _HOUR
        self._start, self._most = self._next, 24

    @property
    def cursor(self) -> Cursor:
        return {
            "from_day": self._from_day.date().isoformat(),
            "next_hour": f"{self._next:%Y-%m-%dT%H}",
        }

    @property
    def progress(self) -> float:
        return (self._next - self._start) / (self._end - self._start)

    def next_hours(self) -> _Hours | None:
        """The next hours of one day to ask for, None when there are no more yet."""
        tomorrow = _midnight(self._next.date()) + _DAY
        after = min(self._next + self._most * _HOUR, tomorrow, self._end)
        return _Hours(self._next, after - _HOUR) if after > self._next else None

    def shorten(self) -> bool:
        """Ask for half as many hours from now on. False: it is one already."""
        self._most //= 2
        return self._most > 0

    def advance(self, hours: _Hours) -> None:
        self._next = hours.last + _HOUR

    def span(self, hours: _Hours) -> Span:
        """The days that are told of: what was uploaded happened before, and not before the first day."""
        until = _midnight(hours.first.date()) + _DAY
        return Span(
            first=_number(self._from_day),
            last=_number(hours.first),
            since=self._from_day.timestamp(),
            until=until.timestamp(),
        )


def _shape(settings: Settings) -> Shape:
    if settings.account_by == "group":
        return amplitude_shape("groups", settings.group_type)
    if settings.account_by == "property":
        return amplitude_shape("user_properties", settings.account_property)
    return amplitude_shape("user_properties", settings.email_property, by_domain=True)


def _is_too_much(error: RefusedError | FailingError) -> bool:
    """Whether an answer says that there is more than it can hold: 400, or 504 when it took too long."""
    return error.status in _TOO_MUCH


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _number(at: datetime) -> int:
    return (at.date() - _EPOCH).days


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Amplitude:
    return Amplitude(settings, clock=clock, hash_key=hash_key)


SOURCE = SourceKind(
    title="Amplitude",
    tells=Amplitude.tells,
    every=timedelta(hours=1),
    settings=Settings,
    open=open_source,
)
