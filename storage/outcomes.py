"""Outcomes: what became of the alerts people were told of, and which are open now."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertId, Outcome
from scoring.learning import Told
from scoring.rubric import Component, Status
from scoring.rules import Quiet, Rule
from storage import alerts
from storage.snapshots import to_status
from storage.sql import chunks, fetch
from storage.tables import (
    AccountRow,
    AccountScoreRow,
    AlertActionRow,
    AlertRow,
    SnapshotRow,
    TaskRow,
)

_account = AccountRow.__table__
_latest = AccountScoreRow.__table__
_alert = AlertRow.__table__
_action = AlertActionRow.__table__
_task = TaskRow.__table__
_day = SnapshotRow.__table__

ACTS = ("outreach", "call", "task_done")
"""The kinds of action in the ledger that do something about an account; to have seen an alert is none."""

# Somebody was told before it fell quiet for these reasons; for any other it began quiet, or goes uncounted.
_TOLD_ALL_THE_SAME = (Quiet.INHIBITED.value, Quiet.UNSTABLE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayScore:
    """An account's score on a day, and what it can be compared with: what is of one rubric and on the same parts."""

    value: float
    rubric_id: int
    covers: frozenset[Component]

    def is_like(self, other: "DayScore") -> bool:
        return (self.rubric_id, self.covers) == (other.rubric_id, other.covers)


def told(session: Session, *, since: datetime) -> list[Told]:
    """The alerts that opened since and that people were told of, with what came of each, oldest first."""
    acted = (
        sa.select(sa.func.min(_action.c.at))
        .where(_action.c.alert_id == _alert.c.id, _action.c.kind.in_(ACTS))
        .scalar_subquery()
    )
    done = (
        sa.select(sa.func.min(_task.c.done_at))
        .where(_task.c.alert_id == _alert.c.id)
        .scalar_subquery()
    )
    query = (
        sa.select(_alert, acted.label("acted_at"), done.label("done_at"))
        .where(_alert.c.opened_at >= since, _was_told())
        .order_by(_alert.c.opened_at, _alert.c.id)
    )
    return [_to_told(row) for row in fetch(session, query)]


def still_open(
    session: Session, *, csm_email: str | None = None, member: str | None = None
) -> list[Alert]:
    """The open alerts, told or not, oldest first: all, or those of a CSM's accounts and those given to a member."""
    query = sa.select(_alert.c.id).where(_alert.c.closed_at.is_(None))
    mine: list[sa.ColumnElement[bool]] = []
    if csm_email is not None:
        owned = sa.select(_account.c.id).where(_account.c.csm_email == csm_email.lower())
        mine.append(_alert.c.account_id.in_(owned))
    if member is not None:
        mine.append(_alert.c.assigned_to == member)
    if mine:
        query = query.where(sa.or_(*mine))
    ids = [AlertId(row.id) for row in fetch(session, query)]
    found = alerts.by_ids(session, ids).values()
    return sorted(found, key=lambda each: (each.opened_at, each.id))


def scores_now(
    session: Session, ids: Collection[AccountId]
) -> dict[AccountId, tuple[float | None, Status | None]]:
    """How accounts stand by their latest score, without its reasons; one never scored has no entry."""
    found: dict[AccountId, tuple[float | None, Status | None]] = {}
    for part in chunks(ids):
        query = sa.select(_latest.c.account_id, _latest.c.score, _latest.c.status)
        for row in fetch(session, query.where(_latest.c.account_id.in_(part))):
            found[AccountId(row.account_id)] = (row.score, to_status(row.status))
    return found


def scores_on(
    session: Session, wanted: Collection[tuple[AccountId, int]]
) -> Mapping[tuple[AccountId, int], DayScore]:
    """The scores of these accounts on these days (days since 1970-01-01); a day without one is left out."""
    by_day: dict[int, set[AccountId]] = defaultdict(set)
    for account_id, day in wanted:
        by_day[day].add(account_id)
    found: dict[tuple[AccountId, int], DayScore] = {}
    # Day by day, as the table lies; a list of days beside one of accounts would be every pair there can be.
    for day, ids in sorted(by_day.items()):
        for part in chunks(sorted(ids)):
            query = sa.select(_day).where(
                _day.c.day == day, _day.c.account_id.in_(part), _day.c.score.is_not(None)
            )
            found |= {
                (AccountId(row.account_id), day): _to_day_score(row)
                for row in fetch(session, query)
            }
    return found


def _was_told() -> sa.ColumnElement[bool]:
    still = sa.or_(_alert.c.quiet.is_(None), _alert.c.quiet.in_(_TOLD_ALL_THE_SAME))
    return sa.and_(_alert.c.announced, still)


def _to_told(row: sa.Row[Any]) -> Told:
    acts = [each for each in (row.acted_at, row.done_at, row.outreach_at) if each]
    return Told(
        account_id=AccountId(row.account_id),
        rule=Rule(row.rule),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        said=Outcome(row.outcome) if row.outcome else None,
        acted_at=min(acts, default=None),
    )


def _to_day_score(row: sa.Row[Any]) -> DayScore:
    return DayScore(
        value=row.score / 10,
        rubric_id=row.rubric_id,
        covers=frozenset(each for each in Component if getattr(row, each.value) is not None),
    )
