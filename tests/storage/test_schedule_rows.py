"""Schedules: every time a job is due happens once, whoever asks and however late."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from storage import inbox, rules, schedules
from storage.engine import Database
from storage.rules import At, Every
from storage.schedules import Fenced, Occurrence

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE = 5 * MINUTE
QUARTER = Every(900)


def ensure(
    session: Session, name: str = "sync stripe", rule: rules.Rule = QUARTER, at: datetime = NOW
) -> None:
    schedules.ensure(
        session, name, job="sync", args={"source": "stripe"}, rule=rule, at=at, first_due_at=at
    )


def claim(session: Session, now: datetime = NOW) -> Occurrence:
    taken = schedules.claim(session, now=now, lease=LEASE)
    assert taken is not None
    return taken


def test_a_schedule_that_is_due_makes_one_occurrence(session):
    ensure(session)
    assert schedules.due(session, now=NOW - MINUTE) == 0
    assert schedules.due(session, now=NOW) == 1
    assert schedules.due(session, now=NOW) == 0
    assert schedules.next_due(session) == NOW + 15 * MINUTE
    taken = claim(session)
    assert (taken.name, taken.job, taken.args, taken.due_at) == (
        "sync stripe",
        "sync",
        {"source": "stripe"},
        NOW,
    )
    schedules.finish(session, taken, at=NOW)
    assert schedules.claim(session, now=NOW + 99 * MINUTE, lease=LEASE) is None


def test_however_late_there_is_one_occurrence_of_the_latest_time(session):
    ensure(session)
    assert schedules.due(session, now=NOW + 100 * MINUTE) == 1
    assert claim(session, NOW + 100 * MINUTE).due_at == NOW + 90 * MINUTE
    assert schedules.next_due(session) == NOW + 105 * MINUTE


def test_an_occurrence_nobody_took_is_dropped_for_the_next(session):
    ensure(session)
    schedules.due(session, now=NOW)
    schedules.due(session, now=NOW + 15 * MINUTE)
    schedules.finish(session, claim(session, NOW + 15 * MINUTE), at=NOW)
    assert schedules.claim(session, now=NOW + 15 * MINUTE, lease=LEASE) is None


def test_two_occurrences_of_one_schedule_do_not_run_at_once(session):
    ensure(session)
    schedules.due(session, now=NOW)
    slow = claim(session)
    schedules.extend(session, slow, until=NOW + 60 * MINUTE)
    schedules.due(session, now=NOW + 15 * MINUTE)
    assert schedules.claim(session, now=NOW + 15 * MINUTE, lease=LEASE) is None
    schedules.finish(session, slow, at=NOW + 20 * MINUTE)
    assert claim(session, NOW + 20 * MINUTE).due_at == NOW + 15 * MINUTE


def test_an_occurrence_whose_worker_died_is_taken_over_and_the_dead_one_is_fenced(session):
    ensure(session)
    schedules.due(session, now=NOW)
    lost = claim(session)
    assert schedules.claim(session, now=NOW + LEASE - MINUTE, lease=LEASE) is None
    found = claim(session, NOW + LEASE)
    assert (found.id, found.attempt) == (lost.id, 2)
    for late in (
        lambda: schedules.finish(session, lost, at=NOW),
        lambda: schedules.fail(session, lost, error="", at=NOW, retry_at=NOW),
        lambda: schedules.extend(session, lost, until=NOW),
    ):
        with pytest.raises(Fenced):
            late()
    schedules.finish(session, found, at=NOW)


def test_what_a_fenced_worker_did_is_undone(db: Database):
    with db.write() as session:
        ensure(session)
        schedules.due(session, now=NOW)
        lost = claim(session)
        claim(session, NOW + LEASE)
    with suppress(Fenced), db.write() as session:
        inbox.first_time(session, "its effect", at=NOW)
        schedules.finish(session, lost, at=NOW)
    with db.write() as session:
        assert inbox.first_time(session, "its effect", at=NOW)


def test_an_occurrence_that_fails_is_tried_again_and_given_up_in_the_end(session):
    ensure(session)
    schedules.due(session, now=NOW)
    assert not schedules.fail(
        session, claim(session), error="503", at=NOW, retry_at=NOW + MINUTE, max_attempts=2
    )
    assert schedules.claim(session, now=NOW, lease=LEASE) is None
    again = claim(session, NOW + MINUTE)
    assert schedules.fail(
        session, again, error="503", at=NOW, retry_at=NOW + MINUTE, max_attempts=2
    )
    assert schedules.claim(session, now=NOW + 9 * MINUTE, lease=LEASE) is None
    assert schedules.prune(session, before=NOW + MINUTE) == 1


def test_an_occurrence_that_kills_its_workers_is_given_up(session):
    ensure(session)
    schedules.due(session, now=NOW)
    now = NOW
    for _ in range(schedules.MAX_ATTEMPTS):
        claim(session, now)
        now += LEASE
    assert schedules.claim(session, now=now, lease=LEASE) is None


def test_jobs_can_be_asked_for_by_name(session):
    ensure(session)
    schedules.due(session, now=NOW)
    assert schedules.claim(session, now=NOW, lease=LEASE, jobs=["review"]) is None
    assert schedules.claim(session, now=NOW, lease=LEASE, jobs=["sync", "review"]) is not None


def test_a_schedule_made_again_keeps_its_next_time_unless_its_rule_changed(session):
    ensure(session)
    ensure(session, at=NOW + 99 * MINUTE)
    assert schedules.next_due(session) == NOW
    ensure(session, rule=Every(60), at=NOW + 99 * MINUTE)
    assert schedules.next_due(session) == NOW + 99 * MINUTE


def test_a_schedule_nobody_names_any_more_is_off(session):
    ensure(session)
    ensure(session, "old")
    schedules.keep_only(session, ["sync stripe"])
    assert schedules.due(session, now=NOW) == 1
    schedules.keep_only(session, [])
    assert schedules.next_due(session) is None


def test_several_clocks_and_workers_make_and_take_each_occurrence_once(db: Database):
    with db.write() as session:
        for n in range(6):
            ensure(session, f"job {n}")

    def tick(_: int) -> tuple[int, list[int]]:
        with db.write() as session:
            made = schedules.due(session, now=NOW)
        taken = []
        for _ in range(12):
            with db.write() as session:
                found = schedules.claim(session, now=NOW, lease=LEASE)
            if found:
                taken.append(found.id)
        return made, taken

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(tick, range(3)))
    assert sum(made for made, _ in results) == 6
    assert sorted(each for _, taken in results for each in taken) == sorted(
        {e for _, t in results for e in t}
    )
    assert sum(len(taken) for _, taken in results) == 6


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MONDAYS = At(time=time(9), zone="Europe/Zurich", weekdays=(0,))
NIGHTLY = At(time=time(2, 30), zone="Europe/Zurich")


@pytest.mark.parametrize(
    ("rule", "after", "due"),
    [
        (MONDAYS, "2026-11-22T09:00", "2026-11-23T08:00"),
        (MONDAYS, "2026-11-23T07:59", "2026-11-23T08:00"),
        (MONDAYS, "2026-11-23T08:00", "2026-11-30T08:00"),
        (At(time=time(8), zone="Asia/Tokyo", month_day=1), "2026-11-30T23:00", "2026-12-31T23:00"),
        (
            NIGHTLY,
            "2026-03-28T12:00",
            "2026-03-29T01:00",
        ),  # 02:30 does not exist: 03:00, when the gap ends
        (NIGHTLY, "2026-03-29T01:00", "2026-03-30T00:30"),
        (NIGHTLY, "2026-10-24T12:00", "2026-10-25T00:30"),  # 02:30 comes twice: the first
        (NIGHTLY, "2026-10-25T00:30", "2026-10-26T01:30"),
        (
            At(time=time(9), zone="Pacific/Apia"),
            "2011-12-29T20:00",
            "2011-12-30T10:00",
        ),  # a day that never was
    ],
)
def test_a_local_time_is_due_once_a_local_date_whatever_the_clocks_do(rule, after, due):
    assert rule.after(utc(after)) == utc(due)


def test_a_rule_comes_back_as_it_went_in():
    for rule in (QUARTER, MONDAYS, At(time=time(8, 15), zone="UTC", month_day=28)):
        assert rules.from_json(rules.to_json(rule)) == rule


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NOW + minutes * MINUTE),
    st.times(),
    st.sampled_from(
        ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
    ),
)
def test_a_daily_job_is_due_on_consecutive_local_dates(start, at, zone):
    rule = At(time=at.replace(microsecond=0), zone=zone)
    first = rule.after(start)
    second = rule.after(first)
    assert timedelta(hours=22) <= second - first <= timedelta(hours=26)
    assert rule.latest(first, now=second + timedelta(days=9)) > second


@pytest.mark.parametrize(
    "make",
    [
        lambda: Every(0),
        lambda: At(time=time(9), zone="UTC", weekdays=(7,)),
        lambda: At(time=time(9), zone="UTC", month_day=31),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(make):
    with pytest.raises(ValueError, match=r"every|weekdays|month_day"):
        make()
