"""Stripe's events: what happened to customers, subscriptions and invoices on a day of the story."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sandbox.story import Account, Story, billing
from sandbox.story.billing import Invoice
from sandbox.story.dice import mix
from sandbox.vendors import stripe_shapes as shapes

_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Event:
    """One event. The object is drawn as it was a moment after it happened, whenever one asks."""

    at: datetime
    type: str
    account: Account
    invoice: Invoice | None = None
    previous: tuple[tuple[str, Any], ...] = ()

    @property
    def id(self) -> str:
        kind = sum(place * ord(letter) for place, letter in enumerate(self.type, 1))
        return f"evt_1SB{mix(self.account.seed, int(self.at.timestamp()), kind):016x}"

    def draw(self, story: Story) -> dict[str, Any]:
        data: dict[str, Any] = {"object": self._object(story)}
        if self.previous:
            data["previous_attributes"] = dict(self.previous)
        return {
            "id": self.id,
            "object": "event",
            "api_version": shapes.VERSION,
            "created": shapes.seconds(self.at),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": self.type,
        }

    def _object(self, story: Story) -> dict[str, Any]:
        seen_at = self.at + _MOMENT
        if self.invoice is not None:
            return shapes.invoice(self.invoice, story, seen_at)
        owner = shapes.Customer(self.account, 0, story.start)
        if self.type.startswith("customer.subscription"):
            return shapes.subscription(owner, story, seen_at, with_discounts=False)
        return shapes.customer(owner, seen_at, with_card=False)


def events_of(story: Story, day: int) -> tuple[Event, ...]:
    """All events of a day, newest first."""
    begin, end = story.midnight(day), story.midnight(day + 1)
    found = [event for event in _all_near(story, begin) if begin <= event.at < end]
    return tuple(sorted(found, key=lambda event: (event.at, event.id), reverse=True))


def _all_near(story: Story, begin: datetime) -> Iterator[Event]:
    for back in range(3):  # an invoice is settled, or given up, within two months
        month = begin.year * 12 + begin.month - 1 - back
        for invoice in story.invoices_of(month // 12, month % 12 + 1):
            yield from _of_invoice(invoice)
    for account in story.accounts:
        yield from _of_account(account, story)


def _of_invoice(invoice: Invoice) -> Iterator[Event]:
    yield Event(invoice.finalized_at, "invoice.finalized", invoice.account, invoice)
    if invoice.number:
        renewed = (
            ("latest_invoice", f"in_1SB{invoice.account.index:06d}{invoice.number - 1:04d}"),
        )
        yield Event(
            invoice.created_at, "customer.subscription.updated", invoice.account, previous=renewed
        )
    for at, succeeded in invoice.attempts:
        yield Event(
            at, "invoice.paid" if succeeded else "invoice.payment_failed", invoice.account, invoice
        )
    if (
        invoice.due_at is not None
        and invoice.paid_at is not None
        and invoice.paid_at > invoice.due_at
    ):
        yield Event(invoice.due_at, "invoice.overdue", invoice.account, invoice)


def _of_account(account: Account, story: Story) -> Iterator[Event]:
    joined_at = billing.joined_at(account, story.start)
    yield Event(joined_at, "customer.created", account)
    yield Event(joined_at, "customer.subscription.created", account)
    course = account.course
    if course.resized is not None:
        seats = {"id": f"si_SB{account.index:06d}", "quantity": account.seats}
        before = (("items", {"data": [seats]}),)
        yield Event(
            story.midnight(course.resized[0]),
            "customer.subscription.updated",
            account,
            previous=before,
        )
    if course.cancel_requested is not None:
        asked_at = shapes.cancel_requested_at(story, course.cancel_requested)
        before_asking = (
            ("cancel_at_period_end", False),
            ("cancel_at", None),
            ("canceled_at", None),
        )
        yield Event(asked_at, "customer.subscription.updated", account, previous=before_asking)
    if course.failure is not None or course.ended is not None:
        yield from _of_standings(account, story)


def _of_standings(account: Account, story: Story) -> Iterator[Event]:
    standings = billing.standings(account, story.start)
    for before, after in pairwise(standings):
        if after.status == "canceled":
            yield Event(after.since, "customer.subscription.deleted", account)
            continue
        yield Event(
            after.since,
            "customer.subscription.updated",
            account,
            previous=(("status", before.status),),
        )
        was_late = before.status in {"past_due", "unpaid"}
        if was_late != (after.status in {"past_due", "unpaid"}):
            yield Event(
                after.since, "customer.updated", account, previous=(("delinquent", was_late),)
            )
