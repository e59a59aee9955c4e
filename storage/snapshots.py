"""How a score becomes a row: the small one of its day in tenths of a point, the full one of the account."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scoring.accounts import AccountId
from scoring.health import Cap, HealthScore, Part, PastScore
from scoring.rubric import Component, Status
from scoring.rules import Flag, Rule


def tenths(value: float) -> int:
    """A score in tenths, rounded down: 59.97 is below 60, in the history too.

    What lies within a millionth of the next tenth is that tenth; the rest is floating-point noise.
    """
    return math.floor(round(value * 10, 6))


def share_out(total: int, shares: Mapping[Component, float]) -> dict[Component, int]:
    """The shares in tenths, by largest remainder, so that they add up to the total."""
    parts = {component: math.floor(share * 10) for component, share in shares.items()}
    by_remainder = sorted(shares, key=lambda each: parts[each] - shares[each] * 10)
    left = total - sum(parts.values())
    for component in by_remainder[:left]:
        parts[component] += 1
    for component in by_remainder[::-1][: max(-left, 0)]:
        parts[component] -= 1
    return parts


def day_row(account_id: AccountId, score: HealthScore, rubric_id: int, day: int) -> dict[str, Any]:
    """The parts add up to the score, and under a cap to what it would be without."""
    total = None if score.value is None else tenths(score.value)
    whole = total if score.cap is None else tenths(score.cap.uncapped)
    parts = (
        {}
        if whole is None
        else share_out(whole, {part.component: part.share for part in score.parts})
    )
    return {
        "day": day,
        "account_id": account_id,
        "score": total,
        "coverage": round(score.coverage * 100),
        "status": score.status,
        "rubric_id": rubric_id,
    } | {component: parts.get(component) for component in Component}


def latest_row(account_id: AccountId, score: HealthScore, rubric_id: int) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "scored_at": score.scored_at,
        "score": score.value,
        "status": score.status,
        "coverage": score.coverage,
        "parts": [_part_json(part) for part in score.parts],
        "missing": dict(score.missing),
        "flags": [_flag_json(flag) for flag in score.flags],
        "judged": {rule: as_of.isoformat() for rule, as_of in score.judged.items()},
        "cap": score.cap and {"rule": score.cap.rule, "uncapped": score.cap.uncapped},
        "rubric_id": rubric_id,
    }


def to_score(row: sa.Row[Any]) -> HealthScore:
    return HealthScore(
        value=row.score,
        status=to_status(row.status),
        coverage=row.coverage,
        parts=tuple(_to_part(part) for part in row.parts),
        scored_at=row.scored_at,
        missing={Component(component): why for component, why in row.missing.items()},
        flags=tuple(_to_flag(flag) for flag in row.flags),
        judged={Rule(rule): datetime.fromisoformat(told) for rule, told in row.judged.items()},
        cap=Cap(rule=Rule(row.cap["rule"]), uncapped=row.cap["uncapped"]) if row.cap else None,
    )


def to_past(row: sa.Row[Any]) -> PastScore:
    parts = {component: getattr(row, component.value) for component in Component}
    return PastScore(
        day=row.day,
        value=None if row.score is None else row.score / 10,
        shares={component: part / 10 for component, part in parts.items() if part is not None},
        coverage=row.coverage / 100,
        status=to_status(row.status),
    )


def to_status(number: int | None) -> Status | None:
    return None if number is None else Status(number)


def _part_json(part: Part) -> dict[str, Any]:
    return {
        "component": part.component,
        "level": part.level,
        "points": part.points,
        "share": part.share,
        "evidence": part.evidence,
        "as_of": part.as_of.isoformat(),
        "stale": part.stale,
    }


def _to_part(stored: Mapping[str, Any]) -> Part:
    return Part(
        component=Component(stored["component"]),
        level=stored["level"],
        points=stored["points"],
        share=stored["share"],
        evidence=stored["evidence"],
        as_of=datetime.fromisoformat(stored["as_of"]),
        stale=stored["stale"],
    )


def _flag_json(flag: Flag) -> dict[str, Any]:
    return {
        "rule": flag.rule,
        "evidence": flag.evidence,
        "since": flag.since,
        "as_of": flag.as_of.isoformat(),
        "subject": flag.subject,
    }


def _to_flag(stored: Mapping[str, Any]) -> Flag:
    return Flag(
        rule=Rule(stored["rule"]),
        evidence=stored["evidence"],
        since=stored["since"],
        as_of=datetime.fromisoformat(stored["as_of"]),
        subject=stored["subject"],
    )
