"""Stripe's stand-in: lists newest first, in today's shapes."""

from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, World, serve

from integrations.sources.stripe import SOURCE
from sandbox.story import billing
from sandbox.vendors import credentials
from sandbox.vendors.stripe import Stripe
from scoring.lagging import BillingEventKind, billing_events
from scoring.looks import look
from scoring.records import Subscription

world = pytest.fixture(serve)


@pytest.fixture
def wide():
    """A book large enough to hold every arc."""
    with contextmanager(serve)(accounts=200) as found:
        yield found


def subscription_of(world: World, index: int) -> Any:
    rows = world.stripe_all("subscriptions", status="all")
    return next(one for one in rows if one["customer"] == f"cus_SB{index:06d}")


@pytest.mark.parametrize(
    "path", ["customers", "subscriptions", "invoices", "events", "prices", "coupons"]
)
def test_pages_cover_everything_once_and_newest_first(world: World, path: str):
    found = world.stripe_all(path, **({"status": "all"} if path == "subscriptions" else {}))
    assert len({one["id"] for one in found}) == len(found)
    created = [one["created"] for one in found]
    assert created == sorted(created, reverse=True)
    assert world.stripe(path).json["object"] == "list"
    assert "total_count" not in world.stripe(path).json


@pytest.mark.parametrize("path", ["customers", "subscriptions", "invoices"])
def test_an_object_by_its_id_is_the_one_of_the_list(world: World, path: str):
    for listed in world.stripe(path, limit=3).json["data"]:
        assert world.stripe(f"{path}/{listed['id']}").json == listed
    nobody = world.stripe(f"{path}/none")
    assert nobody.status == 404
    assert nobody.json["error"]["code"] == "resource_missing"


def test_a_subscription_keeps_its_period_on_its_items(world: World):
    one = subscription_of(world, 0)
    item = one["items"]["data"][0]
    assert "current_period_end" not in one
    assert item["current_period_start"] <= INSTALLED_AT.timestamp() < item["current_period_end"]
    assert item["price"]["recurring"]["interval"] == "month"
    assert item["quantity"] == 60


def test_an_invoice_names_its_subscription_through_its_parent(world: World):
    one = world.stripe("invoices", limit=1).json["data"][0]
    assert "subscription" not in one
    assert one["parent"]["subscription_details"]["subscription"].startswith("sub_")


def test_a_card_comes_when_expanded(world: World):
    plain = world.stripe("customers", limit=1).json["data"][0]
    path = "data.invoice_settings.default_payment_method"
    rich = world.stripe("customers", limit=1, **{"expand[]": path}).json["data"][0]
    assert plain["invoice_settings"]["default_payment_method"].startswith("pm_")
    assert 1 <= rich["invoice_settings"]["default_payment_method"]["card"]["exp_month"] <= 12


def test_the_book_has_annual_tiered_metered_and_discounted_subscriptions(wide: World):
    rows = wide.stripe_all("subscriptions", status="all", **{"expand[]": "data.discounts"})
    prices = [item["price"] for one in rows for item in one["items"]["data"]]
    assert {"month", "year"} == {price["recurring"]["interval"] for price in prices}
    assert any(price["billing_scheme"] == "tiered" for price in prices)
    assert any(price["recurring"]["usage_type"] == "metered" for price in prices)
    assert {"usd", "eur"} == {one["currency"] for one in rows}
    assert {discount["source"]["coupon"] for one in rows for discount in one["discounts"]} == {
        "LOYAL20"
    }
    tiered = next(
        p
        for p in wide.stripe("prices", **{"expand[]": "data.tiers"}).json["data"]
        if p["tiers_mode"]
    )
    assert tiered["tiers"][-1]["up_to"] is None


def test_two_customers_share_one_account_and_a_few_have_none(wide: World):
    counts = Counter(one["metadata"].get("account_id") for one in wide.stripe_all("customers"))
    assert [key for key, count in counts.items() if count > 1 and key] == ["acc-00009"]
    assert 0 < counts[None] < 20


def test_canceled_subscriptions_are_hidden_unless_all_are_wanted(wide: World):
    shown = wide.stripe_all("subscriptions")
    everything = wide.stripe_all("subscriptions", status="all")
    gone = wide.stripe_all("subscriptions", status="canceled")
    assert gone
    assert len(shown) + len(gone) == len(everything)
    assert all(one["ended_at"] and one["cancellation_details"]["reason"] for one in gone)


def test_a_card_that_will_fail_is_fine_until_it_does(wide: World):
    at = [
        (billing.standings(one, wide.story.start), one)
        for one in wide.story.accounts
        if one.course.failure
    ]
    standings, account = next((s, one) for s, one in at if s[1].since > INSTALLED_AT)
    assert subscription_of(wide, account.index)["status"] == "active"
    wide.clock.move(standings[1].since + timedelta(minutes=1))
    assert subscription_of(wide, account.index)["status"] == "past_due"
    invoices = [
        one
        for one in wide.stripe_all("invoices", status="open")
        if one["customer"] == f"cus_SB{account.index:06d}"
    ]
    assert [(one["attempt_count"], one["amount_remaining"] > 0) for one in invoices] == [(1, True)]
    wide.clock.move(standings[2].since + timedelta(minutes=1))
    assert subscription_of(wide, account.index)["status"] == standings[2].status


def test_a_cancellation_is_requested_first_and_effective_later(wide: World):
    account = next(one for one in wide.story.accounts if one.course.arc == "churning")
    course = account.course
    wide.clock.move(wide.story.midnight(course.cancel_requested + 1))
    asked = subscription_of(wide, account.index)
    assert (asked["status"], asked["cancel_at_period_end"], asked["ended_at"]) == (
        "active",
        True,
        None,
    )
    wide.clock.move(wide.story.midnight(course.ended + 1))
    ended = subscription_of(wide, account.index)
    assert ended["status"] == "canceled"
    assert ended["canceled_at"] < ended["ended_at"]
    types = Counter(
        one["type"]
        for one in wide.stripe_all("events")
        if one["data"]["object"].get("id") == ended["id"]
    )
    assert types["customer.subscription.deleted"] == 1


def test_events_reach_back_thirty_days_and_can_be_filtered(world: World):
    everything = world.stripe_all("events")
    assert (
        min(one["created"] for one in everything) >= (INSTALLED_AT - timedelta(days=30)).timestamp()
    )
    paid = world.stripe_all("events", **{"types[]": ["invoice.paid", "invoice.payment_failed"]})
    assert {one["type"] for one in paid} <= {"invoice.paid", "invoice.payment_failed"}
    since = paid[3]["created"]
    recent = world.stripe_all("events", **{"types[]": "invoice.paid", "created[gte]": since})
    assert recent
    assert all(one["created"] >= since for one in recent)


def test_after_a_day_only_that_day_s_events_are_new(world: World):
    before = {one["id"] for one in world.stripe_all("events")}
    world.move(days=1)
    new = [one for one in world.stripe_all("events") if one["id"] not in before]
    assert new
    assert all(one["created"] >= INSTALLED_AT.timestamp() for one in new)


def test_recent_invoices_can_be_asked_for(world: World):
    since = int((INSTALLED_AT - timedelta(days=10)).timestamp())
    found = world.stripe_all("invoices", **{"created[gte]": since})
    assert found
    assert all(one["created"] >= since for one in found)


def test_items_of_one_subscription_can_be_listed(wide: World):
    rows = wide.stripe_all("subscriptions", status="all")
    one = next(one for one in rows if len(one["items"]["data"]) == 2)
    found = wide.stripe_all("subscription_items", subscription=one["id"])
    assert [item["price"]["recurring"]["usage_type"] for item in found] == ["licensed", "metered"]
    assert wide.stripe("subscription_items").json["error"]["param"] == "subscription"


def test_errors_say_type_code_message_and_parameter(world: World):
    answer = world.stripe("customers", limit=1000)
    assert answer.status == 400
    assert answer.json["error"]["param"] == "limit"
    assert answer.headers["Request-Id"].startswith("req_")
    assert (
        world.stripe("customers", starting_after="cus_nobody").json["error"]["code"]
        == "resource_missing"
    )


def test_a_wrong_key_and_a_narrow_key_are_refused_apart(world: World):
    assert world.stripe("customers", key="rk_wrong").status == 401
    assert world.stripe("account").status == 403
    narrow = world.stripe("invoices", key=credentials.STRIPE_NARROW_KEY)
    assert (narrow.status, narrow.json["error"]["code"]) == (403, "more_permissions_required")
    assert world.stripe("customers", key=credentials.STRIPE_NARROW_KEY).status == 200


class Waiting:
    """The sandbox's clock, which waiting moves."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.clock.now()

    def wait(self, seconds: float) -> None:
        self._world.move(seconds=seconds)


def subscriptions_of(world: World) -> dict[str, Subscription]:
    """What the adapter tells in a fresh reading, by customer."""
    source = SOURCE.open(
        SOURCE.settings(**Stripe.settings(f"{world.url}/stripe")), Waiting(world), b"key"
    )
    pages = source.pull(None, now=world.clock.now())
    told = [each for page in pages for each in page.records if isinstance(each, Subscription)]
    return {each.account_ref: each for each in told}


def test_what_becomes_of_the_accounts_is_what_the_story_says(wide: World):
    leaving = next(
        one
        for one in wide.story.accounts
        if one.course.arc == "churning" and one.course.cancel_requested is not None
    )
    ref, course = f"cus_SB{leaving.index:06d}", leaving.course
    before, told = {}, []
    for day in (-1, course.cancel_requested - 1, course.cancel_requested + 1, course.ended + 1):
        wide.clock.move(max(wide.clock.now(), wide.story.midnight(day)))
        at = wide.clock.now()
        for customer, each in subscriptions_of(wide).items():
            now = look([each], before.get(customer), seen_at=at)
            events = billing_events(before.get(customer), now, at=at)
            told += [(customer, event.kind, event.at) for event in events]
            before[customer] = now
    mine = [(kind, at) for customer, kind, at in told if customer == ref]
    ends = [
        kind
        for kind, _ in mine
        if kind in {BillingEventKind.CANCELLED, BillingEventKind.NOT_RENEWED}
    ]
    assert len(ends) == 1
    assert mine[-1] == (ends[0], billing.ended_at(leaving, wide.story.start).replace(microsecond=0))
    assert [kind for kind, _ in mine].count(BillingEventKind.CANCELLATION_REQUESTED) == 1
    assert len(set(told)) == len(told)
