"""The health score: the weighted parts of what is known, with the reason for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scoring.levels import (
    Verdict,
    judge_engagement,
    judge_features,
    judge_payment,
    judge_support,
    judge_usage,
)
from scoring.readings import Fresh, Missing, Readings, Stale
from scoring.rubric import LEVELS, Component, Rubric, Status
from scoring.rules import Flag, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component's part in a score.

    `points` are the rubric's for the level; `share` is what it adds to the score once the weight of
    missing components is shared out (points x 100 / weight of what is known). `as_of` is when its
    source last answered completely; `stale` says that was too long ago and the level is a kept one.
    """

    component: Component
    level: str
    points: float
    share: float
    evidence: str
    as_of: datetime
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A flag that holds a score down: without it the score would be `uncapped`."""

    rule: Rule
    uncapped: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthScore:
    """An account's health at one instant.

    `value` is 0 (worst) to 100 (best), unrounded; None when nothing is known. `coverage` is the
    share of the rubric's weight that is known, 0 to 1. `status` is None under the rubric's
    `min_coverage`: not enough data. `missing` says why each left-out component is.

    `flags` are raised beside the score; `judged` says of every rule that could be judged, raised or
    not, when its source last answered: a rule that is not in it cannot be told now. `cap` is the flag
    that holds the score down, where the rubric says so.
    """

    value: float | None
    status: Status | None
    coverage: float
    parts: tuple[Part, ...]
    scored_at: datetime
    missing: Mapping[Component, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    judged: Mapping[Rule, datetime] = field(default_factory=dict)
    cap: Cap | None = None

    @property
    def covers(self) -> frozenset[Component]:
        """The components it rests on."""
        return frozenset(part.component for part in self.parts)

    @property
    def is_stale(self) -> bool:
        """Whether any part rests on a source that is failing or late."""
        return any(part.stale for part in self.parts)

    @property
    def as_of(self) -> datetime | None:
        """When the last of its sources to answer did so; None when nothing is known.

        It moves on only when every source has answered anew, so two scores with different
        instants rest on two complete rounds of data.
        """
        return min((part.as_of for part in self.parts), default=None)

    @property
    def newest(self) -> datetime | None:
        """When the first of its sources to answer did so last; None when nothing is known."""
        return max((part.as_of for part in self.parts), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastScore:
    """What the history keeps of a score: one day's last value and what each part added to it, to 0.1."""

    day: int  # days since 1970-01-01
    value: float | None
    status: Status | None
    coverage: float
    shares: Mapping[Component, float]


def score_account(
    readings: Readings, *, rubric: Rubric, previous: HealthScore | None, at: datetime
) -> HealthScore:
    """Score one account at an instant; every window of the rubric ends there.

    A missing component is left out and its weight shared among the rest. A stale one keeps the
    level it has in `previous`, worth what today's rubric says; without a previous level it is missing.
    """
    kept = {part.component: part for part in previous.parts} if previous else {}
    judged = {
        component: _judge(component, readings, rubric, kept.get(component), at)
        for component in Component
    }
    known = {component: part for component, part in judged.items() if isinstance(part, Part)}
    weight = sum(rubric.weight(component) for component in known)
    whole = sum(rubric.weight(component) for component in Component)
    value = _percent(sum(part.points for part in known.values()), weight) if weight else None
    coverage = weight / whole
    return HealthScore(
        value=value,
        status=rubric.status(value)
        if value is not None and coverage >= rubric.min_coverage
        else None,
        coverage=coverage,
        parts=tuple(
            replace(part, share=_percent(part.points, weight) if weight else 0.0)
            for part in known.values()
        ),
        scored_at=at,
        missing={
            component: part.reason
            for component, part in judged.items()
            if isinstance(part, Missing)
        },
    )


def _percent(points: float, weight: float) -> float:
    """Never above 100: the division of uneven weights may round up past it."""
    return min(100.0, 100 * points / weight)


def _judge(
    component: Component, readings: Readings, rubric: Rubric, kept: Part | None, at: datetime
) -> Part | Missing:
    reading = getattr(readings, component.value)
    match reading:
        case Missing():
            return reading
        case Stale():
            return _keep(kept, rubric)
        case Fresh(value, as_of):
            verdict = _JUDGES[component](value, rubric, at)
            return (
                _part(component, verdict, rubric, as_of)
                if isinstance(verdict, Verdict)
                else verdict
            )
    raise TypeError(f"not a reading: {reading!r}")


_JUDGES: Mapping[Component, Callable[[Any, Rubric, datetime], Verdict | Missing]] = {
    Component.USAGE: judge_usage,
    Component.FEATURES: judge_features,
    Component.SUPPORT: judge_support,
    Component.ENGAGEMENT: judge_engagement,
    Component.PAYMENT: judge_payment,
}


def _part(component: Component, verdict: Verdict, rubric: Rubric, as_of: datetime) -> Part:
    return Part(
        component=component,
        level=verdict.level,
        points=rubric.points[component][verdict.level],
        share=0.0,
        evidence=verdict.evidence,
        as_of=as_of,
    )


def _keep(kept: Part | None, rubric: Rubric) -> Part | Missing:
    if kept is None or kept.level not in LEVELS[kept.component]:
        return Missing("its source has not answered yet")
    return replace(kept, points=rubric.points[kept.component][kept.level], stale=True)
