"""Payment health: the worst thing that is true of the account's invoices, subscriptions and cards."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from scoring.accounts import Money
from scoring.levels import Verdict, judge_payment
from scoring.readings import Missing, Payment
from scoring.records import Card, Invoice, InvoiceState, Subscription, SubscriptionState
from scoring.rubric import Rubric

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
RUBRIC = Rubric()
CURRENT = Verdict("current", "all paid")
RECOVERED = Verdict("minor", "a failed charge went through on a later attempt")


def subscription(state=SubscriptionState.ACTIVE):
    return Subscription(
        id="sub", account_ref="cus", state=state, plan="Team", mrr=None, started_at=AT
    )


RUNNING = (subscription(),)


def invoice(state=InvoiceState.OPEN, *, late=-10.0, failed=0, paid=None):
    """`late` is in days, less than 0: not due yet. `paid` is days ago."""
    due_at = AT - timedelta(days=late)
    return Invoice(
        id="in",
        account_ref="cus",
        state=state,
        amount=Money(Decimal(9900), "eur"),
        finalized_at=due_at - timedelta(days=14),
        due_at=due_at,
        failed_attempts=failed,
        paid_at=None if paid is None else AT - timedelta(days=paid),
    )


def paid(*, ago=3.0, failed=0):
    return invoice(InvoiceState.PAID, failed=failed, paid=ago)


def card(days_left):
    expires_on = None if days_left is None else AT.date() + timedelta(days=days_left)
    return Card(account_ref="cus", expires_on=expires_on)


def judge(*invoices, subscriptions=RUNNING, cards=(), rubric=RUBRIC):
    return judge_payment(Payment(subscriptions, invoices, cards), rubric, AT)


@pytest.mark.parametrize("observed", [(), (paid(),), (paid(ago=80, failed=2),), (invoice(),)])
def test_all_paid_or_not_yet_due_is_current(observed):
    assert judge(*observed) == CURRENT


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (-0.1, CURRENT),
        (0.9, CURRENT),  # the first day late is grace: a charge may still be on its way
        (1, Verdict("minor", "an invoice is 1 day past due")),
        (6.9, Verdict("minor", "an invoice is 6 days past due")),
        (7, Verdict("overdue", "an invoice is 7 days past due")),
        (60, Verdict("overdue", "an invoice is 60 days past due")),
    ],
)
def test_an_open_invoice_is_minor_until_seven_days_past_due(late, expected):
    assert judge(invoice(late=late)) == expected


def test_the_latest_invoice_is_the_one_that_counts():
    assert judge(paid(), invoice(late=2), invoice(late=9)).level == "overdue"


@pytest.mark.parametrize(
    ("attempts", "words"),
    [(1, "the last charge failed (1 attempt)"), (3, "the last charge failed (3 attempts)")],
)
def test_a_failed_charge_not_recovered_is_failed_however_little_late(attempts, words):
    verdict = judge(invoice(late=-10, failed=attempts))
    assert verdict == Verdict("failed", f"{words} and is not recovered")


def test_an_uncollectible_invoice_is_failed():
    written_off = invoice(InvoiceState.UNCOLLECTIBLE, late=40, failed=4)
    assert judge(paid(), written_off) == Verdict(
        "failed", "an invoice was given up as uncollectible"
    )


def test_an_unpaid_subscription_is_failed_whatever_the_invoices_say():
    unpaid = (subscription(SubscriptionState.UNPAID),)
    assert judge(paid(), subscriptions=unpaid) == Verdict("failed", "the subscription is unpaid")


def test_a_void_invoice_owes_nothing():
    assert judge(invoice(InvoiceState.VOID, late=50, failed=3)) == CURRENT


@pytest.mark.parametrize(("ago", "expected"), [(0, RECOVERED), (29.9, RECOVERED), (30, CURRENT)])
def test_a_recovered_retry_is_minor_for_thirty_days(ago, expected):
    assert judge(paid(ago=ago, failed=1)) == expected


@pytest.mark.parametrize(
    ("days_left", "expected"),
    [
        (31, CURRENT),
        (30, Verdict("minor", "the card expires in 30 days")),
        (1, Verdict("minor", "the card expires in 1 day")),
        (0, Verdict("minor", "the card expires in 0 days")),
        (-1, Verdict("minor", "the card has expired")),
        (None, CURRENT),  # pays by other means
    ],
)
def test_a_card_that_expires_within_thirty_days_is_minor(days_left, expected):
    assert judge(cards=(card(days_left),)) == expected


def test_a_card_date_is_read_in_utc():
    late_evening = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    payment = Payment(
        (subscription(),), (), (Card(account_ref="cus", expires_on=date(2026, 3, 31)),)
    )
    assert judge_payment(payment, RUBRIC, late_evening).evidence == "the card expires in 0 days"


def test_an_overdue_invoice_outweighs_an_expiring_card():
    assert judge(invoice(late=8), cards=(card(3),)).level == "overdue"


def test_an_account_that_never_subscribed_is_missing_not_zero():
    assert judge(subscriptions=()) == Missing("no subscription")


def test_an_account_whose_last_subscription_ended_owes_what_it_owes():
    ended = (subscription(SubscriptionState.ENDED),)
    assert judge(subscriptions=ended) == Missing("no subscription")
    assert judge(paid(), subscriptions=ended) == CURRENT
    assert judge(invoice(late=9), subscriptions=ended).level == "overdue"


def test_a_trial_without_invoices_is_current():
    assert judge(subscriptions=(subscription(SubscriptionState.TRIAL),)) == CURRENT


def test_the_lines_are_configuration():
    rubric = Rubric(payment_overdue_days=14, card_expiry_days=60)
    assert judge(invoice(late=13), rubric=rubric).level == "minor"
    assert judge(cards=(card(60),), rubric=rubric).level == "minor"
