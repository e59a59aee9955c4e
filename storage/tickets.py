"""Support tickets."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.records import Rating, Ticket
from storage import records
from storage.tables import TicketRow

_ticket = TicketRow.__table__


def upsert(
    session: Session, source: str, tickets: Sequence[Ticket], *, at: datetime
) -> frozenset[int]:
    """Store tickets. Returns the ids of the links that changed; an older version never overwrites a newer."""
    return records.write(
        session, _ticket, source, [asdict(each) for each in tickets], at=at, newest="version"
    )


def of_accounts(
    session: Session, ids: Collection[AccountId], *, since: datetime
) -> dict[AccountId, list[Ticket]]:
    """Open tickets of whatever age, and those updated since."""
    wanted = sa.or_(_ticket.c.is_open, _ticket.c.updated_at >= since)
    return records.of_accounts(session, _ticket, ids, _to_ticket, wanted, ~_ticket.c.deleted)


def _to_ticket(row: sa.Row[Any]) -> Ticket:
    return Ticket(
        id=row.id,
        account_ref=row.account_ref,
        is_open=row.is_open,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        rating=Rating(row.rating) if row.rating else None,
        sentiment=Rating(row.sentiment) if row.sentiment else None,
        escalation=row.escalation,
    )
