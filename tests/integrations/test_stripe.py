"""Stripe's traps: shapes that moved, items past the first page, events as marks, deleted customers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from vendor_cases import records
from vendor_server import NOW, Answer

from integrations.base import SourceDataError
from scoring.accounts import Money
from scoring.records import (
    Card,
    Invoice,
    InvoiceState,
    Organisation,
    Subscription,
    SubscriptionState,
)


@pytest.fixture
def one(opened):
    return opened("stripe")


def of(pages, kind):
    return {
        getattr(each, "id", None) or each.ref: each
        for each in records(pages)
        if isinstance(each, kind)
    }


def cards(pages):
    return {each.account_ref: each.expires_on for each in records(pages) if isinstance(each, Card)}


def event(kind, ident, at=NOW, number=0, **more):
    return {
        "id": f"evt_{ident}_{number}",
        "object": "event",
        "type": kind,
        "created": int(at.timestamp()),
        "data": {"object": {"id": ident, "created": 1793500000, **more}},
    }


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def test_a_customer_is_an_organisation_with_a_card(one):
    pages = one.pull()
    told = of(pages, Organisation)
    assert told["cus_acme"] == Organisation(
        ref="cus_acme", name="Acme", account_key="acme", domains=("acme.example",)
    )
    assert told["cus_old"].name == "old.example"
    assert cards(pages) == {
        "cus_acme": date(2028, 2, 29),
        "cus_globex": None,
        "cus_old": date(2026, 12, 31),
    }


def test_another_metadata_key_may_hold_the_account_id(one):
    one.vendor.lists["customers"][0]["metadata"] = {"tenant": "t-1"}
    assert (
        of(one.again(account_id_key="tenant").pull(), Organisation)["cus_acme"].account_key == "t-1"
    )


def test_subscriptions_bring_their_mrr(one):
    told = of(one.pull(), Subscription)
    assert told["sub_acme"].mrr == Money(Decimal(9000), "usd")  # 10 seats less 10%, metered aside
    assert told["sub_acme"].plan == "Team"
    assert told["sub_globex"].mrr == Money(
        Decimal(6400 + 1000), "usd"
    )  # an item past the first page
    assert told["sub_old"].mrr == Money(Decimal(2000), "usd")  # the coupon runs out
    assert told["sub_trial"].mrr is None
    assert told["sub_gone"].mrr is None


def test_states_and_instants_are_read_in_the_new_shape_and_the_old(one):
    told = of(one.pull(), Subscription)
    assert {ident: each.state for ident, each in told.items()} == {
        "sub_acme": SubscriptionState.ACTIVE,
        "sub_globex": SubscriptionState.PAST_DUE,
        "sub_trial": SubscriptionState.TRIAL,
        "sub_old": SubscriptionState.ACTIVE,
        "sub_gone": SubscriptionState.ENDED,
    }
    assert told["sub_acme"].renews_at == at(1796092000)  # on the items
    assert told["sub_old"].renews_at == at(1796092111)  # on the subscription
    assert told["sub_globex"].cancel_requested_at == at(1793000000)
    assert told["sub_gone"].ended_at == at(1782000000)
    assert told["sub_gone"].renews_at is None


def test_invoices_bring_their_failed_attempts_and_drafts_are_left_out(one):
    told = of(one.pull(), Invoice)
    assert set(told) == {"in_open", "in_paid", "in_sent"}
    assert (told["in_open"].state, told["in_open"].failed_attempts) == (InvoiceState.OPEN, 2)
    assert (told["in_paid"].failed_attempts, told["in_paid"].paid_at) == (1, at(1793600000))
    assert told["in_open"].due_at == told["in_open"].finalized_at == at(1793503600)
    assert told["in_sent"].due_at == at(1796095600)
    assert told["in_open"].amount == Money(Decimal(9000), "usd")


def test_a_discount_that_is_only_an_id_leaves_mrr_unknown(one):
    one.vendor.lists["subscriptions"][0]["discounts"] = ["di_1"]
    assert of(one.pull(), Subscription)["sub_acme"].mrr is None


def test_a_customers_own_discount_holds_where_the_subscription_has_none(one):
    customer = {**one.vendor.lists["customers"][0], "discount": {"coupon": "TENOFF"}}
    one.vendor.lists["subscriptions"][0] |= {"customer": customer, "discounts": []}
    told = of(one.pull(), Subscription)["sub_acme"]
    assert (told.account_ref, told.mrr) == ("cus_acme", Money(Decimal(9000), "usd"))


def test_tax_inside_the_price_is_taken_out_by_rate_or_by_the_last_invoice(one):
    acme = one.vendor.lists["subscriptions"][0]
    acme["default_tax_rates"] = [{"percentage": 20.0, "inclusive": True}]
    assert of(one.pull(), Subscription)["sub_acme"].mrr == Money(Decimal(7500), "usd")
    acme |= {"default_tax_rates": [], "automatic_tax": {"enabled": True}}
    acme["items"]["data"][0]["price"]["tax_behavior"] = "inclusive"
    acme["latest_invoice"] = {"id": "in_1", "total": 125, "total_excluding_tax": 100}
    assert of(one.pull(), Subscription)["sub_acme"].mrr == Money(Decimal(7200), "usd")
    acme["latest_invoice"] = "in_1"
    assert of(one.pull(), Subscription)["sub_acme"].mrr is None


def test_a_status_nobody_knows_is_rejected_alone(one):
    one.vendor.lists["subscriptions"][0]["status"] = "hibernating"
    pages = one.pull()
    [rejected] = [each for page in pages for each in page["rejected"]]
    assert rejected.what == "subscription sub_acme"
    assert "hibernating" in rejected.problem
    assert set(of(pages, Subscription)) == {"sub_globex", "sub_trial", "sub_old", "sub_gone"}


def test_between_full_readings_only_what_changed_is_read_once_each(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.lists["subscriptions"][0]["status"] = "unpaid"
    one.vendor.lists["events"] = [
        event("customer.subscription.updated", "sub_acme", number=2),
        event("customer.subscription.updated", "sub_acme", number=1),
        event("invoice.paid", "in_that_is_gone"),
    ]
    one.server.log.clear()
    [page] = one.pull(cursor)
    [told] = page["records"]
    assert (told.id, told.state) == ("sub_acme", SubscriptionState.UNPAID)
    fetched = [each.path for each in one.server.log if "sub_acme" in each.path]
    assert fetched == ["/v1/subscriptions/sub_acme"]
    first = one.server.log[0]
    assert first.one("created[gte]") == str(int(NOW.timestamp()) - 600)
    assert 1 <= len(first.query["types[]"]) <= 20
    one.server.log.clear()
    [again] = one.pull(page["cursor"])
    assert again["records"] == ()  # the overlap brings the same events, already seen
    assert {each.path for each in one.server.log} == {"/v1/events"}


def test_a_deleted_customer_is_told_as_deleted(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.lists["customers"][0] = {"id": "cus_acme", "object": "customer", "deleted": True}
    one.vendor.lists["events"] = [event("customer.deleted", "cus_acme")]
    [page] = one.pull(cursor)
    assert page["records"] == (Organisation(ref="cus_acme", name="cus_acme", deleted=True),)


def test_a_new_day_or_too_many_changes_read_everything_again(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.lists["events"] = [event("customer.updated", f"cus_{each}") for each in range(101)]
    pages = one.pull(cursor)
    assert set(of(pages, Subscription)) >= {"sub_acme", "sub_globex"}
    assert not any("cus_" in each.path for each in one.server.log)
    one.vendor.lists["events"] = []
    one.clock.at = NOW + timedelta(days=1)
    again = one.pull(pages[-1]["cursor"])
    assert set(of(again, Subscription)) >= {"sub_acme", "sub_globex"}
    assert again[-1]["cursor"]["full_on"] == "2026-11-23"


def test_a_full_reading_does_not_lose_the_old_invoice_that_was_paid(one):
    cursor = one.pull()[-1]["cursor"]
    old = {**one.vendor.lists["invoices"][1], "id": "in_ancient", "created": 1700000000}
    one.vendor.lists["invoices"].append(old)
    one.vendor.lists["events"] = [event("invoice.paid", "in_ancient", created=1700000000)]
    one.clock.at = NOW + timedelta(days=1)
    assert "in_ancient" in of(one.pull(cursor), Invoice)


def test_marks_older_than_stripe_keeps_mean_a_full_reading(one):
    cursor = one.pull()[-1]["cursor"]
    one.clock.at = NOW + timedelta(days=40)
    one.server.log.clear()
    one.pull(cursor)
    assert "/v1/events" not in {each.path for each in one.server.log}


def test_an_address_that_leads_nowhere_is_no_object_that_is_gone(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.lists["events"] = [event("invoice.paid", "in_open")]
    vendor = one.server.vendor
    one.server.vendor = lambda request: (
        Answer(b"Not Found", 404) if "in_open" in request.path else vendor(request)
    )
    with pytest.raises(SourceDataError, match="404"):
        one.pull(cursor)


def test_a_missing_permission_is_named_with_the_setting(one):
    message = "The provided key does not have access. Having the 'rak_invoice_read' permission would allow this."
    vendor = one.server.vendor
    one.server.vendor = lambda request: (
        Answer.of({"error": {"message": message}}, 403)
        if request.path == "/v1/invoices"
        else vendor(request)
    )
    with pytest.raises(Exception, match=r"needs rak_invoice_read.*api_key in \[sources.stripe\]"):
        one.pull()
