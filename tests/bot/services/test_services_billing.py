"""Billing: what becomes of subscriptions is noted once a reading is whole, and MRR is never silently wrong."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from service_world import HOUR, NOON, company, config_of, subscription

from bot.commands import account
from bot.config import parse_config
from bot.services import listing
from bot.variables import ConfigError
from scoring.accounts import Money
from scoring.lagging import BillingEventKind
from scoring.rates import NO_RATES, Rates, RateTable
from scoring.records import Organisation, SubscriptionState
from storage import history, schedules
from storage.rules import Every


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


Kind = BillingEventKind
DAY = timedelta(days=1)
RATES = Rates(
    reporting="usd", tables=(RateTable(on=date(2026, 1, 1), rates={"eur": Decimal("1.1")}),)
)


@pytest.fixture
def acme(world):
    """A world with one account of $100 a month."""
    world.sync("stripe", company("acme"), subscription("cus_acme"))
    world.rescore()
    return world


def change(world, *records):
    """An hour later the source tells this, and it is looked at."""
    world.clock.at += HOUR
    world.sync("stripe", *records)
    world.rescore()


def events(world, key="acme"):
    with world.deps.db.read() as session:
        found = history.of_account(session, world.account(key).id, since=NOON - 900 * DAY)
    return [(each.kind, each.at) for each in found]


def test_a_downgrade_is_noted_once_and_shown_on_the_card(acme):
    change(acme, subscription("cus_acme", cents=6_000))
    change(acme, subscription("cus_acme", cents=6_000))
    assert events(acme) == [(Kind.DOWNGRADE, NOON + HOUR)]
    card = str(account.named(acme.deps, "acme", at=NOON).blocks)
    assert "Downgraded on 16 Nov: $100 → $60 a month" in card


def test_a_first_look_notes_the_past_and_no_change(world):
    gone = subscription(
        "cus_acme",
        plan="Old",
        state=SubscriptionState.ENDED,
        started_at=NOON - 400 * DAY,
        ended_at=NOON - 300 * DAY,
    )
    world.sync("stripe", company("acme"), gone, subscription("cus_acme"))
    world.rescore()
    assert events(world) == [
        (Kind.REACTIVATION, NOON - 100 * DAY),
        (Kind.CANCELLED, NOON - 300 * DAY),
    ]


def test_a_cancellation_is_requested_effective_and_undone_apart(acme):
    asked_at, ended_at = NOON - DAY, NOON + 20 * DAY
    change(acme, subscription("cus_acme", cancel_requested_at=asked_at, renews_at=ended_at))
    acme.clock.at = ended_at
    ended = {"state": SubscriptionState.ENDED, "mrr": None, "ended_at": ended_at}
    change(acme, subscription("cus_acme", cancel_requested_at=asked_at, **ended))
    acme.clock.at += 30 * DAY
    change(acme, subscription("cus_acme", plan="New", started_at=acme.clock.at))
    assert events(acme) == [
        (Kind.REACTIVATION, ended_at + 30 * DAY + HOUR),
        (Kind.NOT_RENEWED, ended_at),
        (Kind.CANCELLATION_REQUESTED, asked_at),
    ]


def ended_and_replaced(world):
    ended = subscription(
        "cus_acme", state=SubscriptionState.ENDED, mrr=None, ended_at=world.clock.at
    )
    return ended, subscription("cus_acme", plan="New", cents=9_000, started_at=world.clock.at)


def test_what_a_reading_that_broke_off_shows_makes_no_event_until_it_is_read_to_the_end(acme):
    acme.clock.at += HOUR
    ended, new = ended_and_replaced(acme)
    acme.put("stripe", ended)
    acme.fail("stripe")
    acme.rescore()
    assert events(acme) == []
    acme.clock.at += HOUR
    acme.sync("stripe", new)
    acme.rescore()
    assert events(acme) == [(Kind.DOWNGRADE, acme.clock.at)]


def test_an_account_that_waited_is_looked_at_again_though_nothing_more_came_of_it(acme):
    acme.clock.at += HOUR
    acme.put("stripe", *ended_and_replaced(acme))
    acme.fail("stripe")
    acme.rescore()
    assert acme.rescore() == 0
    acme.clock.at += HOUR
    acme.sync("stripe")
    acme.rescore()
    assert [kind for kind, _ in events(acme)] == [Kind.DOWNGRADE]


def test_while_a_source_is_being_read_nothing_is_noted(acme):
    acme.clock.at += HOUR
    with acme.deps.db.write() as session:
        schedules.ensure(
            session,
            "sync:stripe",
            job="sync",
            args={"source": "stripe"},
            rule=Every(900),
            at=acme.clock.at,
            first_due_at=acme.clock.at,
        )
        schedules.due(session, now=acme.clock.at)
        occurrence = schedules.claim(session, now=acme.clock.at, lease=HOUR)
    acme.sync("stripe", subscription("cus_acme", cents=6_000))
    acme.rescore()
    assert events(acme) == []
    with acme.deps.db.write() as session:
        schedules.finish(session, occurrence, at=acme.clock.at)
    acme.rescore()
    assert [kind for kind, _ in events(acme)] == [Kind.DOWNGRADE]


def test_a_trial_that_nobody_took_up_left_on_the_day_it_ran_out_and_is_no_cancellation(acme):
    change(
        acme,
        company("beta"),
        subscription(
            "cus_beta",
            state=SubscriptionState.ENDED,
            mrr=None,
            ended_at=None,
            renews_at=NOON - 3 * DAY,
        ),
    )
    assert acme.account("beta").churned_on == (NOON - 3 * DAY).date()
    assert events(acme, "beta") == []


# Several currencies.


def two_currencies(world):
    world.sync(
        "stripe",
        company("acme"),
        subscription("cus_acme", plan="A", cents=10_000, currency="usd"),
        subscription("cus_acme", plan="B", cents=20_000, currency="eur"),
    )
    world.rescore()


def test_mrr_in_several_currencies_is_told_in_the_reporting_one_where_the_rates_are_known(world):
    world.reconfigure(rates=RATES)
    two_currencies(world)
    assert world.account("acme").mrr == Money(Decimal(32_000), "usd")
    assert "without" not in str(account.named(world.deps, "acme", at=NOON).blocks)


def test_without_a_rate_the_largest_is_told_and_the_card_says_what_is_left_out(world):
    two_currencies(world)
    assert world.account("acme").mrr == Money(Decimal(20_000), "eur")
    card = str(account.named(world.deps, "acme", at=NOON).blocks)
    assert "MRR is without $100: there is no rate for it" in card


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        (RATES, [Money(Decimal(32_000), "usd")]),
        (NO_RATES, [Money(Decimal(20_000), "eur"), Money(Decimal(10_000), "usd")]),
    ],
)
def test_sums_over_accounts_are_in_one_currency_where_all_are_known(world, rates, expected):
    world.sync(
        "stripe",
        company("acme"),
        subscription("cus_acme", cents=10_000),
        company("globex"),
        subscription("cus_globex", cents=20_000, currency="eur"),
    )
    world.rescore()
    with world.deps.db.read() as session:
        counted = listing.tally(session, None, rates=rates, on=NOON.date())
    [tally] = counted.values()
    assert sorted(tally.mrr, key=lambda each: each.currency) == expected


def test_a_customer_that_is_deleted_stays_closed_and_its_end_is_noted(acme):
    ended = subscription("cus_acme", state=SubscriptionState.ENDED, mrr=None, ended_at=NOON + HOUR)
    change(acme, Organisation(ref="cus_acme", name="", deleted=True), ended)
    assert acme.account("acme").churned_on is not None
    assert [kind for kind, _ in events(acme)] == [Kind.CANCELLED]


# The section of the configuration.


def configured(home, **currencies):
    raw = {
        "general": {"hash_key": "key"},
        "slack": {
            "bot_token": "x",
            "app_token": "x",
            "team_channel": "C1",
            "admin_channel": "C2",
        },
        "sources": {"stripe": {"api_key": "rk"}},
        "currencies": currencies,
    }
    return parse_config(raw, home=home).rates


def test_rates_are_read_as_they_are_written(tmp_path):
    row = {"on": date(2026, 1, 1), "eur": 1.08, "jpy": 0.0064}
    rates = configured(tmp_path, reporting="usd", rates=[row])
    assert rates.convert(Money(Decimal(100), "eur"), NOON.date()) == Money(Decimal(108), "usd")
    assert config_of(tmp_path).rates == NO_RATES


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"rates": []}, "currencies.reporting is missing"),
        ({"reporting": "dollars"}, "reporting: a currency has three letters"),
        ({"reporting": "usd", "rate": []}, "currencies.rate"),
        ({"reporting": "usd", "rates": [{"eur": 1}]}, r"currencies.rates.0.on is missing"),
        ({"reporting": "usd", "rates": [{"on": "soon", "eur": 1}]}, r"currencies.rates.0.on"),
        ({"reporting": "usd", "rates": [{"on": date(2026, 1, 1), "eur": "x"}]}, "rates.0.eur"),
        ({"reporting": "usd", "rates": [{"on": date(2026, 1, 1), "eur": 0}]}, "rates.0: eur"),
        ({"reporting": "usd", "rates": [{"on": date(2026, 1, 1), "usd": 1}]}, "usd is what"),
    ],
)
def test_a_mistake_in_the_rates_is_named(tmp_path, said, field):
    with pytest.raises(ConfigError, match=field):
        configured(tmp_path, **said)
