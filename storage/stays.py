"""Stays: on how many of the last days accounts were in a status."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.rubric import Status
from storage.sql import chunks, fetch
from storage.tables import SnapshotRow

_day = SnapshotRow.__table__


def days_in(
    session: Session, ids: Collection[AccountId], status: Status, *, until: int, days: int
) -> dict[AccountId, tuple[int, int]]:
    """On how many days each account was in a status, and of how many that is known; `until` is the last day."""
    # The days are listed, not BETWEEN: each pair is one look into the primary key.
    window = list(range(until - days + 1, until + 1))
    inside = sa.func.sum(sa.case((_day.c.status == status.value, 1), else_=0)).label("inside")
    known = sa.func.count().label("known")
    found: dict[AccountId, tuple[int, int]] = {}
    for part in chunks(ids):
        query = (
            sa.select(_day.c.account_id, inside, known)
            .where(_day.c.day.in_(window), _day.c.account_id.in_(part))
            .group_by(_day.c.account_id)
        )
        found |= {
            AccountId(row.account_id): (int(row.inside), row.known) for row in fetch(session, query)
        }
    return found
