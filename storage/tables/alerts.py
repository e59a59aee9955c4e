"""Tables of alerts, and of what people do about them."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, UniqueConstraint

from storage.tables.base import Table, instant, json, of_account, text


class AlertStandingRow(Table, table=True):
    """Where every rule stands for an account that was looked at: one row, rules that never moved left out.

    `covers` are the components the score then rested on; `waits` says that the next look may confirm
    something.
    """

    __tablename__ = "alert_standing"

    account_id: int = of_account(primary_key=True)
    rules: list[dict[str, Any]] = json()
    rubric_id: int | None
    covers: str = text()
    waits: bool = Field(index=True)


class LookDueRow(Table, table=True):
    """An account whose new score the alerts have not looked at yet. The stamp tells one score from the next.

    `verdict` is what an operator said of the data fault that kept it from being looked at before.
    """

    __tablename__ = "look_due"

    account_id: int = of_account(primary_key=True)
    marked_at: datetime = instant()
    stamp: int = Field(sa_type=sa.BigInteger)
    verdict: str | None = text()


class AlertRow(Table, table=True):
    """An episode. That there is one open at most of a rule and account is the database's word."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("account_id", "rule", "episode"),
        sa.Index(
            "uq_alert_open",
            "account_id",
            "rule",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = of_account()
    rule: str = text()
    episode: int
    opened_at: datetime = instant(index=True)
    value: float | None
    before: float | None
    announced: bool
    quiet: str | None = text()
    evidence: str = text()
    subject: str = text()
    closed_at: datetime | None = instant()
    acknowledged_by: str | None = text()
    acknowledged_at: datetime | None = instant()
    assigned_to: str | None = text()
    assigned_by: str | None = text()
    snoozed_until: datetime | None = instant()
    snoozed_from: float | None
    snoozed_by: str | None = text()
    outreach_by: str | None = text()
    outreach_at: datetime | None = instant()
    outreach_note: str | None = text()
    escalated_to: str | None = text()
    escalated_at: datetime | None = instant()
    outcome: str | None = text()
    outcome_by: str | None = text()
    outcome_at: datetime | None = instant()


class NoticeRow(Table, table=True):
    """Who is to be told of an alert: a channel or a member. `message_key` is the message that told it, None: it waits."""

    __tablename__ = "notice"

    alert_id: int = Field(foreign_key="alert.id", ondelete="CASCADE", primary_key=True)
    target: str = text(primary_key=True)
    not_before: datetime = instant()
    message_key: str | None = text(index=True)


class HoldRow(Table, table=True):
    """A suspected data fault: while it is open no alert opens or recovers. `source` None: what moved says no source."""

    __tablename__ = "hold"
    __table_args__ = (
        sa.Index(
            "uq_hold_open",
            "kind",
            "source",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = text()
    source: str = text()
    opened_at: datetime = instant()
    detail: dict[str, Any] = json()
    closed_at: datetime | None = instant()
    verdict: str | None = text()
    closed_by: str | None = text()


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
    assigned_to: str | None = text()
    note: str | None = text()
    created_by: str | None = text()
    done_at: datetime | None = instant()
    done_by: str | None = text()


class WatchRow(Table, table=True):
    """An account under watch. A watch that is over keeps its row: the history of who was in which review."""

    __tablename__ = "watch"

    account_id: int = of_account(primary_key=True)
    kind: str = text(primary_key=True)
    since_on: date = Field(primary_key=True)
    until_on: date | None
