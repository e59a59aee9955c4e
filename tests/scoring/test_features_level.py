"""Feature adoption: how many of the configured core features were used in the last 30 days."""

from datetime import UTC, datetime

import pytest

from scoring.levels import judge_features
from scoring.readings import Features, Missing, day_number
from scoring.rubric import Rubric

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
TODAY = day_number(AT)
TWENTY = tuple(f"feature {number}" for number in range(1, 21))


def level(used, core):
    rubric = Rubric(core_features=TWENTY[:core])
    last_used = dict.fromkeys(TWENTY[:used], TODAY - 3)
    return judge_features(Features(last_used), rubric, AT).level


@pytest.mark.parametrize(
    ("used", "core", "expected"),
    [
        (20, 20, "all"),
        (19, 20, "most"),
        (12, 20, "most"),  # 60 %
        (11, 20, "some"),  # 55 %
        (5, 20, "some"),  # 25 %
        (4, 20, "few"),  # 20 %
        (1, 20, "few"),
        (0, 20, "none"),
        (3, 5, "most"),  # 60 % again, as another fraction
        (2, 5, "some"),
        (1, 4, "some"),  # 25 %
        (1, 1, "all"),
        (0, 1, "none"),
    ],
)
def test_the_share_of_core_features_makes_the_level(used, core, expected):
    assert level(used, core) == expected


@pytest.mark.parametrize(
    ("days_ago", "expected"), [(0, "all"), (29, "all"), (30, "none"), (-1, "none")]
)
def test_a_use_counts_for_thirty_days_and_never_from_the_future(days_ago, expected):
    rubric = Rubric(core_features=("report",))
    assert judge_features(Features({"report": TODAY - days_ago}), rubric, AT).level == expected


def test_other_features_count_for_nothing():
    rubric = Rubric(core_features=("report", "export"))
    assert judge_features(Features({"log in": TODAY}), rubric, AT).level == "none"


def test_without_core_features_the_component_is_missing_not_zero():
    assert judge_features(Features({"report": TODAY}), Rubric(), AT) == Missing(
        "no core features are configured"
    )


@pytest.mark.parametrize(
    ("used", "evidence"),
    [
        (("report", "export", "invite"), "3 of 3 core features used in 30 days"),
        (("report",), "1 of 3 core features used in 30 days; not: export, invite"),
        ((), "none of 3 core features used in 30 days"),
    ],
)
def test_the_evidence_names_the_silent_features_in_the_configured_order(used, evidence):
    rubric = Rubric(core_features=("report", "export", "invite"))
    observed = Features(dict.fromkeys(used, TODAY))
    assert judge_features(observed, rubric, AT).evidence == evidence
