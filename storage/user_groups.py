"""User groups of Slack's: who was in one when it was last asked."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from scoring.members import MemberId
from storage.sql import fetch, upsert
from storage.tables import UserGroupRow

_group = UserGroupRow.__table__


def keep(session: Session, group_id: str, members: Collection[MemberId], *, at: datetime) -> None:
    row = {"id": group_id, "members": sorted(members), "seen_at": at}
    upsert(session, _group, [row], key=("id",))


def seen_since(session: Session, since: datetime) -> dict[str, frozenset[MemberId]]:
    """Who is in each group that was asked since then."""
    query = sa.select(_group).where(_group.c.seen_at >= since)
    return {row.id: frozenset(map(MemberId, row.members)) for row in fetch(session, query)}
