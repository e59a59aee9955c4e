"""What one look says of every rule: of the score, of the flags, and of what was billed."""

from datetime import timedelta

import pytest
from alert_watch import START, Watched, scored

from scoring.alerts import Change
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.policy import AlertPolicy, Route
from scoring.rules import FLAGS, Family, Rule, Sight
from scoring.sights import EVENT_WINDOW, of_events, signals

DAY = timedelta(days=1)
POLICY = AlertPolicy()
REQUESTED, WITHDRAWN = (
    BillingEventKind.CANCELLATION_REQUESTED,
    BillingEventKind.CANCELLATION_WITHDRAWN,
)


def event(kind, ago, subject="sub_1"):
    return BillingEvent(kind=kind, at=START - ago, subject=subject)


def test_a_score_without_enough_data_says_nothing_and_its_flags_still_do():
    said = signals(scored(None, START, flags=[Rule.PAYMENT_ISSUE]), None, (), POLICY)
    assert said[Rule.PAYMENT_ISSUE].sight is Sight.HIT
    assert not {Rule.AT_RISK, Rule.SHARP_DROP} & said.keys()


def test_a_flag_that_could_not_be_judged_says_nothing_and_one_that_was_not_raised_is_clear():
    said = signals(scored(70, START, judged=[Rule.GROWING]), None, (), POLICY)
    assert said[Rule.GROWING].sight is Sight.CLEAR
    assert Rule.DECLINING_USAGE not in said


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (REQUESTED, Rule.CANCELLATION),
        (BillingEventKind.CANCELLED, Rule.CANCELLATION),
        (BillingEventKind.NOT_RENEWED, Rule.NON_RENEWAL),
        (BillingEventKind.DOWNGRADE, Rule.DOWNGRADE),
    ],
)
def test_an_event_is_news_for_two_weeks(kind, rule):
    assert of_events([event(kind, DAY)], at=START)[rule].sight is Sight.HIT
    assert of_events([event(kind, EVENT_WINDOW)], at=START)[rule].sight is Sight.CLEAR
    assert of_events([], at=START)[rule].sight is Sight.CLEAR


def test_a_cancellation_that_was_taken_back_is_clear_and_says_so():
    said = of_events([event(REQUESTED, 3 * DAY), event(WITHDRAWN, DAY)], at=START)
    assert (said[Rule.CANCELLATION].sight, said[Rule.CANCELLATION].evidence) == (
        Sight.CLEAR,
        "taken back",
    )


def test_a_second_downgrade_is_an_alert_of_its_own():
    account = Watched(70)
    first = BillingEvent(kind=BillingEventKind.DOWNGRADE, at=account.now, subject="a")
    assert account.sees(70, events=[first]) == [(Rule.DOWNGRADE, Change.OPENED, 1, True)]
    assert account.sees(70, events=[first]) == []
    second = BillingEvent(kind=BillingEventKind.DOWNGRADE, at=account.now, subject="b")
    assert account.sees(70, events=[first, second]) == [
        (Rule.DOWNGRADE, Change.REPLACED, 1, True),
        (Rule.DOWNGRADE, Change.OPENED, 2, True),
    ]


def test_every_rule_has_a_family_and_every_flag_is_a_leading_indicator_or_a_detractor():
    assert {each.family for each in Rule} == set(Family)
    assert {each for each in FLAGS if each.family is Family.EVENT} == {Rule.DETRACTOR}


@pytest.mark.parametrize(
    ("plan", "mrr", "takes"),
    [("enterprise", 9_000.0, True), ("Enterprise", 4_999.0, False), ("Growth", 9_000.0, False)],
)
def test_a_route_takes_an_account_that_meets_all_it_says(plan, mrr, takes):
    route = Route(channel="C0BIG", plans=("Enterprise",), mrr_from=5_000)
    assert route.takes(plan, mrr) is takes
    assert not route.takes(plan, None)


def test_a_route_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="plans, mrr_from"):
        Route(channel="C0BIG")
