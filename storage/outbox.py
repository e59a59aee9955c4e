"""The outbox: messages that are written down before they are posted, and posted in order, once.

    pending -> sending -> sent | dead        pending -> superseded (an update with a newer one behind it)

`sending` with an expired lease is *unknown*: somebody may have posted it and died. Whoever claims it
then looks for it in the channel before posting again. Every word about a message on its way is
fenced by the claim's token: whoever lost the claim changes nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from storage import channels
from storage.sql import add_new, fetch, first, run
from storage.tables import OutboxRow, SlackChannelRow

_out = OutboxRow.__table__
_channel = SlackChannelRow.__table__

# The longest a post may take, and some.
LEASE = timedelta(seconds=45)
# Slack takes one message a second and channel.
PACE = timedelta(seconds=1)


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
    SUPERSEDED = "superseded"


_UNFINISHED = (State.PENDING.value, State.SENDING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutMessage:
    """A message to deliver.

    `key` names what it tells: a key is queued once, ever. `target` is a channel, a member (for a
    direct message) or any other receiver's name. `of` is the key of the message a reply answers or
    an update replaces. `not_before` holds it back without holding up others; past `expires_at` it
    is not worth posting.
    """

    key: str
    target: str
    payload: Mapping[str, Any]
    kind: Kind = Kind.POST
    of: str | None = None
    urgent: bool = False
    not_before: datetime | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.of is None) != (self.kind is Kind.POST):
            raise ValueError(f"a {self.kind} {'needs' if self.of is None else 'takes no'} `of`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message that is ours to deliver until the lease is over.

    `unknown`: an earlier attempt, the first at `first_try_at`, may have posted it. `of_channel` and
    `of_ts` say where the message is that a reply answers or an update replaces.
    """

    id: int
    token: str
    message: OutMessage
    attempt: int
    first_try_at: datetime
    unknown: bool
    of_channel: str | None
    of_ts: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A message that was given up."""

    key: str
    target: str
    error: str
    attempts: int
    at: datetime


def add(session: Session, message: OutMessage, *, at: datetime) -> bool:
    """Queue a message. False when its key was queued before.

    An update supersedes the ones of the same message that still wait. What hangs on a message that
    is dead, or not known, is dead at once.
    """
    lost = message.of is not None and _state(session, message.of) in {None, State.DEAD}
    row = {
        "key": message.key,
        "target": message.target,
        "line": message.of if message.kind is Kind.UPDATE else message.target,
        "kind": message.kind,
        "of": message.of,
        "payload": dict(message.payload),
        "urgent": message.urgent,
        "state": State.DEAD if lost else State.PENDING,
        "not_before": message.not_before,
        "expires_at": message.expires_at,
        "attempts": 0,
        "error": _LOST if lost else None,
        "created_at": at,
        "finished_at": at if lost else None,
    }
    if add_new(session, _out, [row]) == 0:
        return False
    if message.kind is Kind.UPDATE:
        _supersede(session, message, at=at)
    return True


def claim(
    session: Session, *, at: datetime, lease: timedelta = LEASE, pace: timedelta = PACE
) -> Claim | None:
    """Take the next message that can go out, urgent ones first, else oldest first; None: nothing can.

    At most one message of a channel is on its way at a time, and the next waits its turn.
    """
    # Only the id is looked for: sorting every waiting message with its payload is what takes long.
    found = first(session, _next(at))
    row = first(session, sa.select(_out).where(_out.c.id == found.id)) if found else None
    if row is None:
        return None
    token = secrets.token_hex(8)
    values = {
        "state": State.SENDING,
        "token": token,
        "lease_until": at + lease,
        "attempts": row.attempts + 1,
        "first_try_at": row.first_try_at or at,
    }
    run(session, sa.update(_out).where(_out.c.id == row.id).values(values))
    if row.kind != Kind.UPDATE:
        channels.park(session, row.target, until=at + pace)
    origin = (
        first(session, sa.select(_out.c.channel, _out.c.ts).where(_out.c.key == row.of))
        if row.of
        else None
    )
    return Claim(
        id=row.id,
        token=token,
        message=_to_message(row),
        attempt=row.attempts + 1,
        first_try_at=row.first_try_at or at,
        unknown=row.state == State.SENDING,
        of_channel=origin.channel if origin else None,
        of_ts=origin.ts if origin else None,
    )


def mark_sent(
    session: Session, claim: Claim, *, channel: str | None, ts: str | None, at: datetime
) -> bool:
    """Note that a message is out, and where. False when the claim was lost: then nothing is noted."""
    return _settle(
        session, claim, state=State.SENT, channel=channel, ts=ts, error=None, finished_at=at
    )


def mark_unknown(session: Session, claim: Claim, *, until: datetime, error: str) -> bool:
    """Note that nobody knows whether a message is out; it is claimed again, to look, after `until`."""
    return _settle(session, claim, lease_until=until, error=error, token=None)


def postpone(session: Session, claim: Claim, *, until: datetime, error: str) -> bool:
    """Put back a message that is surely not out. What queues behind it waits with it."""
    return _settle(session, claim, state=State.PENDING, not_before=until, error=error, token=None)


def mark_dead(session: Session, claim: Claim, *, error: str, at: datetime) -> bool:
    """Give a message up, and with it what hangs on it. What queues behind it goes on."""
    if not _settle(session, claim, state=State.DEAD, error=error, finished_at=at):
        return False
    hangs = sa.and_(_out.c.of == claim.message.key, _out.c.state == State.PENDING)
    run(session, sa.update(_out).where(hangs).values(state=State.DEAD, error=_LOST, finished_at=at))
    return True


def extend(session: Session, claim: Claim, *, until: datetime) -> bool:
    """Hold a claim for longer. False when it was lost."""
    return _settle(session, claim, lease_until=until)


def sent_ts(session: Session, key: str) -> tuple[str, str] | None:
    """Channel and timestamp of a message that is out; None when it is not, or not known."""
    query = sa.select(_out.c.channel, _out.c.ts).where(
        _out.c.key == key, _out.c.state == State.SENT
    )
    row = first(session, query)
    return (row.channel, row.ts) if row and row.channel and row.ts else None


def targets(session: Session, prefix: str) -> list[str]:
    """Where the messages went, or will go, whose key is the prefix and their target, and which are not dead."""
    query = sa.select(_out.c.target).where(
        _out.c.key == prefix + _out.c.target, _out.c.state != State.DEAD
    )
    return [row.target for row in fetch(session, query.order_by(_out.c.id))]


def is_alive(session: Session, key: str) -> bool:
    """Whether a message of this key was queued and not given up."""
    return _state(session, key) not in {None, State.DEAD}


def pending_count(session: Session) -> int:
    """How many messages are not out yet, held and unknown ones too."""
    return _count(session, _out.c.state.in_(_UNFINISHED))


def count_posted(session: Session) -> int:
    """How many messages are out; changes of them do not count."""
    return _count(session, sa.and_(_out.c.state == State.SENT, _out.c.kind != Kind.UPDATE))


def dead(session: Session) -> list[Dead]:
    """Messages that were given up, newest first."""
    query = (
        sa.select(_out)
        .where(_out.c.state == State.DEAD)
        .order_by(_out.c.finished_at.desc(), _out.c.id.desc())
    )
    return [
        Dead(
            key=row.key,
            target=row.target,
            error=row.error,
            attempts=row.attempts,
            at=row.finished_at,
        )
        for row in fetch(session, query)
    ]


def prune(session: Session, *, before: datetime) -> int:
    """Forget messages that were finished before. Returns how many went."""
    return run(session, sa.delete(_out).where(_out.c.finished_at < before))


_LOST = "the message it belongs to was not delivered"


def _next(at: datetime) -> sa.Select[Any]:
    earlier, origin = _out.alias("earlier"), _out.alias("origin")
    ready = sa.or_(
        sa.and_(_out.c.state == State.PENDING, _is_time(_out, at)),
        sa.and_(_out.c.state == State.SENDING, _out.c.lease_until <= at),
    )
    # A message held back from the start is not in line yet; one that is tried again has kept its place.
    in_line = sa.or_(
        earlier.c.state == State.SENDING, earlier.c.attempts > 0, _is_time(earlier, at)
    )
    blocked = sa.exists().where(
        earlier.c.line == _out.c.line,
        earlier.c.id < _out.c.id,
        _is_unfinished(earlier),
        in_line,
    )
    posted = sa.exists().where(origin.c.key == _out.c.of, origin.c.state == State.SENT)
    parked = sa.exists().where(_channel.c.id == _out.c.target, _channel.c.next_post_at > at)
    return (
        sa.select(_out.c.id)
        .where(
            _is_unfinished(_out),
            ready,
            ~blocked,
            sa.or_(_out.c.of.is_(None), posted),
            sa.or_(_out.c.kind == Kind.UPDATE, ~parked),
        )
        .order_by(_out.c.urgent.desc(), _out.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=_out)
    )


def _is_unfinished(table: sa.FromClause) -> sa.ColumnElement[bool]:
    # Spelled out, not bound: only then is the index of the unfinished ones used, and not every row read.
    return table.c.state.in_([sa.literal_column(f"'{state}'") for state in _UNFINISHED])


def _is_time(table: sa.FromClause, at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.not_before.is_(None), table.c.not_before <= at)


def _state(session: Session, key: str) -> State | None:
    row = first(session, sa.select(_out.c.state).where(_out.c.key == key))
    return State(row.state) if row else None


def _supersede(session: Session, message: OutMessage, *, at: datetime) -> None:
    older = sa.and_(
        _out.c.of == message.of,
        _out.c.kind == Kind.UPDATE,
        _out.c.state == State.PENDING,
        _out.c.key != message.key,
    )
    run(session, sa.update(_out).where(older).values(state=State.SUPERSEDED, finished_at=at))


def _settle(session: Session, claim: Claim, **values: Any) -> bool:
    ours = sa.and_(
        _out.c.id == claim.id, _out.c.token == claim.token, _out.c.state == State.SENDING
    )
    return run(session, sa.update(_out).where(ours).values(values)) == 1


def _count(session: Session, condition: sa.ColumnElement[bool]) -> int:
    row = first(session, sa.select(sa.func.count().label("n")).select_from(_out).where(condition))
    return row.n if row else 0


def _to_message(row: sa.Row[Any]) -> OutMessage:
    return OutMessage(
        key=row.key,
        target=row.target,
        payload=row.payload,
        kind=Kind(row.kind),
        of=row.of,
        urgent=row.urgent,
        not_before=row.not_before,
        expires_at=row.expires_at,
    )
