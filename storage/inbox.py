"""What happened once and for all, so that a thing delivered twice has one effect."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import add_new, first, run
from storage.tables import SeenRow

_seen = SeenRow.__table__


def first_time(session: Session, key: str, *, at: datetime) -> bool:
    """Whether this is the first time `key` comes in. Ask in the transaction that holds the effect."""
    return add_new(session, _seen, [{"key": key, "at": at}]) == 1


def knows(session: Session, key: str) -> bool:
    """Whether `key` came in before."""
    return first(session, sa.select(_seen.c.key).where(_seen.c.key == key)) is not None


def prune(session: Session, *, before: datetime) -> int:
    """Forget what came in before. Returns how much that was."""
    return run(session, sa.delete(_seen).where(_seen.c.at < before))
