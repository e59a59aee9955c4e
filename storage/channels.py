"""Slack channels: what is known of them, and when each may be posted to next."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import first, upsert
from storage.tables import SlackChannelRow

_channel = SlackChannelRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel, or a member's direct messages. `is_ext_shared` None: not looked at yet."""

    id: str
    is_ext_shared: bool | None
    checked_at: datetime | None
    next_post_at: datetime | None


def get(session: Session, channel_id: str) -> Channel | None:
    row = first(session, sa.select(_channel).where(_channel.c.id == channel_id))
    if row is None:
        return None
    return Channel(
        id=row.id,
        is_ext_shared=row.is_ext_shared,
        checked_at=row.checked_at,
        next_post_at=row.next_post_at,
    )


def describe(session: Session, channel_id: str, *, is_ext_shared: bool, at: datetime) -> None:
    """Note what Slack says of a channel."""
    upsert(
        session,
        _channel,
        [{"id": channel_id, "is_ext_shared": is_ext_shared, "checked_at": at}],
        key=("id",),
    )


def park(session: Session, channel_id: str, *, until: datetime) -> None:
    """Let nobody post to a channel before `until`; a longer wait already there stays."""
    upsert(
        session,
        _channel,
        [{"id": channel_id, "next_post_at": until}],
        key=("id",),
        newest="next_post_at",
    )
