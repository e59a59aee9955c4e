"""Rates: what one currency is worth in another on a date, from a table the company keeps itself."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal

from scoring.accounts import Money
from scoring.metrics.mrr import exponent, major

_CODE = re.compile(r"[a-z]{3}")
_EXACT = Context(prec=60)  # a product of an amount and a rate has fewer digits than that


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable:
    """What one unit of each currency (ISO 4217, lower case) costs in the reporting currency, from a date on.

    Raises ValueError, naming the currency.
    """

    on: date
    rates: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        for code, rate in self.rates.items():
            if not _CODE.fullmatch(code):
                raise ValueError(f"{code}: a currency has three letters, like eur")
            if not (rate.is_finite() and rate > 0):
                raise ValueError(f"{code}: a rate is a number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The reporting currency, and the tables that lead to it. Without one nothing is ever converted.

    Raises ValueError for a currency, two tables of one date, or a rate of the reporting currency itself.
    """

    reporting: str | None = None
    tables: tuple[RateTable, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.reporting is not None and not _CODE.fullmatch(self.reporting):
            raise ValueError("reporting: a currency has three letters, like usd")
        dates = [each.on for each in self.tables]
        if again := next((each for each in dates if dates.count(each) > 1), None):
            raise ValueError(f"rates: there are two tables of {again}")
        if any(self.reporting in each.rates for each in self.tables):
            raise ValueError(
                f"rates: {self.reporting} is what the others are told in; leave it out"
            )

    def convert(self, money: Money, on: date) -> Money | None:
        """The amount in the reporting currency, not rounded, at the newest rate on or before a date.

        None: no rate is known then, or there is no reporting currency.
        """
        if self.reporting is None:
            return None
        if money.currency == self.reporting:
            return money
        if (rate := self._rate(money.currency, on)) is None:
            return None
        worth = _EXACT.multiply(major(money), rate)
        return Money(worth.scaleb(exponent(self.reporting), _EXACT), self.reporting)

    def total(self, amounts: Iterable[Money], on: date) -> Money | None:
        """The sum in the reporting currency; None where one of them has no rate, or there is nothing to sum."""
        converted = [self.convert(each, on) for each in amounts]
        known = [each for each in converted if each is not None]
        if not known or len(known) < len(converted):
            return None
        return Money(sum((each.minor for each in known), Decimal(0)), known[0].currency)

    def _rate(self, currency: str, on: date) -> Decimal | None:
        known = [each for each in self.tables if each.on <= on and currency in each.rates]
        return max(known, key=lambda each: each.on).rates[currency] if known else None


NO_RATES = Rates()


def by_currency(amounts: Iterable[Money]) -> dict[str, Decimal]:
    """Sums in minor units; a currency that sums to nothing is left out."""
    sums: dict[str, Decimal] = {}
    for each in amounts:
        sums[each.currency] = sums.get(each.currency, Decimal(0)) + each.minor
    return {currency: minor for currency, minor in sums.items() if minor}


def in_one(amounts: Sequence[Money], rates: Rates, on: date) -> tuple[Money | None, list[Money]]:
    """The amounts as one, and what could not be brought into it, an amount a currency.

    One currency stays as it is. Several are told in the reporting currency where every rate is known;
    else the one with the largest figure is told, and the others are left over. None: there is nothing.
    """
    if not amounts:
        return None, []
    sums = [Money(minor, currency) for currency, minor in sorted(by_currency(amounts).items())]
    if not sums:
        return Money(Decimal(0), amounts[0].currency), []
    if len(sums) == 1:
        return sums[0], []
    if (total := rates.total(sums, on)) is not None:
        return total, []
    largest = max(sums, key=major)
    return largest, [each for each in sums if each != largest]


def told(amounts: Sequence[Money], rates: Rates, on: date) -> list[Money]:
    """Amounts as a list of sums: one in the reporting currency where all are known, else one a currency."""
    total = rates.total(amounts, on)
    return [*amounts] if total is None else [total]
