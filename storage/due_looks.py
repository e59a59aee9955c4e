"""Due looks: accounts whose new score the alerts have not looked at yet."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.guard import Verdict
from storage.sql import fetch, first, run, upsert
from storage.tables import AlertStandingRow, LookDueRow

_due = LookDueRow.__table__
_state = AlertStandingRow.__table__


class Due(NamedTuple):
    """One mark: its stamp, and what an operator said of the data fault that kept the account waiting."""

    stamp: int
    verdict: Verdict | None


def mark(session: Session, account_ids: Collection[AccountId], *, at: datetime) -> None:
    """Mark accounts that were scored. One that waits already waits since then."""
    stamp = secrets.randbits(63)
    rows = [
        {"account_id": each, "marked_at": at, "stamp": stamp} for each in sorted(set(account_ids))
    ]
    upsert(session, _due, rows, key=("account_id",), keep=("marked_at",))


def mark_watched(session: Session, verdict: Verdict, *, at: datetime) -> None:
    """Mark every account that was ever looked at, with what was said of a data fault."""
    stamp = secrets.randbits(63)
    told = {"marked_at": at, "stamp": stamp, "verdict": verdict}
    rows = [
        {"account_id": row.account_id, **told}
        for row in fetch(session, sa.select(_state.c.account_id))
    ]
    upsert(session, _due, rows, key=("account_id",), keep=("marked_at",))


def every(session: Session) -> dict[AccountId, Due]:
    """All that are marked."""
    return _read(session, sa.select(_due).order_by(_due.c.account_id))


def take(session: Session, account_ids: Collection[AccountId]) -> dict[AccountId, Due]:
    """Those of these accounts that are still marked. They stay so until cleared; what another transaction has taken is left to it."""
    query = sa.select(_due).where(_due.c.account_id.in_(account_ids)).order_by(_due.c.account_id)
    return _read(session, query.with_for_update(skip_locked=True))


def oldest(session: Session) -> datetime | None:
    """Since when the first of them waits; None: none does."""
    row = first(session, sa.select(sa.func.min(_due.c.marked_at).label("at")))
    return row.at if row else None


def _read(session: Session, query: sa.Select[Any]) -> dict[AccountId, Due]:
    return {
        AccountId(row.account_id): Due(row.stamp, Verdict(row.verdict) if row.verdict else None)
        for row in fetch(session, query)
    }


def clear(session: Session, taken: Mapping[AccountId, Due]) -> None:
    """Clear what `take` gave; an account scored again since stays marked."""
    statement = sa.delete(_due).where(
        _due.c.account_id == sa.bindparam("account"), _due.c.stamp == sa.bindparam("mark")
    )
    if taken:
        run(
            session,
            statement,
            [{"account": each, "mark": due.stamp} for each, due in taken.items()],
        )


def count(session: Session) -> int:
    return int(fetch(session, sa.select(sa.func.count()).select_from(_due))[0][0])
