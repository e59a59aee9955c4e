"""Which accounts wait to be scored again."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from storage.sql import chunks, fetch, run, upsert
from storage.tables import AccountRow, DirtyRow, LinkRow

_dirty = DirtyRow.__table__
_link = LinkRow.__table__
_account = AccountRow.__table__


def mark_links(session: Session, link_ids: Collection[int], *, at: datetime) -> int:
    """Mark the accounts these links stand for. Returns how many that are."""
    found: set[AccountId] = set()
    for part in chunks(link_ids):
        query = sa.select(_link.c.account_id).where(
            _link.c.id.in_(part), _link.c.account_id.is_not(None)
        )
        found |= {row.account_id for row in fetch(session, query)}
    mark(session, found, at=at)
    return len(found)


def mark(session: Session, account_ids: Iterable[AccountId], *, at: datetime) -> None:
    """Mark accounts. One that waits already keeps its place."""
    # A new stamp each time, not the time: a clock may stand still between two marks.
    stamp = secrets.randbits(63)
    rows = [
        {"account_id": each, "marked_at": at, "stamp": stamp} for each in sorted(set(account_ids))
    ]
    upsert(session, _dirty, rows, key=("account_id",), keep=("marked_at",))


def mark_all(session: Session, *, at: datetime) -> None:
    """Mark every account that has not churned."""
    query = sa.select(_account.c.id).where(_account.c.churned_on.is_(None))
    mark(session, [row.id for row in fetch(session, query)], at=at)


def take(session: Session, *, limit: int) -> dict[AccountId, int]:
    """The accounts that wait longest, each with the stamp of its mark. They stay marked until cleared.

    What another transaction has taken is left to it.
    """
    query = (
        sa.select(_dirty)
        .order_by(_dirty.c.marked_at, _dirty.c.account_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return {AccountId(row.account_id): row.stamp for row in fetch(session, query)}


def clear(session: Session, taken: Mapping[AccountId, int]) -> None:
    """Clear what `take` gave; an account marked again since stays marked."""
    statement = sa.delete(_dirty).where(
        _dirty.c.account_id == sa.bindparam("account"), _dirty.c.stamp == sa.bindparam("mark")
    )
    if taken:
        run(session, statement, [{"account": each, "mark": stamp} for each, stamp in taken.items()])


def count(session: Session) -> int:
    """How many accounts wait."""
    return int(fetch(session, sa.select(sa.func.count()).select_from(_dirty))[0][0])
