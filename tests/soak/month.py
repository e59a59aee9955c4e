"""A month of a noisy book: how many alerts people get against every crossing of a line, and whom they would miss.

Steady accounts stay where they are, give or take two points a look; declining ones fall from where they
stood to thirty points lower, with the same noise. The machine and the lines are the ones that run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

from scoring.accounts import AccountId
from scoring.alerts import AlertState, Look, decide
from scoring.health import HealthScore, Part
from scoring.policy import AlertPolicy
from scoring.rubric import Component, Rubric
from scoring.rules import Rule
from scoring.sights import signals
from tests.bench.figures import Figure

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, NOISE, SEED = 30, 2.0, 11
RUBRIC, POLICY = Rubric(), AlertPolicy()
LINES = (Rule.CRITICAL, Rule.AT_RISK, Rule.EXPANSION)


@dataclass(slots=True)
class Tally:
    """What a month gave: crossings of a line as a plain threshold sees them, and what people were told."""

    looks: int = 0
    crossings: int = 0
    alerts: int = 0
    missed: int = 0
    delays: list[float] = field(default_factory=list)  # hours from the true crossing to the alert


@dataclass(slots=True)
class Book:
    """One account of the month: its true score by the hour, and where its rules stand."""

    account_id: AccountId
    begins: float
    falls: float = 0.0
    falls_from: float = 0.0
    states: dict[Rule, AlertState] = field(default_factory=dict)
    highs: list[float] = field(default_factory=list)
    crossed: set[Rule] = field(default_factory=set)

    def truth(self, hour: float) -> float:
        """Falling takes ten days."""
        share = min(max((hour - self.falls_from) / 240, 0.0), 1.0) if self.falls else 0.0
        return self.begins - self.falls * share


def live(*, steady: int, declining: int, every: timedelta) -> tuple[Tally, Tally]:
    """Live through the month, a look `every` so often. Returns what steady and what declining accounts gave."""
    throws = Random(SEED)
    calm = [Book(account_id=AccountId(n), begins=throws.uniform(45, 95)) for n in range(steady)]
    falling = [
        Book(
            account_id=AccountId(steady + n),
            begins=throws.uniform(66, 78),
            falls=30.0,
            falls_from=throws.uniform(48, 360),
        )
        for n in range(declining)
    ]
    return _tally(calm, every, throws), _tally(falling, every, throws)


def measure(_folder: Path) -> Iterator[Figure]:
    """An hourly look, as reliability is usually argued about."""
    steady, declining = live(steady=1_000, declining=200, every=timedelta(hours=1))
    yield Figure("month: looks", steady.looks + declining.looks, "looks")
    yield Figure("month: naive crossings of steady accounts", steady.crossings, "crossings")
    yield Figure(
        "month: alerts about steady accounts",
        steady.alerts,
        "alerts",
        "naive crossings",
        steady.alerts / steady.crossings,
    )
    yield Figure("month: declining accounts nobody was told of", declining.missed, "of 200")
    yield Figure("month: from the true crossing to the alert", median(declining.delays), "hours")


def _tally(book: list[Book], every: timedelta, throws: Random) -> Tally:
    tally = Tally()
    for account in book:
        _live(account, every, throws, tally)
    return tally


def _live(account: Book, every: timedelta, throws: Random, tally: Tally) -> None:
    step = every / timedelta(hours=1)
    told_at: float | None = None
    for turn in range(int(DAYS * 24 / step)):
        hour = turn * step
        value = min(max(account.truth(hour) + throws.gauss(0, NOISE), 0.0), 100.0)
        tally.looks += 1
        _count_crossings(account, value, tally, is_first=turn == 0)
        told = _look(account, value, hour)
        tally.alerts += len(told)
        if told_at is None and {Rule.AT_RISK, Rule.CRITICAL} & set(told):
            told_at = hour
    if account.falls:
        true_crossing = account.falls_from + (account.begins - 60) / account.falls * 240
        tally.missed += told_at is None
        if told_at is not None:
            tally.delays.append(told_at - true_crossing)


def _count_crossings(account: Book, value: float, tally: Tally, *, is_first: bool) -> None:
    """What a plain threshold would say: a message each time a line is crossed."""
    over = {rule for rule in LINES if POLICY.threshold(rule).sight(value) == "hit"}
    tally.crossings += 0 if is_first else len(over - account.crossed)
    account.crossed = over


def _look(account: Book, value: float, hour: float) -> list[Rule]:
    at = START + timedelta(hours=hour)
    if hour % 24 == 0:
        account.highs = [*account.highs[-6:], value]
    part = Part(component=Component.USAGE, level="daily", points=0, share=0, evidence="", as_of=at)
    score = HealthScore(
        value=value, status=RUBRIC.status(value), coverage=1.0, parts=(part,), scored_at=at
    )
    high = max(account.highs[:-1], default=None)
    look = Look(account_id=account.account_id, at=at, signals=signals(score, high, (), POLICY))
    moved, decisions = decide(look, account.states, POLICY)
    account.states |= {state.rule: state for state in moved}
    return [each.rule for each in decisions if each.opens and each.quiet is None]
