"""Notices: who is to be told of an alert, when at the soonest, and in which message it was."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.alerts import AlertId
from storage.lines import State
from storage.sql import add_new, chunks, fetch, first, run
from storage.tables import NoticeRow, OutboxRow

_notice = NoticeRow.__table__
_out = OutboxRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One alert to one target. `message_key` is the message that tells it, None: it waits until `not_before` or longer."""

    alert_id: AlertId
    target: str
    not_before: datetime
    message_key: str | None


def add(session: Session, alert_id: AlertId, target: str, *, not_before: datetime) -> bool:
    """Have somebody told of an alert. False when they are, or were."""
    row = {"alert_id": alert_id, "target": target, "not_before": not_before}
    return add_new(session, _notice, [row]) == 1


def waiting(session: Session, *, at: datetime) -> list[Notice]:
    """The notices whose time has come, oldest first."""
    is_due = sa.and_(_notice.c.message_key.is_(None), _notice.c.not_before <= at)
    query = sa.select(_notice).where(is_due).order_by(_notice.c.alert_id, _notice.c.target)
    return [_to_notice(row) for row in fetch(session, query.with_for_update(skip_locked=True))]


def next_due(session: Session) -> datetime | None:
    """When the next notice that waits may be told; None: none waits."""
    query = sa.select(sa.func.min(_notice.c.not_before).label("at"))
    row = first(session, query.where(_notice.c.message_key.is_(None)))
    return row.at if row else None


def tell(session: Session, told: Collection[Notice], *, message_key: str) -> None:
    """Note that one message tells these."""
    for each in told:
        mine = sa.and_(_notice.c.alert_id == each.alert_id, _notice.c.target == each.target)
        run(session, sa.update(_notice).where(mine).values(message_key=message_key))


def put_off(session: Session, notice: Notice, *, until: datetime) -> None:
    """Let a notice wait for longer."""
    mine = sa.and_(_notice.c.alert_id == notice.alert_id, _notice.c.target == notice.target)
    run(session, sa.update(_notice).where(mine).values(not_before=until))


def unreached(session: Session, *, since: datetime) -> list[tuple[str, str]]:
    """The messages that ended since without reaching anybody, for they were out of date: their keys, and whom they were for."""
    ended = sa.and_(_out.c.state == State.EXPIRED, _out.c.finished_at >= since)
    query = (
        sa.select(_out.c.key, _out.c.target)
        .join(_notice, _notice.c.message_key == _out.c.key)
        .where(ended)
        .distinct()
        .order_by(_out.c.key)
    )
    return [(row.key, row.target) for row in fetch(session, query)]


def untell(session: Session, message_key: str, *, not_before: datetime) -> int:
    """Have those told again whom a message did not reach in time. Returns how many notices that are."""
    mine = _notice.c.message_key == message_key
    values = {"message_key": None, "not_before": not_before}
    return run(session, sa.update(_notice).where(mine).values(values))


def forget(session: Session, alert_ids: Collection[AlertId]) -> None:
    """Nobody need be told of these any more who was not."""
    for part in chunks(alert_ids):
        untold = sa.and_(_notice.c.alert_id.in_(part), _notice.c.message_key.is_(None))
        run(session, sa.delete(_notice).where(untold))


def of_alert(session: Session, alert_id: AlertId) -> list[Notice]:
    """Where an alert was told, the first message first."""
    told = sa.and_(_notice.c.alert_id == alert_id, _notice.c.message_key.is_not(None))
    query = sa.select(_notice).where(told).order_by(_notice.c.message_key)
    return [_to_notice(row) for row in fetch(session, query)]


def in_message(session: Session, message_key: str) -> list[AlertId]:
    """The alerts a message tells, oldest first."""
    query = sa.select(_notice.c.alert_id).where(_notice.c.message_key == message_key)
    return [AlertId(row.alert_id) for row in fetch(session, query.order_by(_notice.c.alert_id))]


def _to_notice(row: sa.Row[Any]) -> Notice:
    return Notice(
        alert_id=AlertId(row.alert_id),
        target=row.target,
        not_before=row.not_before,
        message_key=row.message_key,
    )
