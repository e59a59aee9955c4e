"""Stripe's catalogue: prices and coupons."""

from typing import Any

from sandbox.story import Account, billing
from sandbox.story.billing import COUPON_PERCENT, SEAT_CENTS, TIERS

Drawn = dict[str, Any]

_FOUNDED = 1_640_995_200  # the catalogue is older than the story


def _price(
    number: str, product: str, currency: str, interval: str, cents: int | None, **more: Any
) -> Drawn:
    recurring = {
        "interval": interval,
        "interval_count": 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    return {
        "id": number,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": _FOUNDED,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": product.removeprefix("prod_").capitalize(),
        "product": product,
        "recurring": recurring | more.pop("recurring", {}),
        "tax_behavior": "exclusive",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": cents,
        "unit_amount_decimal": None if cents is None else str(cents),
        **more,
    }


_SEATS = {
    (plan, currency, interval): _price(
        f"price_{plan}_{interval}_{currency}",
        f"prod_{plan}",
        currency,
        interval,
        cents * (10 if interval == "year" else 1),
    )
    for plan, cents in SEAT_CENTS.items()
    for currency in ("usd", "eur")
    for interval in ("month", "year")
}
_TIERED = _price(
    "price_seats_graduated",
    "prod_pro",
    "usd",
    "month",
    None,
    billing_scheme="tiered",
    tiers_mode="graduated",
)
METERED = _price(
    "price_automation_runs",
    "prod_automations",
    "usd",
    "month",
    2,
    recurring={"usage_type": "metered", "meter": "mtr_sandbox_automation_runs"},
)
_TIERS = [
    {
        "flat_amount": None,
        "flat_amount_decimal": None,
        "unit_amount": cents,
        "unit_amount_decimal": str(cents),
        "up_to": up_to,
    }
    for up_to, cents in TIERS
]


def price_of(account: Account) -> Drawn:
    if billing.is_tiered(account):
        return _TIERED
    return _SEATS[account.plan, account.currency, "year" if account.yearly else "month"]


def prices(*, with_tiers: bool) -> list[Drawn]:
    tiered = _TIERED | {"tiers": _TIERS} if with_tiers else _TIERED
    return [METERED, tiered, *_SEATS.values()]


def _coupon(number: str, percent: int, duration: str) -> Drawn:
    return {
        "id": number,
        "object": "coupon",
        "amount_off": None,
        "created": _FOUNDED,
        "currency": None,
        "duration": duration,
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": f"{percent}% off",
        "percent_off": float(percent),
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }


COUPONS = [_coupon("WELCOME10", 10, "once"), _coupon("LOYAL20", COUPON_PERCENT, "forever")]
