"""Rescoring: who is scored, what is missing, stale or zero, and what billing says of an account."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from service_world import (
    DANA,
    HOUR,
    NOON,
    SETTINGS,
    TEAM,
    World,
    company,
    config_of,
    subscription,
    ticket,
)

from bot.services import listing, rescoring
from scoring.accounts import Money
from scoring.rates import NO_RATES
from scoring.records import Organisation, SubscriptionState
from scoring.rubric import Component, Rubric, Status
from storage import accounts, rubrics, scores

DAY = timedelta(days=1)


@pytest.fixture
def whole(db, tmp_path):
    """A world with every source, by the published rubric."""
    return World(db, tmp_path, config=config_of(tmp_path, *SETTINGS, rubric={}))


def part(world, key, component):
    return next((each for each in world.score(key).parts if each.component is component), None)


def test_only_accounts_something_happened_to_are_scored(world):
    world.begin(acme="neutral", globex="neutral")
    assert world.look(acme="negative") == 1
    assert world.look() == 1  # Acme's crossing waits for its second look
    world.look(acme="neutral")
    assert world.look() == 1  # and its alert for the second look at its recovery
    assert world.look() == 0
    assert world.rescore() == 0


def test_more_accounts_than_a_chunk_are_all_scored(world, monkeypatch):
    many = [f"account{number}" for number in range(rescoring.CHUNK + 1)]
    world.put("stripe", *map(company, many))
    world.sync("stripe")
    assert world.rescore() == len(many)
    assert world.rescore() == 0


def test_a_source_that_is_not_configured_is_missing_and_says_so(world):
    world.begin(acme="neutral")
    assert world.score("acme").missing[Component.USAGE] == "no source of usage is configured"


def test_a_source_that_never_answered_and_one_that_does_not_know_the_account_differ(whole):
    whole.put("stripe", company("acme"), subscription("cus_acme"))
    whole.sync("stripe")
    whole.sync("zendesk")
    whole.rescore()
    missing = whole.score("acme").missing
    assert missing[Component.USAGE] == "Mixpanel has not answered yet"
    assert missing[Component.SUPPORT] == "not linked in Zendesk"


def test_a_source_that_knows_the_account_and_tells_nothing_scores_zero(whole):
    whole.sync("stripe", company("acme"))
    whole.sync("mixpanel", Organisation(ref="acme", name="", account_key="acme"))
    whole.rescore()
    usage = part(whole, "acme", Component.USAGE)
    assert (usage.level, usage.points) == ("inactive", 0)


def test_a_late_source_keeps_its_level_and_is_marked_with_its_age(world):
    world.begin(acme="negative")
    answered_at = world.clock.at
    world.clock.at += DAY
    world.sync("stripe", subscription("cus_acme", cents=5))
    world.rescore()
    support = part(world, "acme", Component.SUPPORT)
    assert (support.level, support.stale, support.as_of) == ("negative", True, answered_at)
    assert world.score("acme").value == 55


def test_as_of_is_the_oldest_of_what_a_score_rests_on(world):
    world.begin(acme="neutral")
    first = world.clock.at
    world.clock.at += HOUR
    world.sync("zendesk", ticket("acme", "positive", at=world.clock.at))
    world.rescore()
    assert world.score("acme").as_of == first


# What billing says.


def test_plan_and_mrr_come_from_the_running_subscriptions(world):
    world.sync(
        "stripe",
        company("acme"),
        subscription("cus_acme", plan="Growth", cents=10_000),
        subscription("cus_acme", plan="Seats", cents=2_500),
        subscription(
            "cus_acme", plan="Old", cents=99, state=SubscriptionState.ENDED, ended_at=NOON
        ),
        subscription("cus_acme", plan="Unpriced", mrr=None),
    )
    world.rescore()
    acme = world.account("acme")
    assert (acme.plan, acme.mrr) == ("Growth", Money(Decimal(12_500), "usd"))


def test_mrr_is_told_in_the_currency_most_of_it_is_in(world):
    world.sync(
        "stripe",
        company("acme"),
        subscription("cus_acme", plan="A", cents=100, currency="usd"),
        subscription("cus_acme", plan="B", cents=900, currency="eur"),
    )
    world.rescore()
    assert world.account("acme").mrr == Money(Decimal(900), "eur")


def test_renewal_is_the_next_one_to_come_and_the_crm_goes_first(world):
    world.sync(
        "stripe",
        company("acme"),
        subscription("cus_acme", plan="A", renews_at=NOON + 40 * DAY),
        subscription("cus_acme", plan="B", renews_at=NOON + 20 * DAY),
        subscription("cus_acme", plan="C", renews_at=NOON - DAY),
    )
    world.rescore()
    assert world.account("acme").renews_on == (NOON + 20 * DAY).date()
    crm = Organisation(ref="1", name="Acme", account_key="acme", renews_on=date(2027, 3, 1))
    world.sync("zendesk", crm)
    world.rescore()
    assert world.account("acme").renews_on == date(2027, 3, 1)


def ended(world):
    return subscription(
        "cus_acme", state=SubscriptionState.ENDED, mrr=None, ended_at=world.clock.at
    )


def test_an_account_whose_last_subscription_ended_leaves_lists_and_alerts(world):
    world.begin(acme="neutral", globex="neutral")
    world.look(acme="escalated")
    alert = world.alerts("acme")["critical"]
    world.said()
    world.sync("stripe", ended(world))
    world.rescore()
    assert world.account("acme").churned_on == world.clock.at.date()
    assert (world.alerts("acme"), world.watches("acme"), world.tasks()) == ({}, set(), [])
    told = world.said()
    assert sorted((kind, target) for kind, target, _ in told) == [
        ("post", TEAM),
        ("post", DANA.id),
        ("update", TEAM),
        ("update", DANA.id),
    ]
    for kind, _, words in told:
        assert "Acme left on" in words if kind == "update" else words.startswith("Acme cancelled")
    with world.deps.db.read() as session:
        tally = listing.tally(session, None, rates=NO_RATES, on=NOON.date())
    assert {status: each.accounts for status, each in tally.items()} == {Status.STABLE: 1}
    assert alert.id not in {each.id for each in world.every_alert() if not each.closed_at}


def test_history_of_an_account_that_left_is_kept(world):
    world.begin(acme="neutral")
    world.sync("stripe", ended(world))
    world.rescore()
    assert world.score("acme").value == 70
    with world.deps.db.read() as session:
        assert scores.count_snapshots(session) == 1


def test_an_account_that_comes_back_is_looked_at_as_if_for_the_first_time(world):
    world.begin(acme="neutral")
    world.look(acme="escalated")
    world.sync("stripe", ended(world))
    world.rescore()
    world.said()
    world.clock.at += 30 * DAY
    world.sync("stripe", subscription("cus_acme", plan="Growth"))
    world.look()
    assert world.account("acme").churned_on is None
    assert set(world.alerts("acme")) == {"critical", "at_risk"}
    assert not any(each.announced for each in world.alerts("acme").values())
    assert world.said() == []


def test_a_deleted_customer_stays_closed_whatever_its_subscription_said_last(world):
    world.begin(acme="negative")
    world.sync("stripe", Organisation(ref="cus_acme", name="", account_key=None, deleted=True))
    for _ in range(3):
        world.look(acme="escalated")
    assert world.account("acme").churned_on is not None
    assert world.alerts("acme") == {}


# The rubric.


def test_a_changed_rubric_is_stamped_on_new_scores_and_rewrites_no_history(world):
    world.begin(acme="neutral")
    points = world.deps.config.rubric.points | {
        "support": {"positive": 100, "neutral": 90, "negative": 50, "escalated": 0}
    }
    first = world.deps.config.rubric
    world.reconfigure(rubric=Rubric(points=points))
    world.look(after=DAY, acme="neutral")
    acme = world.account("acme").id
    with world.deps.db.write() as session:
        today = rescoring.observing.day_number(world.clock.at)
        assert scores.on_day(session, [acme], today - 1)[acme].value == 70
        assert scores.on_day(session, [acme], today)[acme].value == 90
        stamped = scores.rubric_ids(session, [acme])[acme]
        assert stamped != rubrics.id_of(session, first, at=world.clock.at)


def test_the_same_rubric_again_is_no_change(world):
    world.begin(acme="neutral")
    world.reconfigure(rubric=Rubric(points=world.deps.config.rubric.points))
    world.look(acme="escalated")
    assert world.alerts("acme")["critical"].announced


def test_an_account_keeps_its_csm_when_a_source_forgets_to_say(world):
    world.begin(acme="neutral")
    world.sync("stripe", company("acme", csm=None))
    assert world.account("acme").csm_email == DANA.email
    with world.deps.db.read() as session:
        assert accounts.owned_by(session, DANA.email) == [world.account("acme").id]
