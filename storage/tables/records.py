"""Tables of what sources tell. A record hangs on its link, so a link made later takes it along."""

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Field

from storage.tables.base import Table, instant, of_link, text
from storage.types import MinorUnits


class UsageDayRow(Table, table=True):
    """How often a feature was used on a day. The day comes first: days are replaced, and go, as a whole."""

    __tablename__ = "usage_day"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    link_id: int = of_link(primary_key=True)
    feature: str = text(primary_key=True)
    count: int = Field(sa_type=sa.BigInteger)


class ActiveUserRow(Table, table=True):
    __tablename__ = "active_user"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    link_id: int = of_link(primary_key=True)
    user_hash: int = Field(sa_type=sa.BigInteger, primary_key=True)


class TicketRow(Table, table=True):
    __tablename__ = "ticket"

    source: str = text(primary_key=True)
    id: str = text(primary_key=True)
    link_id: int | None = of_link(index=True)
    is_open: bool
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = Field(sa_type=sa.BigInteger)
    rating: str | None = text()
    sentiment: str | None = text()
    escalation: str | None = text()
    deleted: bool


class ContactRow(Table, table=True):
    __tablename__ = "contact"

    source: str = text(primary_key=True)
    id: str = text(primary_key=True)
    link_id: int | None = of_link(index=True)
    updated_at: datetime = instant()
    last_sent_at: datetime | None = instant()
    last_opened_at: datetime | None = instant()
    last_clicked_at: datetime | None = instant()
    last_replied_at: datetime | None = instant()
    deleted: bool


class SubscriptionRow(Table, table=True):
    __tablename__ = "subscription"

    source: str = text(primary_key=True)
    id: str = text(primary_key=True)
    link_id: int | None = of_link(index=True)
    state: str = text()
    plan: str | None = text()
    mrr_minor: Decimal | None = Field(sa_type=MinorUnits)
    mrr_currency: str | None = text()
    started_at: datetime = instant()
    renews_at: datetime | None = instant()
    cancel_requested_at: datetime | None = instant()
    ended_at: datetime | None = instant()


class InvoiceRow(Table, table=True):
    __tablename__ = "invoice"

    source: str = text(primary_key=True)
    id: str = text(primary_key=True)
    link_id: int | None = of_link(index=True)
    state: str = text()
    amount_minor: Decimal = Field(sa_type=MinorUnits)
    amount_currency: str = text()
    finalized_at: datetime = instant()
    due_at: datetime = instant()
    failed_attempts: int
    paid_at: datetime | None = instant()


class CardRow(Table, table=True):
    """The card of a vendor's organisation; `id` is the organisation's."""

    __tablename__ = "card"

    source: str = text(primary_key=True)
    id: str = text(primary_key=True)
    link_id: int | None = of_link(index=True)
    expires_on: date | None


class SurveyResponseRow(Table, table=True):
    """An answer to a survey. One that rates a ticket has no link of its own: it is the ticket's."""

    __tablename__ = "survey_response"
    __table_args__ = (sa.Index("ix_survey_response_source_ticket_id", "source", "ticket_id"),)

    source: str = text(primary_key=True)
    id: str = text(primary_key=True)
    link_id: int | None = of_link(index=True)
    kind: str = text()
    score: float
    answered_at: datetime = instant()
    updated_at: datetime = instant()
    person: str | None = text()
    ticket_id: str | None = text()
    has_comment: bool
    comment: str | None = text()
    deleted: bool
