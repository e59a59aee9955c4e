"""Tasks: what somebody should do about an account."""

from collections.abc import Collection
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import AlertId
from scoring.members import Member
from scoring.playbooks import Task, TaskId
from storage.sql import add_new, chunks, fetch, first, run
from storage.tables import TaskRow

_task = TaskRow.__table__

_OF_ACCOUNT = (
    sa.select(_task)
    .where(_task.c.account_id == sa.bindparam("account"), _task.c.done_at.is_(None))
    .order_by(_task.c.due_on, _task.c.id)
)


def add(
    session: Session,
    *,
    key: str,
    account_id: AccountId,
    title: str,
    due_on: date,
    alert_id: AlertId | None = None,
    csm_email: str | None = None,
    assigned_to: str | None = None,
    note: str | None = None,
    created_by: str | None = None,
) -> bool:
    """Add a task. False when one of this key was added before, done or not."""
    row = {
        "key": key,
        "account_id": account_id,
        "alert_id": alert_id,
        "title": title,
        "due_on": due_on,
        "csm_email": csm_email.lower() if csm_email else None,
        "assigned_to": assigned_to,
        "note": note,
        "created_by": created_by,
    }
    return add_new(session, _task, [row]) == 1


def get(session: Session, task_id: TaskId) -> Task | None:
    row = first(session, sa.select(_task).where(_task.c.id == task_id))
    return _to_task(row) if row else None


def by_key(session: Session, key: str) -> Task | None:
    row = first(session, sa.select(_task).where(_task.c.key == key))
    return _to_task(row) if row else None


def open_tasks(
    session: Session,
    *,
    csm_email: str | None = None,
    account_id: AccountId | None = None,
    due_by: date | None = None,
    member: Member | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Task]:
    """Open tasks, the first due on top; None does not narrow. A member's are those given to them, and those
    of their accounts that are given to nobody.
    """
    query = sa.select(_task).where(_task.c.done_at.is_(None)).order_by(_task.c.due_on, _task.c.id)
    if csm_email is not None:
        query = query.where(_task.c.csm_email == csm_email.lower())
    if account_id is not None:
        query = query.where(_task.c.account_id == account_id)
    if due_by is not None:
        query = query.where(_task.c.due_on <= due_by)
    if member is not None:
        query = query.where(_is_of(member))
    return [_to_task(row) for row in fetch(session, query.limit(limit).offset(offset))]


def of_account(session: Session, account_id: AccountId) -> list[Task]:
    """The open tasks of an account, the first due on top."""
    return [_to_task(row) for row in fetch(session, _OF_ACCOUNT, {"account": account_id})]


def count_open(
    session: Session, *, member: Member | None = None, due_by: date | None = None
) -> int:
    """How many tasks are open; None does not narrow."""
    query = sa.select(sa.func.count().label("n")).where(_task.c.done_at.is_(None))
    if member is not None:
        query = query.where(_is_of(member))
    if due_by is not None:
        query = query.where(_task.c.due_on <= due_by)
    row = first(session, query)
    return row.n if row else 0


def of_alert(session: Session, alert_id: AlertId) -> list[Task]:
    """The tasks of an alert, done or not, oldest first."""
    query = sa.select(_task).where(_task.c.alert_id == alert_id).order_by(_task.c.id)
    return [_to_task(row) for row in fetch(session, query)]


def assign(session: Session, task_id: TaskId, *, csm_email: str | None) -> None:
    """Make it the task of an account's CSM; None: nobody's."""
    owner = csm_email.lower() if csm_email else None
    run(session, sa.update(_task).where(_task.c.id == task_id).values(csm_email=owner))


def give(session: Session, task_id: TaskId, *, to: str) -> bool:
    """Give an open task to a member. False when it is done, theirs already, or there is none."""
    is_new = sa.and_(
        _task.c.id == task_id,
        _task.c.done_at.is_(None),
        _task.c.assigned_to.is_distinct_from(to),
    )
    return run(session, sa.update(_task).where(is_new).values(assigned_to=to)) == 1


def finish(session: Session, task_id: TaskId, *, at: datetime, by: str | None = None) -> bool:
    """Mark a task done. False when it was already, or there is none."""
    waiting = sa.and_(_task.c.id == task_id, _task.c.done_at.is_(None))
    return run(session, sa.update(_task).where(waiting).values(done_at=at, done_by=by)) == 1


def finish_of_alert(
    session: Session, alert_id: AlertId, *, at: datetime, by: str | None = None
) -> list[Task]:
    """Mark the open tasks done that the playbook made for an alert. Returns them, as they were."""
    found = [
        each
        for each in of_alert(session, alert_id)
        if each.done_at is None and each.created_by is None
    ]
    return [each for each in found if finish(session, each.id, at=at, by=by)]


def drop_open(session: Session, account_ids: Collection[AccountId]) -> None:
    """Forget what was still to be done for accounts."""
    for part in chunks(account_ids):
        mine = sa.and_(_task.c.account_id.in_(part), _task.c.done_at.is_(None))
        run(session, sa.delete(_task).where(mine))


def _is_of(member: Member) -> sa.ColumnElement[bool]:
    given = _task.c.assigned_to == member.id
    if not member.email:
        return given
    own = sa.and_(_task.c.assigned_to.is_(None), _task.c.csm_email == member.email.lower())
    return sa.or_(given, own)


def _to_task(row: sa.Row[Any]) -> Task:
    return Task(**{field.name: getattr(row, field.name) for field in fields(Task)})
