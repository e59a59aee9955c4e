"""Stripe's traps: shapes that moved, items past the first page, events as marks, deleted customers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from vendor_case import records
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
    assert told["sub_gone"].renews_at == at(
        1796092000
    )  # the end of the term it did not live to see


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


def ended(one, **more):
    """What is told of a subscription that ended, with this set."""
    gone = next(each for each in one.vendor.lists["subscriptions"] if each["id"] == "sub_gone")
    gone |= more
    return of(one.pull(), Subscription)["sub_gone"]


def test_a_trial_that_was_not_taken_up_and_a_first_invoice_never_paid_ended_no_paid_service(one):
    over = 1782000000
    for never_paid in ({"trial_end": over}, {"status": "incomplete_expired"}):
        told = ended(one, ended_at=over, trial_end=None, status="canceled") and ended(
            one, **never_paid
        )
        assert (told.state, told.ended_at) == (SubscriptionState.ENDED, None)
        assert told.renews_at == at(over)  # when it was over


def test_a_subscription_that_outlived_its_trial_was_paid_for(one):
    told = ended(one, ended_at=1782000000, trial_end=1782000000 - 5 * 86_400)
    assert told.ended_at == at(1782000000)


def test_the_end_of_a_cancellation_at_a_date_is_not_the_end_of_its_term(one):
    told = ended(one, cancel_at=1782000000)
    assert (told.ended_at, told.renews_at) == (at(1782000000), at(1796092000))


# MRR, from what Stripe sends.


def acme_mrr(one, **more):
    one.vendor.lists["subscriptions"][0] |= more
    return of(one.pull(), Subscription)["sub_acme"].mrr


def item(one, **more):
    """The one item of Acme's subscription that counts, with this set; its price too, wherever it stands."""
    [first, *_] = one.vendor.lists["subscriptions"][0]["items"]["data"]
    price = {**first["price"], **more.pop("price", {})}
    one.vendor.lists["prices"] = [
        each for each in one.vendor.lists["prices"] if each["id"] != price["id"]
    ] + [price]
    one.vendor.lists["subscriptions"][0]["items"]["data"] = [{**first, "price": price, **more}]
    one.vendor.lists["subscriptions"][0]["discounts"] = []


def test_an_annual_plan_upgraded_in_mid_term_is_worth_a_twelfth_of_its_new_price(one):
    yearly = {"interval": "year", "interval_count": 1, "usage_type": "licensed"}
    item(one, quantity=1, price={"recurring": yearly, "unit_amount_decimal": "240000"})
    # The invoice of the difference is a one-off, and moves nothing.
    one.vendor.lists["invoices"].append(
        {**one.vendor.lists["invoices"][0], "id": "in_proration", "amount_due": 70_000}
    )
    assert acme_mrr(one) == Money(Decimal(20_000), "usd")


def test_a_pause_of_collection_still_counts_and_a_paused_subscription_does_not(one):
    item(one, quantity=1)
    pause = {"behavior": "void", "resumes_at": None}
    assert acme_mrr(one, pause_collection=pause) == Money(Decimal(1_000), "usd")
    assert acme_mrr(one, status="paused") is None


def test_a_refund_and_a_cancellation_to_come_move_no_mrr(one):
    item(one, quantity=1)
    one.vendor.lists["invoices"][1] |= {"post_payment_credit_notes_amount": 1_000}
    told = acme_mrr(one, cancel_at_period_end=True, canceled_at=1793000000)
    assert told == Money(Decimal(1_000), "usd")


def test_a_trial_that_turned_paid_counts_from_then_on_though_its_invoice_is_unpaid(one):
    item(one, quantity=1)
    assert acme_mrr(one, status="trialing") is None
    assert acme_mrr(one, status="past_due") == Money(Decimal(1_000), "usd")
    assert acme_mrr(one, status="incomplete") is None  # the very first invoice: nothing has begun


def test_a_discount_of_everything_is_nothing_and_not_unknown(one):
    item(one, quantity=1)
    free = {"coupon": {"id": "ALL", "duration": "forever", "percent_off": 100}}
    assert acme_mrr(one, discounts=[free]) == Money(Decimal(0), "usd")


def test_a_coupon_limited_to_a_product_or_in_another_currency_takes_nothing_off(one):
    item(one, quantity=1)
    scoped = {
        "id": "S",
        "duration": "forever",
        "percent_off": 50,
        "applies_to": {"products": ["p"]},
    }
    euros = {"id": "E", "duration": "forever", "amount_off": 500, "currency": "eur"}
    for coupon in (scoped, euros):
        assert acme_mrr(one, discounts=[{"coupon": coupon}]) == Money(Decimal(1_000), "usd")


def test_prices_in_zero_and_three_decimal_currencies_stay_in_their_own_unit(one):
    for currency in ("jpy", "kwd", "isk", "ugx"):
        item(one, quantity=1, price={"currency": currency})
        assert acme_mrr(one) == Money(Decimal(1_000), currency)


# What no customer's data can be.


def rejected_in(pages):
    return [each for page in pages for each in page["rejected"]]


@pytest.mark.parametrize(
    "more",
    [
        {"status": "hibernating"},
        {"status": None},
        {"start_date": 0},
        {"start_date": 4102444800},
        {"start_date": 10**18},
        {"canceled_at": -5},
        {"customer": {"object": "customer"}},
        {"items": {"data": "none"}},
        {"items": {"data": [{"id": "si", "price": "price_seat"}], "has_more": True}, "id": 5},
    ],
)
def test_a_subscription_that_cannot_be_right_is_rejected_alone(one, more):
    one.vendor.lists["subscriptions"][0] |= more
    pages = one.pull()
    [rejected] = rejected_in(pages)
    assert rejected.what.startswith("subscription ")
    assert set(of(pages, Subscription)) == {"sub_globex", "sub_trial", "sub_old", "sub_gone"}


@pytest.mark.parametrize(
    ("of_item", "of_price"),
    [
        ({"quantity": -3}, {}),
        ({"quantity": 1e30}, {}),
        ({"quantity": "many"}, {}),
        ({}, {"unit_amount_decimal": "-1"}),
        ({}, {"unit_amount_decimal": "1e400000"}),
        ({}, {"recurring": {"interval": "fortnight", "interval_count": 1}}),
        ({}, {"recurring": {"interval": "month", "interval_count": 0}}),
        ({}, {"tiers_mode": "slalom"}),
        ({}, {"transform_quantity": {"divide_by": 0, "round": "up"}}),
    ],
)
def test_an_item_that_cannot_be_right_rejects_its_subscription_alone(one, of_item, of_price):
    item(one, price=of_price, **of_item)
    [rejected] = rejected_in(one.pull())
    assert rejected.what == "subscription sub_acme"


def test_a_tax_that_two_totals_cannot_make_leaves_mrr_unknown(one):
    item(one, quantity=1, price={"tax_behavior": "inclusive"})
    for total, without in ((0, 100), (100, 0), (-50, 100), (1_000, 1), (80, 100)):
        invoice = {"id": "in_1", "total": total, "total_excluding_tax": without}
        told = acme_mrr(one, automatic_tax={"enabled": True}, latest_invoice=invoice)
        assert told is None


@pytest.mark.parametrize(
    "more", [{"amount_due": -1}, {"attempt_count": -1}, {"created": 1, "status_transitions": {}}]
)
def test_an_invoice_that_cannot_be_right_is_rejected_alone(one, more):
    one.vendor.lists["invoices"][0] |= more
    ident = one.vendor.lists["invoices"][0]["id"]
    pages = one.pull()
    assert {each.what for each in rejected_in(pages)} == {f"invoice {ident}"}
    assert of(pages, Invoice)


def test_broken_text_is_kept_or_rejected_alone_and_breaks_no_page(one):
    one.vendor.lists["customers"][0]["name"] = "Ac\x00me"
    one.vendor.lists["customers"][1]["name"] = "\ud800"
    one.vendor.lists["customers"][1]["id"] = "cus_\ud800"  # the last of its page
    told = of(one.pull(), Organisation)
    assert {"cus_acme", "cus_old"} <= set(told)


def test_the_same_object_twice_is_told_twice_the_same(one):
    one.vendor.lists["subscriptions"].append(one.vendor.lists["subscriptions"][0])
    assert of(one.pull(), Subscription)["sub_acme"].mrr == Money(Decimal(9000), "usd")


def test_a_list_that_never_ends_is_noticed(one):
    vendor = one.server.vendor
    rows = one.vendor.lists["customers"][:2]

    def endless(request):
        if request.path == "/v1/customers":
            return Answer.of({"object": "list", "data": rows, "has_more": True})
        return vendor(request)

    one.server.vendor = endless
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()


@pytest.mark.parametrize("rows", [[], [{}], [{"id": 5}], ["x"]])
def test_more_that_cannot_be_asked_for_is_refused_not_passed_over(one, rows):
    one.server.vendor = lambda request: Answer.of({"data": rows, "has_more": True})
    with pytest.raises(SourceDataError, match="not after what"):
        one.pull()


def test_an_event_names_no_path_but_an_object(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.lists["events"] = [
        event("customer.updated", "../events?x=1"),
        event("invoice.paid", "in_open", created=10**18),
    ]
    one.server.log.clear()
    one.pull(cursor)
    paths = {each.path for each in one.server.log} - {"/v1/events", "/v1/invoices/in_open"}
    assert paths == {"/v1/customers/..%2Fevents%3Fx%3D1"}
