"""The audit trail: who asked for what, and whether it was allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import add_new, fetch, run
from storage.tables import AuditRow

_audit = AuditRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at: datetime
    member: str
    what: str
    allowed: bool
    detail: Mapping[str, Any]


def write(
    session: Session,
    *,
    member: str,
    what: str,
    allowed: bool,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    row = {
        "at": at,
        "member": member,
        "what": what,
        "allowed": allowed,
        "detail": dict(detail or {}),
    }
    add_new(session, _audit, [row])


def recent(session: Session, *, limit: int = 100) -> list[Entry]:
    """The newest entries, newest first."""
    query = sa.select(_audit).order_by(_audit.c.at.desc(), _audit.c.id.desc()).limit(limit)
    return [
        Entry(at=row.at, member=row.member, what=row.what, allowed=row.allowed, detail=row.detail)
        for row in fetch(session, query)
    ]


def prune(session: Session, *, before: datetime) -> int:
    """Forget entries older than this. Returns how many went."""
    return run(session, sa.delete(_audit).where(_audit.c.at < before))
