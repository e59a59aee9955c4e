"""Jobs on real databases: what is due is done, what fails is tried again, what was taken over keeps nothing."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from books import slide
from worlds import deliver_all, pass_time

from bot import jobs
from bot.jobs import Job
from bot.services import admitting
from storage import schedules, sources
from storage.tables import OccurrenceRow, ScheduleRow


def waiting(deps):
    """The names of what is due and nobody is at; asking takes it."""
    jobs.tick(deps)
    names = []
    while found := take(deps):
        names.append(found.name)
    return sorted(names)


def take(deps):
    with deps.db.write() as session:
        return schedules.claim(session, now=deps.clock.now(), lease=jobs.LEASE)


def only(deps, *names):
    """Read these sources and no other."""
    rows = [f"sync:{name}" for name in names] + ["refresh_members", "begin_day", "monitor_critical"]
    with deps.db.write() as session:
        schedules.keep_only(session, rows)


def run_sql(deps, statement):
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def occurrences(deps, name):
    """State and attempts of a schedule's occurrences, oldest first."""
    schedule, occurrence = ScheduleRow.__table__, OccurrenceRow.__table__
    query = (
        sa.select(occurrence.c.state, occurrence.c.attempts, occurrence.c.error)
        .join(schedule, schedule.c.id == occurrence.c.schedule_id)
        .where(schedule.c.name == name)
        .order_by(occurrence.c.id)
    )
    with deps.db.read() as session:
        return [tuple(row) for row in session.execute(query)]


def next_time(deps, hour, minute=0):
    """The next instant of this time of the UTC day."""
    now = deps.clock.now()
    at = datetime(now.year, now.month, now.day, hour, minute, tzinfo=UTC)
    return at if at > now else at + timedelta(days=1)


def test_what_is_read_begins_at_once_and_what_has_its_hour_waits(deps):
    jobs.ensure_schedules(deps)
    assert waiting(deps) == [
        "pursue",
        "refresh_members",
        *(f"sync:{name}" for name in sorted(deps.sources)),
    ]
    assert waiting(deps) == []


def test_a_restart_begins_nothing_again(deps):
    jobs.ensure_schedules(deps)
    waiting(deps)
    jobs.ensure_schedules(deps)
    assert waiting(deps) == []


@pytest.mark.parametrize(
    ("name", "hour", "minute"), [("begin_day", 0, 5), ("monitor_critical", 7, 0)]
)
def test_a_daily_job_comes_at_its_hour(deps, name, hour, minute):
    jobs.ensure_schedules(deps)
    waiting(deps)
    at = next_time(deps, hour, minute)  # Berlin's nine o'clock is seven in summer
    deps.clock.set(at - timedelta(seconds=1))
    assert name not in waiting(deps)
    deps.clock.set(at)
    assert name in waiting(deps)


def test_a_source_that_is_configured_no_more_is_read_no_more(deps):
    jobs.ensure_schedules(deps)
    only(deps, "stripe")
    assert waiting(deps) == ["refresh_members", "sync:stripe"]


def test_a_job_that_fails_is_tried_again_until_it_is_mended(deps):
    jobs.ensure_schedules(deps)
    only(deps)
    run_sql(deps, "ALTER TABLE member RENAME TO hidden")
    jobs.tick(deps)
    assert jobs.work(deps) == 0
    assert occurrences(deps, "refresh_members")[0][:2] == (schedules.State.WAITING, 1)
    run_sql(deps, "ALTER TABLE hidden RENAME TO member")
    assert jobs.work(deps) == 0  # not before its time
    deps.clock.set(deps.clock.now() + jobs.RETRY_AFTER)
    assert jobs.work(deps) == 1
    assert occurrences(deps, "refresh_members") == [(schedules.State.DONE, 2, None)]


def test_a_job_that_always_fails_is_given_up_and_the_others_go_on(deps):
    jobs.ensure_schedules(deps)
    only(deps)
    run_sql(deps, "ALTER TABLE alert RENAME TO hidden")
    deps.clock.set(next_time(deps, 7))
    jobs.tick(deps)
    for _ in range(schedules.MAX_ATTEMPTS + 2):
        jobs.work(deps)
        deps.clock.set(deps.clock.now() + jobs.RETRY_AFTER)
    run_sql(deps, "ALTER TABLE hidden RENAME TO alert")
    ((state, attempts, error),) = occurrences(deps, "monitor_critical")
    assert (state, attempts) == (schedules.State.DEAD, schedules.MAX_ATTEMPTS)
    assert error in {"OperationalError", "ProgrammingError"}
    assert occurrences(deps, "refresh_members") == [(schedules.State.DONE, 1, None)]
    deps.clock.set(next_time(deps, 7))
    jobs.tick(deps)
    jobs.work(deps)
    assert occurrences(deps, "monitor_critical")[-1] == (schedules.State.DONE, 1, None)


def test_a_job_that_was_taken_over_keeps_nothing(deps):
    jobs.ensure_schedules(deps)
    only(deps, "stripe")
    jobs.tick(deps)
    slow = next(each for each in iter(lambda: take(deps), None) if each.name == "sync:stripe")
    deps.clock.set(deps.clock.now() + jobs.LEASE)
    quick = take(deps)
    while quick.name != slow.name:
        quick = take(deps)
    assert not jobs._run(Job(deps, slow, lambda *_: None))
    with deps.db.read() as session:
        assert sources.cursor(session, "stripe") is None
        assert sources.totals(session) == {}
    assert jobs._run(Job(deps, quick, lambda *_: None))
    with deps.db.read() as session:
        assert sources.totals(session)["stripe"].records > 0


def test_a_critical_account_is_told_of_every_day_until_somebody_has_it(sandbox, deps, client):
    admitting.refresh_members(deps)
    jobs.ensure_schedules(deps)
    only(deps)
    slide(deps, to=20.0)
    for day in (1, 2):
        pass_time(deps, seconds=(next_time(deps, 7) - deps.clock.now()).total_seconds())
        if day == 1 and not reminders(sandbox):
            pass_time(deps, hours=12)  # on the day it opened nobody is reminded
            pass_time(deps, seconds=(next_time(deps, 7) - deps.clock.now()).total_seconds())
        jobs.tick(deps)
        jobs.work(deps)
        deliver_all(deps, client)
    told = [each for each in sandbox.messages() if "First scores" not in each["text"]]
    first, *rest = told
    assert [each["thread_ts"] for each in rest] == [first["ts"]] * 2
    assert all("is Critical for day" in each["text"] for each in rest)


def reminders(sandbox):
    return [text for text in sandbox.texts() if "for day" in text]
