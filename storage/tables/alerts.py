"""Tables of alerts, and of what people do about them."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, UniqueConstraint

from storage.tables.base import Table, instant, json, of_account, text


class AlertStateRow(Table, table=True):
    __tablename__ = "alert_state"

    account_id: int = of_account(primary_key=True)
    rule: str = text(primary_key=True)
    phase: str = text()
    seen: int
    episode: int
    as_of: datetime | None = instant()
    closed_at: datetime | None = instant()
    announced: bool


class AlertRow(Table, table=True):
    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("account_id", "rule", "episode"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = of_account()
    rule: str = text()
    episode: int
    opened_at: datetime = instant(index=True)
    value: float
    before: float | None
    announced: bool
    closed_at: datetime | None = instant()
    acknowledged_by: str | None = text()
    acknowledged_at: datetime | None = instant()
    assigned_to: str | None = text()
    assigned_by: str | None = text()
    snoozed_until: datetime | None = instant()
    snoozed_by: str | None = text()
    outreach_by: str | None = text()
    outreach_at: datetime | None = instant()
    outreach_note: str | None = text()


class AlertActionRow(Table, table=True):
    """The ledger of presses. The key names one press, so it has one effect however often it arrives."""

    __tablename__ = "alert_action"

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", ondelete="CASCADE", index=True)
    key: str = text(unique=True)
    kind: str = text()
    member: str = text()
    at: datetime = instant()
    detail: dict[str, Any] = json()


class TaskRow(Table, table=True):
    __tablename__ = "task"

    id: int | None = Field(default=None, primary_key=True)
    key: str = text(unique=True)
    account_id: int = of_account(index=True)
    alert_id: int | None = Field(foreign_key="alert.id", ondelete="SET NULL", index=True)
    title: str = text()
    due_on: date
    csm_email: str | None = text()
    done_at: datetime | None = instant()


class WatchRow(Table, table=True):
    """An account under watch. A watch that is over keeps its row: the history of who was in which review."""

    __tablename__ = "watch"

    account_id: int = of_account(primary_key=True)
    kind: str = text(primary_key=True)
    since_on: date = Field(primary_key=True)
    until_on: date | None
