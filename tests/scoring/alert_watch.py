"""One account under watch, for the tests of when to speak: a look a step, with what it did."""

from datetime import UTC, datetime, timedelta

from scoring.accounts import AccountId
from scoring.alerts import AlertState, Look, decide
from scoring.health import HealthScore, Part
from scoring.policy import AlertPolicy
from scoring.rubric import Component, Rubric
from scoring.rules import Flag, Quiet, Rule
from scoring.sights import FACTS, OF_SCORE, hush, signals

START = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUBRIC = Rubric()


def scored(value, as_of, *, newest=None, stale=False, flags=(), judged=(), at=None):
    """A score that rests on two sources, the one as of `as_of`, the other as of `newest`."""
    parts = tuple(
        Part(
            component=component,
            level="daily",
            points=0,
            share=0,
            evidence="",
            as_of=told,
            stale=stale,
        )
        for component, told in ((Component.USAGE, as_of), (Component.SUPPORT, newest or as_of))
    )
    return HealthScore(
        value=value,
        status=None if value is None else RUBRIC.status(value),
        coverage=1.0,
        parts=parts,
        scored_at=at or as_of,
        flags=tuple(
            Flag(rule=rule, evidence=f"{rule} it is", since=0, as_of=as_of) for rule in flags
        ),
        judged=dict.fromkeys([*judged, *flags], as_of),
    )


class Watched:
    """One account under watch. Each look returns what it did: (rule, change, episode, told)."""

    def __init__(self, *values, policy=None):
        self.policy = policy or AlertPolicy()
        self.states = {}
        self.as_of = self.now = START
        for value in values:
            self.sees(value)

    def sees(self, value, *, after=HOUR, fresh=True, silent=False, high=None, events=(), **flags):
        self.as_of += after
        self.now = max(self.now, self.as_of)
        score = scored(value, self.as_of, stale=not fresh, at=self.now, **flags)
        said = signals(score, high, events, self.policy)
        if silent:
            said = hush(said, Quiet.REBASED, rules=OF_SCORE | (set(Rule) - FACTS))
        return [
            (each.rule, each.change, each.episode, each.quiet is None) for each in self.looks(said)
        ]

    def looks(self, said):
        look = Look(account_id=AccountId(7), at=self.now, signals=said)
        moved, decisions = decide(look, self.states, self.policy)
        self.states |= {state.rule: state for state in moved}
        return decisions

    def state(self, rule):
        return self.states.get(rule, AlertState(rule=rule))

    def phase(self, rule):
        return self.state(rule).phase
