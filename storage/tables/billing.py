"""Tables of billing over time: what an account's subscriptions were last seen to be, and what became of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Field, UniqueConstraint

from storage.tables.base import Table, instant, json, of_account, text
from storage.types import MinorUnits


class BillingStateRow(Table, table=True):
    """The last look at an account's subscriptions. `waits`: they changed in a reading that was not whole.

    `seen_at` and `subscriptions` are null where there was no whole look yet.
    """

    __tablename__ = "billing_state"
    account_id: int = of_account(primary_key=True)
    seen_at: datetime | None = instant()
    lapsed: bool
    subscriptions: list[dict[str, Any]] | None = json()
    waits: bool = Field(index=True)


class BillingEventRow(Table, table=True):
    """Something that happened to an account, once; `noted_at` is when we came to know."""

    __tablename__ = "billing_event"
    __table_args__ = (UniqueConstraint("account_id", "at", "kind", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = of_account()
    kind: str = text()
    at: datetime = instant(index=True)
    subject: str = text()
    before_minor: Decimal | None = Field(sa_type=MinorUnits)
    before_currency: str | None = text()
    after_minor: Decimal | None = Field(sa_type=MinorUnits)
    after_currency: str | None = text()
    noted_at: datetime = instant()
