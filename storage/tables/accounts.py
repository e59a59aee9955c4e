"""Tables of accounts, and of what stands for them at each vendor."""

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Field, UniqueConstraint

from storage.tables.base import Table, instant, json, of_account, of_link, text
from storage.types import MinorUnits, SortedText


class AccountRow(Table, table=True):
    __tablename__ = "account"

    id: int | None = Field(default=None, primary_key=True)
    key: str = text(unique=True)
    name: str = text()
    name_norm: str = Field(sa_type=SortedText, index=True)
    csm_email: str | None = text(index=True)
    csm_by: str | None = text()  # the member who said so; None: a source did
    plan: str | None = text()
    mrr_minor: Decimal | None = Field(sa_type=MinorUnits)
    mrr_currency: str | None = text()
    renews_on: date | None
    churned_on: date | None
    parent_id: int | None = Field(foreign_key="account.id", ondelete="SET NULL", index=True)
    parent_by: str | None = text()  # the member who said so; None: the CRM did
    created_at: datetime = instant()


class LinkRow(Table, table=True):
    """A vendor's organisation and, once that is known, the account it stands for."""

    __tablename__ = "link"
    __table_args__ = (UniqueConstraint("source", "ref"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str = text()
    ref: str = text()
    account_id: int | None = of_account(index=True)
    matched_by: str | None = text()
    matched_at: datetime | None = instant()
    linked_by: str | None = text()  # the member who said so; None: a rule did
    ignored_at: datetime | None = instant()
    ignored_by: str | None = text()
    name: str = text()
    account_key: str | None = text()
    domains: list[str] = json()
    csm_email: str | None = text()
    renews_on: date | None
    parent_ref: str | None = text()
    first_seen_at: datetime = instant()
    deleted_at: datetime | None = instant()


class LinkRefusalRow(Table, table=True):
    """An account that a member said an organisation is not."""

    __tablename__ = "link_refusal"

    link_id: int = of_link(primary_key=True)
    account_id: int = of_account(primary_key=True)
    member: str = text()
    at: datetime = instant()


class LinkDomainRow(Table, table=True):
    """A domain that can identify who an organisation is; free-mail domains are not kept here."""

    __tablename__ = "link_domain"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  # SQLAlchemy reads it as it is

    link_id: int = of_link(primary_key=True)
    domain: str = text(primary_key=True, index=True)
