"""Sights: what one look at an account says of every rule, from its score, its flags and what was billed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from scoring.health import HealthScore
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.policy import AlertPolicy
from scoring.rules import FLAGS, Family, Flag, Quiet, Rule, Sight, Signal

EVENT_WINDOW = timedelta(days=14)
"""For how long something that happened is news: what is found later is history."""

_LINES = (Rule.CRITICAL, Rule.AT_RISK, Rule.EXPANSION)

# What raises each event's alert, and what takes it back.
_RAISED_BY: Mapping[Rule, frozenset[BillingEventKind]] = {
    Rule.CANCELLATION: frozenset(
        {BillingEventKind.CANCELLATION_REQUESTED, BillingEventKind.CANCELLED}
    ),
    Rule.NON_RENEWAL: frozenset({BillingEventKind.NOT_RENEWED}),
    Rule.DOWNGRADE: frozenset({BillingEventKind.DOWNGRADE}),
}
_TAKEN_BACK_BY = frozenset({BillingEventKind.CANCELLATION_WITHDRAWN, BillingEventKind.REACTIVATION})


def signals(
    score: HealthScore, high: float | None, events: Sequence[BillingEvent], policy: AlertPolicy
) -> dict[Rule, Signal]:
    """What is to be said of each rule; one that cannot be judged is left out.

    `high` is the highest score of the days before that can be compared with this one, None: there is
    none. `events` are those of the last weeks, in any order.
    """
    return {
        **_of_score(score, high, policy),
        **_of_flags(score.flags, score.judged),
        **of_events(events, at=score.scored_at),
    }


# What rests on the score alone.
OF_SCORE = frozenset({*_LINES, Rule.SHARP_DROP})
# What is a fact, whatever else is at fault: it is told while other data are in doubt.
FACTS = frozenset(
    {
        Rule.PAYMENT_ISSUE,
        Rule.SUPPORT_ESCALATION,
        *(rule for rule in Rule if rule.family is Family.EVENT),
    }
)


def hush(
    said: Mapping[Rule, Signal], quiet: Quiet, *, rules: Iterable[Rule] = tuple(Rule)
) -> dict[Rule, Signal]:
    """The same signals, of which nobody is to be told where they are of these rules."""
    hushed = frozenset(rules)
    return {
        rule: replace(signal, quiet=quiet) if rule in hushed else signal
        for rule, signal in said.items()
    }


def of_events(events: Iterable[BillingEvent], *, at: datetime) -> dict[Rule, Signal]:
    """What the billing events say. That nothing happened is said as well."""
    recent = sorted(
        (each for each in events if timedelta(0) <= at - each.at < EVENT_WINDOW),
        key=lambda each: (each.at, each.kind),
    )
    back = max((each.at for each in recent if each.kind in _TAKEN_BACK_BY), default=None)
    said: dict[Rule, Signal] = {}
    for rule, kinds in _RAISED_BY.items():
        news = [each for each in recent if each.kind in kinds and (back is None or each.at > back)]
        if news:
            last = news[-1]
            subject = f"{last.kind}:{last.subject}:{last.at.isoformat()}"
            said[rule] = Signal(
                sight=Sight.HIT, as_of=at, newest=at, evidence=last.kind, subject=subject
            )
        else:
            why = "taken back" if back else ""
            said[rule] = Signal(sight=Sight.CLEAR, as_of=at, newest=at, evidence=why)
    return said


def _of_score(score: HealthScore, high: float | None, policy: AlertPolicy) -> dict[Rule, Signal]:
    """Nothing, from a score that rests on stale data or on too little."""
    value, as_of = score.value, score.as_of
    if value is None or as_of is None or score.status is None or score.is_stale:
        return {}
    newest = score.newest or as_of
    said = {
        rule: Signal(sight=policy.threshold(rule).sight(value), as_of=as_of, newest=newest)
        for rule in _LINES
    }
    fall = 0.0 if high is None else high - value
    days = policy.sharp_drop.days
    said[Rule.SHARP_DROP] = Signal(
        sight=policy.sharp_drop.sight(fall),
        as_of=as_of,
        newest=newest,
        evidence=f"{fall:.0f} points down within {days} days, from {high:.0f}" if high else "",
    )
    return said


def _of_flags(flags: Sequence[Flag], judged: Mapping[Rule, datetime]) -> dict[Rule, Signal]:
    raised = {flag.rule: flag for flag in flags}
    said: dict[Rule, Signal] = {}
    for rule in FLAGS:
        flag, as_of = raised.get(rule), judged.get(rule)
        if as_of is None:
            continue
        said[rule] = Signal(
            sight=Sight.HIT if flag else Sight.CLEAR,
            as_of=as_of,
            newest=as_of,
            evidence=flag.evidence if flag else "",
            subject=flag.subject if flag else "",
        )
    return said
