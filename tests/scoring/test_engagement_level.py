"""Engagement: how warmly the people we mail answer; a reply weighs 5, a click 3, an open 1."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from scoring.levels import judge_engagement
from scoring.readings import Engagement, Missing
from scoring.records import Contact
from scoring.rubric import Rubric

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
RUBRIC = Rubric()
NOBODY_MAILED = Missing("nobody there was mailed in 90 days")
numbers = count(1)


def contact(*, sent=6.0, opened=None, clicked=None, replied=None, deleted=False):
    """A contact by how many days ago each thing last happened; None: never."""

    def ago(days):
        return None if days is None else AT - timedelta(days=days)

    return Contact(
        id=str(next(numbers)),
        account_ref="company",
        updated_at=AT,
        last_sent_at=ago(sent),
        last_opened_at=ago(opened),
        last_clicked_at=ago(clicked),
        last_replied_at=ago(replied),
        deleted=deleted,
    )


def silent(times=1):
    return [contact() for _ in range(times)]


def judge(*contacts, rubric=RUBRIC):
    return judge_engagement(Engagement(contacts), rubric, AT)


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ([contact(replied=2)], "high"),  # 5
        ([contact(clicked=2)], "high"),  # 3
        ([contact(clicked=2), contact(opened=2)], "high"),  # (3 + 1) / 2 = 2.0
        ([contact(replied=2), *silent(2)], "medium"),  # 5 / 3 = 1.67
        ([contact(opened=2)], "medium"),  # 1
        ([contact(clicked=2), contact(opened=2), *silent(3)], "medium"),  # 4 / 5 = 0.8
        ([contact(clicked=2), *silent(3)], "low"),  # 3 / 4 = 0.75
        ([contact(opened=2), *silent(99)], "low"),
        (silent(3), "none"),
    ],
)
def test_the_mean_weight_per_contact_makes_the_level(contacts, expected):
    assert judge(*contacts).level == expected


def test_opens_alone_never_make_high():
    assert judge(*[contact(opened=1) for _ in range(50)]).level == "medium"


def test_a_contact_counts_by_the_best_answer_not_by_how_many():
    eager = contact(opened=1, clicked=1, replied=1)
    assert judge(eager) == judge(contact(replied=1))


def test_an_old_reply_does_not_hide_a_new_click():
    assert judge(contact(replied=40, clicked=2)).evidence == "of 1 contact 1 clicked in 30 days"


@pytest.mark.parametrize(
    ("days_ago", "expected"), [(0, "high"), (29.9, "high"), (30, "none"), (-1, "none")]
)
def test_an_answer_counts_for_thirty_days(days_ago, expected):
    assert judge(contact(replied=days_ago)).level == expected


@pytest.mark.parametrize(
    "unmailed", [contact(sent=None), contact(sent=90.1), contact(deleted=True)]
)
def test_whom_nobody_mailed_tells_nothing_by_silence(unmailed):
    assert judge(unmailed) == NOBODY_MAILED
    assert judge(contact(replied=2), unmailed).evidence == "of 1 contact 1 replied in 30 days"


def test_a_contact_mailed_ninety_days_ago_still_counts():
    assert judge(contact(sent=90)).level == "none"


def test_without_any_contact_the_component_is_missing_not_zero():
    assert judge() == NOBODY_MAILED


@pytest.mark.parametrize(
    ("contacts", "evidence"),
    [
        ([contact(replied=2)], "of 1 contact 1 replied in 30 days"),
        (
            [contact(opened=3), contact(clicked=2), contact(clicked=9), *silent()],
            "of 4 contacts 2 clicked, 1 opened in 30 days",
        ),
        (silent(2), "none of 2 contacts answered in 30 days"),
    ],
)
def test_the_evidence_counts_people_best_answer_first(contacts, evidence):
    assert judge(*contacts).evidence == evidence


def test_window_and_lines_are_configuration():
    rubric = Rubric(engagement_window_days=14, engagement_high=5, engagement_medium=3)
    assert judge(contact(replied=15), rubric=rubric).level == "none"
    assert judge(contact(clicked=3), rubric=rubric).level == "medium"
