"""Erased organisations: known by a keyed hash alone, so that what is told of one later is not stored."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import add_new, fetch, run
from storage.tables import ErasedRow
from storage.types import clean

_erased = ErasedRow.__table__

ANY_SOURCE = "*"
"""Whoever tells of it: what an account goes by in tools that name it by its key or its domain."""

# Any number of our own: pages are stored together, and none while somebody erases.
_LOCK = 0x65726173


@dataclass(frozen=True, slots=True)
class Bar:
    """What of one source is not stored any more."""

    source: str
    hashes: frozenset[str]
    key: bytes

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def stops(self, ref: str) -> bool:
        """Whether an organisation was erased."""
        return not self.hashes.isdisjoint(_hashes(self.key, self.source, ref))

    def stops_ticket(self, ticket_id: str) -> bool:
        """Whether a ticket was an erased organisation's."""
        return ticket_hash(self.key, self.source, ticket_id) in self.hashes


def bar(session: Session, source: str, *, key: bytes) -> Bar:
    """What of a source is not stored. Ask in the transaction that stores: while it lasts, nobody erases."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_LOCK)))
    query = sa.select(_erased.c.ref_hash).where(_erased.c.source.in_([source, ANY_SOURCE]))
    return Bar(source, frozenset(row.ref_hash for row in fetch(session, query)), key)


def wait_for_pages(session: Session) -> None:
    """Wait until no page is being stored, and let none be until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def remember(
    session: Session, hashes: Collection[tuple[str, str]], *, member: str, at: datetime
) -> int:
    """Keep (source, hash) pairs. Returns how many were new."""
    rows = [
        {"source": source, "ref_hash": ref_hash, "member": member, "at": at}
        for source, ref_hash in sorted(set(hashes))
    ]
    return add_new(session, _erased, rows)


def forget(session: Session, source: str, ref: str, *, key: bytes) -> bool:
    """Let an organisation in again. False when it was not erased."""
    ours = _erased.c.source.in_([source, ANY_SOURCE])
    gone = sa.delete(_erased).where(ours, _erased.c.ref_hash.in_(_hashes(key, source, ref)))
    return run(session, gone) > 0


def ref_hash(key: bytes, source: str, ref: str) -> str:
    return _hash(key, source, "ref", ref)


def ticket_hash(key: bytes, source: str, ticket_id: str) -> str:
    return _hash(key, source, "ticket", ticket_id)


def _hashes(key: bytes, source: str, ref: str) -> tuple[str, str]:
    return ref_hash(key, source, ref), ref_hash(key, ANY_SOURCE, ref)


def _hash(key: bytes, *parts: str) -> str:
    told = "\0".join(map(clean, parts)).encode()
    return hmac.new(key, told, hashlib.sha256).hexdigest()
