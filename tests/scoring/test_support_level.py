"""Support sentiment: an escalated ticket decides alone, else the balance of good and bad."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from scoring.levels import judge_support
from scoring.readings import Support
from scoring.records import Rating, Ticket
from scoring.rubric import Rubric

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
RUBRIC = Rubric()
GOOD, NEUTRAL, BAD = Rating.GOOD, Rating.NEUTRAL, Rating.BAD
numbers = count(1)


def ticket(rating=None, *, days_ago=5.0, is_open=False, **more):
    updated_at = AT - timedelta(days=days_ago)
    return Ticket(
        id=str(next(numbers)),
        account_ref="org",
        is_open=is_open,
        created_at=updated_at,
        updated_at=updated_at,
        version=1,
        rating=rating,
        **more,
    )


def judge(*tickets, rubric=RUBRIC):
    return judge_support(Support(tickets), rubric, AT)


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ([GOOD], "positive"),
        ([GOOD, GOOD, BAD], "positive"),
        ([GOOD, BAD], "neutral"),
        ([BAD, BAD, GOOD], "negative"),
        ([BAD], "negative"),
        ([NEUTRAL, NEUTRAL], "neutral"),
        ([None, None], "neutral"),
        ([None, None, None, BAD], "negative"),  # what was not rated weighs nothing
        ([], "neutral"),
    ],
)
def test_the_balance_of_good_and_bad_makes_the_level(ratings, expected):
    assert judge(*map(ticket, ratings)).level == expected


@pytest.mark.parametrize(
    ("rating", "sentiment", "expected"),
    [
        (GOOD, BAD, "positive"),
        (BAD, GOOD, "negative"),
        (NEUTRAL, BAD, "neutral"),
        (None, BAD, "negative"),
        (None, GOOD, "positive"),
    ],
)
def test_the_customers_own_rating_goes_before_the_help_desks_reading(rating, sentiment, expected):
    assert judge(ticket(rating, sentiment=sentiment)).level == expected


def test_one_open_escalated_ticket_outweighs_any_number_of_good_ones():
    angry = ticket(is_open=True, escalation="urgent priority")
    assert judge(angry, *[ticket(GOOD) for _ in range(9)]).level == "escalated"


def test_an_open_escalated_ticket_never_grows_too_old():
    assert (
        judge(ticket(is_open=True, escalation="tag escalated", days_ago=200)).level == "escalated"
    )


def test_a_solved_ticket_is_no_longer_escalated():
    assert judge(ticket(GOOD, is_open=False, escalation="urgent priority")).level == "positive"


def test_a_deleted_ticket_counts_for_nothing():
    gone = [ticket(BAD, deleted=True), ticket(is_open=True, escalation="urgent", deleted=True)]
    assert judge(*gone).level == "neutral"


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [(0, "negative"), (89.9, "negative"), (90, "neutral"), (-1, "neutral")],
)
def test_a_ticket_counts_for_ninety_days_after_its_last_change(days_ago, expected):
    assert judge(ticket(BAD, days_ago=days_ago)).level == expected


def test_the_window_is_configuration():
    assert judge(ticket(BAD, days_ago=20), rubric=Rubric(support_window_days=14)).level == "neutral"


@pytest.mark.parametrize(
    ("tickets", "evidence"),
    [
        ([], "no tickets in 90 days"),
        ([ticket()], "1 ticket, none judged good or bad"),
        ([ticket(NEUTRAL), ticket()], "2 tickets, none judged good or bad"),
        ([ticket(GOOD)], "1 good and 0 bad of 1 ticket in 90 days"),
        (
            [ticket(GOOD), ticket(BAD), ticket(BAD), ticket()],
            "1 good and 2 bad of 4 tickets in 90 days",
        ),
        (
            [ticket(is_open=True, escalation="urgent priority")],
            "1 open ticket escalated (urgent priority)",
        ),
        (
            [
                ticket(is_open=True, escalation="urgent priority"),
                ticket(is_open=True, escalation="tag escalated"),
                ticket(is_open=True, escalation="urgent priority"),
            ],
            "3 open tickets escalated (tag escalated, urgent priority)",
        ),
    ],
)
def test_the_evidence_says_what_was_counted(tickets, evidence):
    assert judge(*tickets).evidence == evidence
