"""Tables of what people know of an account: their notes, how they feel about it, and whom to forget."""

from datetime import date, datetime

from sqlmodel import Field, UniqueConstraint

from storage.tables.base import Table, instant, of_account, text


class NoteRow(Table, table=True):
    """What somebody wrote down about an account. `permalink` is the Slack message it was made of, if it was."""

    __tablename__ = "note"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = of_account(index=True)
    member: str = text()
    body: str = text()
    permalink: str | None = text()
    key: str = text(unique=True)
    at: datetime = instant()


class SentimentRow(Table, table=True):
    """How somebody who knows the account feels about it: the newest that has neither ended nor been taken back holds."""

    __tablename__ = "sentiment"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = of_account(index=True)
    mood: str = text()
    reason: str = text()
    member: str = text()
    key: str = text(unique=True)
    at: datetime = instant()
    expires_on: date | None
    ended_at: datetime | None = instant()


class ErasedRow(Table, table=True):
    """An organisation of an erased account, by a hash of its ref: it makes no account again."""

    __tablename__ = "erased"
    __table_args__ = (UniqueConstraint("source", "ref_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str = text()
    ref_hash: str = text()
    member: str = text()
    at: datetime = instant()
