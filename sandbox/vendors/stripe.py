"""Stripe's lists: customers, subscriptions, invoices, prices, coupons and events, newest first."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import Any

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.story.billing import Invoice
from sandbox.vendors import credentials
from sandbox.vendors import stripe_shapes as shapes
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.limits import Pace
from sandbox.vendors.stripe_events import Event, events_of
from sandbox.vendors.stripe_lists import (
    bad_parameter,
    bound,
    created_filter,
    expanded,
    has_status,
    invalid_key,
    missing,
    no_permission,
    page,
    plain,
    the_one,
    too_many,
)
from sandbox.vendors.stripe_prices import COUPONS, prices
from sandbox.vendors.stripe_shapes import Customer
from sandbox.vendors.vendor import Call, Refusal, Vendor

_EVENTS_KEPT = timedelta(days=30)
_STATUSES = (
    "all",
    "ended",
    "active",
    "past_due",
    "unpaid",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "trialing",
    "paused",
)
_MONTHS_KEPT = 36
_FIRST_INVOICE = timedelta(days=440)  # before the story begins


class Stripe(Vendor):
    name = "stripe"
    page_keys = ("data",)

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": url, "api_key": credentials.STRIPE_KEY}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._pace = Pace(clock, 25)
        self._events_of = lru_cache(64)(self._events_on)
        self._invoices_of = lru_cache(_MONTHS_KEPT)(self._invoices_in)

    def routes(self) -> list[Route]:
        answers = {
            "customers": self.customers,
            "customers/{id}": self.customer,
            "subscriptions": self.subscriptions,
            "subscriptions/{id}": self.subscription,
            "subscription_items": self.subscription_items,
            "invoices": self.invoices,
            "invoices/{id}": self.invoice,
            "prices": self.prices,
            "coupons": self.coupons,
            "events": self.events,
            "account": self.account,
        }
        return [self.route(f"/v1/{path}", answer) for path, answer in answers.items()]

    def headers(self) -> dict[str, str]:
        return {"Request-Id": f"req_sandbox{self.requests:08d}", "Stripe-Version": shapes.VERSION}

    def admit(self, call: Call) -> None:
        key = call.bearer or (call.basic or ("", ""))[0]
        if key not in {credentials.STRIPE_KEY, credentials.STRIPE_NARROW_KEY}:
            raise invalid_key(key)
        if key == credentials.STRIPE_NARROW_KEY and "/v1/invoices" in call.here:
            raise no_permission("rak_invoice_read")
        if self._pace.take() is not None:
            raise too_many(None)

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            error = {"type": "api_error", "message": "An unknown error occurred"}
            return Refusal(503, {"error": error}, {"Stripe-Should-Retry": "true"})
        if fault.kind == "unauthorized":
            return invalid_key("rk_expired")
        return (
            no_permission("rak_subscription_read")
            if fault.kind == "forbidden"
            else too_many(fault.retry_after)
        )

    def customers(self, call: Call) -> Any:
        drawn = "data.invoice_settings.default_payment_method" in expanded(call)
        wanted = created_filter(call)
        rows = (
            (one.id, partial(shapes.customer, one, call.now, with_card=drawn))
            for created_at, one in self._customers(call.now)
            if wanted(created_at)
        )
        return page(call, rows)

    def subscriptions(self, call: Call) -> Any:
        status = call.query.get("status", "")
        if status and status not in _STATUSES:
            raise bad_parameter("status", f"Invalid status: must be one of {', '.join(_STATUSES)}")
        drawn = "data.discounts" in expanded(call)
        wanted = created_filter(call)
        rows = (
            (
                one.subscription_id,
                partial(shapes.subscription, one, self.story, call.now, with_discounts=drawn),
            )
            for created_at, one in self._customers(call.now)
            if wanted(created_at) and (status == "all" or has_status(one.status(call.now), status))
        )
        return page(call, rows)

    def customer(self, call: Call) -> Any:
        drawn = "invoice_settings.default_payment_method" in expanded(call)
        found = (one for _, one in self._customers(call.now) if one.id == call.id)
        return the_one(
            call, "customer", (shapes.customer(one, call.now, with_card=drawn) for one in found)
        )

    def subscription(self, call: Call) -> Any:
        drawn = "discounts" in expanded(call)
        found = (one for _, one in self._customers(call.now) if one.subscription_id == call.id)
        drawings = (
            shapes.subscription(one, self.story, call.now, with_discounts=drawn) for one in found
        )
        return the_one(call, "subscription", drawings)

    def invoice(self, call: Call) -> Any:
        months = _months_back(call.now, self.story.start - _FIRST_INVOICE)
        kept = (self._invoices_of(*month).get(call.id) for month in months)
        found = (one for one in kept if one and one.created_at <= call.now)
        return the_one(
            call, "invoice", (shapes.invoice(one, self.story, call.now) for one in found)
        )

    def subscription_items(self, call: Call) -> Any:
        wanted = call.query.get("subscription")
        if not wanted:
            raise bad_parameter(
                "subscription", "Missing required param: subscription.", "parameter_missing"
            )
        found = next(
            (one for _, one in self._customers(call.now) if one.subscription_id == wanted), None
        )
        if found is None:
            raise missing("subscription", wanted)
        items = shapes.items(found, self.story, call.now)
        return page(call, plain(items))

    def invoices(self, call: Call) -> Any:
        status = call.query.get("status")
        since = bound(call, "created[gte]")
        wanted = created_filter(call)
        rows = (
            (number, partial(shapes.invoice, one, self.story, call.now))
            for number, one in self._invoices(call.now, since)
            if wanted(one.created_at)
            and (not status or shapes.invoice_status(one, call.now) == status)
        )
        return page(call, rows)

    def prices(self, call: Call) -> Any:
        found = prices(with_tiers="data.tiers" in expanded(call))
        return page(call, plain(found))

    def coupons(self, call: Call) -> Any:
        return page(call, plain(COUPONS))

    def events(self, call: Call) -> Any:
        """GET /v1/events: the last thirty days, each in the shape of when it happened."""
        wanted = frozenset([*call.query.getlist("types[]"), *call.query.getlist("type")])
        if len(wanted) > 20:
            raise bad_parameter("types", "You may provide at most 20 types.")
        created = created_filter(call)
        rows = (
            (one.id, partial(one.draw, self.story))
            for one in self._events(call.now)
            if (not wanted or one.type in wanted) and created(one.at)
        )
        return page(call, rows)

    def account(self, _: Call) -> Any:
        raise no_permission("rak_accounts_kyc_basic_read")

    def _customers(self, now: datetime) -> Iterator[tuple[datetime, Customer]]:
        """The customers there are, each with the instant it was created, newest first."""
        return (pair for pair in self._everybody if pair[0] <= now)

    @cached_property
    def _everybody(self) -> list[tuple[datetime, Customer]]:
        """Every customer there will ever be, with the instant it was created, newest first."""
        every = (
            Customer(account, part, self.story.start)
            for account in self.story.accounts
            for part in shapes.parts(account)
        )
        dated = [(one.created_at, one) for one in every]
        return sorted(dated, key=lambda pair: (pair[0], pair[1].id), reverse=True)

    def _invoices(self, now: datetime, since: datetime | None) -> Iterable[tuple[str, Invoice]]:
        """Invoices up to `now` by id, newest first, back to the month of `since`."""
        earliest = self.story.start - _FIRST_INVOICE
        months = _months_back(now, max(since, earliest) if since else earliest)
        every = chain.from_iterable(self._invoices_of(*month).items() for month in months)
        return ((number, one) for number, one in every if one.created_at <= now)

    def _invoices_in(self, year: int, month: int) -> dict[str, Invoice]:
        return {shapes.invoice_id(one): one for one in self.story.invoices_of(year, month)}

    def _events(self, now: datetime) -> list[Event]:
        today = self.story.day(now)
        days = chain.from_iterable(
            self._events_of(day) for day in range(today, today - _EVENTS_KEPT.days - 1, -1)
        )
        return [one for one in days if now - _EVENTS_KEPT <= one.at <= now]

    def _events_on(self, day: int) -> tuple[Event, ...]:
        return events_of(self.story, day)


def _months_back(now: datetime, first: datetime) -> Iterator[tuple[int, int]]:
    """The months from an instant back to another, as (year, month)."""
    for month in range(now.year * 12 + now.month - 1, first.year * 12 + first.month - 2, -1):
        yield month // 12, month % 12 + 1
