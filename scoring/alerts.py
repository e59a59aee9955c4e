"""When to speak: one state machine a rule and account, moved by fresh scores alone.

    ok -> pending -> firing -> recovering -> ok

An episode opens when a rule starts firing and closes when it has recovered. A score that rests on
a stale source, or on nothing new, moves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from scoring.accounts import AccountId

AlertId = NewType("AlertId", int)


class Rule(StrEnum):
    """What is watched for, most pressing first."""

    CRITICAL = "critical"
    AT_RISK = "at_risk"
    EXPANSION = "expansion"


class Phase(StrEnum):
    """Where a rule stands for an account."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A line on the score and the line it must come back over.

    A falling rule fires below `fires`, a rising one (`rising`) at or above it. It recovers at or
    above `clears` (falling) or below it (rising). `confirmations` is how many fresh evaluations in
    a row must see a crossing before it counts, either way (recovery always takes two).
    """

    fires: float
    clears: float
    rising: bool = False
    confirmations: int = 2

    def __post_init__(self) -> None:
        low, high = (self.clears, self.fires) if self.rising else (self.fires, self.clears)
        if not 0 <= low <= high <= 100:
            word = "below" if self.rising else "above"
            raise ValueError(
                f"an alert must clear {word} the line it fires at: fires {self.fires:g}, clears {self.clears:g}"
            )
        if self.confirmations < 1:
            raise ValueError("confirmations must be at least 1")

    def crossed(self, value: float) -> bool:
        return value >= self.fires if self.rising else value < self.fires

    def cleared(self, value: float) -> bool:
        return value < self.clears if self.rising else value >= self.clears


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """Every tunable number of the alerts."""

    at_risk: Threshold = Threshold(fires=60, clears=65)
    critical: Threshold = Threshold(fires=40, clears=45, confirmations=1)
    expansion: Threshold = Threshold(fires=80, clears=75, rising=True)
    cooldown: timedelta = timedelta(hours=24)

    def threshold(self, rule: Rule) -> Threshold:
        return {
            Rule.AT_RISK: self.at_risk,
            Rule.CRITICAL: self.critical,
            Rule.EXPANSION: self.expansion,
        }[rule]


RECOVERY_CONFIRMATIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """Where one rule stands for one account.

    `seen` counts the looks in a row that confirm a pending or recovering phase. `as_of` is the newest
    data the last of them rested on: the next one counts when every source has answered since.
    `episode` is the number of the current or last episode, 0 before the first. `announced` says
    that people were told of the current episode.
    """

    rule: Rule
    phase: Phase = Phase.OK
    seen: int = 0
    episode: int = 0
    as_of: datetime | None = None
    closed_at: datetime | None = None
    announced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One look at one account. `value` is its score, None without one. `as_of` is when the source that
    answered longest ago did so, `newest` when the last one did (None: at the same instant). `fresh`
    is False when a part of the score is stale. `silent` holds for an account's first score and for the first after a changed
    rubric: what it finds firing was so before, so nobody is told.
    """

    account_id: AccountId
    value: float | None
    as_of: datetime | None
    fresh: bool
    silent: bool = False
    newest: datetime | None = None


class Change(StrEnum):
    """What an evaluation did to an alert."""

    OPENED = "opened"
    REOPENED = "reopened"  # within the cooldown of its last recovery: the old message speaks again
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One alert opened, reopened or resolved. `announce` is False where nobody is to be told."""

    account_id: AccountId
    rule: Rule
    change: Change
    episode: int
    announce: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One episode of one rule on one account, with what people did about it.

    `value` is the score it opened at, `before` the one it came from (None: none). Members are
    Slack user ids. `announced` says a message went out.
    """

    id: AlertId
    account_id: AccountId
    rule: Rule
    episode: int
    opened_at: datetime
    value: float
    before: float | None
    announced: bool
    closed_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    assigned_to: str | None = None
    assigned_by: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    outreach_by: str | None = None
    outreach_at: datetime | None = None
    outreach_note: str | None = None


def decide(
    evaluation: Evaluation, states: Mapping[Rule, AlertState], policy: AlertPolicy
) -> tuple[list[AlertState], list[Decision]]:
    """Move every rule of one account by one evaluation. Returns the states that changed or are new, and what to tell.

    A critical alert inhibits the at-risk one of the same account: it still opens and closes, unannounced.
    """
    moved: list[AlertState] = []
    decisions: list[Decision] = []
    if evaluation.value is None or evaluation.as_of is None or not evaluation.fresh:
        return moved, decisions
    critical_fires = False
    for rule in Rule:
        state = states.get(rule, AlertState(rule=rule))
        inhibited = rule is Rule.AT_RISK and critical_fires
        after, decision = _move(state, evaluation, policy, inhibited=inhibited)
        critical_fires |= rule is Rule.CRITICAL and is_firing(after)
        if after != states.get(rule):
            moved.append(after)
        if decision:
            decisions.append(decision)
    return moved, decisions


def is_firing(state: AlertState) -> bool:
    return state.phase in {Phase.FIRING, Phase.RECOVERING}


def _move(
    state: AlertState, evaluation: Evaluation, policy: AlertPolicy, *, inhibited: bool
) -> tuple[AlertState, Decision | None]:
    threshold = policy.threshold(state.rule)
    value = evaluation.value or 0.0
    if is_firing(state):
        return _recover(state, evaluation, cleared=threshold.cleared(value))
    if not threshold.crossed(value):
        return replace(state, phase=Phase.OK, seen=0), None
    if not _counts(state, evaluation):
        return state, None
    seen = state.seen + 1
    if seen < threshold.confirmations and not evaluation.silent:
        return replace(state, phase=Phase.PENDING, seen=seen, as_of=_newest(evaluation)), None
    return _open(state, evaluation, policy, inhibited=inhibited)


def _counts(state: AlertState, evaluation: Evaluation) -> bool:
    """Whether this is another look than the last that counted: every source has answered since."""
    if state.seen == 0 or state.as_of is None or evaluation.as_of is None:
        return True
    return evaluation.as_of > state.as_of


def _newest(evaluation: Evaluation) -> datetime | None:
    return evaluation.newest or evaluation.as_of


def _open(
    state: AlertState, evaluation: Evaluation, policy: AlertPolicy, *, inhibited: bool
) -> tuple[AlertState, Decision]:
    announce = not (evaluation.silent or inhibited)
    at = _newest(evaluation)
    cooling = (
        state.closed_at is not None
        and state.announced
        and at is not None
        and at - state.closed_at < policy.cooldown
    )
    change = Change.REOPENED if cooling else Change.OPENED
    episode = state.episode if cooling else state.episode + 1
    firing = replace(
        state, phase=Phase.FIRING, seen=0, episode=episode, closed_at=None, announced=announce
    )
    return firing, _decision(firing, evaluation, change, announce=announce)


def _recover(
    state: AlertState, evaluation: Evaluation, *, cleared: bool
) -> tuple[AlertState, Decision | None]:
    if not cleared:
        return replace(state, phase=Phase.FIRING, seen=0), None
    if not _counts(state, evaluation):
        return state, None
    seen, at = state.seen + 1, _newest(evaluation)
    if seen < RECOVERY_CONFIRMATIONS and not evaluation.silent:
        return replace(state, phase=Phase.RECOVERING, seen=seen, as_of=at), None
    over = replace(state, phase=Phase.OK, seen=0, closed_at=at)
    announce = state.announced and not evaluation.silent
    return over, _decision(over, evaluation, Change.RESOLVED, announce=announce)


def _decision(
    state: AlertState, evaluation: Evaluation, change: Change, *, announce: bool
) -> Decision:
    return Decision(
        account_id=evaluation.account_id,
        rule=state.rule,
        change=change,
        episode=state.episode,
        announce=announce,
    )
