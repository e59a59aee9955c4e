"""An account as the judges of flags see it: a score, its signs, and months of usage by the day."""

from datetime import UTC, datetime, timedelta

from scoring.flags import raise_flags
from scoring.health import HealthScore, Part
from scoring.readings import Fresh, Missing, day_number
from scoring.rubric import Component, Rubric
from scoring.rules import Flag, Rule
from scoring.signs import Signs, Use
from scoring.trends import last_complete_day

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday: the last seven complete days end on Sunday
TODAY = day_number(AT)
UNTIL = last_complete_day(AT)
DAY = timedelta(days=1)
NOBODY = Missing("no source tells of it")
RUBRIC = Rubric(core_features=("report", "export"), advanced_features=("api",))

_PERFECT = {
    Component.USAGE: ("daily", 30),
    Component.FEATURES: ("all", 25),
    Component.SUPPORT: ("positive", 20),
    Component.ENGAGEMENT: ("high", 15),
    Component.PAYMENT: ("current", 10),
}


def score(*, at=AT, stale=False, **levels):
    """A perfect score but for these levels: payment="failed"."""
    parts = []
    for component, (level, _) in _PERFECT.items():
        now = levels.get(component.value, level)
        points = RUBRIC.points[component][now]
        parts.append(
            Part(
                component=component,
                level=now,
                points=points,
                share=points,
                evidence=f"{component} is {now}",
                as_of=at,
                stale=stale,
            )
        )
    value = float(sum(part.points for part in parts))
    return HealthScore(
        value=value,
        status=RUBRIC.status(value),
        coverage=1.0,
        parts=tuple(parts),
        scored_at=at,
    )


def workdays(events, *, until=UNTIL, days=70):
    """So many events a working day and none at weekends; `events` may be a function of the days back."""
    told = {until - back: events(back) if callable(events) else events for back in range(days)}
    return {day: count for day, count in told.items() if (day + 3) % 7 < 5 and count}


def use(daily=None, *, until=UNTIL, **more):
    return Use(until=until, daily=workdays(40) if daily is None else daily, **more)


def signs(used=None, *, at=AT, **more):
    """Everything missing but what is named."""
    known = {"use": NOBODY, "engagement": NOBODY, "surveys": NOBODY, "bills": NOBODY}
    if used is not None:
        known["use"] = used if not isinstance(used, Use) else Fresh(used, at)
    return Signs(**(known | more))


def flagged(told, *, of=None, rubric=RUBRIC, previous=None, at=AT):
    return raise_flags(of or score(at=at), told, rubric=rubric, previous=previous, at=at)


def evidence(told, rule):
    """What a flag says, None where it is not raised, "?" where it cannot be judged."""
    if rule not in told.judged:
        return "?"
    return next((flag.evidence for flag in told.flags if flag.rule is rule), None)


def stood(rule, *, days=10, subject="", at=AT):
    """A score before, on which a flag was raised so many days ago."""
    flag = Flag(
        rule=Rule(rule),
        evidence="as it was",
        since=day_number(at) - days,
        as_of=at - DAY,
        subject=subject,
    )
    before = score(at=at - DAY)
    return HealthScore(
        value=before.value,
        status=before.status,
        coverage=1.0,
        parts=before.parts,
        scored_at=at - DAY,
        flags=(flag,),
        judged={Rule(rule): at - DAY},
    )
