"""Rehearsing: a series of scores somebody wrote down, put through the alerts as life would, and compared with what they expect."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.accounts import AccountId
from scoring.alerts import AlertState, Change, Decision, Look, decide
from scoring.health import HealthScore, Part
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.policy import AlertPolicy
from scoring.readings import day_number
from scoring.rubric import Component, Rubric
from scoring.rules import Flag, Quiet, Rule
from scoring.sights import EVENT_WINDOW, hush, signals

_SOMEBODY = AccountId(1)
_RUBRIC = Rubric()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One look of a series. `number` counts from 1 as it was written.

    `value` None: not enough data for a score. `is_stale`: a source is late, so the value is the last
    one known. `raised` are the flags that stand then, `events` what was billed since the look before.
    """

    number: int
    at: datetime
    value: float | None
    is_stale: bool = False
    raised: frozenset[Rule] = frozenset()
    events: tuple[BillingEventKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What one look did to one rule. `quiet` is why nobody is told, None: somebody is."""

    look: int
    rule: Rule
    change: Change
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was expected and did not happen, and what people would be told of unexpectedly; both by look."""

    missed: tuple[Happening, ...]
    unexpected: tuple[Happening, ...]

    @property
    def is_right(self) -> bool:
        return not self.missed and not self.unexpected


def rehearse(
    steps: Sequence[Step], policy: AlertPolicy, *, judged: frozenset[Rule] = frozenset()
) -> list[Happening]:
    """What the alerts make of a series, oldest first. `judged` are the flags that can be told at every fresh look.

    The first look is the first ever: what is so then is told to nobody, as in life.
    """
    account = _Account(policy, judged)
    return [
        Happening(look=step.number, rule=each.rule, change=each.change, quiet=each.quiet)
        for step in steps
        for each in account.sees(step)
    ]


def compare(happened: Iterable[Happening], expected: Iterable[Happening]) -> Comparison:
    """Whether what people are told is exactly what was expected.

    What nobody is told of need not be expected; but where it is (with its `quiet`), it must happen.
    """
    done, wanted = Counter(happened), Counter(expected)
    surplus = (done - wanted).elements()
    return Comparison(
        missed=_in_order((wanted - done).elements()),
        unexpected=_in_order(each for each in surplus if each.quiet is None),
    )


class _Account:
    """One account, from its first look on."""

    def __init__(self, policy: AlertPolicy, judged: frozenset[Rule]) -> None:
        self._policy, self._judged = policy, judged
        self._states: dict[Rule, AlertState] = {}
        self._days: dict[int, float] = {}
        self._events: list[BillingEvent] = []
        self._is_known = False

    def sees(self, step: Step) -> list[Decision]:
        self._events += [BillingEvent(kind=kind, at=step.at) for kind in step.events]
        score = self._score(step)
        recent = [each for each in self._events if step.at - each.at < EVENT_WINDOW]
        said = signals(score, self._high(step.at), recent, self._policy)
        if not self._is_known:
            said = hush(said, Quiet.BASELINE)
        self._is_known = True
        look = Look(account_id=_SOMEBODY, at=step.at, signals=said)
        moved, decisions = decide(look, self._states, self._policy)
        self._states |= {state.rule: state for state in moved}
        if score.value is not None:
            self._days[day_number(step.at)] = score.value
        return decisions

    def _high(self, at: datetime) -> float | None:
        """The highest of the days before, each with its last score."""
        today = day_number(at)
        days = range(today - self._policy.sharp_drop.days, today)
        return max((self._days[day] for day in days if day in self._days), default=None)

    def _score(self, step: Step) -> HealthScore:
        part = Part(
            component=Component.USAGE,
            level="",
            points=0.0,
            share=step.value or 0.0,
            evidence="",
            as_of=step.at,
            stale=step.is_stale,
        )
        flags = tuple(
            Flag(rule=rule, evidence="", since=day_number(step.at), as_of=step.at)
            for rule in Rule
            if rule in step.raised
        )
        return HealthScore(
            value=step.value,
            status=None if step.value is None else _RUBRIC.status(step.value),
            coverage=0.0 if step.value is None else 1.0,
            parts=() if step.value is None else (part,),
            scored_at=step.at,
            flags=flags,
            judged={} if step.is_stale else dict.fromkeys(self._judged, step.at),
        )


def _in_order(happenings: Iterable[Happening]) -> tuple[Happening, ...]:
    places = {rule: place for place, rule in enumerate(Rule)}
    return tuple(
        sorted(happenings, key=lambda each: (each.look, places[each.rule], each.change.value))
    )
