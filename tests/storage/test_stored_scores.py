"""Scores: the latest with its reasons, the history to a tenth of a point, and the marks of what waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from scoring.accounts import AccountId, Money
from scoring.health import HealthScore, Part
from scoring.records import Organisation
from scoring.rubric import LEVELS, Component, Rubric, Status
from storage import accounts, dirty, rubrics, scores
from storage.snapshots import share_out, tenths
from storage.sql import day_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = day_of(NOW)
DAY = timedelta(days=1)


@pytest.fixture
def ids(session: Session) -> list[AccountId]:
    record = [Organisation(ref=each, name=each, csm_email=f"{each}@example.com") for each in "abc"]
    accounts.create_or_update(session, record, source="stripe", at=NOW)
    return accounts.active_ids(session)


@pytest.fixture
def rubric_id(session: Session) -> int:
    return rubrics.id_of(session, Rubric(), at=NOW)


def score(value: float | None, at: datetime = NOW) -> HealthScore:
    """A score that is all usage."""
    if value is None:
        return HealthScore(value=None, status=None, coverage=0, parts=(), scored_at=at)
    part = Part(
        component=Component.USAGE,
        level="weekly",
        points=20,
        share=value,
        evidence="active 3 of 7 days",
        as_of=at,
    )
    return HealthScore(
        value=value,
        status=Rubric().status(value),
        coverage=0.3,
        parts=(part,),
        scored_at=at,
        missing={Component.SUPPORT: "not linked in Zendesk"},
    )


def test_the_latest_score_comes_back_with_its_reasons(session, ids, rubric_id):
    given = score(57.3)
    assert (
        scores.save(session, [(ids[0], given), (ids[1], score(None))], rubric_id=rubric_id, at=NOW)
        == 2
    )
    assert scores.latest(session, ids) == {ids[0]: given, ids[1]: score(None)}
    assert scores.rubric_ids(session, ids) == {ids[0]: rubric_id, ids[1]: rubric_id}


def test_a_score_that_did_not_change_is_not_written(session, ids, rubric_id):
    scores.save(session, [(ids[0], score(57.3))], rubric_id=rubric_id, at=NOW)
    same = replace(score(57.3), scored_at=NOW + DAY / 24)
    assert scores.save(session, [(ids[0], same)], rubric_id=rubric_id, at=same.scored_at) == 0
    assert scores.latest(session, ids)[ids[0]].scored_at == NOW


def values_of(session, account_id, **span):
    return [(each.day, each.value) for each in scores.past(session, account_id, **span)]


def test_a_day_keeps_its_last_score_and_past_days_stand(session, ids, rubric_id):
    for at, value in [(NOW - DAY, 70.0), (NOW, 60.0), (NOW + DAY / 24, 50.0)]:
        scores.save(session, [(ids[0], score(value, at))], rubric_id=rubric_id, at=at)
    assert values_of(session, ids[0], until_day=TODAY, days=90) == [
        (TODAY - 1, 70.0),
        (TODAY, 50.0),
    ]
    assert values_of(session, ids[0], until_day=TODAY, days=1) == [(TODAY, 50.0)]
    assert values_of(session, ids[1], until_day=TODAY, days=90) == []


def test_a_day_keeps_its_parts(session, ids, rubric_id):
    scores.save(session, [(ids[0], score(57.3))], rubric_id=rubric_id, at=NOW)
    past = scores.on_day(session, ids, TODAY)[ids[0]]
    assert (past.value, past.shares, past.coverage) == (57.3, {Component.USAGE: 57.3}, 0.3)
    assert past.status is Status.AT_RISK
    assert scores.on_day(session, ids, TODAY - 1) == {}


def test_a_distribution_counts_those_without_enough_data_apart(session, ids, rubric_id):
    of_today = zip(ids, [score(85), score(30), score(None)], strict=True)
    scores.save(session, list(of_today), rubric_id=rubric_id, at=NOW)
    assert scores.distribution(session, TODAY) == {Status.HEALTHY: 1, Status.CRITICAL: 1, None: 1}
    assert scores.distribution(session, TODAY - 1) == {}


@pytest.mark.parametrize(
    ("before", "now", "crossed"),
    [
        (60.0, 59.99, True),
        (60.0, 60.0, False),
        (59.99, 50.0, False),
        (75.0, 12.0, True),
        (None, 12.0, False),
    ],
)
def test_a_crossing_is_told_by_the_unrounded_line(session, ids, rubric_id, before, now, crossed):
    scores.save(
        session, [(ids[0], score(before, NOW - 7 * DAY))], rubric_id=rubric_id, at=NOW - 7 * DAY
    )
    scores.save(session, [(ids[0], score(now))], rubric_id=rubric_id, at=NOW)
    found = scores.crossed_below(session, line=60, day=TODAY, before_day=TODAY - 7)
    assert found == ([ids[0]] if crossed else [])


def test_a_list_begins_with_what_to_look_at_first(session, ids, rubric_id):
    a, b, c = ids
    scores.save(session, [(a, score(70.0, NOW - 7 * DAY))], rubric_id=rubric_id, at=NOW - 7 * DAY)
    scores.save(
        session, [(a, score(55.5)), (b, score(45)), (c, score(90))], rubric_id=rubric_id, at=NOW
    )
    listed = scores.with_status(session, Status.AT_RISK, day=TODAY)
    assert [(each.account.id, each.score, each.change) for each in listed] == [
        (b, 45, None),
        (a, 55.5, -14.5),
    ]
    assert scores.with_status(session, Status.AT_RISK, day=TODAY, limit=1, offset=1) == listed[1:]
    mine = scores.with_status(session, Status.AT_RISK, day=TODAY, csm_email="A@example.com")
    assert [each.account.id for each in mine] == [a]
    scores.save(session, [(a, score(95)), (b, score(99))], rubric_id=rubric_id, at=NOW)
    best = scores.with_status(session, Status.HEALTHY, day=TODAY)
    assert [each.account.id for each in best] == [b, a, c]


def test_an_account_that_churned_is_in_no_list(session, ids, rubric_id):
    scores.save(session, [(ids[0], score(45))], rubric_id=rubric_id, at=NOW)
    accounts.set_billing(session, {ids[0]: (None, None, None, NOW.date())})
    assert scores.with_status(session, Status.AT_RISK, day=TODAY) == []
    assert scores.count_by_status(session) == {None: (2, {})}


def test_statuses_are_counted_with_their_mrr_by_currency(session, ids, rubric_id):
    a, b, c = ids
    scores.save(
        session, [(a, score(85)), (b, score(95)), (c, score(45))], rubric_id=rubric_id, at=NOW
    )
    usd, eur = Money(Decimal("100.5"), "usd"), Money(Decimal(7), "eur")
    accounts.set_billing(session, {a: (None, usd, None, None), b: (None, eur, None, None)})
    assert scores.count_by_status(session) == {
        Status.HEALTHY: (2, {"usd": Decimal("100.5"), "eur": Decimal(7)}),
        Status.AT_RISK: (1, {}),
    }
    assert scores.count_by_status(session, "c@example.com") == {Status.AT_RISK: (1, {})}


def test_a_stay_in_a_status_is_counted_over_days_the_bot_was_down(session, ids, rubric_id):
    for ago, value in [(9, 55.0), (6, 30.0), (5, 31.0), (1, 32.0), (0, 30.0)]:
        at = NOW - ago * DAY
        scores.save(session, [(ids[0], score(value, at))], rubric_id=rubric_id, at=at)
    assert scores.days_in_status(session, ids[0], Status.CRITICAL, TODAY) == 7
    assert scores.days_in_status(session, ids[0], Status.AT_RISK, TODAY) == 0


def test_a_rubric_has_one_number_as_long_as_its_numbers_are_the_same(session):
    default = rubrics.id_of(session, Rubric(), at=NOW)
    other = rubrics.id_of(session, Rubric(at_risk=45), at=NOW)
    assert rubrics.id_of(session, Rubric(), at=NOW + DAY) == default != other


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (59.97, 599),
        (60.0, 600),
        (64.1, 641),
        (57.3, 573),
        (0.0, 0),
        (100.0, 1000),
        (33.333333, 333),
    ],
)
def test_a_score_is_kept_to_a_tenth_and_never_rounded_over_a_line(value, kept):
    assert tenths(value) == kept


@given(
    st.dictionaries(
        st.sampled_from(Component), st.sampled_from([0, 5, 7, 10, 15, 20, 25, 30]), min_size=1
    )
)
def test_the_parts_of_a_day_add_up_to_its_score(points):
    weight = sum(Rubric().weight(component) for component in points)
    shares = {component: 100 * each / weight for component, each in points.items()}
    value = 100 * sum(points.values()) / weight
    parts = share_out(tenths(value), shares)
    assert sum(parts.values()) == tenths(value)
    assert all(abs(parts[component] - 10 * shares[component]) < 1.001 for component in parts)
    assert set(LEVELS) >= set(parts)


def test_what_is_marked_waits_until_it_is_cleared(session, ids):
    dirty.mark(session, ids[1:], at=NOW)
    dirty.mark(session, [ids[0], ids[1]], at=NOW + DAY)
    assert list(dirty.take(session, limit=9)) == [ids[1], ids[2], ids[0]]
    taken = dirty.take(session, limit=2)
    dirty.clear(session, taken)
    assert list(dirty.take(session, limit=9)) == [ids[0]]


def test_a_mark_made_while_its_account_is_scored_is_not_lost(session, ids):
    dirty.mark_all(session, at=NOW)
    taken = dirty.take(session, limit=9)
    dirty.mark(session, [ids[1]], at=NOW)  # the very same instant
    dirty.clear(session, taken)
    assert list(dirty.take(session, limit=9)) == [ids[1]]
    assert dirty.count(session) == 1
