"""Replaying: the history as another rubric would have scored it, and what the alerts would have made of that.

A row of the history has what each component added to the score, to a tenth of a point; the rubric it was
scored by says which level that was. What it was made of (days of use, tickets, flags) is not in it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import NamedTuple

from scoring.accounts import AccountId
from scoring.alerts import AlertState, Look, Phase, decide
from scoring.policy import AlertPolicy
from scoring.readings import date_of
from scoring.rubric import Component, Rubric
from scoring.rules import Quiet, Rule, Sight, Signal
from scoring.sights import hush

# A share is kept rounded to a tenth; where a cap held the score down it may be one more off.
_SLACK_TENTHS = 2

_LINES = (Rule.CRITICAL, Rule.AT_RISK, Rule.EXPANSION)
_WATCHED = (*_LINES, Rule.SHARP_DROP)
_DROP = 8  # the bit of the fourth


class Shares(NamedTuple):
    """What the components added to a day's score, in tenths of a point; None: it was missing."""

    usage: int | None
    features: int | None
    support: int | None
    engagement: int | None
    payment: int | None


class Valued(NamedTuple):
    """A day's score by another rubric. `value` None: too little is known for a status."""

    value: float | None
    covers: frozenset[Component]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An alert people would have been told of; `day` in days since 1970-01-01."""

    account_id: AccountId
    rule: Rule
    day: int


def possible_levels(shares: Shares, origin: Rubric) -> dict[Component, tuple[str, ...]] | None:
    """The levels each known component can have had, by the rubric that scored them; None: no level fits."""
    known = {
        each: share for each, share in zip(Component, shares, strict=True) if share is not None
    }
    weight = sum(origin.weight(each) for each in known)
    found: dict[Component, tuple[str, ...]] = {}
    for component, share in known.items():
        fitting = tuple(
            level
            for level, points in origin.points[component].items()
            if abs((points * 1000 / weight if weight else 0.0) - share) < _SLACK_TENTHS
        )
        if not fitting:
            return None
        found[component] = fitting
    return found


def value_by(levels: Mapping[Component, tuple[str, ...]], rubric: Rubric) -> Valued | None:
    """The score of these levels by a rubric; None where it depends on which of several possible levels it was."""
    points = 0.0
    for component, possible in levels.items():
        worth = {rubric.points[component][level] for level in possible}
        if len(worth) > 1:
            return None
        points += worth.pop()
    covers = frozenset(levels)
    weight = sum(rubric.weight(each) for each in covers)
    coverage = weight / sum(rubric.weight(each) for each in Component)
    if not weight or coverage < rubric.min_coverage:
        return Valued(None, covers)
    return Valued(min(100.0, 100 * points / weight), covers)


class _Facts(NamedTuple):
    """What is to be known of a value again and again: the sight of each line, as sets of bits, and its tenths."""

    sights: tuple[Sight, ...]
    hits: int
    clears: int
    kept: float


class _Track:
    """Where one account stands.

    `stays` are its last scores as (last day of it, score in tenths, components), a row as long as it
    stayed the same. `firing` are the firing rules as bits; `is_busy`: one waits to be confirmed.
    """

    __slots__ = ("covers", "firing", "is_busy", "states", "stays", "value")

    def __init__(self) -> None:
        self.states: dict[Rule, AlertState] = {}
        self.stays: list[tuple[int, float, frozenset[Component]]] = []
        self.covers: frozenset[Component] | None = None
        self.value: float | None = None
        self.firing = 0
        self.is_busy = False


class Replay:
    """The alerts of the score over some days, a look a day; the days must be told in their order.

    It is the state machine of `scoring.alerts`, which is asked only when a look can move something:
    most days nothing can.
    """

    def __init__(self, policy: AlertPolicy) -> None:
        self.raised: list[Raised] = []
        self._policy = policy
        self._tracks: dict[AccountId, _Track] = {}
        self._facts: dict[float, _Facts] = {}

    def look(self, account_id: AccountId, day: int, valued: Valued) -> None:
        """One day's score of one account. Without a score everything stands still."""
        value, covers = valued
        track = self._tracks.get(account_id)
        is_first = track is None
        if track is None:
            track = self._tracks[account_id] = _Track()
        if value is None:
            return
        is_same = value == track.value and covers == track.covers
        if is_same and not track.is_busy and not track.firing & _DROP:
            # It has not fallen further, so that no rule can have anything to say.
            track.stays[-1] = (day, track.stays[-1][1], covers)
            return
        self._look_closely(account_id, track, day, valued, is_first=is_first)

    def _look_closely(
        self, account_id: AccountId, track: _Track, day: int, valued: Valued, *, is_first: bool
    ) -> None:
        value, covers = valued
        assert value is not None  # noqa: S101  # `look` goes no further without one
        quiet = Quiet.BASELINE if is_first else None
        if track.covers is not None and track.covers != covers:
            quiet = Quiet.REBASED
        facts = self._facts.get(value) or self._learn(value)
        high = self._high(track, day, covers)
        fall = self._policy.sharp_drop.sight(0.0 if high is None else high - value)
        hits = facts.hits | (_DROP if fall is Sight.HIT else 0)
        clears = facts.clears | (_DROP if fall is Sight.CLEAR else 0)
        if track.is_busy or hits & ~track.firing or clears & track.firing:
            self._decide(account_id, track, day, (*facts.sights, fall), quiet)
        if value == track.value and covers == track.covers:
            track.stays[-1] = (day, facts.kept, covers)
        else:
            track.stays.append((day, facts.kept, covers))
        track.value, track.covers = value, covers

    def _high(self, track: _Track, day: int, covers: frozenset[Component]) -> float | None:
        """The highest of the days before that rest on the same components; older ones are forgotten."""
        stays, first = track.stays, day - self._policy.sharp_drop.days
        while len(stays) > 1 and stays[0][0] < first:
            del stays[0]
        return max(
            (kept for last, kept, of in stays if last >= first and of == covers), default=None
        )

    def _learn(self, value: float) -> _Facts:
        sights = tuple(self._policy.threshold(rule).sight(value) for rule in _LINES)
        facts = _Facts(
            sights=sights,
            hits=sum(1 << n for n, each in enumerate(sights) if each is Sight.HIT),
            clears=sum(1 << n for n, each in enumerate(sights) if each is Sight.CLEAR),
            kept=math.floor(round(value * 10, 6)) / 10,
        )
        self._facts[value] = facts
        return facts

    def _decide(
        self,
        account_id: AccountId,
        track: _Track,
        day: int,
        sights: tuple[Sight, ...],
        quiet: Quiet | None,
    ) -> None:
        at = datetime.combine(date_of(day), time(12), tzinfo=UTC)
        said = {
            rule: Signal(sight=sight, as_of=at, newest=at)
            for rule, sight in zip(_WATCHED, sights, strict=True)
        }
        look = Look(account_id=account_id, at=at, signals=hush(said, quiet) if quiet else said)
        moved, decisions = decide(look, track.states, self._policy)
        track.states |= {state.rule: state for state in moved}
        standing = [track.states.get(rule) for rule in _WATCHED]
        track.firing = sum(
            1 << n for n, each in enumerate(standing) if each and each.phase is Phase.FIRING
        )
        track.is_busy = any(each.is_waiting for each in standing if each)
        self.raised += [
            Raised(account_id=account_id, rule=each.rule, day=day)
            for each in decisions
            if each.opens and each.quiet is None
        ]
