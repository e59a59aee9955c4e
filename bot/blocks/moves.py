"""What moved a score, component by component, against an earlier day."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks.words import COMPONENTS, change_between
from scoring.health import HealthScore, Part, PastScore
from scoring.rubric import Component, Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One component now. `change` is in points of the rubric, None where it was not known then."""

    part: Part
    change: float | None


def moves(score: HealthScore, past: PastScore | None, rubric: Rubric) -> list[Move]:
    """Every known component with its change, in the order of the rubric."""
    return [
        Move(part=part, change=_change(part, past, rubric))
        for part in sorted(score.parts, key=lambda part: list(Component).index(part.component))
        if rubric.weight(part.component)
    ]


def movers(score: HealthScore, past: PastScore | None, rubric: Rubric) -> list[Move]:
    """The components that moved, the steepest fall first."""
    moved = [move for move in moves(score, past, rubric) if move.change]
    return sorted(moved, key=lambda move: move.change or 0)


def weakest(score: HealthScore, rubric: Rubric) -> Sequence[Part]:
    """The components that cost points, the costliest first."""
    costs = {part.component: rubric.weight(part.component) - part.points for part in score.parts}
    costly = [part for part in score.parts if costs[part.component] > 0]
    return sorted(costly, key=lambda part: -costs[part.component])


def lost(score: HealthScore, past: PastScore | None) -> list[Component]:
    """The components known then and not now: the others carry their weight."""
    return [part for part in score.missing if past and part in past.shares]


def reason(score: HealthScore | None, past: PastScore | None, rubric: Rubric) -> str:
    """Why the score is what it is, in one line of plain text: what moved it most, else what holds it back."""
    if score is None or not score.parts:
        return "Nothing is known of it yet."
    net = change_between(score.value, past.value if past else None) or 0
    moved = movers(score, past, rubric)
    if net < 0 and moved and (moved[0].change or 0) < 0:
        return _because("Down mostly on", moved[0].part)
    if net > 0 and moved and (moved[-1].change or 0) > 0:
        return _because("Up mostly on", moved[-1].part)
    costly = weakest(score, rubric)
    return _because("Held back most by", costly[0]) if costly else "Every component is at its best."


def _because(words: str, part: Part) -> str:
    return f"{words} {COMPONENTS[part.component].lower()}: {part.evidence}"


def _change(part: Part, past: PastScore | None, rubric: Rubric) -> float | None:
    """In points, not in shares: a share also moves when another component goes missing.

    The history keeps shares to 0.1, so a difference under 0.5 is rounding.
    """
    if past is None or part.component not in past.shares:
        return None
    whole = sum(rubric.weight(component) for component in Component)
    then = past.shares[part.component] * past.coverage * whole / 100
    change = part.points - then
    return round(change, 1) if abs(change) >= 0.5 else 0.0
