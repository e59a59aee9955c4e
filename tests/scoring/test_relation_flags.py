"""Flags of the relation: payment, escalation, silence, detractors, and a score that its money contradicts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flag_samples import AT, DAY, RUBRIC, TODAY, evidence, flagged, score, signs, stood, use

from scoring.accounts import Money
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.readings import Engagement, Fresh, Missing, Stale
from scoring.records import (
    Contact,
    Subscription,
    SubscriptionState,
    SurveyKind,
    SurveyResponse,
)
from scoring.rubric import Rubric
from scoring.rules import Rule
from scoring.signs import Bills, Surveys

HOUR = timedelta(hours=1)


def raised(told):
    return {flag.rule for flag in told.flags}


# A sum that hides trouble.


@pytest.mark.parametrize(
    ("levels", "value", "rule"),
    [
        ({"payment": "failed"}, 90, Rule.PAYMENT_ISSUE),
        ({"payment": "overdue"}, 93, Rule.PAYMENT_ISSUE),
        ({"support": "escalated"}, 80, Rule.SUPPORT_ESCALATION),
    ],
)
def test_what_the_sum_hides_a_flag_tells(levels, value, rule):
    of = score(**levels)
    told = flagged(signs(), of=of)
    assert (told.value, told.status) == (value, of.status)
    assert evidence(told, rule) in {part.evidence for part in of.parts}


@pytest.mark.parametrize(
    "levels", [{"payment": "minor"}, {"payment": "current"}, {"support": "negative"}]
)
def test_lesser_levels_raise_nothing(levels):
    told = flagged(signs(), of=score(**levels))
    assert told.flags == ()
    assert told.judged == {Rule.PAYMENT_ISSUE: AT, Rule.SUPPORT_ESCALATION: AT}


# Engagement.


def contact(number=0, **days_ago):
    """A contact with how many days ago each thing happened: sent=3, replied=40."""
    told = {f"last_{name}_at": AT - ago * DAY - HOUR for name, ago in days_ago.items()}
    return Contact(id=str(number), account_ref="acme", updated_at=AT, **told)


def mailed(*contacts, **more):
    return signs(engagement=Fresh(Engagement(contacts), AT), **more)


def low(*contacts, previous=None):
    return evidence(flagged(mailed(*contacts), previous=previous), Rule.LOW_ENGAGEMENT)


def test_nobody_answering_is_low_engagement():
    silent = [contact(each, sent=5) for each in range(4)]
    assert low(*silent) == "none of 4 contacts answered in 30 days"
    assert low(contact(9, sent=5, opened=4), *silent) is not None  # 1 / 5 = 0.2
    assert low(contact(9, sent=5, opened=4), silent[0]) is None  # 1 / 2 = 0.5, the line is 0.4


def test_it_stands_until_the_answers_are_medium_again():
    before = stood(Rule.LOW_ENGAGEMENT)
    half = [contact(1, sent=5, opened=4), contact(2, sent=5)]
    assert low(*half, previous=before) is not None
    assert low(*half, contact(3, sent=5, clicked=4), previous=before) is None


def test_one_contact_or_a_mail_of_long_ago_says_nothing():
    assert low(contact(1, sent=5)) == "?"
    assert low(contact(1, sent=40), contact(2, sent=50), contact(3, sent=60)) == "?"


# The champion who replied.


def champion(*contacts, previous=None):
    return evidence(flagged(mailed(*contacts), previous=previous), Rule.CHAMPION_QUIET)


def test_who_replied_last_and_answers_no_more_is_missed_after_45_days():
    assert champion(contact(1, sent=3, replied=44)) is None
    assert champion(contact(1, sent=3, replied=45)) == (
        "who replied last has not answered for 45 days, though mailed 3 days ago"
    )


@pytest.mark.parametrize(
    "contacts",
    [
        [contact(1, sent=30, replied=60)],  # hardly mailed
        [contact(1, sent=3, replied=60), contact(2, sent=3, replied=10)],  # another one does
        [contact(1, sent=3, replied=60, clicked=5)],  # reads on, at least
        [contact(1, sent=3, replied=150)],  # too long ago for a champion
        [contact(1, sent=3)],
    ],
)
def test_nobody_is_missed_who_was_no_champion_or_is_still_there(contacts):
    assert champion(*contacts) is None


def test_a_champion_is_missed_for_half_a_year():
    before = stood(Rule.CHAMPION_QUIET)
    assert champion(contact(1, sent=3, replied=150), previous=before) is not None
    assert champion(contact(1, sent=3, replied=181), previous=before) is None


def test_mail_alone_can_tell_while_usage_is_stale_but_not_that_nothing_is_wrong():
    late = Stale(AT - 3 * DAY)
    gone, there = contact(1, sent=3, replied=50), contact(1, sent=3, replied=5)
    assert evidence(flagged(mailed(gone, use=late)), Rule.CHAMPION_QUIET) is not None
    assert evidence(flagged(mailed(there, use=late)), Rule.CHAMPION_QUIET) == "?"
    told = flagged(mailed(there, use=late), previous=stood(Rule.CHAMPION_QUIET))
    assert raised(told) >= {Rule.CHAMPION_QUIET}


def test_what_rests_on_two_sources_is_as_old_as_the_older_one():
    gone = contact(1, sent=3, replied=50)
    told = flagged(mailed(gone, use=Fresh(use(), AT - 2 * HOUR)))
    assert told.judged[Rule.CHAMPION_QUIET] == AT - 2 * HOUR
    assert evidence(told, Rule.CHAMPION_QUIET) is not None


# Detractors.


def answer(number, nps, *, days=5, person="ann", **more):
    at = AT - days * DAY
    return SurveyResponse(
        id=f"response {number}",
        account_ref="acme",
        kind=more.pop("kind", SurveyKind.NPS),
        score=nps,
        answered_at=at,
        updated_at=at,
        person=person,
        **more,
    )


def detractors(*answers, previous=None):
    told = flagged(signs(surveys=Fresh(Surveys(answers), AT)), previous=previous)
    return [(flag.subject, flag.evidence) for flag in told.flags if flag.rule is Rule.DETRACTOR]


def test_six_or_less_is_a_detractor():
    assert detractors(answer(1, 6)) == [("response 1", "NPS 6 of 10 on 18 Nov")]
    assert detractors(answer(1, 7)) == []
    assert detractors(answer(1, 3, has_comment=True))[0][1].endswith(", with a comment")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([answer(1, 2, days=90)], ["response 1"]),
        ([answer(1, 2, days=91)], []),
        ([answer(1, 2, days=20), answer(2, 8)], []),  # the same person, happier now
        ([answer(1, 2, days=20), answer(2, 5)], ["response 2"]),
        ([answer(1, 9, days=20), answer(2, 5)], ["response 2"]),
        ([answer(1, 2, days=20), answer(2, 8, person="bob")], ["response 1"]),
        ([answer(1, 2, days=9, person=None), answer(2, 9, person=None)], ["response 1"]),
        ([answer(1, 2, days=9), answer(2, 3, person="bob")], ["response 1", "response 2"]),
        ([answer(1, 1, kind=SurveyKind.CSAT)], []),
    ],
)
def test_a_bad_answer_counts_for_90_days_or_until_that_person_gives_a_better_one(answers, expected):
    assert [subject for subject, _ in detractors(*answers)] == expected
    assert [subject for subject, _ in detractors(*answers[::-1])] == expected


def test_each_detractor_counts_from_its_own_day():
    first = flagged(signs(surveys=Fresh(Surveys((answer(1, 2, days=9),)), AT)))
    both = Surveys((answer(1, 2, days=9), answer(2, 3, person="bob")))
    told = flagged(signs(surveys=Fresh(both, AT)), previous=first, at=AT + 2 * DAY)
    found = {flag.subject: flag.since - TODAY for flag in told.flags}
    assert found == {"response 1": 0, "response 2": 2}


# Score and money.

MONEY = Money(Decimal(10_000), "usd")


def subscription(**more):
    return Subscription(
        **{
            "id": "sub",
            "account_ref": "acme",
            "state": SubscriptionState.ACTIVE,
            "plan": "Growth",
            "mrr": MONEY,
            "started_at": AT - 200 * DAY,
            **more,
        }
    )


def moved(kind, *, days=5):
    return BillingEvent(kind=BillingEventKind(kind), at=AT - days * DAY)


def bills(*events, **more):
    return signs(bills=Fresh(Bills((subscription(**more),), events), AT))


def contradiction(told, *, of=None, previous=None):
    return evidence(flagged(told, of=of, previous=previous), Rule.SCORE_AND_MONEY)


LOW = score(usage="inactive", features="none", support="negative", engagement="none")  # 15
MIDDLE = score(usage="inactive", features="none", support="neutral")  # 40: At-risk


def test_a_good_score_and_somebody_who_leaves_or_pays_less_or_not_at_all():
    leaving = bills(cancel_requested_at=AT - DAY)
    assert contradiction(leaving) == "the score says Healthy, but a cancellation is asked for"
    assert contradiction(bills(moved("downgrade"))).endswith("but it pays less since 18 Nov")
    failed = contradiction(bills(), of=score(payment="failed"))
    assert failed == "the score says Healthy, but payment is failed"
    assert contradiction(leaving, of=MIDDLE) is None
    assert contradiction(bills()) is None


@pytest.mark.parametrize(
    ("events", "is_raised"),
    [
        ([moved("downgrade", days=31)], False),
        ([moved("downgrade", days=20), moved("expansion")], False),
        ([moved("expansion", days=20), moved("downgrade")], True),
    ],
)
def test_the_last_change_of_a_month_is_what_counts(events, is_raised):
    assert bool(contradiction(bills(*events))) is is_raised


def test_a_bad_score_and_somebody_who_pays_more():
    more = bills(moved("expansion"))
    assert contradiction(more, of=LOW) == "the score says Critical, but it pays more since 18 Nov"
    assert contradiction(more, of=MIDDLE) is None
    assert contradiction(more, of=MIDDLE, previous=stood(Rule.SCORE_AND_MONEY)) is not None
    assert evidence(flagged(more), Rule.GROWING) == "it pays more since 18 Nov"


def test_a_contradiction_stands_until_the_score_is_five_points_under_stable():
    leaving, before = bills(cancel_requested_at=AT - DAY), stood(Rule.SCORE_AND_MONEY)
    at_55 = score(usage="monthly", features="some", support="neutral", engagement="medium")
    at_50 = score(usage="monthly", features="some", support="neutral", engagement="low")
    assert contradiction(leaving, of=at_55) is None
    assert contradiction(leaving, of=at_55, previous=before) is not None
    assert contradiction(leaving, of=at_50, previous=before) is None


def test_a_subscription_that_has_ended_asks_for_nothing():
    assert contradiction(bills(cancel_requested_at=AT - DAY, state=SubscriptionState.ENDED)) is None


# Ready for more.

PLANS = Rubric(plans=("Starter", "Growth", "Enterprise"))


def ready(*, plan="Growth", healthy=30, known=30, of=None, previous=None, rubric=PLANS):
    told = signs(plan=plan, healthy_days=healthy, known_days=known)
    return evidence(flagged(told, of=of, previous=previous, rubric=rubric), Rule.READY_FOR_MORE)


def test_a_month_of_health_on_a_lower_plan_is_an_opportunity():
    assert ready() == "Healthy for 30 days on the plan Growth; there are bigger ones"
    assert ready(plan="growth") is not None
    assert ready(plan="Enterprise") is None


@pytest.mark.parametrize(
    ("healthy", "known", "is_raised"),
    [(29, 30, False), (25, 25, True), (24, 24, False), (0, 0, False)],
)
def test_every_day_of_it_must_be_healthy_but_a_few_may_be_unknown(healthy, known, is_raised):
    assert bool(ready(healthy=healthy, known=known)) is is_raised


def test_it_stands_until_the_score_is_five_points_under_the_line():
    before = stood(Rule.READY_FOR_MORE)
    at_75 = score(features="none")
    assert ready(of=at_75) is None
    assert ready(of=at_75, previous=before) is not None
    assert ready(of=score(usage="inactive"), previous=before) is None


def test_without_plans_nobody_knows_of_a_bigger_one():
    assert ready(rubric=RUBRIC) == "?"
    assert ready(plan=None) == "?"
    assert ready(plan="Legacy") == "?"


def test_what_is_missing_is_no_flag_and_what_is_stale_stands():
    late = AT - 3 * DAY
    for rule, kind in ((Rule.DETRACTOR, "surveys"), (Rule.SCORE_AND_MONEY, "bills")):
        before = stood(rule, subject="response 1")
        assert raised(flagged(signs(**{kind: Stale(late)}), previous=before)) == {rule}
        assert raised(flagged(signs(**{kind: Missing("no")}), previous=before)) == set()
