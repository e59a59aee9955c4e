"""Diagnosing: how each source is, what of it waits for a match, and what could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.deps import Deps
from integrations.base import SourceError
from storage import links, sources
from storage.links import Waiting

MOST_WAITING = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One source. `told` is what its check said; `waiting` are the first of the organisations that match no account."""

    source: str
    is_well: bool
    told: str
    last_ok_at: datetime | None
    rejected: int
    unmatched: int
    waiting: Sequence[Waiting]


def diagnose(deps: Deps, name: str) -> Finding:
    """Prove one source's credentials with one cheap request, and say what is stored of it."""
    try:
        told, is_well = deps.sources[name].check(), True
    except SourceError as error:
        told, is_well = str(error), False
    with deps.db.read() as session:
        state = sources.states(session).get(name)
        return Finding(
            source=name,
            is_well=is_well,
            told=told,
            last_ok_at=state.last_ok_at if state else None,
            rejected=sources.count_rejected(session).get(name, 0),
            unmatched=links.count_unmatched(session).get(name, 0),
            waiting=links.unmatched(session, name, MOST_WAITING),
        )
