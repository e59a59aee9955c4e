"""MRR: every documented check vector, and the laws the rule keeps."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.accounts import Money
from scoring.metrics.mrr import (
    Discount,
    Interval,
    Item,
    Pack,
    Price,
    Tier,
    Tiering,
    cycle_amount,
    exponent,
    major,
    mrr,
)
from scoring.records import SubscriptionState

ACTIVE = SubscriptionState.ACTIVE
TIERS = (
    Tier(Decimal(10), Decimal(500)),
    Tier(Decimal(50), Decimal(400), Decimal(1000)),
    Tier(None, Decimal(300)),
)


def price(unit=1000, interval=Interval.MONTH, count=1, **more):
    more.setdefault("currency", "usd")
    return Price(interval=interval, interval_count=count, unit=Decimal(unit), **more)


def monthly(*items, discounts=(), state=ACTIVE):
    found = mrr(state, items, discounts)
    return None if found is None else found.minor.quantize(Decimal("0.0001"))


def percent(off, **more):
    return Discount(forever=True, percent_off=Decimal(off), **more)


def amount(off, **more):
    return Discount(forever=True, amounts_off=(Money(Decimal(off), "usd"),), **more)


@pytest.mark.parametrize(
    ("unit", "quantity", "interval", "count", "expected"),
    [
        (120000, 1, Interval.YEAR, 1, "10000"),
        (30000, 3, Interval.MONTH, 3, "30000"),
        (1000, 1, Interval.WEEK, 1, "4333.3333"),
        (1000, 1, Interval.WEEK, 2, "2166.6667"),
        (100, 1, Interval.DAY, 1, "3041.6667"),
    ],
)
def test_every_interval_is_brought_to_a_month(unit, quantity, interval, count, expected):
    item = Item(price=price(unit, interval, count), quantity=Decimal(quantity))
    assert monthly(item) == Decimal(expected)


@pytest.mark.parametrize(
    ("quantity", "graduated", "volume"),
    [(5, 2500, 2500), (11, 6400, 5400), (50, 22000, 21000), (60, 25000, 18000)],
)
def test_tiers_are_read_both_ways(quantity, graduated, volume):
    for tiering, expected in ((Tiering.GRADUATED, graduated), (Tiering.VOLUME, volume)):
        tiered = Price(currency="usd", interval=Interval.MONTH, tiers=TIERS, tiering=tiering)
        assert cycle_amount(tiered, Decimal(quantity)) == expected


def test_a_started_pack_is_charged_only_when_the_price_rounds_up():
    packs = price(1500, pack=Pack(10, round_up=True))
    assert monthly(Item(price=packs, quantity=Decimal(95))) == 15000
    assert (
        monthly(Item(price=price(1500, pack=Pack(10, round_up=False)), quantity=Decimal(95)))
        == 13500
    )


def test_item_discounts_come_before_the_subscriptions():
    item = Item(price=price(20000), discounts=(percent(20),))
    assert monthly(item, discounts=[percent(10)]) == 14400
    cut = Item(price=price(20000), discounts=(amount(5000),))
    assert monthly(cut, discounts=[percent(10)]) == 13500


def test_an_amount_off_is_taken_once_a_cycle():
    assert monthly(Item(price=price(120000, Interval.YEAR)), discounts=[amount(12000)]) == 9000


def test_an_amount_off_is_spread_over_what_it_covers_and_stops_at_zero():
    seats, support = (
        Item(price=price(3000, product="seats")),
        Item(price=price(1000, product="support")),
    )
    assert monthly(seats, support, discounts=[amount(800)]) == 3200
    only_support = frozenset({"support"})
    assert monthly(seats, support, discounts=[amount(5000, products=only_support)]) == 3000


def test_a_coupon_in_another_currency_takes_nothing_off():
    euros = Discount(forever=True, amounts_off=(Money(Decimal(500), "eur"),))
    assert monthly(Item(price=price(1000)), discounts=[euros]) == 1000


def test_a_coupon_that_ends_does_not_lower_mrr():
    once = Discount(forever=False, percent_off=Decimal(50))
    assert monthly(Item(price=price(1000)), discounts=[once]) == 1000


def test_tax_inside_the_price_is_taken_out():
    assert monthly(Item(price=price(12000), inclusive_tax=Decimal("0.20"))) == 10000


def test_metered_one_off_and_trial_items_count_for_nothing():
    paid = Item(price=price(1000))
    metered = Item(price=price(9000, metered=True))
    one_off = Item(price=price(9000, interval=None))
    trial = Item(price=price(9000), in_trial=True)
    assert monthly(paid, metered, one_off, trial) == 1000
    assert monthly(metered) is None


@pytest.mark.parametrize("state", SubscriptionState)
def test_only_active_and_past_due_subscriptions_have_mrr(state):
    counted = state in {SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE}
    assert (monthly(Item(price=price(1000)), state=state) is not None) == counted


def test_what_cannot_be_priced_is_unknown_not_zero():
    unknown = Price(currency="usd", interval=Interval.MONTH)
    short = Price(currency="usd", interval=Interval.MONTH, tiers=TIERS[:1])
    assert monthly(Item(price=unknown)) is None
    assert monthly(Item(price=short, quantity=Decimal(11))) is None
    assert monthly(Item(price=price(1)), Item(price=price(1, currency="eur"))) is None


def test_items_of_two_intervals_are_discounted_in_their_own_cycle():
    year, month = Item(price=price(12000, Interval.YEAR)), Item(price=price(1000))
    assert monthly(year, month, discounts=[amount(600)]) == 950 + 400


def test_a_base_fee_is_charged_even_for_no_units():
    tiers = (Tier(Decimal(10), Decimal(0), Decimal(2900)), Tier(None, Decimal(100)))
    base = Price(currency="usd", interval=Interval.MONTH, tiers=tiers)
    assert cycle_amount(base, Decimal(0)) == 2900


def test_currencies_know_their_decimals():
    assert [exponent(each) for each in ("usd", "JPY", "kwd", "isk")] == [2, 0, 3, 2]
    assert major(Money(Decimal(1234), "usd")) == Decimal("12.34")
    assert major(Money(Decimal(1234), "jpy")) == 1234


# The edge cases of the definition, by their names.


def test_an_annual_plan_upgraded_in_mid_term_is_worth_a_twelfth_of_what_it_costs_now():
    before, after = price(120000, Interval.YEAR), price(180000, Interval.YEAR)
    assert (monthly(Item(price=before)), monthly(Item(price=after))) == (10000, 15000)


def test_of_two_subscriptions_of_which_one_is_cancelled_the_other_counts():
    item = Item(price=price(1000))
    told = [monthly(item), monthly(item, state=SubscriptionState.ENDED)]
    assert told == [1000, None]


def test_a_trial_that_turns_paid_counts_while_its_first_invoice_is_unpaid():
    item = Item(price=price(1000))
    assert monthly(item, state=SubscriptionState.TRIAL) is None
    assert monthly(item, state=SubscriptionState.PAST_DUE) == 1000
    assert monthly(item, state=SubscriptionState.INCOMPLETE) is None


def test_a_discount_of_everything_is_zero_and_not_unknown():
    assert monthly(Item(price=price(1000)), discounts=[percent(100)]) == 0
    assert monthly(Item(price=price(1000)), discounts=[amount(5000)]) == 0
    assert monthly(Item(price=price(1000)), discounts=[percent(100), amount(5000)]) == 0


def test_a_free_plan_is_zero():
    assert monthly(Item(price=price(0))) == 0


def test_seats_are_counted_each():
    assert monthly(Item(price=price(1900), quantity=Decimal(12))) == 22800
    assert monthly(Item(price=price(1900), quantity=Decimal(0))) == 0


@pytest.mark.parametrize(
    ("interval", "count", "expected"),
    [(Interval.MONTH, 6, 1000), (Interval.YEAR, 2, 250), (Interval.DAY, 30, "6083.3333")],
)
def test_an_interval_may_be_counted_more_than_once(interval, count, expected):
    assert monthly(Item(price=price(6000, interval, count))) == Decimal(expected)


def test_twelve_months_of_a_years_price_are_the_years_price():
    for cents in (9_999, 10_001, 100):
        a_year = mrr(ACTIVE, [Item(price=price(cents, Interval.YEAR))]).minor * 12
        assert abs(a_year - cents) < Decimal("1e-20")


def test_each_currency_keeps_its_own_minor_unit():
    for currency in ("jpy", "kwd", "isk", "ugx"):
        assert mrr(ACTIVE, [Item(price=price(1000, currency=currency))]) == Money(
            Decimal(1000), currency
        )


amounts = st.integers(0, 10_000_000)
percents = st.integers(0, 100)


@given(amounts, st.integers(1, 1000), st.lists(percents, max_size=3))
def test_mrr_is_never_negative_and_no_discount_raises_it(unit, quantity, offs):
    item = Item(price=price(unit), quantity=Decimal(quantity))
    assert 0 <= monthly(item, discounts=[percent(each) for each in offs]) <= monthly(item)


@given(st.lists(amounts, min_size=1, max_size=5), amounts)
def test_splitting_a_subscription_into_items_changes_nothing(units, off):
    items = [Item(price=price(each)) for each in units]
    together = monthly(*items, discounts=[amount(off)])
    assert together == max(0, sum(units) - off)


@given(st.integers(0, 500), st.integers(0, 500))
def test_graduated_tiers_never_get_cheaper_with_more_units(one, other):
    tiered = Price(currency="usd", interval=Interval.MONTH, tiers=TIERS)
    low, high = sorted((one, other))
    assert cycle_amount(tiered, Decimal(low)) <= cycle_amount(tiered, Decimal(high))
