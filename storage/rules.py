"""When a job is due: every so often, or at a local time on certain days, each local date once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

# February 29th is the longest any rule has to look for.
_HORIZON_DAYS = 366


@dataclass(frozen=True, slots=True)
class Every:
    """Due each time this many seconds have passed."""

    seconds: int

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError("every: at least one second")

    def after(self, instant: datetime) -> datetime:
        return instant + timedelta(seconds=self.seconds)

    def latest(self, due_at: datetime, *, now: datetime) -> datetime:
        """The last time it was due, not later than now, given one it was."""
        missed = (now - due_at) // timedelta(seconds=self.seconds)
        return due_at + missed * timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Due at a local time on every day, or on certain ones.

    `weekdays` are 0 (Monday) to 6, empty for all; `month_day` is 1 to 28, None for all. A time the
    clocks skip is due as soon as they have; one they show twice is due the first time.
    """

    time: time
    zone: str
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        if not set(self.weekdays) <= set(range(7)):
            raise ValueError("weekdays: 0 (Monday) to 6 (Sunday)")
        if self.month_day is not None and not 1 <= self.month_day <= 28:
            raise ValueError("month_day: 1 to 28, so that every month has it")

    def after(self, instant: datetime) -> datetime:
        """The first time it is due later than an instant."""
        today = instant.astimezone(ZoneInfo(self.zone)).date()
        days = (today + timedelta(days=ahead) for ahead in range(-1, _HORIZON_DAYS))
        return next(due for day in days if self._falls_on(day) and (due := self._on(day)) > instant)

    def latest(self, due_at: datetime, *, now: datetime) -> datetime:
        """The last time it was due, not later than now, given one it was."""
        while (following := self.after(due_at)) <= now:
            due_at = following
        return due_at

    def _falls_on(self, day: date) -> bool:
        return (not self.weekdays or day.weekday() in self.weekdays) and self.month_day in {
            None,
            day.day,
        }

    def _on(self, day: date) -> datetime:
        local = datetime.combine(day, self.time, ZoneInfo(self.zone))
        there_and_back = local.astimezone(UTC).astimezone(ZoneInfo(self.zone))
        if there_and_back.replace(tzinfo=None) != local.replace(tzinfo=None):
            return _end_of_gap(local)
        return local.astimezone(UTC)


Rule = Every | At


def to_json(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, Every):
        return {"every": rule.seconds}
    return {
        "at": rule.time.isoformat(),
        "zone": rule.zone,
        "weekdays": list(rule.weekdays),
        "month_day": rule.month_day,
    }


def from_json(stored: Mapping[str, Any]) -> Rule:
    if "every" in stored:
        return Every(stored["every"])
    return At(
        time=time.fromisoformat(stored["at"]),
        zone=stored["zone"],
        weekdays=tuple(stored["weekdays"]),
        month_day=stored["month_day"],
    )


def _end_of_gap(local: datetime) -> datetime:
    """The instant at which the clocks skip over a local time: what follows is read with the new offset."""
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    low, high = sorted(
        local.replace(tzinfo=UTC) - offset for offset in (before, after) if offset is not None
    )
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        is_before = middle.astimezone(local.tzinfo).replace(tzinfo=None) < local.replace(
            tzinfo=None
        )
        low, high = (middle, high) if is_before else (low, middle)
    return high.replace(microsecond=0)
