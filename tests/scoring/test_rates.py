"""Rates: dated tables, decimals of every kind, and nothing converted that is not known."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.accounts import Money
from scoring.rates import NO_RATES, Rates, RateTable, in_one, told

NEW_YEAR, SPRING = date(2026, 1, 1), date(2026, 4, 1)
TODAY = date(2026, 11, 24)


def table(on=NEW_YEAR, **rates):
    return RateTable(on=on, rates={code: Decimal(rate) for code, rate in rates.items()})


def money(minor, currency="usd"):
    return Money(Decimal(minor), currency)


RATES = Rates(
    reporting="usd",
    tables=(
        table(eur="1.08", gbp="1.27", jpy="0.0064", kwd="3.25"),
        table(on=SPRING, eur="1.10"),
    ),
)


def test_a_rate_holds_from_its_date_until_the_next_one():
    assert RATES.convert(money(10_000, "eur"), SPRING.replace(month=3)) == money(10_800)
    assert RATES.convert(money(10_000, "eur"), SPRING) == money(11_000)
    assert RATES.convert(money(10_000, "gbp"), TODAY) == money(12_700)  # not told again in spring


def test_before_the_first_table_nothing_is_known():
    assert RATES.convert(money(10_000, "eur"), date(2025, 12, 31)) is None


def test_a_currency_without_a_rate_is_not_known_and_the_reporting_one_needs_none():
    assert RATES.convert(money(10_000, "sek"), TODAY) is None
    assert RATES.convert(money(10_000), date(1990, 1, 1)) == money(10_000)


def test_each_currency_has_its_own_decimals():
    assert RATES.convert(money(10_000, "jpy"), TODAY) == money(6_400)  # 10,000 yen are 64 dollars
    assert RATES.convert(money(10_000, "kwd"), TODAY) == money(3_250)  # 10 dinars are 32.50
    into_yen = Rates(reporting="jpy", tables=(table(usd="156.25"),))
    assert into_yen.convert(money(6_400), TODAY) == money(10_000, "jpy")


@given(st.decimals(0, 10**12, places=4), st.decimals("0.000001", 10**6, places=6))
def test_a_conversion_is_exact(minor, rate):
    rates = Rates(reporting="usd", tables=(table(eur=rate),))
    converted = rates.convert(Money(minor, "eur"), TODAY)
    assert int(converted.minor * 10**10) == int(minor * 10**4) * int(rate * 10**6)


def test_several_currencies_are_summed_only_where_all_are_known():
    assert RATES.total([money(100), money(100, "eur")], TODAY) == money(210)
    assert RATES.total([money(100), money(100, "sek")], TODAY) is None
    assert RATES.total([], TODAY) is None
    assert told([money(100), money(100, "eur")], RATES, TODAY) == [money(210)]
    assert told([money(100), money(1, "sek")], RATES, TODAY) == [money(100), money(1, "sek")]
    assert told([money(100, "eur")], NO_RATES, TODAY) == [money(100, "eur")]


def test_one_currency_stays_as_it_is():
    assert in_one([money(100, "eur"), money(50, "eur")], RATES, TODAY) == (money(150, "eur"), [])
    assert in_one([], RATES, TODAY) == (None, [])
    assert in_one([money(0, "eur")], RATES, TODAY) == (money(0, "eur"), [])
    assert in_one([money(0, "eur"), money(7)], NO_RATES, TODAY) == (money(7), [])


def test_several_are_one_in_the_reporting_currency_or_the_largest_with_the_rest_left_over():
    both = [money(100, "eur"), money(10)]
    assert in_one(both, RATES, TODAY) == (money(120), [])
    assert in_one(both, NO_RATES, TODAY) == (money(100, "eur"), [money(10)])
    yen = [money(5_000, "jpy"), money(10_000)]  # 5,000 is more than 100, in whole units
    assert in_one(yen, NO_RATES, TODAY) == (money(5_000, "jpy"), [money(10_000)])


def test_without_a_table_nothing_is_converted():
    assert NO_RATES.convert(money(100), TODAY) is None


@pytest.mark.parametrize("code", ["EUR", "euro", "e1", "€"])
def test_what_is_no_currency_is_refused_by_name(code):
    with pytest.raises(ValueError, match=code):
        table(**{code: 1})
    with pytest.raises(ValueError, match="reporting"):
        Rates(reporting=code)


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_rate_is_refused_by_name(rate):
    with pytest.raises(ValueError, match="eur: a rate is a number above 0"):
        table(eur=rate)


def test_two_tables_of_a_date_and_a_rate_of_the_reporting_currency_are_refused():
    with pytest.raises(ValueError, match="two tables of 2026-01-01"):
        Rates(reporting="usd", tables=(table(eur=1), table(gbp=1)))
    with pytest.raises(ValueError, match="usd is what the others are told in"):
        Rates(reporting="usd", tables=(table(usd=1),))
