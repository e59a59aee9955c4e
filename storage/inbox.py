"""What happened once and for all, so that a thing delivered twice has one effect."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import add_new, first, run
from storage.tables import SeenRow

_seen = SeenRow.__table__

SLACK = "slack:"
"""How the keys of what Slack delivers begin."""


def first_time(session: Session, key: str, *, at: datetime) -> bool:
    """Whether this is the first time `key` comes in. Ask in the transaction that holds the effect."""
    return add_new(session, _seen, [{"key": key, "at": at}]) == 1


def knows(session: Session, key: str) -> bool:
    """Whether `key` came in before."""
    return first(session, sa.select(_seen.c.key).where(_seen.c.key == key)) is not None


def mark(session: Session, keys: Collection[str], *, at: datetime) -> None:
    """Note that these came in, those that came in before among them."""
    add_new(session, _seen, [{"key": key, "at": at} for key in sorted(set(keys))])


def prune(session: Session, *, before: datetime, prefix: str = "") -> int:
    """Forget what came in before under keys that begin so. Returns how much that was."""
    old = sa.and_(_seen.c.at < before, _seen.c.key.startswith(prefix, autoescape=True))
    return run(session, sa.delete(_seen).where(old))
