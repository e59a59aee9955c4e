"""Rehearsing: what a changed rubric or changed lines would do, told from the history and without touching it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlmodel import Session

from bot.config import parse_config
from bot.services.rule_tests import read
from bot.variables import ConfigError
from scoring.accounts import AccountId
from scoring.health import HealthScore
from scoring.policy import AlertPolicy
from scoring.readings import day_number
from scoring.replaying import Raised, Replay, Valued, possible_levels, value_by
from scoring.rubric import Rubric, Status
from scoring.rules import Rule
from storage import accounts, replays, scores
from storage.replays import DayRow

LEAD_IN_DAYS = 14
"""Read before the days that are counted, so that what was open when they began is not counted as new."""

_OWN_SECTIONS = ("rubric", "alerts")
# What a day's row can be scored anew by, and what decides whether an alert opens.
_REPLAYED_RUBRIC = {"points", "healthy", "stable", "at_risk", "min_coverage", "caps"}
_REPLAYED_ALERTS = {
    "at_risk",
    "critical",
    "expansion",
    "sharp_drop",
    "off",
    "cooldown",
    "unstable_after",
    "unstable_window",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the score is made by, and what is alerted of it."""

    rubric: Rubric
    alerts: AlertPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An account that would have another status today. A score is None where too little is known for a status."""

    name: str
    before: Status | None
    after: Status | None
    score_before: float | None
    score_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """The alerts of one rule people would have been told of, under each setting.

    `new` and `gone` name the accounts that would have had more of them, or fewer, by how many.
    """

    rule: Rule
    before: int
    after: int
    new: Mapping[str, int]
    gone: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the new setting would change. `unknown` accounts have a level today that cannot be valued.

    `account_days` is how much of the history was read, `skipped` how much of it could not be scored anew,
    `capped` how much of it a flag held down, which is not done in the replay.
    """

    accounts: int
    moves: tuple[Move, ...]
    unknown: int
    days: int
    first_day: int | None
    last_day: int
    account_days: int
    skipped: int
    capped: int
    rules: tuple[RuleChange, ...]
    untold: tuple[str, ...]


def proposed(new: Path, current: Path, *, home: Path) -> Setting:
    """The setting a file asks for: a whole configuration, or its sections [rubric] and [alerts] alone.

    A section that only part of a configuration leaves out stays as it is now. Raises ConfigError.
    """
    told, now = read(new), read(current)
    if not told:
        raise ConfigError(f"{new} says nothing: it needs a section [rubric] or [alerts].")
    is_whole = bool(set(told) - set(_OWN_SECTIONS))
    kept = {name: each for name, each in now.items() if not (is_whole and name in _OWN_SECTIONS)}
    # Of the rest only what is not configured now is looked at, to find a misspelt section.
    own = {name: each for name, each in told.items() if name in _OWN_SECTIONS or name not in now}
    try:
        config = parse_config({**kept, **own}, home=home)
    except ConfigError as error:
        raise ConfigError(f"{new}: {error}") from None
    return Setting(rubric=config.rubric, alerts=config.alerts)


def difference(
    session: Session, now: Setting, new: Setting, *, days: int, at: datetime
) -> Difference:
    """What the new setting would change: today's statuses, and the alerts of the last days."""
    today = day_number(at)
    active = accounts.active_ids(session)
    latest = scores.latest(session, active)
    moves, unknown = _moves(session, latest, now, new)
    played = _Played(now, new, replays.rubrics(session))
    for day, rows in replays.days(session, since=today - days - LEAD_IN_DAYS + 1, until=today):
        played.take(day, rows)
    return Difference(
        accounts=len(latest),
        moves=moves,
        unknown=unknown,
        days=days,
        first_day=played.first_day,
        last_day=today,
        account_days=played.account_days,
        skipped=played.skipped,
        capped=played.capped,
        rules=_rules(session, played, since=today - days + 1),
        untold=tuple(_untold(now, new)),
    )


class _Both(NamedTuple):
    """A day's row under both settings, None where it cannot be valued; `whole` is the sum of its parts in tenths."""

    now: Valued | None
    new: Valued | None
    whole: int


class _Played:
    """The history under both settings, taken a day at a time."""

    def __init__(self, now: Setting, new: Setting, origins: Mapping[int, Rubric]) -> None:
        self.now, self.new = Replay(now.alerts), Replay(new.alerts)
        self.first_day: int | None = None
        self.account_days = self.skipped = self.capped = 0
        self._origins, self._rubrics = origins, (now.rubric, new.rubric)
        self._valued: dict[tuple[int | None, ...], _Both] = {}

    def take(self, day: int, rows: Sequence[DayRow]) -> None:
        self.first_day = day if self.first_day is None else self.first_day
        self.account_days += len(rows)
        for account_id, score, key in rows:
            if score is None:
                continue
            of = self._valued.get(key) or self._value(key)
            if of.now is None or of.new is None:
                self.skipped += 1
                continue
            if score < of.whole:
                self.capped += 1
            self.now.look(account_id, day, of.now)
            self.new.look(account_id, day, of.new)

    def _value(self, key: tuple[int | None, ...]) -> _Both:
        rubric_id, shares = replays.parts(key)
        origin = self._origins.get(rubric_id)
        levels = possible_levels(shares, origin) if origin else None
        now, new = (levels and value_by(levels, each) for each in self._rubrics)
        found = _Both(now or None, new or None, sum(each or 0 for each in shares))
        self._valued[key] = found
        return found


def _moves(
    session: Session, latest: Mapping[AccountId, HealthScore], now: Setting, new: Setting
) -> tuple[tuple[Move, ...], int]:
    """Who would have another status today, the worst first; and of how many nobody can say."""
    both = {
        each: (_today(score, now.rubric), _today(score, new.rubric))
        for each, score in latest.items()
    }
    moved = {
        account_id: (before, after)
        for account_id, (before, after) in both.items()
        if before and after and _status(before, now.rubric) is not _status(after, new.rubric)
    }
    named = accounts.by_ids(session, moved)
    moves = [
        Move(
            name=named[account_id].name,
            before=_status(before, now.rubric),
            after=_status(after, new.rubric),
            score_before=before.value,
            score_after=after.value,
        )
        for account_id, (before, after) in moved.items()
    ]
    ordered = sorted(
        moves, key=lambda each: (each.score_after is None, each.score_after, each.name)
    )
    return tuple(ordered), sum(before is None or after is None for before, after in both.values())


def _today(score: HealthScore, rubric: Rubric) -> Valued | None:
    """Today's levels by a rubric, under its caps; None where a level is not one of this version's."""
    levels = {part.component: (part.level,) for part in score.parts}
    if any(level not in rubric.points[each] for each, (level,) in levels.items()):
        return None
    valued = value_by(levels, rubric)
    caps = [rubric.best(rubric.caps[each.rule]) for each in score.flags if each.rule in rubric.caps]
    if valued is None or valued.value is None:
        return valued
    return Valued(min(valued.value, *caps) if caps else valued.value, valued.covers)


def _status(valued: Valued, rubric: Rubric) -> Status | None:
    return None if valued.value is None else rubric.status(valued.value)


def _rules(session: Session, played: _Played, *, since: int) -> tuple[RuleChange, ...]:
    before, after = (_counted(each.raised, since) for each in (played.now, played.new))
    surplus, missing = after - before, before - after
    named = accounts.by_ids(session, {each for each, _ in (*surplus, *missing)})

    def of(rule: Rule, counted: Counter[tuple[AccountId, Rule]]) -> Counter[str]:
        by_name: Counter[str] = Counter()  # two accounts may have one name
        for (each, its), count in counted.items():
            if its is rule and each in named:
                by_name[named[each].name] += count
        return by_name

    found = [
        RuleChange(
            rule=rule,
            before=sum(count for (_, its), count in before.items() if its is rule),
            after=sum(count for (_, its), count in after.items() if its is rule),
            new=of(rule, surplus),
            gone=of(rule, missing),
        )
        for rule in Rule
    ]
    return tuple(each for each in found if each.before or each.after)


def _counted(raised: Iterable[Raised], since: int) -> Counter[tuple[AccountId, Rule]]:
    return Counter((each.account_id, each.rule) for each in raised if each.day >= since)


def _untold(now: Setting, new: Setting) -> Iterable[str]:
    """What differs and cannot be replayed, in words."""
    for name in _differing(now.rubric, new.rubric):
        if name not in _REPLAYED_RUBRIC:
            yield f"rubric.{name} differs, which needs what the sources told each day; a day's row has only what came of it."
    if now.rubric.caps != new.rubric.caps:
        yield "rubric.caps differs: it counts in today's statuses, but not in the alerts, for a day's row has no flags."
    for name in _differing(now.alerts, new.alerts):
        if name not in _REPLAYED_ALERTS:
            yield f"alerts.{name} differs, which says when and whom to tell, or when to hold; not whether an alert opens."


def _differing(one: Any, other: Any) -> list[str]:
    return [
        each.name for each in fields(one) if getattr(one, each.name) != getattr(other, each.name)
    ]
