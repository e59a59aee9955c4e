"""Product usage: on how many of the last days anybody of the account was active."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from scoring.levels import Verdict, judge_usage
from scoring.readings import Usage, day_number
from scoring.rubric import Rubric

AT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)  # a Tuesday at noon
TODAY = day_number(AT)
RUBRIC = Rubric()


def usage(*days_ago, **people):
    return Usage(frozenset(TODAY - each for each in days_ago), **people)


def level(*days_ago, rubric=RUBRIC):
    return judge_usage(usage(*days_ago), rubric, AT).level


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        ((0, 1, 2, 3, 4, 5, 6), "daily"),
        ((0, 1, 2, 3, 4), "daily"),  # 5 of 7
        ((0, 1, 2, 3), "weekly"),  # 4 of 7
        ((6,), "weekly"),  # 1 of 7, the first of the seven
        ((8,), "monthly"),
        ((29,), "monthly"),  # the first of the thirty
        ((30,), "inactive"),
        ((400,), "inactive"),
        ((), "inactive"),
    ],
)
def test_the_days_make_the_level(days_ago, expected):
    assert level(*days_ago) == expected


def test_until_somebody_is_active_today_the_seven_days_end_yesterday():
    assert level(1, 2, 3, 4, 7) == "daily"
    assert level(7) == "weekly"


def test_today_counts_as_soon_as_somebody_is_active_and_the_oldest_day_leaves():
    assert level(0, 1, 2, 3, 7) == "weekly"
    assert judge_usage(usage(0, 7), RUBRIC, AT).evidence == "active 1 of the last 7 days"


@pytest.mark.parametrize("weekday", range(7))
def test_an_account_that_works_monday_to_friday_is_daily_on_every_day_of_the_week(weekday):
    monday = datetime(2026, 3, 30, 0, 0, tzinfo=UTC)
    at = monday + timedelta(days=weekday, hours=6)  # before anybody has logged in
    before = (day_number(at) - ago for ago in range(1, 30))
    worked = frozenset(day for day in before if (day - day_number(monday)) % 7 < 5)
    assert judge_usage(Usage(worked), RUBRIC, at).level == "daily"


def test_a_day_is_a_utc_day_wherever_the_instant_was_written():
    nearly_midnight = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    in_tokyo = nearly_midnight.astimezone(timezone(timedelta(hours=9)))
    days = frozenset(range(TODAY - 4, TODAY + 1))
    assert in_tokyo.date() > nearly_midnight.date()
    assert judge_usage(Usage(days), RUBRIC, in_tokyo) == judge_usage(
        Usage(days), RUBRIC, nearly_midnight
    )


def test_days_after_the_instant_are_not_seen():
    assert level(-1, -2, -3, -4, -5) == "inactive"


@pytest.mark.parametrize(
    ("observed", "evidence"),
    [
        (usage(0, 1, 2, 7, 8, 9, 10, 11, 12), "active 3 of the last 7 days, was 6"),
        (usage(0, *range(6, 15)), "active 2 of the last 7 days, was 7"),
        (usage(0, 1, 8, 9), "active 2 of the last 7 days"),  # no change, nothing to add
        (usage(0, 1, users=12), "active 2 of the last 7 days, was 0; 12 active users in 30 days"),
        (usage(0, users=1), "active 1 of the last 7 days, was 0; 1 active user in 30 days"),
        (usage(11), "last active 11 days ago"),
        (usage(11, 20, users=2), "last active 11 days ago; 2 active users in 30 days"),
        (usage(), "nobody active in the last 30 days"),
    ],
)
def test_the_evidence_says_what_was_counted(observed, evidence):
    assert judge_usage(observed, RUBRIC, AT).evidence == evidence


def test_the_lines_are_configuration():
    stricter = Rubric(usage_daily_days=7, usage_weekly_days=3)
    assert level(0, 1, 2, 3, 4, 5, 6, rubric=stricter) == "daily"
    assert level(0, 1, 2, 3, 4, 5, rubric=stricter) == "weekly"
    assert judge_usage(usage(1, 2), stricter, AT) == Verdict("monthly", "last active 1 day ago")
