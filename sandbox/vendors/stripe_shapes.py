"""Stripe's objects in the shape of one API version, each as it was at an instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.story import Account, Story, billing
from sandbox.story.accounts import SECOND_CUSTOMER
from sandbox.story.billing import Invoice
from sandbox.vendors.stripe_prices import METERED, price_of

VERSION = "2026-10-28.endive"
Drawn = dict[str, Any]

_SUBSIDIARY_SEATS = 5
_FEEDBACK = ("too_expensive", "missing_features", "switched_service", "unused", "too_complex")
_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


@dataclass(frozen=True, slots=True)
class Customer:
    """One Stripe customer of an account. Part 0 is the account itself, part 1 a subsidiary that pays apart."""

    account: Account
    part: int
    start: datetime  # of the story

    @property
    def id(self) -> str:
        return f"cus_SB{self.account.index:06d}{'B' * self.part}"

    @property
    def subscription_id(self) -> str:
        return f"sub_1SB{self.account.index:06d}{'B' * self.part}"

    @property
    def created_at(self) -> datetime:
        return billing.joined_at(self.account, self.start) + timedelta(days=15 * self.part)

    def status(self, now: datetime) -> str:
        return "active" if self.part else billing.standing(self.account, self.start, now).status


def parts(account: Account) -> range:
    return range(2 if account.index == SECOND_CUSTOMER else 1)


def seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def customer(one: Customer, now: datetime, *, with_card: bool) -> Drawn:
    account = one.account
    card_id = None if account.by_invoice else f"pm_1SB{account.index:06d}"
    return {
        "id": one.id,
        "object": "customer",
        "address": _NO_ADDRESS,
        "balance": 0,
        "created": seconds(one.created_at),
        "currency": account.currency,
        "default_source": None,
        "delinquent": one.status(now) in {"past_due", "unpaid"},
        "description": None,
        "email": f"billing@{account.domain}",
        "invoice_prefix": f"SB{account.index:06d}",
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": _card(one, card_id) if with_card and card_id else card_id,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {"account_id": account.key} if account.tagged else {},
        "name": f"{account.name} (Subsidiary)" if one.part else account.name,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def _card(one: Customer, card_id: str) -> Drawn:
    month, year = billing.card_expires(one.account, one.start)
    return {
        "id": card_id,
        "object": "payment_method",
        "type": "card",
        "card": {
            "brand": "visa",
            "country": "US",
            "exp_month": month,
            "exp_year": year,
            "funding": "credit",
            "last4": "4242",
        },
        "created": seconds(one.created_at),
        "customer": one.id,
        "livemode": False,
        "metadata": {},
    }


def subscription(one: Customer, story: Story, now: datetime, *, with_discounts: bool) -> Drawn:
    account = one.account
    status = one.status(now)
    period = billing.current_period(account, one.start, now)
    end = billing.ended_at(account, one.start)
    return {
        "id": one.subscription_id,
        "object": "subscription",
        "billing_cycle_anchor": seconds(one.created_at),
        "billing_mode": {"type": "flexible"},
        **_cancellation(account, story, now),
        "collection_method": "send_invoice" if account.by_invoice else "charge_automatically",
        "created": seconds(one.created_at),
        "currency": account.currency,
        "customer": one.id,
        "days_until_due": 30 if account.by_invoice else None,
        "default_payment_method": None,
        "discounts": _discounts(one, drawn=with_discounts),
        "ended_at": seconds(end) if status == "canceled" else None,
        "items": {
            "object": "list",
            "data": items(one, story, now),
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={one.subscription_id}",
        },
        "latest_invoice": None if one.part else _invoice_id(account, period),
        "livemode": False,
        "metadata": {},
        "pause_collection": None,
        "schedule": None,
        "start_date": seconds(one.created_at),
        "status": status,
        "test_clock": None,
        "trial_end": None,
        "trial_start": None,
    }


def _cancellation(account: Account, story: Story, now: datetime) -> Drawn:
    """What is known of the account's leaving: asked for on one day, effective on a later one."""
    asked, ended = account.course.cancel_requested, account.course.ended
    if asked is None or ended is None or now < (asked_at := cancel_requested_at(story, asked)):
        nothing = {"comment": None, "feedback": None, "reason": None}
        return {
            "cancel_at": None,
            "cancel_at_period_end": False,
            "canceled_at": None,
            "cancellation_details": nothing,
        }
    reason = {
        "comment": None,
        "feedback": _FEEDBACK[account.seed % len(_FEEDBACK)],
        "reason": "cancellation_requested",
    }
    end = billing.ended_at(account, story.start)
    return {
        "cancel_at": seconds(end),
        "cancel_at_period_end": end is not None and now < end,
        "canceled_at": seconds(asked_at),
        "cancellation_details": reason,
    }


def cancel_requested_at(story: Story, day: int) -> datetime:
    return story.midnight(day) + timedelta(hours=13)


def _discounts(one: Customer, *, drawn: bool) -> list[Any]:
    if one.account.coupon is None or one.part:
        return []
    number = f"di_1SB{one.account.index:06d}"
    if not drawn:
        return [number]
    discount = {
        "id": number,
        "object": "discount",
        "customer": one.id,
        "end": None,
        "source": {"coupon": one.account.coupon, "type": "coupon"},
        "start": seconds(one.created_at),
        "subscription": one.subscription_id,
        "subscription_item": None,
    }
    return [discount]


def items(one: Customer, story: Story, now: datetime) -> list[Drawn]:
    """Seats, and for a few accounts metered automation runs beside them."""
    account = one.account
    seats = _SUBSIDIARY_SEATS if one.part else account.seats_on(story.day(now))
    found = [_item(one, now, "", price_of(account), seats)]
    if has_metered(account) and not one.part:
        found.append(_item(one, now, "M", METERED, None))
    return found


def has_metered(account: Account) -> bool:
    return account.index % 25 == 7 and account.currency == "usd" and not account.yearly


def _item(one: Customer, now: datetime, suffix: str, price: Drawn, quantity: int | None) -> Drawn:
    period = billing.current_period(one.account, one.start, now)
    drawn: Drawn = {
        "id": f"si_SB{one.account.index:06d}{'B' * one.part}{suffix}",
        "object": "subscription_item",
        "created": seconds(one.created_at),
        "current_period_start": seconds(billing.period_start(one.account, one.start, period)),
        "current_period_end": seconds(billing.period_start(one.account, one.start, period + 1)),
        "discounts": [],
        "metadata": {},
        "price": price,
        "subscription": one.subscription_id,
        "tax_rates": [],
    }
    return drawn if quantity is None else drawn | {"quantity": quantity}


def _invoice_id(account: Account, number: int) -> str:
    return f"in_1SB{account.index:06d}{number:04d}"


def invoice_id(one: Invoice) -> str:
    return _invoice_id(one.account, one.number)


def invoice_status(one: Invoice, now: datetime) -> str:
    if now < one.finalized_at:
        return "draft"
    return "paid" if one.paid_at is not None and one.paid_at <= now else "open"


def invoice(one: Invoice, story: Story, now: datetime) -> Drawn:
    account = one.account
    owner = Customer(account, 0, story.start)
    status = invoice_status(one, now)
    tried = 0 if account.by_invoice else sum(1 for at, _ in one.attempts if at <= now)
    paid = one.amount if status == "paid" else 0
    coming = next((at for at, _ in one.attempts if at > now), None)
    return {
        "id": invoice_id(one),
        "object": "invoice",
        "amount_due": one.amount,
        "amount_overpaid": 0,
        "amount_paid": paid,
        "amount_remaining": one.amount - paid,
        "attempt_count": tried,
        "attempted": tried > 0,
        "auto_advance": status == "open",
        "billing_reason": "subscription_cycle" if one.number else "subscription_create",
        "collection_method": "send_invoice" if account.by_invoice else "charge_automatically",
        "created": seconds(one.created_at),
        "currency": account.currency,
        "customer": owner.id,
        "customer_email": f"billing@{account.domain}",
        "customer_name": account.name,
        "discounts": [],
        "due_date": seconds(one.due_at),
        "lines": {
            "object": "list",
            "data": [_line(one, owner)],
            "has_more": False,
            "url": f"/v1/invoices/{invoice_id(one)}/lines",
        },
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None if account.by_invoice or status == "paid" else seconds(coming),
        "number": f"SB{account.index:06d}-{one.number + 1:04d}",
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {"metadata": {}, "subscription": owner.subscription_id},
        },
        "period_end": seconds(one.created_at),
        "period_start": seconds(one.created_at),
        "status": status,
        "status_transitions": {
            "finalized_at": seconds(one.finalized_at) if status != "draft" else None,
            "marked_uncollectible_at": None,
            "paid_at": seconds(one.paid_at) if status == "paid" else None,
            "voided_at": None,
        },
        "subtotal": one.amount,
        "total": one.amount,
        "total_excluding_tax": one.amount,
        "total_taxes": [],
    }


def _line(one: Invoice, owner: Customer) -> Drawn:
    price = price_of(one.account)
    return {
        "id": f"il_1SB{one.account.index:06d}{one.number:04d}",
        "object": "line_item",
        "amount": one.amount,
        "currency": one.account.currency,
        "description": f"Seats, {one.account.plan}",
        "discounts": [],
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {
                "proration": False,
                "subscription": owner.subscription_id,
                "subscription_item": f"si_SB{one.account.index:06d}",
            },
        },
        "period": {"start": seconds(one.created_at), "end": seconds(one.ends_at)},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": 1,
    }
