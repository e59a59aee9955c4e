"""Working hours: when somebody may be told, and how long somebody has worked."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.hours import WorkingHours

BERLIN, KOLKATA, NEW_YORK = map(ZoneInfo, ("Europe/Berlin", "Asia/Kolkata", "America/New_York"))
HOURS = WorkingHours()  # Monday to Friday, 8 to 18
FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)

instants = st.timedeltas(timedelta(0), timedelta(days=730)).map(lambda each: FRIDAY + each)
zones = st.sampled_from([BERLIN, KOLKATA, NEW_YORK, ZoneInfo("Pacific/Apia")])


@pytest.mark.parametrize(
    ("hour", "zone", "opens"),
    [
        (7, BERLIN, FRIDAY.replace(hour=7)),  # 8 there: open
        (6, BERLIN, FRIDAY.replace(hour=7)),
        (17, BERLIN, FRIDAY.replace(day=23, hour=7)),  # 18 there, and the week is over
        (17, NEW_YORK, FRIDAY.replace(hour=17)),  # noon there
        (13, KOLKATA, FRIDAY.replace(day=23, hour=2, minute=30)),  # half past six in the evening
    ],
)
def test_what_can_wait_is_told_within_somebodys_own_hours(hour, zone, opens):
    assert HOURS.opens_at(FRIDAY.replace(hour=hour), zone) == opens


def test_urgent_waits_unless_it_is_told_to_pass():
    night = FRIDAY.replace(hour=1)
    assert HOURS.opens_at(night, BERLIN, urgent=True) == FRIDAY.replace(hour=7)
    passing = WorkingHours(urgent_passes=True)
    assert passing.opens_at(night, BERLIN, urgent=True) == night
    assert passing.opens_at(night, BERLIN) == FRIDAY.replace(hour=7)


def test_with_always_nothing_waits():
    always = WorkingHours(always=True)
    assert always.opens_at(FRIDAY, BERLIN) == FRIDAY
    assert always.worked(FRIDAY, FRIDAY + timedelta(hours=3), BERLIN) == timedelta(hours=3)


def test_working_time_is_counted_over_nights_and_weekends():
    since = FRIDAY.replace(hour=15)  # 16 in Berlin, two hours before the end
    monday = FRIDAY.replace(day=23, hour=9)  # 10 in Berlin, two hours after the start
    assert HOURS.worked(since, monday, BERLIN) == timedelta(hours=4)
    assert HOURS.worked(since, FRIDAY.replace(day=22), BERLIN) == timedelta(hours=2)


def test_the_hours_of_a_day_on_which_the_clocks_change_are_the_local_ones():
    sunday = WorkingHours(start=time(1), end=time(5), days=("sun",))
    spring = datetime(2026, 3, 29, tzinfo=UTC)  # 2 becomes 3 in Berlin
    worked = sunday.worked(spring - timedelta(days=1), spring + timedelta(days=1), BERLIN)
    assert worked == timedelta(hours=3)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"start": time(18), "end": time(8)}, "end after they start"),
        ({"days": ("monday",)}, "is no day"),
        ({"days": ()}, "at least one day"),
    ],
)
def test_hours_that_make_no_sense_are_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        WorkingHours(**wrong)


@given(instants, zones)
def test_what_may_be_told_now_may_be_told_until_the_hours_are_over(at, zone):
    opens, closes = HOURS.opens_at(at, zone), HOURS.closes_at(at, zone)
    assert at < closes
    assert closes.astimezone(zone).time() == time(18)
    assert opens.astimezone(zone).date() == closes.astimezone(zone).date()


def test_what_may_be_told_at_any_hour_has_no_end():
    assert WorkingHours(always=True).closes_at(FRIDAY, BERLIN) is None
    assert WorkingHours(urgent_passes=True).closes_at(FRIDAY, BERLIN, urgent=True) is None
    assert HOURS.closes_at(FRIDAY, BERLIN, urgent=True) is not None


@given(instants, zones)
def test_the_opening_is_the_first_instant_within_the_hours(at, zone):
    opens = HOURS.opens_at(at, zone)
    local = opens.astimezone(zone)
    assert at <= opens <= at + timedelta(days=4)
    assert time(8) <= local.time() < time(18)
    assert local.weekday() < 5
    assert HOURS.worked(at, opens, zone) == timedelta(0)


@given(instants, zones, st.timedeltas(timedelta(0), timedelta(days=20)), st.floats(0, 1))
def test_working_time_adds_up(since, zone, length, share):
    until, between = since + length, since + length * share
    whole = HOURS.worked(since, until, zone)
    assert whole == HOURS.worked(since, between, zone) + HOURS.worked(between, until, zone)
    assert timedelta(0) <= whole <= length
