"""Tables of work: messages to deliver, jobs to run, sources to read."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, UniqueConstraint

from storage.tables.base import Table, instant, json, text


class OutboxRow(Table, table=True):
    """A message on its way. `line` is what it queues in: its channel, or for an update the message it changes."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index(
            "ix_outbox_unfinished",
            "line",
            "id",
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = text(unique=True)
    target: str = text()
    line: str = text()
    kind: str = text()
    of: str | None = text(index=True)
    payload: dict[str, Any] = json()
    urgent: bool
    state: str = text()
    not_before: datetime | None = instant()
    expires_at: datetime | None = instant()
    token: str | None = text()
    lease_until: datetime | None = instant()
    attempts: int
    first_try_at: datetime | None = instant()
    error: str | None = text()
    channel: str | None = text()
    ts: str | None = text()
    created_at: datetime = instant()
    finished_at: datetime | None = instant(index=True)


class SlackChannelRow(Table, table=True):
    __tablename__ = "slack_channel"

    id: str = text(primary_key=True)
    is_ext_shared: bool | None
    checked_at: datetime | None = instant()
    next_post_at: datetime | None = instant()
    problem: str | None = text()
    problem_since: datetime | None = instant()


class SeenRow(Table, table=True):
    """What came in from outside and was dealt with."""

    __tablename__ = "seen"

    key: str = text(primary_key=True)
    at: datetime = instant(index=True)


class ScheduleRow(Table, table=True):
    __tablename__ = "schedule"

    id: int | None = Field(default=None, primary_key=True)
    name: str = text(unique=True)
    job: str = text()
    args: dict[str, Any] = json()
    rule: dict[str, Any] = json()
    next_due_at: datetime = instant()
    enabled: bool


class OccurrenceRow(Table, table=True):
    __tablename__ = "occurrence"
    __table_args__ = (UniqueConstraint("schedule_id", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    schedule_id: int = Field(foreign_key="schedule.id", ondelete="CASCADE")
    due_at: datetime = instant()
    state: str = text(index=True)
    not_before: datetime = instant()
    token: str | None = text()
    lease_until: datetime | None = instant()
    attempts: int
    error: str | None = text()
    finished_at: datetime | None = instant()


class SourceStateRow(Table, table=True):
    __tablename__ = "source_state"

    name: str = text(primary_key=True)
    cursor: dict[str, Any] | None = json()
    last_ok_at: datetime | None = instant()
    failing_since: datetime | None = instant()
    last_error: str | None = text()
    error_kind: str | None = text()
    told_at: datetime | None = instant()


class SourceRunRow(Table, table=True):
    __tablename__ = "source_run"

    id: int | None = Field(default=None, primary_key=True)
    source: str = text(index=True)
    started_at: datetime = instant()
    ended_at: datetime = instant()
    records: int
    requests: int
    rejected: int
    error: str | None = text()


class RejectedRow(Table, table=True):
    """A vendor's record that could not be read, kept aside as it came."""

    __tablename__ = "rejected"

    source: str = text(primary_key=True)
    what: str = text(primary_key=True)
    problem: str = text()
    raw: str = text()
    seen_at: datetime = instant()


class PictureRow(Table, table=True):
    """A picture that was uploaded to Slack, by a digest of what it shows. `ready_at` None: Slack still works on it."""

    __tablename__ = "picture"

    digest: str = text(primary_key=True)
    file_id: str = text()
    ready_at: datetime | None = instant()
    created_at: datetime = instant(index=True)
