"""What alerts were good for: the precision of each rule, and what came of acting on it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import median

from scoring.accounts import AccountId
from scoring.alerts import Outcome
from scoring.rules import Family, Rule

LEAST = 10
"""Of fewer than this many nothing is said."""
NOISY_BELOW = 0.5
"""A rule of which a smaller share was of use mostly makes noise."""
FOLLOWED_DAYS = 30
"""So long after an action its effect is looked at."""

_Z = 1.96  # the normal quantile of 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert people were told of, and what came of it.

    `said` is a person's last word on it. `acted_at` is when somebody first did something about it:
    logged an outreach, scheduled a call or finished a task of it. None: nobody did.
    """

    account_id: AccountId
    rule: Rule
    opened_at: datetime
    closed_at: datetime | None = None
    said: Outcome | None = None
    acted_at: datetime | None = None

    @property
    def outcome(self) -> Outcome | None:
        """What a person said, else what was done; None: nobody knows yet. Having seen it is no outcome."""
        if self.said is not None:
            return self.said
        return Outcome.ACTED if self.acted_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How the alerts of one rule turned out; `unknown` are those nobody acted on or judged."""

    rule: Rule
    acted: int = 0
    useful: int = 0
    noise: int = 0
    unknown: int = 0

    @property
    def good(self) -> int:
        return self.acted + self.useful

    @property
    def judged(self) -> int:
        return self.good + self.noise

    @property
    def value(self) -> float | None:
        """The share of the judged ones that were of use, 0 to 1; None: too few to say."""
        return self.good / self.judged if self.judged >= LEAST else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies with 95 % certainty; None: too few to say."""
        return wilson(self.good, self.judged) if self.judged >= LEAST else None

    @property
    def is_noisy(self) -> bool:
        return self.value is not None and self.value < NOISY_BELOW


def precision(told: Iterable[Told], *, since: datetime) -> tuple[Precision, ...]:
    """How the alerts that opened since turned out, a rule each, most pressing first; a rule without any is left out."""
    counts = Counter((each.rule, each.outcome) for each in told if each.opened_at >= since)
    found = [
        Precision(
            rule=rule,
            acted=counts[rule, Outcome.ACTED],
            useful=counts[rule, Outcome.USEFUL],
            noise=counts[rule, Outcome.NOISE],
            unknown=counts[rule, None],
        )
        for rule in Rule
    ]
    return tuple(each for each in found if each.judged or each.unknown)


def wilson(good: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score (1927): honest for few cases and for 0 and 100 % too.

    `of` must be at least 1. https://doi.org/10.1080/01621459.1927.10502953
    """
    share, square = good / of, _Z**2
    middle = share + square / (2 * of)
    half = _Z * sqrt(share * (1 - share) / of + square / (4 * of**2))
    whole = 1 + square / of
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An alert that was followed for 30 days: from the first action, or where nobody acted from its opening.

    `before` and `after` are the scores at both ends, made by one rubric on the same components.
    `recovered`: it was over by then; None for what does not recover.
    """

    rule: Rule
    acted: bool
    before: float
    after: float
    recovered: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of some accounts: the medians of their scores then and 30 days later, and of the change of each.

    The medians are None where there are too few to say; `recovered` is None where nothing can recover.
    """

    n: int
    before: float | None = None
    after: float | None = None
    change: float | None = None
    recovered: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What became of the accounts whose alert of a rule somebody acted on, and of the others. No experiment."""

    rule: Rule
    acted: Course
    others: Course


def effects(followed: Iterable[Followed]) -> tuple[Effect, ...]:
    """The effect of each rule's playbook, most pressing first; a rule nobody ever acted on is left out."""
    groups: dict[tuple[Rule, bool], list[Followed]] = defaultdict(list)
    for each in followed:
        groups[each.rule, each.acted].append(each)
    return tuple(
        Effect(rule=rule, acted=_course(groups[rule, True]), others=_course(groups[rule, False]))
        for rule in Rule
        if groups[rule, True]
    )


def can_recover(rule: Rule) -> bool:
    """Whether the end of an alert says that it is well again; an event only grows old."""
    return rule.family is not Family.EVENT


def _course(group: list[Followed]) -> Course:
    known = [each.recovered for each in group if each.recovered is not None]
    recovered = sum(known) if known else None
    if len(group) < LEAST:
        return Course(n=len(group), recovered=recovered)
    return Course(
        n=len(group),
        before=median(each.before for each in group),
        after=median(each.after for each in group),
        change=median(each.after - each.before for each in group),
        recovered=recovered,
    )
