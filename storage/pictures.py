"""Pictures: which file in Slack shows what, so that nothing is drawn and uploaded twice."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import fetch, run, upsert
from storage.tables import PictureRow

_picture = PictureRow.__table__
_BY_DIGEST = sa.select(_picture.c.file_id, _picture.c.ready_at).where(
    _picture.c.digest == sa.bindparam("digest")
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An uploaded file. Until it `is_ready`, Slack refuses a message that shows it."""

    file_id: str
    is_ready: bool


def get(session: Session, digest: str) -> Picture | None:
    """The file that shows what has this digest; None: there is none that we know of."""
    rows = fetch(session, _BY_DIGEST, {"digest": digest})
    return Picture(rows[0].file_id, rows[0].ready_at is not None) if rows else None


def remember(session: Session, digest: str, file_id: str, *, at: datetime) -> None:
    """Note an upload; it takes the place of an earlier one, and is not ready yet."""
    row = {"digest": digest, "file_id": file_id, "ready_at": None, "created_at": at}
    upsert(session, _picture, [row], key=("digest",))


def mark_ready(session: Session, digest: str, file_id: str, *, at: datetime) -> None:
    """Slack can show it from now on. Nothing happens where another file has taken its place."""
    run(session, sa.update(_picture).where(_is(digest, file_id)).values(ready_at=at))


def forget(session: Session, digest: str, file_id: str) -> None:
    """The file is of no use: deleted in Slack, or never ready. One that has taken its place stays."""
    run(session, sa.delete(_picture).where(_is(digest, file_id)))


def prune(session: Session, *, before: datetime) -> int:
    """Forget what was uploaded before; messages go on showing it. Returns how many there were."""
    return run(session, sa.delete(_picture).where(_picture.c.created_at < before))


def _is(digest: str, file_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(_picture.c.digest == digest, _picture.c.file_id == file_id)
