"""Working hours: when people are told what can wait, in their own time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST_SEARCH_DAYS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """From `start` to `end` on `days`, local time. Outside of them what is not urgent waits.

    With `urgent_passes` what is urgent is told at any hour, with `always` everything is.
    """

    start: time = time(8)
    end: time = time(18)
    days: tuple[str, ...] = DAYS[:5]
    urgent_passes: bool = False
    always: bool = False

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError("working hours must end after they start")
        if unknown := [each for each in self.days if each not in DAYS]:
            raise ValueError(f"{unknown[0]!r} is no day; write {', '.join(DAYS)}")
        if not self.days:
            raise ValueError("working hours need at least one day")

    def opens_at(self, at: datetime, zone: ZoneInfo, *, urgent: bool = False) -> datetime:
        """The first instant from `at` on at which somebody in the zone may be told: `at` itself within the hours."""
        if self.always or (urgent and self.urgent_passes):
            return at
        for start, end in self._windows(at, zone):
            if at < end:
                return max(at, start)
        raise AssertionError("a week has a working day")

    def closes_at(self, at: datetime, zone: ZoneInfo, *, urgent: bool = False) -> datetime | None:
        """Until when somebody in the zone may be told what may be told at `at`; None: at any hour."""
        if self.always or (urgent and self.urgent_passes):
            return None
        return next(end for _, end in self._windows(at, zone) if at < end)

    def worked(self, since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
        """How much working time lies between two instants."""
        if self.always:
            return max(timedelta(0), until - since)
        total, at = timedelta(0), since
        while at < until:
            start, end = next(window for window in self._windows(at, zone) if at < window[1])
            total += max(timedelta(0), min(end, until) - max(start, at))
            at = end
        return total

    def _windows(self, at: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        """The working days from the local day of `at` on, as instants; a clock change makes one longer or shorter."""
        first = at.astimezone(zone).date()
        days = [first + timedelta(days=each) for each in range(_LONGEST_SEARCH_DAYS)]
        return [
            (
                datetime.combine(day, self.start, tzinfo=zone).astimezone(UTC),
                datetime.combine(day, self.end, tzinfo=zone).astimezone(UTC),
            )
            for day in days
            if DAYS[day.weekday()] in self.days
        ]
