"""Stripe's objects as records of ours: organisations with their card, subscriptions with their MRR, invoices."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from integrations.payload import from_unix
from integrations.shapes.stripe import (
    CouponShape,
    CustomerShape,
    DiscountShape,
    Expandable,
    InvoiceShape,
    ItemShape,
    ItemTrial,
    LatestInvoice,
    PriceShape,
    SubscriptionShape,
    TierShape,
)
from scoring.accounts import Money
from scoring.identity import domain_of
from scoring.metrics import mrr
from scoring.records import (
    Card,
    Invoice,
    InvoiceState,
    Organisation,
    Record,
    Subscription,
    SubscriptionState,
)

# The first invoice after a trial is drafted an hour before it is charged.
_UNCHARGED = timedelta(hours=1)
_MOST_TAX = Decimal(2)  # as a ratio; more is no tax but two totals that do not belong together

_STATES = {
    "active": SubscriptionState.ACTIVE,
    "past_due": SubscriptionState.PAST_DUE,
    "unpaid": SubscriptionState.UNPAID,
    "trialing": SubscriptionState.TRIAL,
    "paused": SubscriptionState.PAUSED,
    "incomplete": SubscriptionState.INCOMPLETE,
    "incomplete_expired": SubscriptionState.ENDED,
    "canceled": SubscriptionState.ENDED,
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Prices with their tiers and coupons with what they apply to; both lie too deep to be expanded."""

    prices: Mapping[str, PriceShape]
    coupons: Mapping[str, CouponShape]


def customer_records(row: CustomerShape, account_id_key: str) -> Iterator[Record]:
    domain = domain_of(row.email)
    yield Organisation(
        ref=row.id,
        name=row.name or domain or row.id,
        account_key=row.metadata.get(account_id_key) or None,
        domains=() if domain is None else (domain,),
        deleted=row.deleted,
    )
    method = row.invoice_settings.default_payment_method or row.default_source
    if not isinstance(method, str) and not row.deleted:
        yield Card(account_ref=row.id, expires_on=None if method is None else method.expires_on)


def subscription_record(
    row: SubscriptionShape, catalogue: Catalogue, now: datetime
) -> Subscription:
    """Raises ValueError for a status we do not know.

    One that ended before anybody paid for it (a trial, a first invoice that failed) has no `ended_at`,
    for no paid service ended: when it was over stands in `renews_at`. Else an ended one keeps the end of its term there.
    """
    if (state := _STATES.get(row.status)) is None:
        raise ValueError(f"status: {row.status!r} is not one we know")
    ends = [each.current_period_end for each in row.items.data if each.current_period_end]
    period_end = min(ends, default=row.current_period_end)
    ended_at = (
        _instant(row.ended_at or row.canceled_at) if state is SubscriptionState.ENDED else None
    )
    was_paid = ended_at is not None and _was_paid(row, ended_at)
    return Subscription(
        id=row.id,
        account_ref=_id(row.customer),
        state=state,
        plan=_plan(row.items.data[0].price) if row.items.data else None,
        mrr=_mrr(row, state, catalogue, now),
        started_at=_required(row.start_date),
        renews_at=_renews_at(row, period_end, ended_at, was_paid=was_paid),
        cancel_requested_at=_instant(row.canceled_at),
        ended_at=ended_at if was_paid else None,
    )


def _was_paid(row: SubscriptionShape, ended_at: datetime) -> bool:
    """Whether an ended subscription lived longer than its trial, and past its first invoice."""
    if row.status == "incomplete_expired":
        return False
    return row.trial_end is None or ended_at > _required(row.trial_end) + _UNCHARGED


def _renews_at(
    row: SubscriptionShape, period_end: int | None, ended_at: datetime | None, *, was_paid: bool
) -> datetime | None:
    if ended_at is None:
        return _instant(row.cancel_at or period_end)
    return _instant(period_end) if was_paid else ended_at


def invoice_records(row: InvoiceShape) -> Iterator[Record]:
    """Nothing for a draft: nobody owes it yet. Raises ValueError for a status we do not know."""
    if row.status == "draft":
        return
    state = InvoiceState(row.status)
    finalized_at = _required(row.status_transitions.finalized_at or row.created)
    # A paid invoice counts the attempt that went through as well.
    failed = max(0, row.attempt_count - 1) if state is InvoiceState.PAID else row.attempt_count
    yield Invoice(
        id=row.id,
        account_ref=_id(row.customer),
        state=state,
        amount=Money(row.amount_due, row.currency.lower()),
        finalized_at=finalized_at,
        due_at=_instant(row.due_date) or finalized_at,
        failed_attempts=failed,
        paid_at=_instant(row.status_transitions.paid_at),
    )


def _mrr(
    row: SubscriptionShape, state: SubscriptionState, catalogue: Catalogue, now: datetime
) -> Money | None:
    """Its part of MRR; None also when a discount or a tax cannot be known from what Stripe sent."""
    given: list[str | DiscountShape] = [*row.discounts, *([row.discount] if row.discount else [])]
    if not given and isinstance(row.customer, CustomerShape) and row.customer.discount:
        given = [row.customer.discount]
    discounts = _discounts(given, catalogue)
    items = [_item(each, row, catalogue, now) for each in row.items.data]
    if discounts is None or None in items:
        return None
    return mrr.mrr(state, [each for each in items if each is not None], discounts)


def _item(
    item: ItemShape, row: SubscriptionShape, catalogue: Catalogue, now: datetime
) -> mrr.Item | None:
    discounts, tax = _discounts(item.discounts, catalogue), _inclusive_tax(item, row)
    if discounts is None or tax is None:
        return None
    return mrr.Item(
        price=_price(catalogue.prices.get(item.price.id, item.price)),
        quantity=Decimal(1) if item.quantity is None else item.quantity,
        discounts=discounts,
        inclusive_tax=tax,
        in_trial=_in_trial(item.current_trial, now),
    )


def _price(row: PriceShape) -> mrr.Price:
    pack, recurring = row.transform_quantity, row.recurring
    return mrr.Price(
        currency=row.currency.lower(),
        interval=None if recurring is None else recurring.interval,
        interval_count=1 if recurring is None else recurring.interval_count,
        unit=_first(row.unit_amount_decimal, row.unit_amount),
        tiers=tuple(_tier(each) for each in row.tiers or ()),
        tiering=row.tiers_mode or mrr.Tiering.GRADUATED,
        pack=None if pack is None else mrr.Pack(pack.divide_by, pack.round == "up"),
        metered=recurring is not None and recurring.usage_type == "metered",
        product=_id(row.product),
    )


def _tier(row: TierShape) -> mrr.Tier:
    zero = Decimal(0)
    unit = _first(row.unit_amount_decimal, row.unit_amount)
    flat = _first(row.flat_amount_decimal, row.flat_amount)
    return mrr.Tier(row.up_to, zero if unit is None else unit, zero if flat is None else flat)


def _discounts(
    given: Sequence[str | DiscountShape], catalogue: Catalogue
) -> tuple[mrr.Discount, ...] | None:
    """The coupons behind discounts, None when one of them is only an id that leads nowhere."""
    found: list[mrr.Discount] = []
    for each in given:
        if isinstance(each, str):
            return None
        coupon = each.coupon if each.source is None else each.source.coupon
        if isinstance(coupon, str | CouponShape):
            ident = coupon if isinstance(coupon, str) else coupon.id
            known = catalogue.coupons.get(ident, coupon)
            if isinstance(known, str):
                return None
            found.append(_coupon(known))
    return tuple(found)


def _coupon(row: CouponShape) -> mrr.Discount:
    amounts = {name: option.amount_off for name, option in row.currency_options.items()}
    if row.amount_off is not None and row.currency is not None:
        amounts[row.currency] = row.amount_off
    return mrr.Discount(
        forever=row.duration == "forever",
        percent_off=row.percent_off,
        amounts_off=tuple(Money(amount, name.lower()) for name, amount in amounts.items()),
        products=frozenset(row.applies_to.products if row.applies_to else ()),
    )


def _inclusive_tax(item: ItemShape, row: SubscriptionShape) -> Decimal | None:
    """The tax inside the item's price as a ratio; None when Stripe Tax put it in and no invoice says how much."""
    if row.automatic_tax.enabled and item.price.tax_behavior == "inclusive":
        invoice = row.latest_invoice
        if not isinstance(invoice, LatestInvoice) or not invoice.total_excluding_tax:
            return None
        tax = invoice.total / invoice.total_excluding_tax - 1
        return tax if 0 <= tax <= _MOST_TAX else None
    rates = item.tax_rates or row.default_tax_rates or ()
    return sum((each.percentage for each in rates if each.inclusive), Decimal(0)) / 100


def _in_trial(trial: ItemTrial | None, now: datetime) -> bool:
    if trial is None:
        return False
    end = trial.trial_end or trial.end_date
    return end is None or _required(end) > now


def _plan(price: PriceShape) -> str | None:
    return price.nickname or price.lookup_key or price.id


def _first(*amounts: Decimal | None) -> Decimal | None:
    return next((each for each in amounts if each is not None), None)


def _id(value: str | Expandable) -> str:
    return value if isinstance(value, str) else value.id


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else _required(seconds)


def _required(seconds: int) -> datetime:
    return from_unix(seconds)
