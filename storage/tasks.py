"""Tasks: what somebody should do about an account."""

from collections.abc import Collection
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import AlertId
from scoring.playbooks import Task, TaskId
from storage.sql import add_new, chunks, fetch, first, run
from storage.tables import TaskRow

_task = TaskRow.__table__


def add(
    session: Session,
    *,
    key: str,
    account_id: AccountId,
    title: str,
    due_on: date,
    alert_id: AlertId | None = None,
    csm_email: str | None = None,
) -> bool:
    """Add a task. False when one of this key was added before, done or not."""
    row = {
        "key": key,
        "account_id": account_id,
        "alert_id": alert_id,
        "title": title,
        "due_on": due_on,
        "csm_email": csm_email.lower() if csm_email else None,
    }
    return add_new(session, _task, [row]) == 1


def get(session: Session, task_id: TaskId) -> Task | None:
    row = first(session, sa.select(_task).where(_task.c.id == task_id))
    return _to_task(row) if row else None


def open_tasks(
    session: Session,
    *,
    csm_email: str | None = None,
    account_id: AccountId | None = None,
    due_by: date | None = None,
) -> list[Task]:
    """Open tasks, the first due on top; None does not narrow."""
    query = sa.select(_task).where(_task.c.done_at.is_(None)).order_by(_task.c.due_on, _task.c.id)
    if csm_email is not None:
        query = query.where(_task.c.csm_email == csm_email.lower())
    if account_id is not None:
        query = query.where(_task.c.account_id == account_id)
    if due_by is not None:
        query = query.where(_task.c.due_on <= due_by)
    return [_to_task(row) for row in fetch(session, query)]


def assign(session: Session, task_id: TaskId, *, csm_email: str | None) -> None:
    owner = csm_email.lower() if csm_email else None
    run(session, sa.update(_task).where(_task.c.id == task_id).values(csm_email=owner))


def finish(session: Session, task_id: TaskId, *, at: datetime) -> bool:
    """Mark a task done. False when it was already, or there is none."""
    waiting = sa.and_(_task.c.id == task_id, _task.c.done_at.is_(None))
    return run(session, sa.update(_task).where(waiting).values(done_at=at)) == 1


def finish_of_alert(session: Session, alert_id: AlertId, *, at: datetime) -> int:
    """Mark the open tasks of an alert done. Returns how many that were."""
    waiting = sa.and_(_task.c.alert_id == alert_id, _task.c.done_at.is_(None))
    return run(session, sa.update(_task).where(waiting).values(done_at=at))


def drop_open(session: Session, account_ids: Collection[AccountId]) -> None:
    """Forget what was still to be done for accounts."""
    for part in chunks(account_ids):
        mine = sa.and_(_task.c.account_id.in_(part), _task.c.done_at.is_(None))
        run(session, sa.delete(_task).where(mine))


def _to_task(row: sa.Row[Any]) -> Task:
    return Task(**{field.name: getattr(row, field.name) for field in fields(Task)})
