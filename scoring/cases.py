"""A case: one account before the judges of its flags, and what a judge may say of it."""

from dataclasses import dataclass
from datetime import datetime

from scoring.health import HealthScore, Part
from scoring.readings import Missing, Stale
from scoring.rubric import Component, Rubric
from scoring.rules import Flag
from scoring.signs import Signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a judge is shown. `stood` are the flags of the judge's own rule that stood until now."""

    score: HealthScore
    signs: Signs
    rubric: Rubric
    at: datetime
    stood: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag is to be raised, or to stand on. `subject` tells two of one rule apart."""

    evidence: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What could be told, by a source that last answered at `as_of`; without any `raised` there is no flag."""

    as_of: datetime
    raised: tuple[Raised, ...] = ()


Judgement = Missing | Stale | Told
"""Missing: no flag, for nobody knows. Stale: whatever stood stands on."""


def told(as_of: datetime, evidence: str | None) -> Told:
    """One flag, or with None none."""
    return Told(as_of, (Raised(evidence),) if evidence else ())


def part_of(score: HealthScore, component: Component) -> Part | Missing | Stale:
    """A component of the score, as fresh as its source."""
    part = next((each for each in score.parts if each.component is component), None)
    if part is None:
        return Missing(score.missing.get(component, "it is not known"))
    return Stale(part.as_of) if part.stale else part


def combine(*judgements: Judgement) -> Judgement:
    """Several ways to see one thing: one of them is enough to raise it, all are needed to see that it is not so."""
    fresh = [each for each in judgements if isinstance(each, Told)]
    raised = [one.evidence for each in fresh for one in each.raised]
    late = [each for each in judgements if isinstance(each, Stale)]
    if raised:
        return told(min(each.as_of for each in fresh), "; ".join(raised))
    if late:
        return min(late, key=lambda each: each.since)
    if fresh:
        return Told(min(each.as_of for each in fresh))
    return judgements[0]


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def percent(share: float) -> str:
    """A share of 1, without its sign: "52%"."""
    return f"{abs(share) * 100:.0f}%"


def signed(share: float) -> str:
    """A share of 1 with its sign: "+3%", "-12%"; "0%" has none."""
    whole = round(share * 100)
    return f"{whole:+d}%" if whole else "0%"
