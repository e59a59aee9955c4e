"""Records as tickets, contacts and billing keep them: by the vendor's own id, on the link of their organisation."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from storage import links
from storage.sql import chunks, fetch, upsert_returning
from storage.tables import LinkRow
from storage.types import clean

R = TypeVar("R")
_link = LinkRow.__table__


def write(
    session: Session,
    table: sa.Table,
    source: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
    newest: str | None = None,
    latest: Sequence[str] = (),
) -> frozenset[int]:
    """Store records, given as rows with `id` and `account_ref`.

    Returns the ids of the links that gained, lost or changed one. With `newest`, an older reading
    of a record never overwrites a newer one; `latest` columns only move forward, whichever reading
    is newer. A record of nobody (`account_ref` None) is kept too.
    """
    last = _last(rows, newest, latest)
    refs = {row["account_ref"] for row in rows if row["account_ref"] is not None}
    link_ids = links.ids(session, source, refs, at=at)
    before = _link_ids(session, table, source, last)
    stored = [
        {"source": source, "id": key, "link_id": link_ids.get(row["account_ref"])}
        | {name: value for name, value in row.items() if name not in {"id", "account_ref"}}
        for key, row in last.items()
    ]
    written = upsert_returning(
        session,
        table,
        stored,
        "id",
        "link_id",
        key=("source", "id"),
        newest=newest,
        latest=latest,
    )
    touched = [link_id for row in written for link_id in (row.link_id, before.get(row.id))]
    return frozenset(link_id for link_id in touched if link_id is not None)


def listing(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The records of some accounts, by their vendor's id: what `of_accounts` asks for."""
    return (
        sa.select(table, _link.c.account_id, _link.c.ref.label("account_ref"))
        .join(_link, _link.c.id == table.c.link_id)
        .where(_link.c.account_id.in_(sa.bindparam("accounts", expanding=True)), *where)
        .order_by(table.c.source, table.c.id)
    )


def of_accounts(
    session: Session,
    listing: sa.Select[Any],
    account_ids: Collection[AccountId],
    build: Callable[[sa.Row[Any]], R],
) -> dict[AccountId, list[R]]:
    """What a listing has of each account; an account without any has no entry."""
    found: dict[AccountId, list[R]] = defaultdict(list)
    for part in chunks(account_ids):
        for row in fetch(session, listing, {"accounts": part}):
            found[row.account_id].append(build(row))
    return dict(found)


def _last(
    rows: Sequence[Mapping[str, Any]], newest: str | None, latest: Sequence[str]
) -> dict[str, Mapping[str, Any]]:
    """One row a record, as if they had been stored one after the other."""
    last: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        key = clean(row["id"])
        known = last.get(key, row)
        is_newer = newest is None or row[newest] >= known[newest]
        later = {name: _later(known[name], row[name]) for name in latest}
        last[key] = {**(row if is_newer else known), **later}
    return last


def _later(known: datetime | None, read: datetime | None) -> datetime | None:
    return read if known is None or (read is not None and read > known) else known


def _link_ids(
    session: Session, table: sa.Table, source: str, ids: Collection[str]
) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for part in chunks(ids):
        query = sa.select(table.c.id, table.c.link_id).where(
            table.c.source == source, table.c.id.in_(part)
        )
        found |= {row.id: row.link_id for row in fetch(session, query)}
    return found
