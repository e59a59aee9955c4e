"""Notes: what people wrote down about accounts."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.notes import Note, NoteId
from storage.sql import add_new, fetch, first, run
from storage.tables import NoteRow

_note = NoteRow.__table__

_LATEST = (
    sa.select(_note)
    .where(_note.c.account_id == sa.bindparam("account"))
    .order_by(_note.c.at.desc(), _note.c.id.desc())
    .limit(sa.bindparam("most"))
)


def add(
    session: Session,
    *,
    key: str,
    account_id: AccountId,
    member: str,
    body: str,
    at: datetime,
    permalink: str | None = None,
) -> bool:
    """Keep a note. False when one of this key was kept before: then do nothing."""
    row = {
        "key": key,
        "account_id": account_id,
        "member": member,
        "body": body,
        "permalink": permalink,
        "at": at,
    }
    return add_new(session, _note, [row]) == 1


def get(session: Session, note_id: NoteId) -> Note | None:
    row = first(session, sa.select(_note).where(_note.c.id == note_id))
    return _to_note(row) if row else None


def latest(session: Session, account_id: AccountId, limit: int) -> list[Note]:
    """An account's last notes, newest first."""
    found = fetch(session, _LATEST, {"account": account_id, "most": limit})
    return [_to_note(row) for row in found]


def count(session: Session, account_id: AccountId) -> int:
    query = sa.select(sa.func.count().label("n")).where(_note.c.account_id == account_id)
    row = first(session, query)
    return row.n if row else 0


def delete(session: Session, note_id: NoteId) -> bool:
    """Forget a note. False when there is none."""
    return run(session, sa.delete(_note).where(_note.c.id == note_id)) == 1


def _to_note(row: sa.Row[Any]) -> Note:
    return Note(**{field.name: getattr(row, field.name) for field in fields(Note)})
