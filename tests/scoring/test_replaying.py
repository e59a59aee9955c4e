"""The history by another rubric: levels are found again, and the quick replay says what the whole machine says."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.accounts import AccountId
from scoring.alerts import Look, decide
from scoring.health import HealthScore, Part
from scoring.policy import AlertPolicy, Threshold
from scoring.readings import date_of
from scoring.replaying import Raised, Replay, Shares, Valued, possible_levels, value_by
from scoring.rubric import DEFAULT_POINTS, LEVELS, Component, Rubric
from scoring.rules import Quiet
from scoring.sights import hush, signals
from storage.snapshots import day_row

RUBRIC, POLICY = Rubric(), AlertPolicy()
ACME = AccountId(7)
ALL = frozenset(Component)
TODAY = 20_000


def kept(levels, rubric=RUBRIC):
    """What the history keeps of a day on which the components had these levels."""
    weight = sum(rubric.weight(each) for each in levels)
    parts = tuple(
        Part(
            component=each,
            level=level,
            points=rubric.points[each][level],
            share=rubric.points[each][level] * 100 / weight,
            evidence="",
            as_of=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for each, level in levels.items()
    )
    score = HealthScore(
        value=sum(part.share for part in parts),
        status=None,
        coverage=1.0,
        parts=parts,
        scored_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    row = day_row(ACME, score, 1, TODAY)
    return Shares(*(row[each] for each in Component))


LEVEL_OF_EACH = st.fixed_dictionaries(
    {}, optional={each: st.sampled_from(LEVELS[each]) for each in Component}
).filter(bool)


@given(LEVEL_OF_EACH)
def test_the_levels_are_found_again_whatever_was_missing(levels):
    assert possible_levels(kept(levels), RUBRIC) == {each: (of,) for each, of in levels.items()}


@given(LEVEL_OF_EACH)
def test_by_the_same_rubric_the_score_is_the_same(levels):
    weight = sum(RUBRIC.weight(each) for each in levels)
    points = sum(DEFAULT_POINTS[each][of] for each, of in levels.items())
    found = value_by(possible_levels(kept(levels), RUBRIC), RUBRIC)
    assert found.covers == frozenset(levels)
    if weight < 50:
        assert found.value is None
    else:
        assert found.value == pytest.approx(100 * points / weight)


def test_new_points_make_a_new_score():
    levels = {Component.USAGE: "weekly", Component.SUPPORT: "neutral", Component.PAYMENT: "current"}
    usage = {"daily": 60, "weekly": 30, "monthly": 10, "inactive": 0}
    heavier = replace(RUBRIC, points={**DEFAULT_POINTS, "usage": usage})
    found = value_by(possible_levels(kept(levels), RUBRIC), heavier)
    # 30 of 60, 15 of 20, 10 of 10: 55 of 90 points.
    assert found.value == pytest.approx(100 * 55 / 90)


def test_levels_that_were_worth_the_same_cannot_be_told_apart():
    usage = {"daily": 30, "weekly": 30, "monthly": 10, "inactive": 0}
    origin = replace(RUBRIC, points={**DEFAULT_POINTS, "usage": usage})
    levels = dict.fromkeys(Component, "")
    levels = {each: LEVELS[each][0] for each in levels}
    possible = possible_levels(kept(levels, origin), origin)
    assert possible[Component.USAGE] == ("daily", "weekly")
    assert value_by(possible, RUBRIC) is None
    assert value_by(possible, origin).value == 100


def test_shares_that_no_level_explains_are_not_guessed():
    assert possible_levels(Shares(173, None, None, None, None), RUBRIC) is None


def test_too_little_known_is_no_score():
    assert value_by({Component.PAYMENT: ("current",)}, RUBRIC).value is None


def play(days, policy=POLICY):
    replay = Replay(policy)
    for day, valued in days:
        replay.look(ACME, day, valued)
    return [(each.rule.value, each.day - TODAY) for each in replay.raised]


def series(*values, covers=ALL):
    return [(TODAY + n, Valued(value, covers)) for n, value in enumerate(values)]


def test_a_look_a_day_raises_what_is_confirmed_the_next_day():
    assert play(series(70, 58, 57, 57)) == [("at_risk", 2)]
    assert play(series(70, 35)) == [("critical", 1)]
    assert play(series(79, 78, 63, 63)) == [("sharp_drop", 3)]


def test_the_first_day_and_a_component_that_comes_or_goes_raise_nothing():
    assert play(series(30, 30)) == []
    other = frozenset({Component.USAGE, Component.SUPPORT})
    changed = [*series(70, 70), (TODAY + 2, Valued(55.0, other)), (TODAY + 3, Valued(55.0, other))]
    assert play(changed) == []


def test_a_fall_counts_against_days_on_the_same_components_only():
    fewer = ALL - {Component.PAYMENT}
    values = ((97.0, ALL), (85.0, fewer), (81.0, fewer), (81.0, fewer))
    assert play([(TODAY + n, Valued(*each)) for n, each in enumerate(values)]) == []
    alike = [(TODAY + n, Valued(value, ALL)) for n, (value, _) in enumerate(values)]
    assert play(alike) == [("sharp_drop", 3)]


def test_a_sharp_drop_is_over_when_the_score_has_stayed_and_can_come_again():
    assert play(series(97, *[81] * 13, 66, 66)) == [("sharp_drop", 2), ("sharp_drop", 15)]


def test_a_lower_line_raises_fewer():
    lower = replace(POLICY, at_risk=Threshold(fires=50, clears=55))
    assert play(series(62, 58, 57, 49, 49), lower) == [("at_risk", 4)]


VALUED = st.tuples(
    st.sampled_from([None, 30.0, 41.5, 55.0, 58.0, 62.5, 66.0, 70.0, 79.99, 81.0, 97.0]),
    st.sampled_from([ALL, ALL, ALL, ALL - {Component.PAYMENT}]),
).map(lambda told: Valued(*told))
HISTORY = st.lists(st.tuples(st.integers(1, 3), VALUED), min_size=1, max_size=60)


@settings(max_examples=150)
@given(HISTORY)
def test_the_quick_replay_raises_what_the_whole_machine_raises(steps):
    days, day = [], TODAY
    for pause, valued in steps:
        day += pause
        days.append((day, valued))
    quick = Replay(POLICY)
    for on, valued in days:
        quick.look(ACME, on, valued)
    assert quick.raised == slow(days)


def slow(days):
    """The same by `signals` and `decide` at every look."""
    states, known, covers, raised = {}, [], None, []
    for n, (day, valued) in enumerate(days):
        if valued.value is not None:
            at = datetime.combine(date_of(day), time(12), tzinfo=UTC)
            alike = [v for on, v, of in known if day - 7 <= on < day and of == valued.covers]
            said = signals(scored(valued, at), max(alike, default=None), [], POLICY)
            if n == 0:
                said = hush(said, Quiet.BASELINE)
            elif covers not in {None, valued.covers}:
                said = hush(said, Quiet.REBASED)
            moved, decisions = decide(Look(account_id=ACME, at=at, signals=said), states, POLICY)
            states |= {state.rule: state for state in moved}
            known.append((day, int(valued.value * 10) / 10, valued.covers))
            covers = valued.covers
            raised += [
                Raised(account_id=ACME, rule=each.rule, day=day)
                for each in decisions
                if each.opens and each.quiet is None
            ]
    return raised


def scored(valued, at):
    parts = tuple(
        Part(component=each, level="", points=0, share=0, evidence="", as_of=at)
        for each in valued.covers
    )
    return HealthScore(
        value=valued.value,
        status=RUBRIC.status(valued.value),
        coverage=1.0,
        parts=parts,
        scored_at=at,
    )
