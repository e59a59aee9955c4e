"""Openings: the open alerts of many accounts at once, and which accounts they call ready to expand."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertId
from scoring.rubric import Status
from scoring.rules import Quiet, Rule
from storage import alerts
from storage.accounts import to_account
from storage.scores import Standing, of_csm
from storage.sql import chunks, fetch, first
from storage.tables import AccountRow, AccountScoreRow, AlertRow, SnapshotRow

_account = AccountRow.__table__
_latest = AccountScoreRow.__table__
_alert = AlertRow.__table__
_day = SnapshotRow.__table__

GOOD = tuple(rule for rule in Rule if rule.is_good)
"""An alert that the score rose, and the flags of opportunity, each of which has an open alert while it is raised."""

# Whoever slips is to be mended first, however much they use.
_WELL = (Status.STABLE.value, Status.HEALTHY.value)


def of_accounts(session: Session, ids: Collection[AccountId]) -> dict[AccountId, list[Alert]]:
    """The open alerts of accounts, told or not, the most pressing first; one without any has no entry."""
    found: dict[AccountId, list[Alert]] = defaultdict(list)
    for part in chunks(ids):
        query = sa.select(_alert.c.id).where(
            _alert.c.account_id.in_(part), _alert.c.closed_at.is_(None), _is_believed()
        )
        open_ids = [AlertId(row.id) for row in fetch(session, query)]
        for alert in alerts.by_pressing(alerts.by_ids(session, open_ids).values()):
            found[alert.account_id].append(alert)
    return dict(found)


def ready(
    session: Session, *, day: int, csm_email: str | None = None, limit: int, offset: int = 0
) -> list[Standing]:
    """The accounts that are ready to expand: those with most opportunities first, then the best, then the biggest.

    They are Stable or Healthy and have an alert open that is good news. `day` is today.
    """
    past, good = _day.alias("past"), _good(csm_email)
    money = sa.func.coalesce(_account.c.mrr_minor, 0)
    query = (
        sa.select(_account, _latest.c.score, past.c.score.label("past"))
        .select_from(_joined(good))
        .outerjoin(past, sa.and_(past.c.day == day - 7, past.c.account_id == _account.c.id))
        .where(*of_csm(csm_email), _latest.c.status.in_(_WELL))
        .order_by(good.c.flags.desc(), _latest.c.score.desc(), money.desc(), _account.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        Standing(
            account=to_account(row),
            score=row.score,
            change=None if row.past is None else row.score - row.past / 10,
        )
        for row in fetch(session, query)
    ]


def count_ready(session: Session, csm_email: str | None = None) -> int:
    """How many accounts are ready to expand."""
    query = (
        sa.select(sa.func.count().label("n"))
        .select_from(_joined(_good(csm_email)))
        .where(*of_csm(csm_email), _latest.c.status.in_(_WELL))
    )
    row = first(session, query)
    return row.n if row else 0


def _good(csm_email: str | None) -> Any:
    """The accounts with good news open, and how many flags that are beside the score's own alert."""
    is_flag = sa.case((_alert.c.rule == Rule.EXPANSION, 0), else_=1)
    query = sa.select(_alert.c.account_id, sa.func.sum(is_flag).label("flags")).where(
        _alert.c.closed_at.is_(None), _alert.c.rule.in_(GOOD), _is_believed()
    )
    if csm_email is not None:
        owned = sa.select(_account.c.id).where(*of_csm(csm_email))
        query = query.where(_alert.c.account_id.in_(owned))
    return query.group_by(_alert.c.account_id).subquery("good")


def _joined(good: Any) -> Any:
    with_account = good.join(_account, _account.c.id == good.c.account_id)
    return with_account.join(_latest, _latest.c.account_id == _account.c.id)


def _is_believed() -> sa.ColumnElement[bool]:
    """What an operator called a data fault says nothing of the account."""
    return sa.or_(_alert.c.quiet.is_(None), _alert.c.quiet != Quiet.DROPPED)
