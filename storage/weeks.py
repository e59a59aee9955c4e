"""Weeks: whose score moved since an earlier day, and how the alerts went since an instant."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.learning import can_recover
from scoring.rules import Rule
from storage.accounts import to_account
from storage.scores import Standing, of_csm
from storage.sql import fetch, first
from storage.tables import AccountRow, AccountScoreRow, AlertRow, SnapshotRow

_account = AccountRow.__table__
_latest = AccountScoreRow.__table__
_alert = AlertRow.__table__
_day = SnapshotRow.__table__


@dataclass(frozen=True, slots=True)
class Moved:
    """How many accounts moved by a point or more, of those whose two scores can be compared."""

    up: int
    down: int
    of: int


@dataclass(frozen=True, slots=True)
class WeekOfAlerts:
    """The alerts people were told of: how many opened, by rule, how many recovered and were acknowledged."""

    opened: Mapping[Rule, int]
    recovered: int
    acknowledged: int


def movers(
    session: Session, *, since_day: int, csm_email: str | None = None, rising: bool, limit: int
) -> list[Standing]:
    """Whose score moved most since a day, up or down, the steepest first; under a point is none."""
    change = _latest.c.score - _day.c.score / 10.0
    moved = change >= 1 if rising else change <= -1
    query = (
        sa.select(_account, _latest.c.score, change.label("change"))
        .select_from(_compared())
        .where(*of_csm(csm_email), *_alike(since_day), moved)
        .order_by(change.desc() if rising else change, _account.c.name_norm, _account.c.id)
        .limit(limit)
    )
    return [
        Standing(account=to_account(row), score=row.score, change=row.change)
        for row in fetch(session, query)
    ]


def count_moved(session: Session, *, since_day: int, csm_email: str | None = None) -> Moved:
    change = _latest.c.score - _day.c.score / 10.0
    query = (
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((change >= 1, 1), else_=0)), 0).label("up"),
            sa.func.coalesce(sa.func.sum(sa.case((change <= -1, 1), else_=0)), 0).label("down"),
            sa.func.count().label("n"),
        )
        .select_from(_compared())
        .where(*of_csm(csm_email), *_alike(since_day))
    )
    row = first(session, query)
    return Moved(row.up, row.down, row.n) if row else Moved(0, 0, 0)


def alerts(session: Session, *, since: datetime, csm_email: str | None = None) -> WeekOfAlerts:
    """How the alerts people were told of went since. An event does not recover: it grows old."""
    query = sa.select(
        _alert.c.rule, _alert.c.opened_at, _alert.c.closed_at, _alert.c.acknowledged_at
    ).where(
        _alert.c.announced,
        sa.or_(
            _alert.c.opened_at >= since,
            _alert.c.closed_at >= since,
            _alert.c.acknowledged_at >= since,
        ),
    )
    if csm_email is not None:
        owned = sa.select(_account.c.id).where(_account.c.csm_email == csm_email.lower())
        query = query.where(_alert.c.account_id.in_(owned))
    rows = fetch(session, query)
    return WeekOfAlerts(
        opened=Counter(Rule(row.rule) for row in rows if row.opened_at >= since),
        recovered=_count(
            [row.closed_at for row in rows if can_recover(Rule(row.rule))], since=since
        ),
        acknowledged=_count([row.acknowledged_at for row in rows], since=since),
    )


def _count(instants: Collection[datetime | None], *, since: datetime) -> int:
    return sum(each is not None and each >= since for each in instants)


def _compared() -> Any:
    with_score = _account.join(_latest, _latest.c.account_id == _account.c.id)
    return with_score.join(_day, _day.c.account_id == _account.c.id)


def _alike(since_day: int) -> list[sa.ColumnElement[bool]]:
    """By one rubric on both days: what another one moved was not moved by the account."""
    return [
        _day.c.day == since_day,
        _day.c.rubric_id == _latest.c.rubric_id,
        _day.c.score.is_not(None),
        _latest.c.score.is_not(None),
    ]
