"""Lines: what an unfinished message waits for, as conditions on the rows of the outbox and of the channels."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from storage.channels import Lane
from storage.tables import OutboxRow, SlackChannelRow

_out = OutboxRow.__table__
_channel = SlackChannelRow.__table__


class Kind(StrEnum):
    """What is done with a message."""

    POST = "post"
    REPLY = "reply"  # in the thread of another
    UPDATE = "update"  # in place of another


class State(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    EXPIRED = "expired"  # out of date before it could go out
    SUPERSEDED = "superseded"


_UNFINISHED = (State.PENDING.value, State.SENDING.value)


def is_unfinished(table: sa.FromClause) -> sa.ColumnElement[bool]:
    # Spelled out, not bound: only then is the index of the unfinished ones used, and not every row read.
    return table.c.state.in_([sa.literal_column(f"'{state}'") for state in _UNFINISHED])


def is_time(table: sa.FromClause, at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.not_before.is_(None), table.c.not_before <= at)


def what_closes(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """What of the channels keeps a message back until it opens: its lane, its channel, or that nothing can be read.

    Changes of messages do not count among a channel's posts, but wait with them for it to be mended:
    each stands in a line of its own, and all would be tried.
    """
    is_update = table.c.kind == Kind.UPDATE
    lane = sa.case((is_update, Lane.UPDATE.value), else_=Lane.POST.value)
    line = sa.case((is_update, Lane.UPDATE.value), else_=table.c.target)
    named = _channel.c.id.in_([sa.literal(Lane.READ.value), lane, line])
    broken = sa.and_(_channel.c.id == table.c.target, _channel.c.problem.is_not(None))
    return sa.or_(named, broken)


def _ready_at() -> sa.ColumnElement[datetime]:
    """When a message may be tried, or tried again."""
    begins = sa.func.coalesce(_out.c.not_before, _out.c.created_at)
    return sa.case((_out.c.lease_until > begins, _out.c.lease_until), else_=begins)


def may_go_at() -> sa.ColumnElement[datetime]:
    """When a message may be tried and Slack lets us."""
    ready = _ready_at()
    opens = sa.select(sa.func.max(_channel.c.next_post_at)).where(what_closes(_out))
    opens_at = opens.correlate(_out).scalar_subquery()
    return sa.case((opens_at > ready, opens_at), else_=ready)


def first_tried() -> sa.Subquery:
    """The message of each line that was tried and keeps its place."""
    is_tried = sa.and_(is_unfinished(_out), _out.c.attempts > 0)
    query = sa.select(_out.c.line, sa.func.min(_out.c.id).label("id")).where(is_tried)
    return query.group_by(_out.c.line).subquery()
