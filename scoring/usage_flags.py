"""Flags of use: declining, growing, a feature given up or taken up, no first value, the busiest person gone."""

import math
from collections.abc import Callable

from scoring.cases import Case, Judgement, percent, plural, signed, told
from scoring.readings import Fresh, Missing, Stale
from scoring.signs import Use
from scoring.trends import (
    BASELINE_WEEKS,
    FRESH_WEEKS,
    TREND_DAYS,
    WEEK,
    YEAR,
    Movement,
    Trend,
    trend,
)

# Counts scatter by their square root, so three times that is not chance.
_SCATTER = 3.0
# Where everybody falls as far as this, it is not for one account that it has fallen.
_COLLAPSE = -0.75
# Quiet a year ago to within so much of now is "as quiet".
_AS_QUIET = 0.15
# For how long a slide is measured by the weeks before it; then it is how the account is.
LONGEST_SLIDE_DAYS = 56
OLDER_DAYS = LONGEST_SLIDE_DAYS + TREND_DAYS
"""How far back a slide that lasts may look for its baseline."""

_MONTH = 4 * WEEK
# What makes use regular: weeks of the four before it fell silent, and how many usual gaps a silence is.
_REGULAR_WEEKS, _GAPS = 3, 3
_NEWCOMER_DAYS, _LATEST_FIRST_VALUE_DAYS = 30, 90
# What makes an end user a champion: active days in five weeks, and how far ahead of the next one.
_CHAMPION_DAYS, _AHEAD = 8, 0.8
_STILL_ACTIVE_DAYS = 2
_MORE_PEOPLE = 3

_TOO_SHORT = Missing("fewer than three weeks of usage are known")


def declining_usage(case: Case) -> Judgement:
    """Far under its own earlier weeks, and under what everybody does: over 7 days, and not for one bad week alone."""

    def judge(use: Use) -> str | Missing | Stale | None:
        lines, found = case.rubric.flags, decline_of(use, _since(case))
        if found is None:
            return _TOO_SHORT
        if use.fleet and use.fleet.is_known and use.fleet.change <= _COLLAPSE:
            return Stale(case.at)
        if found.baseline < lines.least_events:
            return None
        week = found.week / _fall(use.fleet)
        fortnight = (week + (2 * found.fortnight - found.week) / _fall(use.fleet_before)) / 2
        low, middle = 1 - lines.usage_recovers, 1 - (lines.usage_falls + lines.usage_recovers) / 2
        fast = week <= 1 - lines.usage_falls and fortnight <= low
        slow = fortnight <= middle and week <= low
        fallen = (fast or slow) and _is_beyond_chance(found, 1 - week)
        stands = bool(case.stood) and (week <= low or fortnight <= low)
        return _decline(use, found) if fallen or stands else None

    return _judged(case, judge)


def decline_of(use: Use, since: int | None) -> Trend | None:
    """The trend a decline is judged by. One that has stood since a day is measured by the weeks before it."""
    end = use.until - FRESH_WEEKS * WEEK
    if since is not None:
        end = min(end, max(since - 1, use.until - LONGEST_SLIDE_DAYS) - FRESH_WEEKS * WEEK)
    return trend({**use.older, **use.daily}, until=use.until, baseline_until=end)


def growing_use(case: Case) -> Judgement:
    """Far over its own earlier weeks, and over what everybody does, for a fortnight."""

    def judge(use: Use) -> str | Missing | None:
        lines, found = case.rubric.flags, trend(use.daily, until=use.until)
        if found is None:
            return _TOO_SHORT
        # An account that hardly does anything grows by a third for nothing.
        if found.baseline < lines.least_events * (1 if case.stood else 2):
            return None
        line = 1 + (lines.usage_grown if case.stood else lines.usage_grows)
        week, fortnight = found.week / _rise(use.fleet), found.fortnight / _rise(use.fleet)
        if fortnight < line:
            return None
        if not case.stood and (week < line or not _is_beyond_chance(found, week - 1)):
            return None
        more = percent(found.fortnight - 1)
        return f"events up {more} in 14 days, where {_measure(found, use.fleet)}"

    return _judged(case, judge)


def more_people(case: Case) -> Judgement:
    """More different end users in four weeks than in the four before."""

    def judge(use: Use) -> str | Missing | None:
        lines, people = case.rubric.flags, use.people
        # People are kept for a shorter time than events: those of before may be forgotten.
        if people.first_day is None or people.first_day > use.until - 2 * _MONTH + WEEK:
            return Missing("fewer than seven weeks of end users are known")
        share, least = (
            (lines.people_grow / 2, 1) if case.stood else (lines.people_grow, _MORE_PEOPLE)
        )
        more = people.now - people.before
        if people.before < lines.least_people or more < max(least, share * people.before - 1e-9):
            return None
        return f"{people.now} people active in 28 days, {people.before} in the 28 before"

    return _judged(case, judge)


def feature_abandonment(case: Case) -> Judgement:
    """A core feature that was used often has fallen silent, in an account that goes on working."""

    def judge(use: Use) -> str | Missing | Stale | None:
        if not case.rubric.core_features:
            return Missing("no core features are configured")
        least = case.rubric.flags.feature_silent_days
        days = {name: use.features.get(name, frozenset()) for name in case.rubric.core_features}
        silent = {
            name: gone for name, on in days.items() if (gone := _silence(on, use.until, least))
        }
        if not silent:
            return None
        if use.active_days(FRESH_WEEKS * WEEK) < _STILL_ACTIVE_DAYS:
            return Stale(case.at)  # nothing is used now: that is another flag's to say
        said = ", ".join(f"{name} not used for {days} days" for name, days in silent.items())
        return f"{said}; before, week after week"

    return _judged(case, judge)


def advanced_feature(case: Case) -> Judgement:
    """An advanced feature is used that was not used in the weeks before this month."""

    def judge(use: Use) -> str | Missing | None:
        if not case.rubric.advanced_features:
            return Missing("no advanced features are configured")
        if use.first_day is None or use.first_day > use.until - BASELINE_WEEKS * WEEK:
            return Missing("too little is known of what was used before")
        taken_up = {
            name: len(on)
            for name in case.rubric.advanced_features
            if (
                on := _taken_up(
                    use.features.get(name, frozenset()), use.until, stood=bool(case.stood)
                )
            )
        }
        said = (f"{name} used on {plural(days, 'day')}" for name, days in taken_up.items())
        return f"{', '.join(said)}, for the first time this month" if taken_up else None

    return _judged(case, judge)


def no_first_value(case: Case) -> Judgement:
    """A new account that has not used a single core feature."""

    def judge(use: Use) -> str | Missing | None:
        if not case.rubric.core_features:
            return Missing("no core features are configured")
        joined_on = case.signs.joined_on
        if joined_on is None:
            return Missing("nobody knows when it joined")
        age = use.until - joined_on + 1
        latest = _LATEST_FIRST_VALUE_DAYS if case.stood else _NEWCOMER_DAYS
        if not case.rubric.flags.first_value_days <= age <= latest:
            return None
        used = any(use.features.get(name) for name in case.rubric.core_features)
        return None if used else f"no core feature used in the {age} days since it joined"

    return _judged(case, judge)


def busiest_quiet(case: Case) -> Judgement:
    """The end user who was by far the busiest is not seen any more, while others go on."""

    def judge(use: Use) -> str | None:
        people, least = use.people, case.rubric.flags.champion_silent_days
        busy = _CHAMPION_DAYS // (2 if case.stood else 1)
        if people.champion_last is None or people.champion_days < busy:
            return None
        silent, active = use.until - people.champion_last, use.active_days(WEEK)
        is_ahead = people.runner_up_days <= _AHEAD * people.champion_days
        if silent < least or not is_ahead or (active < _STILL_ACTIVE_DAYS and not case.stood):
            return None
        others = (
            f"the account was active on {active} of the last 7" if active else "nor anybody else"
        )
        return f"the busiest end user has not been seen for {silent} days; {others}"

    return _judged(case, judge)


def _judged(case: Case, judge: Callable[[Use], str | Missing | Stale | None]) -> Judgement:
    match case.signs.use:
        case Fresh(use, as_of):
            said = judge(use)
            return said if isinstance(said, Missing | Stale) else told(as_of, said)
        case unknown:
            return unknown


def _since(case: Case) -> int | None:
    return case.stood[0].since if case.stood else None


def _fall(fleet: Movement | None) -> float:
    """What everybody's fall leaves of a usual week; a rise of theirs accuses nobody."""
    return 1 + min(0.0, fleet.change) if fleet and fleet.is_known else 1.0


def _rise(fleet: Movement | None) -> float:
    return 1 + max(0.0, fleet.change) if fleet and fleet.is_known else 1.0


def _is_beyond_chance(found: Trend, share: float) -> bool:
    """Whether so much less, or more, of a week's events is not just how counts of that size scatter."""
    return share * found.baseline >= _SCATTER * math.sqrt(found.baseline)


def _measure(found: Trend, fleet: Movement | None) -> str:
    """What a week was usually like, and how everybody moved."""
    everybody = f"; everybody: {signed(fleet.change)}" if fleet and fleet.is_known else ""
    return f"{found.baseline:,.0f} a week were usual (median of {found.weeks} weeks{everybody})"


def _decline(use: Use, found: Trend) -> str:
    down = f"down {percent(1 - found.week)} in 7 days: {found.events:,}"
    said = f"events {down}" if found.events else "no events in 7 days"
    return f"{said} where {_measure(found, use.fleet)}{_season(use, found)}"


def _season(use: Use, now: Trend) -> str:
    """Whether it was quiet at this time last year as well."""
    then = trend(use.older, until=use.until - YEAR)
    if then is None or not then.baseline or then.week > (1 + now.week) / 2:
        return ""
    if then.week <= now.week + _AS_QUIET:
        return "; it was as quiet at this time last year"
    return f"; at this time last year it was down {percent(1 - then.week)} as well"


def _silence(used_on: frozenset[int], until: int, least: int) -> int | None:
    """For how many days a feature has been silent that was used week after week; None: it is not, or was not.

    The rarer it was used, the longer a silence must last: three times the usual gap.
    """
    last = max(used_on, default=None)
    if last is None:
        return None
    month = [day for day in used_on if last - _MONTH < day <= last]
    weeks = {(last - day) // WEEK for day in month}
    silent = until - last
    is_long = silent >= max(least, _GAPS * _MONTH / len(month))
    return silent if is_long and len(weeks) >= _REGULAR_WEEKS else None


def _taken_up(used_on: frozenset[int], until: int, *, stood: bool) -> frozenset[int]:
    """The days of this month it was used on, if it was not used before; empty if it is not taken up."""
    recent = frozenset(day for day in used_on if until - _MONTH < day <= until)
    before_from = until - BASELINE_WEEKS * WEEK if stood else until - _MONTH
    was_used = any(day <= before_from for day in used_on)
    least = 1 if stood else 2
    return frozenset() if was_used or len(recent) < least else recent
