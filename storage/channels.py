"""Slack channels: what is known of them, what is wrong with them, and when each may be posted to next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import fetch, first, run, upsert
from storage.tables import SlackChannelRow

_channel = SlackChannelRow.__table__


class Lane(StrEnum):
    """What Slack limits for the whole workspace: a method, or all those we read by. Parked like a channel."""

    POST = "chat.postMessage"
    UPDATE = "chat.update"
    READ = "reading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel, or a member's direct messages. `is_ext_shared` None: not looked at yet.

    `problem` is why nobody can post there since `problem_since`, as Slack says it; None: one can.
    """

    id: str
    is_ext_shared: bool | None
    checked_at: datetime | None
    next_post_at: datetime | None
    problem: str | None = None
    problem_since: datetime | None = None


def get(session: Session, channel_id: str) -> Channel | None:
    row = first(session, sa.select(_channel).where(_channel.c.id == channel_id))
    return _to_channel(row) if row else None


def with_problem(session: Session) -> list[Channel]:
    """Those nobody can post to, the longest first."""
    query = sa.select(_channel).where(_channel.c.problem.is_not(None))
    ordered = query.order_by(_channel.c.problem_since, _channel.c.id)
    return [_to_channel(row) for row in fetch(session, ordered)]


def describe(session: Session, channel_id: str, *, is_ext_shared: bool, at: datetime) -> None:
    """Note what Slack says of a channel."""
    upsert(
        session,
        _channel,
        [{"id": channel_id, "is_ext_shared": is_ext_shared, "checked_at": at}],
        key=("id",),
    )


def park(session: Session, channel_id: str, *, until: datetime) -> None:
    """Let nobody post to a channel, or in a lane, before `until`; a longer wait already there stays."""
    upsert(
        session,
        _channel,
        [{"id": channel_id, "next_post_at": until}],
        key=("id",),
        newest="next_post_at",
    )


def closed_until(session: Session, lane: Lane, *, at: datetime) -> datetime | None:
    """When a lane opens again; None: it is open."""
    known = get(session, lane)
    return known.next_post_at if known and known.next_post_at and known.next_post_at > at else None


def note_problem(session: Session, channel_id: str, problem: str, *, at: datetime) -> bool:
    """Note why nobody can post to a channel. True when that is news."""
    known = get(session, channel_id)
    if known and known.problem == problem:
        return False
    upsert(
        session,
        _channel,
        [{"id": channel_id, "problem": problem, "problem_since": at}],
        key=("id",),
    )
    return True


def clear_problem(session: Session, channel_id: str) -> None:
    """Note that somebody got through."""
    broken = sa.and_(_channel.c.id == channel_id, _channel.c.problem.is_not(None))
    values = {"problem": None, "problem_since": None}
    run(session, sa.update(_channel).where(broken).values(values))


def _to_channel(row: sa.Row[Any]) -> Channel:
    return Channel(
        id=row.id,
        is_ext_shared=row.is_ext_shared,
        checked_at=row.checked_at,
        next_post_at=row.next_post_at,
        problem=row.problem,
        problem_since=row.problem_since,
    )
