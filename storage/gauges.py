"""Gauges: how much waits, how long and in which state, in a few indexed questions that may be asked every few seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from scoring.rubric import Status
from storage.lines import State, is_unfinished
from storage.schedules import State as Turn
from storage.snapshots import to_status
from storage.sql import fetch, first
from storage.tables import AccountScoreRow, OccurrenceRow, OutboxRow

_out = OutboxRow.__table__
_occurrence = OccurrenceRow.__table__
_score = AccountScoreRow.__table__

RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """What is stored, at one instant.

    `pending` messages are not out, `oldest_at` is since when the first of those that may go out waits
    (None: none does); `dead` ones were given up within a day. `due_at` is since when work waits to be
    begun. `statuses` counts accounts; None: not enough is known of them.
    """

    pending: int
    oldest_at: datetime | None
    dead: int
    due_at: datetime | None
    statuses: Mapping[Status | None, int]


def read(session: Session, *, at: datetime) -> Gauges:
    """Four queries: none reads what is done with but within the last day."""
    since = sa.func.coalesce(_out.c.not_before, _out.c.created_at, type_=_out.c.created_at.type)
    may_go = sa.case((since <= at, since), else_=None)
    waiting = first(
        session,
        sa.select(
            sa.func.count().label("n"),
            sa.func.min(may_go, type_=_out.c.created_at.type).label("oldest_at"),
        ).where(is_unfinished(_out)),
    )
    dead = first(
        session,
        sa.select(sa.func.count().label("n")).where(
            _out.c.finished_at >= at - RECENT, _out.c.state == State.DEAD
        ),
    )
    due = first(
        session,
        sa.select(
            sa.func.min(_occurrence.c.not_before, type_=_occurrence.c.not_before.type).label("at")
        ).where(_occurrence.c.state == Turn.WAITING, _occurrence.c.not_before <= at),
    )
    counted = sa.select(_score.c.status, sa.func.count().label("n")).group_by(_score.c.status)
    return Gauges(
        pending=waiting.n if waiting else 0,
        oldest_at=waiting.oldest_at if waiting else None,
        dead=dead.n if dead else 0,
        due_at=due.at if due else None,
        statuses={to_status(row.status): row.n for row in fetch(session, counted)},
    )
