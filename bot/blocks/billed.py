"""Billing in words: what became of an account's subscriptions, and what its MRR leaves out."""

from collections.abc import Sequence
from datetime import datetime

from bot.blocks import words
from scoring.accounts import Money
from scoring.lagging import BillingEvent, BillingEventKind

VERBS = {
    BillingEventKind.CANCELLATION_REQUESTED: "Cancellation requested",
    BillingEventKind.CANCELLATION_WITHDRAWN: "Cancellation withdrawn",
    BillingEventKind.CANCELLED: "Cancelled",
    BillingEventKind.NOT_RENEWED: "Not renewed",
    BillingEventKind.DOWNGRADE: "Downgraded",
    BillingEventKind.EXPANSION: "Expanded",
    BillingEventKind.REACTIVATION: "Reactivated",
}


_LOSSES = frozenset({BillingEventKind.CANCELLED, BillingEventKind.NOT_RENEWED})


def event_line(event: BillingEvent, at: datetime) -> str:
    """Downgraded on 3 Nov: $500 → $300 a month."""
    on = words.day(event.at.astimezone(at.tzinfo).date(), at)
    return f"{VERBS[event.kind]} on {on}{_amounts(event)}"


def events_line(events: Sequence[BillingEvent], at: datetime) -> str:
    return " · ".join(event_line(each, at) for each in events)


def left_over_line(left_over: Sequence[Money]) -> str:
    """What the MRR above does not hold; nothing when it holds everything."""
    if not left_over or not words.sees_money():
        return ""
    return f"MRR is without {words.sums(left_over)}: there is no rate for it"


def _amounts(event: BillingEvent) -> str:
    if not words.sees_money():
        return ""
    if event.after is None and event.before and event.kind in _LOSSES:
        return f": {words.money(event.before)} a month is lost"
    if event.after is None:
        return ""
    before = f"{words.money(event.before)} → " if event.before else ""
    return f": {before}{words.money(event.after)} a month"
