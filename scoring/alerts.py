"""When to speak: one state machine a rule and account, moved by fresh looks alone.

    ok -> pending -> firing -> recovering -> ok        any -> frozen -> where it was

An episode opens when a rule starts firing and closes when it has recovered. A rule of which a look
cannot tell (its source is stale, or a data fault is suspected) is frozen: it stays as it is, and
goes on from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from scoring.accounts import AccountId
from scoring.policy import RECOVERY_CONFIRMATIONS, AlertPolicy
from scoring.rules import Family, Quiet, Rule, Sight, Signal

AlertId = NewType("AlertId", int)

MOST_KNOWN = 5


class Phase(StrEnum):
    """Where a rule stands for an account. Frozen is a way of standing, not of moving: the phase before it is kept."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """Where one rule stands for one account.

    `seen` counts the looks in a row that confirm a pending or recovering phase. `as_of` is the newest
    data the last of them rested on: the next one counts when every source has answered since.
    `episode` is the number of the current or last episode, 0 before the first; `quiet` why nobody is
    told of it, `subject` what it is about, `known` what the last ones were about: what was told once is
    no news when it shows again. `openings` are the last times it began to fire.
    """

    rule: Rule
    phase: Phase = Phase.OK
    seen: int = 0
    episode: int = 0
    as_of: datetime | None = None
    closed_at: datetime | None = None
    quiet: Quiet | None = None
    subject: str = ""
    known: tuple[str, ...] = ()
    openings: tuple[datetime, ...] = ()
    frozen_since: datetime | None = None

    @property
    def standing(self) -> Phase:
        return Phase.FROZEN if self.frozen_since else self.phase

    @property
    def is_firing(self) -> bool:
        return self.phase in {Phase.FIRING, Phase.RECOVERING}

    @property
    def is_waiting(self) -> bool:
        """Whether the next look may confirm something."""
        return self.phase in {Phase.PENDING, Phase.RECOVERING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at one account at an instant. A rule without a signal cannot be judged now."""

    account_id: AccountId
    at: datetime
    signals: Mapping[Rule, Signal]


class Change(StrEnum):
    """What a look did to an alert."""

    OPENED = "opened"
    REOPENED = "reopened"  # within the cooldown of its last recovery: the old message speaks again
    RESOLVED = "resolved"
    REPLACED = "replaced"  # another thing of the same rule took its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One alert opened, reopened or closed. `quiet` says why nobody is to be told, None: somebody is."""

    account_id: AccountId
    rule: Rule
    change: Change
    episode: int
    quiet: Quiet | None
    evidence: str = ""
    subject: str = ""

    @property
    def opens(self) -> bool:
        return self.change in {Change.OPENED, Change.REOPENED}


class Outcome(StrEnum):
    """What an alert was good for, as people say or as what they did shows."""

    ACTED = "acted"
    USEFUL = "useful"
    NOISE = "noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One episode of one rule on one account, with what people did about it.

    `value` is the score it opened at (None: there was none), `before` the one it came from.
    Members are Slack user ids. `quiet` says why nobody is told; `announced` that a message was queued.
    `snoozed_from` is the score at which it was snoozed: five points below, the snooze is over.
    """

    id: AlertId
    account_id: AccountId
    rule: Rule
    episode: int
    opened_at: datetime
    value: float | None
    before: float | None
    announced: bool = False
    quiet: Quiet | None = None
    evidence: str = ""
    subject: str = ""
    closed_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    assigned_to: str | None = None
    assigned_by: str | None = None
    snoozed_until: datetime | None = None
    snoozed_from: float | None = None
    snoozed_by: str | None = None
    outreach_by: str | None = None
    outreach_at: datetime | None = None
    outreach_note: str | None = None
    escalated_to: str | None = None
    escalated_at: datetime | None = None
    outcome: Outcome | None = None
    outcome_by: str | None = None
    outcome_at: datetime | None = None


# While the key fires, nobody is told that the others do: its message says it.
_INHIBITS: Mapping[Rule, frozenset[Rule]] = {
    Rule.CRITICAL: frozenset({Rule.AT_RISK, Rule.SHARP_DROP})
}


def decide(
    look: Look, states: Mapping[Rule, AlertState], policy: AlertPolicy
) -> tuple[list[AlertState], list[Decision]]:
    """Move every rule of one account by one look. Returns the states that changed, and what to tell.

    A critical alert inhibits the at-risk one of the same account: it still opens and closes, untold.
    """
    moved: list[AlertState] = []
    decisions: list[Decision] = []
    inhibited: set[Rule] = set()
    for rule in Rule:
        signal, known = look.signals.get(rule), states.get(rule)
        if _has_nothing_to_do(signal, known):
            continue
        state = known or AlertState(rule=rule)
        if signal is None:
            after = _freeze(state, look)
        else:
            after, decided = _move(
                replace(state, frozen_since=None),
                signal,
                look,
                policy,
                is_inhibited=rule in inhibited,
            )
            decisions += decided
        if after.is_firing:
            inhibited |= _INHIBITS.get(rule, frozenset())
        if after != state:
            moved.append(after)
    return moved, decisions


def _has_nothing_to_do(signal: Signal | None, state: AlertState | None) -> bool:
    """Most rules, most of the time: nothing is seen of them, and nothing was."""
    if signal is not None and signal.sight is Sight.HIT:
        return False
    if state is None:
        return True
    is_still = state.phase is Phase.OK and state.seen == 0 and state.frozen_since is None
    return is_still and signal is not None


def _freeze(state: AlertState, look: Look) -> AlertState:
    if state.frozen_since:
        return state
    return replace(state, frozen_since=look.at)


def _move(
    state: AlertState, signal: Signal, look: Look, policy: AlertPolicy, *, is_inhibited: bool
) -> tuple[AlertState, list[Decision]]:
    if state.is_firing and signal.sight is Sight.HIT and signal.subject not in state.known:
        over = replace(state, phase=Phase.OK, seen=0, closed_at=signal.newest)
        opened, decision = _open(over, signal, look, policy, is_inhibited=is_inhibited)
        return opened, [_decision(state, look, Change.REPLACED, state.quiet), decision]
    if state.is_firing:
        return _recover(state, signal, look)
    if signal.sight is not Sight.HIT:
        return replace(state, phase=Phase.OK, seen=0), []
    if not _counts(state, signal, look):
        return state, []
    seen = state.seen + 1
    if seen < policy.confirmations(state.rule) and signal.quiet is None:
        return replace(state, phase=Phase.PENDING, seen=seen, as_of=signal.newest), []
    opened, decision = _open(state, signal, look, policy, is_inhibited=is_inhibited)
    return opened, [decision]


def _counts(state: AlertState, signal: Signal, look: Look) -> bool:
    """Whether this is another look than the last that counted: every source has answered since.

    What was seen in a future that has not come was seen by a clock that went wrong: it does not count.
    """
    if state.seen == 0 or state.as_of is None or state.as_of > look.at:
        return True
    return signal.as_of > state.as_of


def _open(
    state: AlertState, signal: Signal, look: Look, policy: AlertPolicy, *, is_inhibited: bool
) -> tuple[AlertState, Decision]:
    is_cooling = (
        state.closed_at is not None
        and state.quiet in {None, Quiet.UNSTABLE}
        and state.rule.family is not Family.EVENT
        and timedelta(0) <= signal.newest - state.closed_at < policy.cooldown
    )
    since = signal.newest - policy.unstable_window
    openings = (*(each for each in state.openings if each > since), signal.newest)
    quiet = signal.quiet
    if quiet is None and not policy.is_on(state.rule):
        quiet = Quiet.OFF
    if quiet is None and is_inhibited:
        quiet = Quiet.INHIBITED
    if quiet is None and len(openings) > policy.unstable_after:
        quiet = Quiet.UNSTABLE
    firing = replace(
        state,
        phase=Phase.FIRING,
        seen=0,
        episode=state.episode if is_cooling else state.episode + 1,
        closed_at=None,
        quiet=quiet,
        subject=signal.subject,
        known=(*state.known[-MOST_KNOWN + 1 :], signal.subject),
        openings=openings[-policy.unstable_after - 1 :],
    )
    change = Change.REOPENED if is_cooling else Change.OPENED
    return firing, _decision(firing, look, change, quiet, evidence=signal.evidence)


def _recover(state: AlertState, signal: Signal, look: Look) -> tuple[AlertState, list[Decision]]:
    if signal.sight is not Sight.CLEAR:
        return replace(state, phase=Phase.FIRING, seen=0), []
    if not _counts(state, signal, look):
        return state, []
    seen = state.seen + 1
    if seen < RECOVERY_CONFIRMATIONS and signal.quiet is None:
        return replace(state, phase=Phase.RECOVERING, seen=seen, as_of=signal.newest), []
    over = replace(state, phase=Phase.OK, seen=0, closed_at=signal.newest)
    quiet = state.quiet or signal.quiet
    return over, [_decision(over, look, Change.RESOLVED, quiet, evidence=signal.evidence)]


def _decision(
    state: AlertState, look: Look, change: Change, quiet: Quiet | None, *, evidence: str = ""
) -> Decision:
    return Decision(
        account_id=look.account_id,
        rule=state.rule,
        change=change,
        episode=state.episode,
        quiet=quiet,
        evidence=evidence,
        subject=state.subject,
    )
