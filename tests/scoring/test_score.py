"""The health score: worked examples, what is missing, what is stale, and what a sum hides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from scoring.accounts import Money
from scoring.health import score_account
from scoring.readings import (
    Engagement,
    Features,
    Fresh,
    Missing,
    Payment,
    Readings,
    Stale,
    Support,
    Usage,
    day_number,
)
from scoring.records import Contact, Invoice, InvoiceState, Rating, Ticket
from scoring.rubric import DEFAULT_POINTS, LEVELS, Component, Rubric, Status

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
TODAY = day_number(AT)
CORE = (
    "report",
    "export",
    "invite",
    "api",
    "dashboard",
    "search",
    "share",
    "alerts",
    "sync",
    "sso",
)
RUBRIC = Rubric(core_features=CORE)
NOT_LINKED = Missing("the account is not linked there")


def active(days):
    return Usage(frozenset(TODAY - ago for ago in days))


def used(features):
    return Features(dict.fromkeys(CORE[:features], TODAY))


def one_ticket(**said):
    ticket = Ticket(
        id="1", account_ref="org", is_open=True, created_at=AT, updated_at=AT, version=1, **said
    )
    return Support((ticket,))


def contacts(*, replied, silent):
    def one(number, at):
        return Contact(
            id=str(number), account_ref="co", updated_at=AT, last_sent_at=AT, last_replied_at=at
        )

    return Engagement(
        tuple(one(number, AT if number < replied else None) for number in range(replied + silent))
    )


def invoice(*, late, failed=0):
    due_at = AT - timedelta(days=late)
    amount = Money(Decimal(9900), "eur")
    owed = Invoice(
        id="1",
        account_ref="cus",
        state=InvoiceState.OPEN,
        amount=amount,
        finalized_at=due_at,
        due_at=due_at,
        failed_attempts=failed,
    )
    return Payment((), (owed,))


# What a source would have to say for each level.
OBSERVED = {
    Component.USAGE: {
        "daily": active(range(5)),
        "weekly": active([2]),
        "monthly": active([15]),
        "inactive": active([]),
    },
    Component.FEATURES: {
        "all": used(10),
        "most": used(6),
        "some": used(3),
        "few": used(1),
        "none": used(0),
    },
    Component.SUPPORT: {
        "positive": one_ticket(rating=Rating.GOOD),
        "neutral": Support(()),
        "negative": one_ticket(rating=Rating.BAD),
        "escalated": one_ticket(rating=Rating.GOOD, escalation="urgent priority"),
    },
    Component.ENGAGEMENT: {
        "high": contacts(replied=2, silent=3),
        "medium": contacts(replied=1, silent=4),
        "low": contacts(replied=1, silent=9),
        "none": contacts(replied=0, silent=4),
    },
    Component.PAYMENT: {
        "current": invoice(late=-5),
        "minor": invoice(late=2),
        "overdue": invoice(late=8),
        "failed": invoice(late=-5, failed=1),
    },
}
PERFECT = {component: levels[0] for component, levels in LEVELS.items()}


def readings(levels, **instead):
    """Fresh readings that come out at these levels, some replaced by name."""
    fresh = {each.value: Fresh(OBSERVED[each][level], AT) for each, level in levels.items()}
    return Readings(**{**dict.fromkeys(Component, NOT_LINKED), **fresh, **instead})


def score(levels, *, rubric=RUBRIC, previous=None, at=AT, **instead):
    return score_account(readings(levels, **instead), rubric=rubric, previous=previous, at=at)


# A plain weighted sum hides trouble. docs/scoring.md prints this table.
PERFECT_BUT_FOR = [
    (Component.USAGE, "daily", 100, "Healthy"),
    (Component.USAGE, "weekly", 90, "Healthy"),
    (Component.USAGE, "monthly", 80, "Healthy"),
    (Component.USAGE, "inactive", 70, "Stable"),
    (Component.FEATURES, "all", 100, "Healthy"),
    (Component.FEATURES, "most", 95, "Healthy"),
    (Component.FEATURES, "some", 85, "Healthy"),
    (Component.FEATURES, "few", 80, "Healthy"),
    (Component.FEATURES, "none", 75, "Stable"),
    (Component.SUPPORT, "positive", 100, "Healthy"),
    (Component.SUPPORT, "neutral", 95, "Healthy"),
    (Component.SUPPORT, "negative", 85, "Healthy"),
    (Component.SUPPORT, "escalated", 80, "Healthy"),
    (Component.ENGAGEMENT, "high", 100, "Healthy"),
    (Component.ENGAGEMENT, "medium", 95, "Healthy"),
    (Component.ENGAGEMENT, "low", 90, "Healthy"),
    (Component.ENGAGEMENT, "none", 85, "Healthy"),
    (Component.PAYMENT, "current", 100, "Healthy"),
    (Component.PAYMENT, "minor", 97, "Healthy"),
    (Component.PAYMENT, "overdue", 93, "Healthy"),
    (Component.PAYMENT, "failed", 90, "Healthy"),
]


@pytest.mark.parametrize(("component", "level", "value", "status"), PERFECT_BUT_FOR)
def test_an_account_perfect_but_for_one_component(component, level, value, status):
    health = score({**PERFECT, component: level})
    assert (health.value, health.status.label, health.coverage) == (value, status, 1)
    assert {part.component: part.level for part in health.parts} == {**PERFECT, component: level}


def test_the_table_above_leaves_no_level_out():
    assert [row[:2] for row in PERFECT_BUT_FOR] == [
        (component, level) for component, levels in LEVELS.items() for level in levels
    ]


def test_every_combination_of_levels_is_the_sum_of_its_points():
    for levels in product(*LEVELS.values()):
        chosen = dict(zip(Component, levels, strict=True))
        points = sum(DEFAULT_POINTS[each][level] for each, level in chosen.items())
        assert score(chosen).value == points


ACME = {
    Component.USAGE: "weekly",  # 20 of 30
    Component.FEATURES: "some",  # 10 of 25
    Component.SUPPORT: "negative",  # 5 of 20
    Component.ENGAGEMENT: "medium",  # 10 of 15
    Component.PAYMENT: "current",  # 10 of 10
}


def test_the_worked_example_of_the_docs():
    health = score(ACME)
    assert (health.value, health.status) == (55, Status.AT_RISK)
    assert [(part.points, part.share) for part in health.parts] == [
        (each, each) for each in (20, 10, 5, 10, 10)
    ]


def test_the_worked_example_without_support_shares_its_twenty_points_out():
    health = score(ACME, support=Missing("no help desk is configured"))
    assert (health.value, health.coverage) == (50 / 80 * 100, 0.80)
    assert [part.share for part in health.parts] == [25, 12.5, 12.5, 12.5]
    assert health.missing == {Component.SUPPORT: "no help desk is configured"}
    assert health.status is Status.STABLE


def test_missing_is_left_out_but_zero_counts():
    known = {each: level for each, level in PERFECT.items() if each is not Component.USAGE}
    assert score(known).value == 100
    assert score({**PERFECT, Component.USAGE: "inactive"}).value == 70


def test_a_source_that_answers_with_nothing_to_judge_is_missing_too():
    health = score(PERFECT, engagement=Fresh(Engagement(()), AT), rubric=Rubric())
    assert health.missing == {
        Component.FEATURES: "no core features are configured",
        Component.ENGAGEMENT: "nobody there was mailed in 90 days",
    }
    assert (health.value, health.coverage) == (100, 0.60)


@pytest.mark.parametrize(
    ("known", "coverage", "status"),
    [
        ((Component.USAGE, Component.SUPPORT), 0.50, Status.HEALTHY),
        ((Component.FEATURES, Component.ENGAGEMENT, Component.PAYMENT), 0.50, Status.HEALTHY),
        ((Component.SUPPORT, Component.ENGAGEMENT, Component.PAYMENT), 0.45, None),
        ((Component.PAYMENT,), 0.10, None),
    ],
)
def test_under_half_the_coverage_there_is_no_status(known, coverage, status):
    health = score({each: PERFECT[each] for each in known})
    assert (health.value, health.coverage, health.status) == (100, coverage, status)


def test_when_nothing_is_known_there_is_no_score_and_every_component_says_why():
    health = score({})
    assert (health.value, health.status, health.coverage, health.parts) == (None, None, 0, ())
    assert (health.as_of, health.is_stale) == (None, False)
    assert health.missing == dict.fromkeys(Component, NOT_LINKED.reason)


def test_a_stale_source_keeps_its_level_and_says_since_when():
    before = score(PERFECT)
    later = AT + timedelta(days=3)
    after = score(PERFECT, previous=before, at=later, usage=Stale(since=AT))
    kept = after.parts[0]
    assert kept == replace(before.parts[0], stale=True)
    assert (kept.level, kept.as_of, after.value, after.coverage) == ("daily", AT, 100, 1)
    assert after.is_stale
    assert not before.is_stale


def test_a_stale_source_stays_kept_through_any_number_of_scores_until_it_answers():
    health = score(PERFECT)
    for _ in range(5):
        health = score(PERFECT, previous=health, usage=Stale(since=AT))
    assert health.parts[0].level == "daily"
    back = score({**PERFECT, Component.USAGE: "weekly"}, previous=health)
    assert (back.parts[0].level, back.parts[0].stale, back.value) == ("weekly", False, 90)


@pytest.mark.parametrize("previous", [None, score({Component.PAYMENT: "current"})])
def test_a_stale_source_that_never_answered_is_missing(previous):
    health = score(PERFECT, previous=previous, usage=Stale(since=AT))
    assert health.missing == {Component.USAGE: "its source has not answered yet"}
    assert (health.value, health.coverage, health.is_stale) == (100, 0.70, False)


def test_a_kept_level_is_worth_what_todays_rubric_says():
    weekly = {**PERFECT, Component.USAGE: "weekly"}
    points = {**DEFAULT_POINTS, Component.USAGE: {**DEFAULT_POINTS[Component.USAGE], "weekly": 15}}
    changed = Rubric(core_features=CORE, points=points)
    after = score(weekly, previous=score(weekly), usage=Stale(since=AT), rubric=changed)
    assert (after.parts[0].points, after.value) == (15, 85)


def test_a_score_is_as_fresh_as_the_oldest_answer_it_rests_on():
    older = Fresh(OBSERVED[Component.PAYMENT]["current"], AT - timedelta(days=2))
    assert score(PERFECT).as_of == AT
    assert score(PERFECT, payment=older).as_of == AT - timedelta(days=2)


@pytest.mark.parametrize(
    ("points", "status"),
    [(60.001, Status.STABLE), (60, Status.STABLE), (59.999, Status.AT_RISK)],
)
def test_the_status_is_read_from_the_unrounded_score(points, status):
    usage = {"daily": 100, "weekly": points, "monthly": 0, "inactive": 0}
    nothing = {each: dict.fromkeys(LEVELS[each], 0) for each in Component}
    rubric = Rubric(points={**nothing, Component.USAGE: usage}, core_features=CORE)
    assert score({**PERFECT, Component.USAGE: "weekly"}, rubric=rubric).status is status


def test_a_perfect_score_never_rounds_up_past_one_hundred():
    for thirteenths in range(1, 400):
        odd = {"daily": thirteenths / 13, "weekly": 0, "monthly": 0, "inactive": 0}
        rubric = Rubric(points={**DEFAULT_POINTS, Component.USAGE: odd})
        health = score({Component.USAGE: "daily"}, rubric=rubric)
        assert 99.999 < health.value <= 100
        assert 99.999 < health.parts[0].share <= 100
