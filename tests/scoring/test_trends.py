"""Trends: seven days against the account's own earlier weeks, and how everybody moved."""

from datetime import UTC, datetime, timedelta

import pytest
from flag_samples import UNTIL, workdays
from hypothesis import given
from hypothesis import strategies as st

from scoring.readings import day_number
from scoring.trends import Movement, last_complete_day, movement, trend

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
YESTERDAY = day_number(MIDNIGHT) - 1


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, YESTERDAY - 1), (2.99, YESTERDAY - 1), (3, YESTERDAY), (23.9, YESTERDAY)],
)
def test_a_day_is_complete_three_hours_after_its_end_for_events_come_late(hours, expected):
    assert last_complete_day(MIDNIGHT + timedelta(hours=hours)) == expected


def test_half_the_events_of_a_usual_week_are_half_a_week():
    # 40 events on each of five working days were 200 a week; now they are 20.
    daily = workdays(lambda back: 20 if back < 7 else 40)
    found = trend(daily, until=UNTIL)
    assert (found.events, found.baseline, found.weeks) == (100, 200, 6)
    assert (found.week, found.fortnight) == (0.5, 0.75)


def test_one_odd_week_does_not_move_the_baseline():
    for odd in (0, 400):
        daily = workdays(lambda back, odd=odd: odd if 21 <= back < 28 else 40)
        assert trend(daily, until=UNTIL).baseline == 200


def test_weekdays_are_compared_with_as_many_weekdays_on_whatever_day_it_is_asked():
    daily = workdays(40, days=90)
    assert [trend(daily, until=UNTIL - back).week for back in range(14)] == [1.0] * 14


@pytest.mark.parametrize(("known_days", "weeks"), [(32, None), (35, 3), (42, 4), (56, 6), (70, 6)])
def test_weeks_before_anything_was_known_are_no_weeks_of_silence(known_days, weeks):
    found = trend(dict.fromkeys(range(UNTIL - known_days + 1, UNTIL + 1), 10), until=UNTIL)
    assert (found and found.weeks) == weeks


def test_a_week_that_begins_with_a_weekend_is_known_to_its_first_day():
    assert trend(workdays(40, days=33), until=UNTIL).weeks == 3
    assert trend(workdays(40, days=28), until=UNTIL) is None


def test_an_account_that_did_nothing_has_nothing_to_fall_from():
    assert trend({}, until=UNTIL) is None
    assert trend(workdays(lambda back: 40 if back > 60 else 0, days=90), until=UNTIL) is None


def test_a_slide_that_lasts_is_measured_by_the_weeks_before_it():
    daily = workdays(lambda back: 20 if back < 49 else 40, days=110)
    assert trend(daily, until=UNTIL).week == 1.0
    assert trend(daily, until=UNTIL, baseline_until=UNTIL - 56).week == 0.5


def test_the_movement_of_everybody_is_the_median_of_those_who_can_be_judged():
    def down_to(events):
        return trend(workdays(lambda back: events * 4 if back < 7 else 40), until=UNTIL)

    many = [down_to(each) for each in (5, 9, 10, 11, 12)]
    tiny = trend(workdays(1), until=UNTIL)
    assert movement([*many, tiny, None], least_events=20) == Movement(0.0, 5)
    assert movement([], least_events=20) == Movement(0.0, 0)
    assert not Movement(0.0, 9).is_known
    assert Movement(0.0, 10).is_known


@given(st.lists(st.integers(0, 500), min_size=70, max_size=70), st.integers(2, 9))
def test_a_trend_is_of_shares_so_twice_the_events_all_along_are_no_other_trend(counts, times):
    daily = {UNTIL - back: count for back, count in enumerate(counts) if count}
    more = {day: count * times for day, count in daily.items()}
    one, other = trend(daily, until=UNTIL), trend(more, until=UNTIL)
    assert (one is None) == (other is None)
    if one and other:
        assert other.week == pytest.approx(one.week)
        assert other.fortnight == pytest.approx(one.fortnight)
