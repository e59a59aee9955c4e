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
    locale: str = text()
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


class UserGroupRow(Table, table=True):
    """Who was in a user group of Slack's when it was last asked."""

    __tablename__ = "user_group"

    id: str = text(primary_key=True)
    members: list[str] = json()
    seen_at: datetime = instant()


class HomeRow(Table, table=True):
    """The Home of a member who opened it: whose accounts it shows, and what was published last."""

    __tablename__ = "home"

    member: str = text(primary_key=True)
    scope: str = text()
    opened_at: datetime = instant(index=True)
    published_at: datetime | None = instant()
    digest: str = text()
