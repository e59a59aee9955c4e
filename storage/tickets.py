"""Support tickets."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.records import Rating, SurveyKind, Ticket, rating_of_csat
from storage import records
from storage.sql import chunks, fetch
from storage.tables import LinkRow, SurveyResponseRow, TicketRow

_ticket = TicketRow.__table__
_response = SurveyResponseRow.__table__
_link = LinkRow.__table__


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
    """Open tickets of whatever age, and those updated since, with what a survey said of them."""
    wanted = sa.or_(_ticket.c.is_open, _ticket.c.updated_at >= since)
    found: dict[AccountId, list[Ticket]] = defaultdict(list)
    for part in chunks(ids):
        query = (
            sa.select(
                _ticket, _link.c.account_id, _link.c.ref.label("account_ref"), _csat().label("csat")
            )
            .join(_link, _link.c.id == _ticket.c.link_id)
            .where(_link.c.account_id.in_(part), wanted, ~_ticket.c.deleted)
            .order_by(_ticket.c.source, _ticket.c.id)
        )
        for row in fetch(session, query):
            found[row.account_id].append(_to_ticket(row))
    return dict(found)


def _csat() -> sa.ScalarSelect[float]:
    """The score of the newest CSAT survey about a ticket, NULL when nobody answered one."""
    return (
        sa.select(_response.c.score)
        .where(
            _response.c.source == _ticket.c.source,
            _response.c.ticket_id == _ticket.c.id,
            _response.c.kind == SurveyKind.CSAT.value,
            ~_response.c.deleted,
        )
        .order_by(_response.c.answered_at.desc(), _response.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _to_ticket(row: sa.Row[Any]) -> Ticket:
    rating = Rating(row.rating) if row.rating else None
    return Ticket(
        id=row.id,
        account_ref=row.account_ref,
        is_open=row.is_open,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        rating=rating if row.csat is None else rating_of_csat(row.csat),
        sentiment=Rating(row.sentiment) if row.sentiment else None,
        escalation=row.escalation,
    )
