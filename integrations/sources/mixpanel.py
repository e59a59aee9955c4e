"""Mixpanel: which features each account uses, and how many of its people are active, day by day.

Source: GET /api/2.0/export on the data host of the region (Mixpanel developer docs, "Raw Data
Export"): one JSON object a line, whole project days, 60 requests an hour and 3 a second. Exports
filter by event time, arrive late by up to five days and are not de-duplicated, so whole days are
read again and replaced. The events themselves are never kept.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, SecretStr, field_validator

from integrations.base import Clock, Cursor, Page
from integrations.credentials import FixedCredentials, Vendor, basic
from integrations.events import Reducer
from integrations.http import Http
from integrations.limiter import Limit
from scoring.records import Kind

_HOSTS = {
    "us": "https://data.mixpanel.com",
    "eu": "https://data-eu.mixpanel.com",
    "in": "https://data-in.mixpanel.com",
}
_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1)


class Settings(BaseModel, frozen=True, extra="forbid"):
    """A service account of the project, and how the project names accounts in its events."""

    username: str
    secret: SecretStr
    project_id: int
    region: Literal["us", "eu", "in"] = "us"
    base_url: str | None = None
    project_timezone: str = "UTC"
    account_property: str = "company_id"
    events: tuple[str, ...] = ()
    backfill_days: int = Field(default=35, ge=1, le=400)
    reread_days: int = Field(default=5, ge=0, le=60)
    memory_limit: str = Field(default="256MB", pattern=r"^\d+(MB|GB)$")

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
        self._reducer = Reducer(
            title="Mixpanel",
            account_property=settings.account_property,
            hash_key=hash_key,
            memory_limit=settings.memory_limit,
        )
        secret = settings.secret.get_secret_value()
        self._http = Http(
            settings.base_url or _HOSTS[settings.region],
            vendor=Vendor(
                title="Mixpanel",
                mend="Check username, secret, project_id and region in [sources.mixpanel].",
                secrets=(secret,),
            ),
            credentials=FixedCredentials(basic(settings.username, secret)),
            clock=clock,
            limits=(Limit(3, 1), Limit(60, 3600)),
            silence_s=180,
            deadline_s=1800,
        )

    def check(self) -> str:
        today = self._clock.now().astimezone(self._zone).date()
        with TemporaryDirectory(prefix="bellwether-") as folder:
            self._http.spool(
                "api/2.0/export", self._params(today) | {"limit": 1}, Path(folder) / "check"
            )
        return f"project {self._settings.project_id}"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        today = now.astimezone(UTC).date()
        days = self._days(cursor, today)
        with TemporaryDirectory(prefix="bellwether-") as folder:
            spool = _Spool(self._export, Path(folder), last=now.astimezone(self._zone).date())
            for done, day in enumerate(days, start=1):
                since, until = self._wall(day), self._wall(day + _DAY)
                with self._reducer.reduce(
                    spool.files(*self._project_days(day)),
                    day=(day - _EPOCH).days,
                    since=since,
                    until=until,
                    spill=Path(folder) / "spill",
                ) as reduced:
                    yield Page(
                        cursor={"read_through": day.isoformat(), "reread_on": today.isoformat()},
                        usage=reduced.usage,
                        rejected=reduced.rejected,
                        requests=self._http.spent(),
                        read=reduced.events,
                        progress=done / len(days),
                    )

    def _days(self, cursor: Cursor | None, today: date) -> list[date]:
        """The UTC days to read, oldest first: today always, on a new day also those late events reach."""
        oldest = today - self._settings.backfill_days * _DAY
        if cursor is None:
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


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Mixpanel:
    return Mixpanel(settings, clock=clock, hash_key=hash_key)
