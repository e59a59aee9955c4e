"""Trends: an account's usage against its own earlier weeks, against everybody, and against a year ago."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from scoring.readings import day_number

WEEK = 7
"""Every sum is of seven days, so working days are only ever compared with as many working days."""
FRESH_WEEKS = 2
"""The last weeks, which are compared; what is older is what they are compared with."""
BASELINE_WEEKS = 6
LEAST_WEEKS = 3
TREND_DAYS = WEEK * (FRESH_WEEKS + BASELINE_WEEKS)
YEAR = 52 * WEEK
"""A year ago by the weekdays: 364 days."""
LEAST_ACCOUNTS = 10
"""The median of fewer accounts says nothing of everybody."""
LATE = timedelta(hours=3)
"""How late the last events of a day may come in."""

# A week whose first days are empty is known as well: they were a weekend.
_WEEKEND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The events of the last 7 and 14 days as shares of the baseline: 0.48 is 52 % down.

    `baseline` is in events a week, the median of `weeks` earlier weeks; `events` are those of the last 7 days.
    """

    week: float
    fortnight: float
    events: int
    baseline: float
    weeks: int


@dataclass(frozen=True, slots=True)
class Movement:
    """How the usage of everybody moved in the seven days that end on a day: -0.03 is 3 % down.

    The median over `accounts` accounts, each against its own baseline.
    """

    change: float
    accounts: int

    @property
    def is_known(self) -> bool:
        return self.accounts >= LEAST_ACCOUNTS


def last_complete_day(as_of: datetime) -> int:
    """The last UTC day of which a source that answered then knows everything (days since 1970-01-01)."""
    return day_number(as_of.astimezone(UTC) - LATE) - 1


def trend(
    daily: Mapping[int, int], *, until: int, baseline_until: int | None = None
) -> Trend | None:
    """The events of each day, looked at from the last complete one. None: fewer than three weeks to compare with.

    The baseline ends where the last two weeks begin, or with `baseline_until`: a slide that goes on
    does not become its own measure.
    """
    end = until - FRESH_WEEKS * WEEK if baseline_until is None else baseline_until
    weeks = _known_weeks(daily, end)
    if len(weeks) < LEAST_WEEKS:
        return None
    baseline = float(median(weeks))
    now, before = _events(daily, until), _events(daily, until - WEEK)
    if not baseline:
        return Trend(week=1.0, fortnight=1.0, events=now, baseline=0.0, weeks=len(weeks))
    return Trend(
        week=now / baseline,
        fortnight=(now + before) / (2 * baseline),
        events=now,
        baseline=baseline,
        weeks=len(weeks),
    )


def movement(trends: Iterable[Trend | None], *, least_events: int) -> Movement:
    """How everybody moved; accounts too small to be judged are left out."""
    weeks = [each.week for each in trends if each and each.baseline >= least_events]
    return Movement(median(weeks) - 1 if weeks else 0.0, len(weeks))


def _known_weeks(daily: Mapping[int, int], end: int) -> list[int]:
    """The events of each baseline week, but those before the account, or our knowledge of it, began."""
    first = end - BASELINE_WEEKS * WEEK + 1
    known_from = min((day for day in daily if day >= first), default=end + 1)
    ends = (end - WEEK * back for back in range(BASELINE_WEEKS))
    return [_events(daily, last) for last in ends if last - WEEK + 1 >= known_from - _WEEKEND]


def _events(daily: Mapping[int, int], last: int) -> int:
    return sum(daily.get(day, 0) for day in range(last - WEEK + 1, last + 1))
