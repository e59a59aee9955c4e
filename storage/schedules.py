"""Schedules: which job is due when, and who is at it. The database decides; any number of clocks may ask it.

occurrence: waiting -> running -> done | dead        running with an expired lease is free again
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from storage.rules import Rule, from_json, to_json
from storage.sql import add_new, fetch, first, run, upsert
from storage.tables import OccurrenceRow, ScheduleRow

_schedule = ScheduleRow.__table__
_occurrence = OccurrenceRow.__table__

MAX_ATTEMPTS = 5


class Fenced(Exception):  # noqa: N818  # it is what happened to us, not what went wrong
    """Somebody else took this occurrence over; whatever the transaction did must be rolled back."""


class State(StrEnum):
    """Where an occurrence stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time a job is due, ours until the lease is over."""

    id: int
    name: str
    job: str
    args: Mapping[str, Any]
    due_at: datetime
    token: str
    attempt: int


def ensure(
    session: Session,
    name: str,
    *,
    job: str,
    rule: Rule,
    at: datetime,
    args: Mapping[str, Any] | None = None,
    enabled: bool = True,
    first_due_at: datetime | None = None,
) -> None:
    """Make a schedule, or bring it up to date. A rule that has not changed keeps its next time.

    A new one is due at `first_due_at`, or when its rule says so next.
    """
    stored = to_json(rule)
    known = first(
        session,
        sa.select(_schedule.c.rule, _schedule.c.next_due_at).where(_schedule.c.name == name),
    )
    kept = known.next_due_at if known is not None and known.rule == stored else None
    row = {
        "name": name,
        "job": job,
        "args": dict(args or {}),
        "rule": stored,
        "next_due_at": kept or first_due_at or rule.after(at),
        "enabled": enabled,
    }
    upsert(session, _schedule, [row], key=("name",))


def keep_only(session: Session, names: Collection[str]) -> None:
    """Switch off every schedule but these."""
    run(session, sa.update(_schedule).where(_schedule.c.name.not_in(names)).values(enabled=False))


def due(session: Session, *, now: datetime) -> int:
    """Make an occurrence of every schedule that is due, and move it on. Returns how many were made.

    However late a schedule is, there is one occurrence, of the latest time; one that waits for a
    worker still is dropped for it. Of several who ask at once, one makes it.
    """
    late = sa.select(_schedule).where(_schedule.c.enabled, _schedule.c.next_due_at <= now)
    return sum(_make(session, row, now) for row in fetch(session, late.order_by(_schedule.c.id)))


def claim(
    session: Session, *, now: datetime, lease: timedelta, jobs: Collection[str] | None = None
) -> Occurrence | None:
    """Take the occurrence that is due longest; None: there is none. Of one schedule one runs at a time.

    `jobs` narrows what is looked for. One that was tried too often is given up instead.
    """
    _give_up(session, now=now)
    row = first(session, _free(now, jobs))
    # Asked again now that its rows are locked: PostgreSQL looked for others at work before it had them.
    if row is None or first(session, _free(now, jobs).where(_occurrence.c.id == row.id)) is None:
        return None
    token = secrets.token_hex(8)
    values = {
        "state": State.RUNNING,
        "token": token,
        "lease_until": now + lease,
        "attempts": row.attempts + 1,
    }
    run(session, sa.update(_occurrence).where(_occurrence.c.id == row.id).values(values))
    return Occurrence(
        id=row.id,
        name=row.name,
        job=row.job,
        args=row.args,
        due_at=row.due_at,
        token=token,
        attempt=row.attempts + 1,
    )


def extend(session: Session, occurrence: Occurrence, *, until: datetime) -> None:
    """Hold an occurrence for longer. Raises Fenced when it is not ours any more."""
    _settle(session, occurrence, lease_until=until)


def finish(session: Session, occurrence: Occurrence, *, at: datetime) -> None:
    """Note that it is done, in the transaction that holds its effects. Raises Fenced when it is not ours any more."""
    _settle(session, occurrence, state=State.DONE, error=None, finished_at=at)


def fail(
    session: Session,
    occurrence: Occurrence,
    *,
    error: str,
    at: datetime,
    retry_at: datetime | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> bool:
    """Put back an occurrence that failed. Returns whether it is dead: tried too often, or no `retry_at` given.

    Raises Fenced when it is not ours any more.
    """
    is_dead = retry_at is None or occurrence.attempt >= max_attempts
    if is_dead:
        _settle(session, occurrence, state=State.DEAD, error=error, finished_at=at)
    else:
        _settle(session, occurrence, state=State.WAITING, error=error, not_before=retry_at)
    return is_dead


def next_due(session: Session) -> datetime | None:
    """When the next schedule is due; None: none is enabled."""
    query = sa.select(sa.func.min(_schedule.c.next_due_at).label("at")).where(_schedule.c.enabled)
    row = first(session, query)
    return row.at if row else None


def next_event(session: Session) -> datetime | None:
    """When something is to be done next: a schedule is due, a retry is, or a lease runs out; None: never."""
    when = sa.case(
        (_occurrence.c.state == State.RUNNING, _occurrence.c.lease_until),
        else_=_occurrence.c.not_before,
    )
    query = sa.select(sa.func.min(when, type_=_occurrence.c.not_before.type).label("at"))
    row = first(session, query.where(_occurrence.c.state.in_([State.WAITING, State.RUNNING])))
    found = [each for each in (next_due(session), row.at if row else None) if each]
    return min(found, default=None)


def prune(session: Session, *, before: datetime) -> int:
    """Forget occurrences that were finished before. Returns how many went."""
    return run(session, sa.delete(_occurrence).where(_occurrence.c.finished_at < before))


def _make(session: Session, row: sa.Row[Any], now: datetime) -> int:
    rule = from_json(row.rule)
    due_at = rule.latest(row.next_due_at, now=now)
    unmoved = sa.and_(_schedule.c.id == row.id, _schedule.c.next_due_at == row.next_due_at)
    if (
        run(session, sa.update(_schedule).where(unmoved).values(next_due_at=rule.after(due_at)))
        == 0
    ):
        return 0
    untried = sa.and_(
        _occurrence.c.schedule_id == row.id,
        _occurrence.c.state == State.WAITING,
        _occurrence.c.attempts == 0,
    )
    run(session, sa.delete(_occurrence).where(untried))
    made = {
        "schedule_id": row.id,
        "due_at": due_at,
        "state": State.WAITING,
        "not_before": due_at,
        "attempts": 0,
    }
    return add_new(session, _occurrence, [made])


def _free(now: datetime, jobs: Collection[str] | None) -> sa.Select[Any]:
    other = _occurrence.alias("other")
    expired = sa.and_(_occurrence.c.state == State.RUNNING, _occurrence.c.lease_until <= now)
    waiting = sa.and_(_occurrence.c.state == State.WAITING, _occurrence.c.not_before <= now)
    busy = sa.exists().where(
        other.c.schedule_id == _occurrence.c.schedule_id,
        other.c.state == State.RUNNING,
        other.c.lease_until > now,
    )
    query = (
        sa.select(_occurrence, _schedule.c.name, _schedule.c.job, _schedule.c.args)
        .join(_schedule, _schedule.c.id == _occurrence.c.schedule_id)
        .where(sa.or_(waiting, expired), ~busy)
        .order_by(_occurrence.c.due_at, _occurrence.c.id)
        .limit(1)
        # The schedule's row is locked as well, so that two of its occurrences are not taken at once.
        .with_for_update(skip_locked=True)
    )
    return query if jobs is None else query.where(_schedule.c.job.in_(jobs))


def _give_up(session: Session, *, now: datetime) -> None:
    """An occurrence that kills whoever takes it must not do so for ever."""
    hopeless = sa.and_(
        _occurrence.c.state == State.RUNNING,
        _occurrence.c.lease_until <= now,
        _occurrence.c.attempts >= MAX_ATTEMPTS,
    )
    error = sa.func.coalesce(_occurrence.c.error, "it was begun again and again and never ended")
    values = {"state": State.DEAD, "token": None, "error": error, "finished_at": now}
    run(session, sa.update(_occurrence).where(hopeless).values(values))


def _settle(session: Session, occurrence: Occurrence, **values: Any) -> None:
    ours = sa.and_(
        _occurrence.c.id == occurrence.id,
        _occurrence.c.token == occurrence.token,
        _occurrence.c.state == State.RUNNING,
    )
    if run(session, sa.update(_occurrence).where(ours).values(values)) == 0:
        raise Fenced(f"{occurrence.name} of {occurrence.due_at:%Y-%m-%d %H:%M} was taken over")
