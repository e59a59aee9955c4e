"""Mixpanel: which features each account uses, and how many of its people are active, day by day.

Source: GET /api/2.0/export on the data host of the region (Mixpanel developer docs, "Raw Data
Export"): one JSON object a line, whole project days, 60 requests an hour and 3 a second. Exports
filter by event time, arrive late by up to five days and are not de-duplicated, so whole days are
read again and replaced. The events themselves are never kept. Where events do not name the account,
the profiles of the people do: see `integrations/events/people.py`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, SecretStr, field_validator

from integrations.base import ASKED, Clock, Cursor, Page, SourceKind
from integrations.credentials import FixedCredentials, Vendor, basic
from integrations.events.people import People
from integrations.events.reducer import Reducer, Span
from integrations.events.shapes import mixpanel_shape
from integrations.http import Http
from integrations.limiter import Limit
from scoring.records import Kind

_HOSTS = {
    "us": "https://data.mixpanel.com",
    "eu": "https://data-eu.mixpanel.com",
    "in": "https://data-in.mixpanel.com",
}
_QUERY_HOSTS = {
    "us": "https://mixpanel.com",
    "eu": "https://eu.mixpanel.com",
    "in": "https://in.mixpanel.com",
}
_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1)


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A service account of the project, and how the project names accounts in its events."""

    username: str = Field(description="The service account's username.")
    secret: SecretStr = Field(description="The service account's secret.")
    project_id: int = Field(description="The project's id (Project settings, Overview).")
    region: Literal["us", "eu", "in"] = Field(
        default="us", description="Where the project's data lies: us, eu or in."
    )
    base_url: str | None = Field(
        default=None, description="Another address instead of the region's two."
    )
    project_timezone: str = Field(
        default="UTC", description="The project's time zone, as its settings show it."
    )
    account_from: Literal["event", "profile"] = Field(
        default="event",
        description="Where the account is named: in the event, or in the profile of the person (else by their $email).",
    )
    account_property: str = Field(
        default="company_id",
        description="The property of the event, or of the profile, that names the account.",
        json_schema_extra=ASKED,
    )
    events: tuple[str, ...] = Field(
        default=(), description="The names of the events to read; none: all."
    )
    backfill_days: int = Field(
        default=35, ge=1, le=400, description="How many days back the first pull reads."
    )
    reread_days: int = Field(
        default=5,
        ge=0,
        le=60,
        description="How many days are read again once a day, for events that arrive late.",
    )
    memory_limit: str = Field(
        default="256MB",
        pattern=r"^\d+(MB|GB)$",
        description="How much memory the reduction may take; what does not fit goes to disk.",
    )

    @field_validator("project_timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin") from error
        return name


class Mixpanel:
    name = "mixpanel"
    tells = frozenset({Kind.USAGE})

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings, self._clock = settings, clock
        self._zone = ZoneInfo(settings.project_timezone)
        in_event = settings.account_from == "event"
        self._reducer = Reducer(
            title="Mixpanel",
            shape=mixpanel_shape(settings.account_property if in_event else None),
            hash_key=hash_key,
            memory_limit=settings.memory_limit,
        )
        self._http = _export_http(settings, clock)
        self._query = _query_http(settings, clock)
        self._people = People(
            self._query,
            project_id=settings.project_id,
            account_property=settings.account_property,
        )
        self._by_profile = not in_event

    def check(self) -> str:
        today = self._clock.now().astimezone(self._zone).date()
        with TemporaryDirectory(prefix="bellwether-") as folder:
            self._http.spool(
                "api/2.0/export", self._params(today) | {"limit": 1}, Path(folder) / "check"
            )
        if self._by_profile:
            self._people.check()
        return f"project {self._settings.project_id}"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        today = now.astimezone(UTC).date()
        days = self._days(cursor, today)
        unread = self._people.refresh(now) if self._by_profile else ()
        with TemporaryDirectory(prefix="bellwether-") as folder:
            spool = _Spool(self._export, Path(folder), last=now.astimezone(self._zone).date())
            for done, day in enumerate(days, start=1):
                files, span = spool.files(*self._project_days(day)), self._span(day)
                with self._reducer.reduce(
                    files, span, spill=Path(folder) / "spill", people=self._people.file
                ) as reduced:
                    yield Page(
                        cursor={"read_through": day.isoformat(), "reread_on": today.isoformat()},
                        usage=reduced.usage((span.first,)),
                        rejected=unread + reduced.rejected,
                        requests=self._http.spent() + self._query.spent(),
                        read=reduced.events,
                        progress=done / len(days),
                    )
                unread = ()

    def cursor_since(self, since: datetime) -> Cursor:
        return {"since": since.astimezone(UTC).date().isoformat()}

    def _days(self, cursor: Cursor | None, today: date) -> list[date]:
        """The UTC days to read, oldest first: today always, on a new day also those late events reach."""
        oldest = today - self._settings.backfill_days * _DAY
        if cursor is not None and "since" in cursor:
            first = oldest = date.fromisoformat(cursor["since"])
        elif cursor is None:
            first = oldest
        else:
            read_through = date.fromisoformat(cursor["read_through"])
            if cursor["reread_on"] == today.isoformat():
                first = min(read_through + _DAY, today)
            else:
                first = min(read_through, today - self._settings.reread_days * _DAY)
        first = max(first, oldest)
        return [first + offset * _DAY for offset in range((today - first).days + 1)]

    def _project_days(self, day: date) -> tuple[date, date]:
        """The first and last day of the project's calendar that a UTC day touches."""
        start = datetime.combine(day, time(), UTC)
        end = start + _DAY - timedelta(seconds=1)
        return start.astimezone(self._zone).date(), end.astimezone(self._zone).date()

    def _wall(self, day: date) -> float:
        """The start of a UTC day as Mixpanel's `time` counts: the project's wall clock read as if it were UTC."""
        local = datetime.combine(day, time(), UTC).astimezone(self._zone)
        return local.replace(tzinfo=UTC).timestamp()

    def _span(self, day: date) -> Span:
        number = (day - _EPOCH).days
        return Span(first=number, last=number, since=self._wall(day), until=self._wall(day + _DAY))

    def _export(self, day: date, to: Path) -> bool:
        return self._http.spool("api/2.0/export", self._params(day), to)

    def _params(self, day: date) -> dict[str, str | int | Sequence[str]]:
        params: dict[str, str | int | Sequence[str]] = {
            "project_id": self._settings.project_id,
            "from_date": day.isoformat(),
            "to_date": day.isoformat(),
        }
        if self._settings.events:
            params["event"] = json.dumps(self._settings.events)
        return params


class _Spool:
    """The exported project days on disk: two UTC days that share one need it once."""

    def __init__(self, export: Callable[[date, Path], bool], folder: Path, *, last: date) -> None:
        """`last` is today in the project: Mixpanel refuses to be asked for more."""
        self._export, self._folder, self._last = export, folder, last
        self._kept: dict[date, Path] = {}

    def files(self, first: date, last: date) -> list[Path]:
        wanted = [each for each in dict.fromkeys((first, last)) if each <= self._last]
        for old in self._kept.keys() - set(wanted):
            self._kept.pop(old).unlink()
        for day in wanted:
            if day not in self._kept:
                self._kept[day] = self._fetch(day)
        return [self._kept[each] for each in wanted]

    def _fetch(self, day: date) -> Path:
        raw = self._folder / f"{day}.json"
        return raw.rename(raw.with_suffix(".json.gz")) if self._export(day, raw) else raw


def _export_http(settings: Settings, clock: Clock) -> Http:
    secret = settings.secret.get_secret_value()
    return Http(
        settings.base_url or _HOSTS[settings.region],
        vendor=_vendor(
            secret, "Check username, secret, project_id and region in [sources.mixpanel]."
        ),
        credentials=FixedCredentials(basic(settings.username, secret)),
        clock=clock,
        limits=(Limit(3, 1), Limit(60, 3600)),
        silence_s=180,
        deadline_s=1800,
    )


def _query_http(settings: Settings, clock: Clock) -> Http:
    """For profiles: another host, and limits of its own."""
    secret = settings.secret.get_secret_value()
    return Http(
        settings.base_url or _QUERY_HOSTS[settings.region],
        vendor=_vendor(
            secret,
            "To read profiles, the service account needs a plan and a role that allow the query API;"
            ' else set account_from = "event" in [sources.mixpanel].',
        ),
        credentials=FixedCredentials(basic(settings.username, secret)),
        clock=clock,
        limits=(Limit(3, 1), Limit(60, 3600)),
        silence_s=180,
    )


def _vendor(secret: str, mend: str) -> Vendor:
    return Vendor(title="Mixpanel", mend=mend, secrets=(secret,))


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Mixpanel:
    return Mixpanel(settings, clock=clock, hash_key=hash_key)


SOURCE = SourceKind(
    title="Mixpanel",
    tells=Mixpanel.tells,
    every=timedelta(hours=4),
    settings=Settings,
    open=open_source,
)
