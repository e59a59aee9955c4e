"""Surveys: what people at an account answered, about us or about a ticket."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.records import SurveyKind, SurveyResponse
from storage import records
from storage.sql import chunks, fetch
from storage.tables import LinkRow, SurveyResponseRow, TicketRow
from storage.types import clean

_response = SurveyResponseRow.__table__
_ticket = TicketRow.__table__
_link = LinkRow.__table__

# The source and id of a ticket's own survey, what it says now, and the link the ticket hangs on.
_Rated = tuple[str | None, float, bool, int | None]

_RATES = sa.and_(_ticket.c.source == _response.c.source, _ticket.c.id == _response.c.ticket_id)
_WANTED = (
    _link.c.account_id.in_(sa.bindparam("accounts", expanding=True)),
    _response.c.answered_at >= sa.bindparam("since"),
    ~_response.c.deleted,
)
_OF_ACCOUNTS = (
    sa.select(_response, _link.c.account_id, _link.c.ref.label("account_ref"))
    .join(_link, _link.c.id == _response.c.link_id)
    .where(*_WANTED)
    .order_by(_response.c.source, _response.c.id)
)
_OF_TICKETS = (
    sa.select(_response, _link.c.account_id, sa.null().label("account_ref"))
    .join(_ticket, _RATES)
    .join(_link, _link.c.id == _ticket.c.link_id)
    .where(*_WANTED, _response.c.link_id.is_(None), ~_ticket.c.deleted)
)


def upsert(
    session: Session, source: str, responses: Sequence[SurveyResponse], *, at: datetime
) -> frozenset[int]:
    """Store responses. Returns the ids of the links that changed, those of rated tickets among them.

    An older reading never overwrites a newer one.
    """
    rating = {clean(each.id) for each in responses if each.ticket_id is not None}
    before = _rated(session, source, rating)
    rows = [asdict(each) for each in responses]
    changed = records.write(session, _response, source, rows, at=at, newest="updated_at")
    after = _rated(session, source, rating)
    differ = before.items() ^ after.items()
    return changed | {link_id for _, (*_, link_id) in differ if link_id is not None}


def of_accounts(
    session: Session, ids: Collection[AccountId], *, since: datetime
) -> dict[AccountId, list[SurveyResponse]]:
    """What was answered since, the latest first; what rates a ticket belongs to the ticket's account."""
    found: dict[AccountId, list[SurveyResponse]] = {}
    for part in chunks(ids):
        told = {"accounts": part, "since": since}
        for row in [*fetch(session, _OF_ACCOUNTS, told), *fetch(session, _OF_TICKETS, told)]:
            found.setdefault(row.account_id, []).append(_to_response(row))
    for each in found.values():
        each.sort(key=lambda one: (one.answered_at, one.id), reverse=True)
    return found


def _rated(session: Session, source: str, ids: Collection[str]) -> dict[str, _Rated]:
    """How responses that rate a ticket stand, by id."""
    found: dict[str, _Rated] = {}
    for part in chunks(ids):
        query = (
            sa.select(_response, _ticket.c.link_id.label("ticket_link_id"))
            .outerjoin(_ticket, _RATES)
            .where(_response.c.source == source, _response.c.id.in_(part))
        )
        found |= {
            row.id: (row.ticket_id, row.score, row.deleted, row.ticket_link_id)
            for row in fetch(session, query)
        }
    return found


def _to_response(row: sa.Row[Any]) -> SurveyResponse:
    return SurveyResponse(
        id=row.id,
        account_ref=row.account_ref,
        kind=SurveyKind(row.kind),
        score=row.score,
        answered_at=row.answered_at,
        updated_at=row.updated_at,
        person=row.person,
        ticket_id=row.ticket_id,
        has_comment=row.has_comment,
        comment=row.comment,
    )
