"""Tables of the people in Slack, and of what they were allowed to do."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from storage.tables.base import Table, instant, json, text


class MemberRow(Table, table=True):
    __tablename__ = "member"

    id: str = text(primary_key=True)
    team_id: str = text()
    email: str | None = text(index=True)
    name: str = text()
    tz: str = text()
    is_admin: bool
    is_guest: bool
    is_stranger: bool
    is_bot: bool
    is_deactivated: bool
    seen_at: datetime = instant()


class AuditRow(Table, table=True):
    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = instant(index=True)
    member: str = text()
    what: str = text()
    allowed: bool
    detail: dict[str, Any] = json()
