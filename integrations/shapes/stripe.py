"""Stripe's JSON, in the shapes of old and new API versions.

What moved: periods from the subscription to its items, one `discount` to a list, a discount's
coupon into `source`. Events come in the shape of the account's version, so both are read.
"""

import calendar
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from scoring.metrics import mrr

# In minor units. Beyond these somebody mistyped, and sums would not be kept.
Amount = Annotated[Decimal, Field(ge=0, le=10**15)]
_Total = Annotated[Decimal, Field(ge=-(10**15), le=10**15)]
_Quantity = Annotated[Decimal, Field(ge=0, le=10**12)]
_Percent = Annotated[Decimal, Field(ge=0, le=100)]


class Expandable(BaseModel):
    id: str


class _Period(BaseModel):
    exp_month: int = Field(ge=1, le=12)
    exp_year: int

    @property
    def last_day(self) -> date:
        return date(
            self.exp_year, self.exp_month, calendar.monthrange(self.exp_year, self.exp_month)[1]
        )


class PaymentMethod(Expandable):
    """A payment method has a `card`; an old source *is* the card."""

    card: _Period | None = None
    exp_month: int | None = None
    exp_year: int | None = None

    @property
    def expires_on(self) -> date | None:
        if self.card is not None:
            return self.card.last_day
        if self.exp_month is None or self.exp_year is None:
            return None
        return _Period(exp_month=self.exp_month, exp_year=self.exp_year).last_day


class _InvoiceSettings(BaseModel):
    default_payment_method: str | PaymentMethod | None = None


class _CouponScope(BaseModel):
    products: tuple[str, ...] = ()


class _CurrencyOption(BaseModel):
    amount_off: Amount


class CouponShape(Expandable):
    duration: str
    percent_off: _Percent | None = None
    amount_off: Amount | None = None
    currency: str | None = None
    currency_options: dict[str, _CurrencyOption] = {}
    applies_to: _CouponScope | None = None


class _DiscountSource(BaseModel):
    coupon: str | CouponShape | None = None


class DiscountShape(BaseModel):
    coupon: str | CouponShape | None = None  # until acacia
    source: _DiscountSource | None = None  # since clover


class CustomerShape(Expandable):
    deleted: bool = False
    name: str | None = None
    email: str | None = None
    metadata: dict[str, str] = {}
    invoice_settings: _InvoiceSettings = _InvoiceSettings()
    default_source: str | PaymentMethod | None = None
    discount: DiscountShape | None = None


class _Recurring(BaseModel):
    interval: mrr.Interval
    interval_count: int = Field(default=1, ge=1)
    usage_type: str = "licensed"


class TierShape(BaseModel):
    up_to: _Quantity | None = None
    unit_amount: Amount | None = None
    unit_amount_decimal: Amount | None = None
    flat_amount: Amount | None = None
    flat_amount_decimal: Amount | None = None


class _Pack(BaseModel):
    divide_by: int = Field(ge=1)
    round: str


class PriceShape(Expandable):
    currency: str
    unit_amount: Amount | None = None
    unit_amount_decimal: Amount | None = None
    recurring: _Recurring | None = None
    tiers: tuple[TierShape, ...] | None = None
    tiers_mode: mrr.Tiering | None = None
    transform_quantity: _Pack | None = None
    product: str | Expandable
    nickname: str | None = None
    lookup_key: str | None = None
    tax_behavior: str | None = None


class _TaxRate(BaseModel):
    percentage: _Percent
    inclusive: bool


class ItemTrial(BaseModel):
    trial_end: int | None = None
    end_date: int | None = None


class ItemShape(Expandable):
    price: PriceShape
    quantity: _Quantity | None = None
    discounts: tuple[str | DiscountShape, ...] = ()
    tax_rates: tuple[_TaxRate, ...] | None = None
    current_period_end: int | None = None
    current_trial: ItemTrial | None = None


class _Items(BaseModel):
    data: tuple[ItemShape, ...]


class _AutomaticTax(BaseModel):
    enabled: bool = False


class LatestInvoice(Expandable):
    total: _Total
    total_excluding_tax: _Total | None = None


class SubscriptionShape(Expandable):
    customer: str | CustomerShape
    status: str
    items: _Items
    start_date: int
    discount: DiscountShape | None = None  # until acacia
    discounts: tuple[str | DiscountShape, ...] = ()
    current_period_end: int | None = None  # until acacia
    cancel_at: int | None = None
    canceled_at: int | None = None
    ended_at: int | None = None
    trial_end: int | None = None
    default_tax_rates: tuple[_TaxRate, ...] | None = None
    automatic_tax: _AutomaticTax = _AutomaticTax()
    latest_invoice: str | LatestInvoice | None = None


class _Transitions(BaseModel):
    finalized_at: int | None = None
    paid_at: int | None = None


class InvoiceShape(Expandable):
    customer: str | Expandable
    status: str
    currency: str
    amount_due: Amount
    created: int
    due_date: int | None = None
    attempt_count: int = Field(default=0, ge=0, le=10_000)
    status_transitions: _Transitions = _Transitions()
