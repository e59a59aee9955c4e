"""Sources: how far each was read, how it is doing, and what of it could not be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import add_new, fetch, first, run, upsert
from storage.tables import RejectedRow, SourceRunRow, SourceStateRow

_state = SourceStateRow.__table__
_run = SourceRunRow.__table__
_rejected = RejectedRow.__table__

_RAW_LIMIT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source is doing. None means: `last_ok_at` it never answered completely, `failing_since` it answers."""

    name: str
    last_ok_at: datetime | None
    failing_since: datetime | None
    last_error: str | None
    error_kind: str | None
    told_at: datetime | None


class Totals(NamedTuple):
    """What was read of a source."""

    records: int
    requests: int


class Rejected(Protocol):
    """A record that could not be read: what it was, what is wrong with it, and it as it came."""

    @property
    def what(self) -> str: ...
    @property
    def problem(self) -> str: ...
    @property
    def raw(self) -> str: ...


def cursor(session: Session, source: str) -> dict[str, Any] | None:
    """Where the next pull begins; None: at the start."""
    row = first(session, sa.select(_state.c.cursor).where(_state.c.name == source))
    return row.cursor if row else None


def save_cursor(session: Session, source: str, cursor: Mapping[str, Any]) -> None:
    """Move the cursor. Belongs in the transaction that stores what it covers."""
    _set(session, source, cursor=dict(cursor))


def succeeded(session: Session, source: str, *, at: datetime) -> bool:
    """Note a complete pull. Returns whether that is news: people had been told that the source fails."""
    before = states(session).get(source)
    _set(
        session,
        source,
        last_ok_at=at,
        failing_since=None,
        last_error=None,
        error_kind=None,
        told_at=None,
    )
    return before is not None and before.told_at is not None


def failed(session: Session, source: str, *, kind: str, error: str, at: datetime) -> bool:
    """Note a pull that failed. Returns whether that is news: it answered before, or failed in another way."""
    before = states(session).get(source)
    is_news = before is None or before.failing_since is None or before.error_kind != kind
    since = before.failing_since if before and before.failing_since else at
    told_at = at if is_news or before is None else before.told_at
    _set(session, source, failing_since=since, last_error=error, error_kind=kind, told_at=told_at)
    return is_news


def states(session: Session) -> dict[str, SourceState]:
    """How each source is doing that was ever read."""
    return {
        row.name: SourceState(
            name=row.name,
            last_ok_at=row.last_ok_at,
            failing_since=row.failing_since,
            last_error=row.last_error,
            error_kind=row.error_kind,
            told_at=row.told_at,
        )
        for row in fetch(session, sa.select(_state))
    }


def record_run(
    session: Session,
    source: str,
    *,
    started_at: datetime,
    ended_at: datetime,
    records: int,
    requests: int,
    rejected: int,
    error: str | None,
) -> None:
    row = {
        "source": source,
        "started_at": started_at,
        "ended_at": ended_at,
        "records": records,
        "requests": requests,
        "rejected": rejected,
        "error": error,
    }
    add_new(session, _run, [row])


def add_to_run(session: Session, source: str, *, records: int, rejected: int) -> None:
    """Count what a source told by itself with its last run; before the first nothing is counted."""
    last = sa.select(sa.func.max(_run.c.id)).where(_run.c.source == source).scalar_subquery()
    counted = {
        "records": _run.c.records + records,
        "rejected": _run.c.rejected + rejected,
    }
    run(session, sa.update(_run).where(_run.c.id == last).values(counted))


def prune(session: Session, *, runs_before: datetime, rejected_before: datetime) -> int:
    """Forget runs that began, and what could not be read and was last seen, before these. Returns how many rows went."""
    runs = sa.delete(_run).where(_run.c.started_at < runs_before)
    return run(session, runs) + run(
        session, sa.delete(_rejected).where(_rejected.c.seen_at < rejected_before)
    )


def totals(session: Session) -> dict[str, Totals]:
    """What was read of each source in the runs that are kept."""
    records = sa.func.sum(_run.c.records).label("records")
    requests = sa.func.sum(_run.c.requests).label("requests")
    query = sa.select(_run.c.source, records, requests).group_by(_run.c.source)
    return {
        row.source: Totals(int(row.records), int(row.requests)) for row in fetch(session, query)
    }


def reject(session: Session, source: str, items: Iterable[Rejected], *, at: datetime) -> None:
    """Keep aside what could not be read, the latest reading of each."""
    rows = {
        each.what: {
            "source": source,
            "what": each.what,
            "problem": each.problem,
            "raw": each.raw[:_RAW_LIMIT],
            "seen_at": at,
        }
        for each in items
    }
    upsert(session, _rejected, list(rows.values()), key=("source", "what"))


def count_rejected(session: Session) -> dict[str, int]:
    """How many records of each source could not be read; a source with none is left out."""
    query = sa.select(_rejected.c.source, sa.func.count().label("n")).group_by(_rejected.c.source)
    return {row.source: row.n for row in fetch(session, query)}


def rejected(session: Session, source: str, *, limit: int) -> list[sa.Row[Any]]:
    """What of a source could not be read (`what`, `problem`, `raw`, `seen_at`), newest first."""
    query = sa.select(_rejected).where(_rejected.c.source == source)
    newest = query.order_by(_rejected.c.seen_at.desc(), _rejected.c.what).limit(limit)
    return [*fetch(session, newest)]


def _set(session: Session, source: str, **values: Any) -> None:
    upsert(session, _state, [{"name": source, **values}], key=("name",))
