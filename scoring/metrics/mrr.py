"""MRR: what a subscription is worth a month, by one documented rule.

The rule follows Stripe's published definition: active and past-due subscriptions, recurring prices,
without taxes, trials and metered use. Where Stripe publishes nothing (the weeks in a month) the
constants here are ours. Only coupons that last forever lower MRR: one that ends (`once`,
`repeating`) is a price cut of today, and taking it in would show growth the day it runs out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

from scoring.accounts import Money
from scoring.records import SubscriptionState

COUNTED_STATES = frozenset({SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE})

_NO_MINOR_UNIT = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
_THOUSANDTHS = frozenset("bhd jod kwd omr tnd".split())


class Interval(StrEnum):
    """How often a price is billed, before `interval_count` multiplies it."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


# How many of each fit in a month, as a ratio that Decimal can apply without rounding twice.
_PER_MONTH = {
    Interval.DAY: (Decimal(365), Decimal(12)),
    Interval.WEEK: (Decimal(52), Decimal(12)),
    Interval.MONTH: (Decimal(1), Decimal(1)),
    Interval.YEAR: (Decimal(1), Decimal(12)),
}


class Tiering(StrEnum):
    """How tiers are read: `volume` prices every unit at the last tier, `graduated` each at its own."""

    VOLUME = "volume"
    GRADUATED = "graduated"


@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to and including `up_to` (None: the rest), each at `unit`, and `flat` once when entered."""

    up_to: Decimal | None
    unit: Decimal
    flat: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pack:
    """Units are sold in packs of `size`; a started pack is charged when `round_up`."""

    size: int
    round_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs each billing cycle, in minor units.

    `interval` is None for a one-off price. `unit` is None where `tiers` say the price.
    """

    currency: str
    interval: Interval | None
    interval_count: int = 1
    unit: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    tiering: Tiering = Tiering.GRADUATED
    pack: Pack | None = None
    metered: bool = False
    product: str = ""

    @property
    def counts(self) -> bool:
        return self.interval is not None and not self.metered


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A coupon in force: `percent_off` (0 to 100), or an amount off each cycle, one for each currency it knows.

    `products` is what it is limited to, empty: everything. Not `forever`: it is left out of MRR.
    """

    forever: bool
    percent_off: Decimal | None = None
    amounts_off: tuple[Money, ...] = ()
    products: frozenset[str] = frozenset()

    def covers(self, price: Price) -> bool:
        return not self.products or price.product in self.products

    def amount_off(self, currency: str) -> Decimal:
        return next(
            (each.minor for each in self.amounts_off if each.currency == currency), Decimal(0)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a subscription.

    `inclusive_tax` is the tax contained in the price, as a ratio (0.20 for 20%).
    """

    price: Price
    quantity: Decimal = Decimal(1)
    discounts: tuple[Discount, ...] = ()
    inclusive_tax: Decimal = Decimal(0)
    in_trial: bool = False


def mrr(
    state: SubscriptionState, items: Sequence[Item], discounts: Iterable[Discount] = ()
) -> Money | None:
    """What the subscription brings a month, not rounded.

    None when it counts for nothing by its state, has no item that counts, or has one that cannot be
    priced (no amount, or items in two currencies). Item discounts come before the subscription's.
    """
    counted = [each for each in items if each.price.counts and not each.in_trial]
    currencies = {each.price.currency for each in counted}
    if state not in COUNTED_STATES or len(currencies) != 1:
        return None
    cycles: dict[tuple[Interval | None, int], list[tuple[Item, Decimal]]] = defaultdict(list)
    for item in counted:
        if (amount := cycle_amount(item.price, item.quantity)) is None:
            return None
        amount /= 1 + item.inclusive_tax
        for each in item.discounts:
            amount = _discounted([(item, amount)], each)[0][1]
        cycles[item.price.interval, item.price.interval_count].append((item, amount))
    total = sum((_monthly(lines, tuple(discounts)) for lines in cycles.values()), Decimal(0))
    return Money(total, currencies.pop())


def cycle_amount(price: Price, quantity: Decimal) -> Decimal | None:
    """What `quantity` units cost each billing cycle, None when the price does not say."""
    if price.pack is not None:
        rounding = ROUND_CEILING if price.pack.round_up else ROUND_FLOOR
        quantity = (quantity / price.pack.size).to_integral_value(rounding)
    if price.tiers:
        tiered = _volume if price.tiering is Tiering.VOLUME else _graduated
        return tiered(price.tiers, quantity)
    return None if price.unit is None else price.unit * quantity


def exponent(currency: str) -> int:
    """How many decimals a billing API's minor unit stands for (2 for usd, 0 for jpy, 3 for kwd)."""
    if currency.lower() in _NO_MINOR_UNIT:
        return 0
    return 3 if currency.lower() in _THOUSANDTHS else 2


def major(money: Money) -> Decimal:
    """The amount in whole units of its currency: 1234 usd cents are 12.34."""
    return money.minor.scaleb(-exponent(money.currency))


def _volume(tiers: Sequence[Tier], quantity: Decimal) -> Decimal | None:
    for tier in tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            return tier.unit * quantity + tier.flat
    return None


def _graduated(tiers: Sequence[Tier], quantity: Decimal) -> Decimal | None:
    total, below = Decimal(0), Decimal(0)
    for tier in tiers:
        top = quantity if tier.up_to is None else min(tier.up_to, quantity)
        # The first tier is entered even by nobody: its flat fee is the price's base fee.
        if top > below or below == 0:
            total += tier.unit * (top - below) + tier.flat
        if tier.up_to is None or quantity <= tier.up_to:
            return total
        below = tier.up_to
    return None


def _monthly(lines: list[tuple[Item, Decimal]], discounts: Sequence[Discount]) -> Decimal:
    """The lines of one billing cycle, less the subscription's discounts, brought to a month."""
    for each in discounts:
        lines = _discounted(lines, each)
    price = lines[0][0].price
    assert price.interval is not None  # noqa: S101 - only prices that count come here
    times, per = _PER_MONTH[price.interval]
    return sum((amount for _, amount in lines), Decimal(0)) * times / (per * price.interval_count)


def _discounted(
    lines: Sequence[tuple[Item, Decimal]], discount: Discount
) -> list[tuple[Item, Decimal]]:
    """One discount on the lines it covers: an amount off is spread over them pro rata, never below zero."""
    covered = sum((amount for item, amount in lines if discount.covers(item.price)), Decimal(0))
    if not discount.forever or covered <= 0:
        return list(lines)
    if discount.percent_off is not None:
        kept = 1 - discount.percent_off / 100
    else:
        off = discount.amount_off(lines[0][0].price.currency)
        kept = max(Decimal(0), covered - off) / covered
    return [
        (item, amount * kept if discount.covers(item.price) else amount) for item, amount in lines
    ]
