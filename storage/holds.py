"""Holds: suspected data faults, during which no alert opens or recovers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.guard import Hold, HoldId, HoldKind, Verdict
from storage.sql import add_new, fetch, first, run
from storage.tables import HoldRow

_hold = HoldRow.__table__


def open_(
    session: Session, kind: HoldKind, *, source: str, detail: Mapping[str, Any], at: datetime
) -> Hold | None:
    """Begin a hold; None when there is one of this kind and source."""
    row = {"kind": kind, "source": source, "opened_at": at, "detail": dict(detail)}
    if add_new(session, _hold, [row]) == 0:
        return None
    return next(each for each in current(session) if (each.kind, each.source) == (kind, source))


def close(
    session: Session, hold_id: HoldId, verdict: Verdict, *, by: str | None, at: datetime
) -> bool:
    """End a hold. False when it is over already."""
    is_open = sa.and_(_hold.c.id == hold_id, _hold.c.closed_at.is_(None))
    values = {"closed_at": at, "verdict": verdict, "closed_by": by}
    return run(session, sa.update(_hold).where(is_open).values(values)) == 1


def note_normal(session: Session, hold_id: HoldId, *, at: datetime) -> None:
    """Note in a hold's detail since when the data are as usual again."""
    hold = get(session, hold_id)
    if hold:
        detail = {**hold.detail, "normal_since": at.isoformat()}
        run(session, sa.update(_hold).where(_hold.c.id == hold_id).values(detail=detail))


def get(session: Session, hold_id: HoldId) -> Hold | None:
    row = first(session, sa.select(_hold).where(_hold.c.id == hold_id))
    return _to_hold(row) if row else None


def current(session: Session) -> list[Hold]:
    """The holds that are open, oldest first."""
    query = sa.select(_hold).where(_hold.c.closed_at.is_(None)).order_by(_hold.c.id)
    return [_to_hold(row) for row in fetch(session, query)]


def last(session: Session, kind: HoldKind, source: str) -> Hold | None:
    """The newest hold of a kind and source, open or over."""
    mine = sa.and_(_hold.c.kind == kind, _hold.c.source == source)
    row = first(session, sa.select(_hold).where(mine).order_by(_hold.c.id.desc()).limit(1))
    return _to_hold(row) if row else None


def _to_hold(row: sa.Row[Any]) -> Hold:
    return Hold(
        id=HoldId(row.id),
        kind=HoldKind(row.kind),
        source=row.source,
        opened_at=row.opened_at,
        detail=row.detail,
        closed_at=row.closed_at,
        verdict=Verdict(row.verdict) if row.verdict else None,
        closed_by=row.closed_by,
    )
