"""The rubric: its status lines, what it refuses, and the fingerprint that stamps every score."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.lines import FlagLines
from scoring.rubric import DEFAULT_POINTS, LEVELS, Component, Rubric, Status
from scoring.rules import Rule

RUBRIC = Rubric()


def with_points(component, **levels):
    return {**DEFAULT_POINTS, component: {**DEFAULT_POINTS[component], **levels}}


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (100, Status.HEALTHY),
        (80.001, Status.HEALTHY),
        (80, Status.HEALTHY),
        (79.999, Status.STABLE),
        (60.001, Status.STABLE),
        (60, Status.STABLE),
        (59.999, Status.AT_RISK),
        (40, Status.AT_RISK),
        (39.999, Status.CRITICAL),
        (0, Status.CRITICAL),
    ],
)
def test_a_status_line_belongs_to_the_better_side(score, expected):
    assert RUBRIC.status(score) is expected


def test_the_default_components_are_worth_one_hundred_together():
    assert [RUBRIC.weight(component) for component in Component] == [30, 25, 20, 15, 10]


def test_statuses_are_spoken_as_people_write_them():
    assert [status.label for status in Status] == ["Critical", "At-risk", "Stable", "Healthy"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": with_points(Component.USAGE, weekly=31)},  # a worse level worth more
        {"points": with_points(Component.USAGE, inactive=-1)},
        {"points": with_points(Component.USAGE, hourly=40)},  # no such level
        {"points": {**DEFAULT_POINTS, Component.USAGE: {"daily": 30}}},  # levels left out
        {"points": {}},
        {"points": {each: dict.fromkeys(LEVELS[each], 0) for each in Component}},
        {"points": {**DEFAULT_POINTS, "nps": {"promoter": 10}}},  # no such component
        {"points": with_points(Component.USAGE, daily=float("inf"))},
        {"points": with_points(Component.USAGE, daily=float("nan"))},
        {"core_features": ("report", "export", "report")},
        {"at_risk": 0},
        {"stable": 40},
        {"healthy": 101},
        {"usage_daily_days": 8},
        {"usage_weekly_days": 0},
        {"features_some": 0.7},
        {"features_most": 1.1},
        {"engagement_medium": 3},
        {"min_coverage": 1.5},
        {"support_window_days": 0},
        {"card_expiry_days": 0},
        {"advanced_features": ("api", "api")},
        {"plans": ("Growth", "Growth")},
        {"caps": {Rule.PAYMENT_ISSUE: Status.HEALTHY}},  # no cap at all
        {"caps": {Rule.GROWING: Status.AT_RISK}},  # good news
        {"caps": {Rule.CRITICAL: Status.AT_RISK}},  # no flag
    ],
)
def test_a_rubric_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        Rubric(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"usage_falls": 0.2},  # under the line it is lowered at
        {"usage_recovers": 0},
        {"usage_falls": 1.0},
        {"usage_grows": 0.1},
        {"usage_grown": 0},
        {"people_grow": 0},
        {"least_events": 0},
        {"ready_days": 0},
        {"champion_silent_days": 29},
        {"feature_silent_days": 29},
    ],
)
def test_lines_of_flags_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)) if "silent" not in str(wrong) else "28"):
        FlagLines(**wrong)


@pytest.mark.parametrize(
    ("status", "best"),
    [
        (Status.CRITICAL, 39.9),
        (Status.AT_RISK, 59.9),
        (Status.STABLE, 79.9),
        (Status.HEALTHY, 100),
    ],
)
def test_the_best_score_of_a_status_still_has_it(status, best):
    assert RUBRIC.best(status) == best
    assert RUBRIC.status(best) is status


def test_flags_caps_and_plans_are_a_part_of_the_version():
    others = [
        Rubric(flags=FlagLines(usage_falls=0.5)),
        Rubric(caps={Rule.PAYMENT_ISSUE: Status.AT_RISK}),
        Rubric(plans=("Starter",)),
        Rubric(advanced_features=("api",)),
    ]
    assert len({RUBRIC.version, *(each.version for each in others)}) == 5


def test_the_error_names_the_component_and_its_levels():
    with pytest.raises(ValueError, match=r"points\.payment: .* current, minor, overdue, failed"):
        Rubric(points={**DEFAULT_POINTS, Component.PAYMENT: {"current": 10}})


small = st.integers(0, 40)
falling = st.lists(small, min_size=4, max_size=4).map(lambda each: sorted(each, reverse=True))
rubrics = st.builds(
    lambda levels, features, daily: Rubric(
        points={
            **DEFAULT_POINTS,
            Component.USAGE: dict(zip(LEVELS[Component.USAGE], levels, strict=True)),
        },
        core_features=features,
        usage_daily_days=daily,
    ),
    falling,
    st.sampled_from([(), ("report",), ("report", "export"), ("export", "report")]),
    st.integers(4, 5),
)


@given(rubrics, rubrics)
@settings(deadline=None)
def test_rubrics_are_equal_exactly_when_their_versions_are(one, other):
    assert (one == other) == (one.version == other.version)


def test_a_number_has_one_version_whether_it_was_written_with_a_point_or_without():
    spelt = {
        each.value: {level: float(points) for level, points in DEFAULT_POINTS[each].items()}
        for each in reversed(Component)
    }
    read_from_a_file = Rubric(points=spelt, healthy=80.0, stable=60.0, at_risk=40.0)
    assert read_from_a_file == RUBRIC
    assert read_from_a_file.version == RUBRIC.version
