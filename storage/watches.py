"""Watches: which accounts are in the weekly review, and which are monitored daily, since when."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.playbooks import Watch, WatchKind
from storage.sql import chunks, fetch, first, run, upsert
from storage.tables import WatchRow

_watch = WatchRow.__table__

_OPEN = (
    sa.select(_watch)
    .where(
        _watch.c.account_id.in_(sa.bindparam("accounts", expanding=True)),
        _watch.c.until_on.is_(None),
    )
    .order_by(_watch.c.since_on, _watch.c.kind)
)


def begin(session: Session, account_id: AccountId, kind: WatchKind, *, on: date) -> bool:
    """Put an account under watch. False when it is already. One that ended the same day goes on."""
    if first(
        session,
        sa.select(_watch.c.since_on).where(_current(kind), _watch.c.account_id == account_id),
    ):
        return False
    row = {"account_id": account_id, "kind": kind, "since_on": on, "until_on": None}
    upsert(session, _watch, [row], key=("account_id", "kind", "since_on"))
    return True


def end(session: Session, account_id: AccountId, kind: WatchKind, *, on: date) -> bool:
    """End a watch. False when there was none."""
    current = sa.and_(_current(kind), _watch.c.account_id == account_id)
    return run(session, sa.update(_watch).where(current).values(until_on=on)) == 1


def watched(session: Session, kind: WatchKind) -> dict[AccountId, date]:
    """The accounts under watch, with the day it began, longest first."""
    query = sa.select(_watch).where(_current(kind)).order_by(_watch.c.since_on, _watch.c.account_id)
    return {AccountId(row.account_id): row.since_on for row in fetch(session, query)}


def of_accounts(
    session: Session, account_ids: Collection[AccountId]
) -> dict[AccountId, list[Watch]]:
    """What each account is under now; an account under none has no entry."""
    found: dict[AccountId, list[Watch]] = defaultdict(list)
    for part in chunks(account_ids):
        for row in fetch(session, _OPEN, {"accounts": part}):
            watch = Watch(
                account_id=AccountId(row.account_id),
                kind=WatchKind(row.kind),
                since_on=row.since_on,
            )
            found[watch.account_id].append(watch)
    return dict(found)


def end_all(session: Session, account_ids: Collection[AccountId], *, on: date) -> None:
    """End every watch of accounts."""
    for part in chunks(account_ids):
        mine = sa.and_(_watch.c.account_id.in_(part), _watch.c.until_on.is_(None))
        run(session, sa.update(_watch).where(mine).values(until_on=on))


def _current(kind: WatchKind) -> sa.ColumnElement[bool]:
    return sa.and_(_watch.c.kind == kind, _watch.c.until_on.is_(None))
