"""Members of the Slack workspace, as Slack last described them."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.members import Member, MemberId
from storage.sql import fetch, first
from storage.sql import upsert as _upsert
from storage.tables import MemberRow

_member = MemberRow.__table__
_BY_ID = sa.select(_member).where(_member.c.id == sa.bindparam("id"))


def upsert(session: Session, members: Sequence[Member], *, at: datetime) -> None:
    latest = {each.id: each for each in members}
    rows = [
        asdict(each) | {"email": each.email.lower() if each.email else None, "seen_at": at}
        for each in latest.values()
    ]
    _upsert(session, _member, rows, key=("id",))


def by_id(
    session: Session, member_id: MemberId, *, seen_since: datetime | None = None
) -> Member | None:
    """A member as Slack last described them; None: never, or not since `seen_since`."""
    rows = fetch(session, _BY_ID, {"id": member_id})
    if not rows or (seen_since is not None and rows[0].seen_at < seen_since):
        return None
    return _to_member(rows[0])


def by_email(session: Session, email: str) -> Member | None:
    """The member of this address; a person comes before a bot, an active one before a deactivated."""
    query = sa.select(_member).where(_member.c.email == email.lower())
    row = first(
        session, query.order_by(_member.c.is_deactivated, _member.c.is_bot, _member.c.id).limit(1)
    )
    return _to_member(row) if row else None


def everybody(session: Session) -> list[Member]:
    """All that are not deactivated, by id."""
    query = sa.select(_member).where(~_member.c.is_deactivated).order_by(_member.c.id)
    return [_to_member(row) for row in fetch(session, query)]


def _to_member(row: sa.Row[Any]) -> Member:
    return Member(**{field.name: getattr(row, field.name) for field in fields(Member)})
