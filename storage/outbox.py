"""The outbox: messages that are written down before they are posted, and posted in order, once.

pending -> (claimed, see storage/claims.py) -> sent | dead | expired
pending -> superseded (an update with a newer one behind it, or one whose message still waits and takes it in)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from storage.channels import Lane
from storage.lines import Kind, State, first_tried, is_time, is_unfinished, may_go_at
from storage.sql import add_new, fetch, first, run
from storage.tables import OutboxRow, SlackChannelRow

__all__ = (
    "Dead",
    "Kind",
    "OutMessage",
    "State",
    "Waiting",
    "add",
    "count_posted",
    "dead",
    "give_up_what_hangs_on",
    "is_alive",
    "is_clogged",
    "oldest_waiting",
    "pending_count",
    "prune",
    "root_of",
    "stands_at",
    "to_message",
    "waits_until",
)

_out = OutboxRow.__table__
_channel = SlackChannelRow.__table__


_GIVEN_UP = frozenset({State.DEAD, State.EXPIRED})


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
class Dead:
    """A message that was given up."""

    key: str
    target: str
    error: str
    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that is not out. It may go out from `since` on; `error` is what kept it last, None: nothing yet."""

    key: str
    target: str
    error: str | None
    attempts: int
    since: datetime


def add(session: Session, message: OutMessage, *, at: datetime) -> bool:
    """Queue a message. False when its key was queued before.

    An update supersedes the ones of the same message that still wait; where the message itself
    still waits, it takes the update in. What hangs on a message that is given up, or not known, is
    dead at once.
    """
    origin = _origin(session, message) if message.of else None
    lost = message.of is not None and (origin is None or origin.state in _GIVEN_UP)
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
    if message.kind is Kind.UPDATE and origin:
        _supersede(session, message, origin, at=at)
    return True


def was_queued(session: Session, key: str) -> bool:
    """Whether a message of this key was ever queued."""
    return _state(session, key) is not None


def is_alive(session: Session, key: str) -> bool:
    """Whether a message of this key was queued and not given up."""
    return _state(session, key) not in {None, *_GIVEN_UP}


def is_clogged(
    session: Session, target: str, *, at: datetime, patience: timedelta = timedelta(minutes=5)
) -> bool:
    """Whether messages to a target are stuck for longer than `patience`: one is tried, or waits behind one that is,
    or waits while Slack takes nothing from anybody.
    """
    since, ahead = at - patience, _out.alias("ahead")
    lanes = _channel.c.id.in_([Lane.POST.value, Lane.READ.value])
    is_slowed = sa.exists().where(lanes, _channel.c.next_post_at > since)
    behind = sa.exists().where(
        ahead.c.line == _out.c.line,
        ahead.c.id < _out.c.id,
        is_unfinished(ahead),
        ahead.c.attempts > 0,
    )
    waits = sa.and_(_out.c.created_at < since, is_time(_out, since), sa.or_(behind, is_slowed))
    stuck = sa.and_(
        _out.c.target == target,
        is_unfinished(_out),
        sa.or_(_out.c.first_try_at < since, waits),
    )
    return first(session, sa.select(_out.c.id).where(stuck).limit(1)) is not None


def root_of(session: Session, key: str) -> str | None:
    """The message that began the thread this one is in: itself, where it is no reply. None when it is given up or not known."""
    row = first(session, sa.select(_out.c.kind, _out.c.of, _out.c.state).where(_out.c.key == key))
    if row is None or row.state in _GIVEN_UP:
        return None
    return row.of if row.kind == Kind.REPLY else key


def pending_count(session: Session) -> int:
    """How many messages are not out yet, held and unknown ones too."""
    return _count(session, is_unfinished(_out))


def waits_until(session: Session) -> datetime | None:
    """From when on the first message that is not out may be tried, if nothing comes between; None: all are out.

    What waits behind one that is tried, or hangs on one that is not out, waits for that one.
    """
    origin, tried = _out.alias("origin"), first_tried()
    waits = sa.exists().where(origin.c.key == _out.c.of, is_unfinished(origin))
    query = (
        sa.select(sa.func.min(may_go_at(), type_=_out.c.created_at.type).label("at"))
        .outerjoin(tried, tried.c.line == _out.c.line)
        .where(is_unfinished(_out), sa.func.coalesce(tried.c.id, _out.c.id) >= _out.c.id, ~waits)
    )
    row = first(session, query)
    return row.at if row else None


def oldest_waiting(session: Session) -> Waiting | None:
    """The message that could have gone out first and is not out; one that is held back comes last. None: all are out."""
    since = sa.func.coalesce(_out.c.not_before, _out.c.created_at, type_=_out.c.created_at.type)
    query = sa.select(_out, since.label("since")).where(is_unfinished(_out))
    row = first(session, query.order_by("since", _out.c.id).limit(1))
    if row is None:
        return None
    return Waiting(
        key=row.key, target=row.target, error=row.error, attempts=row.attempts, since=row.since
    )


def stands_at(session: Session, key: str) -> str | None:
    """The ts of a message in its channel; None when it is not out, or not known."""
    row = first(session, sa.select(_out.c.ts).where(_out.c.key == key))
    return row.ts if row else None


def count_posted(session: Session) -> int:
    """How many messages are out; changes of them do not count."""
    return _count(session, sa.and_(_out.c.state == State.SENT, _out.c.kind != Kind.UPDATE))


def dead(session: Session, *, since: datetime | None = None) -> list[Dead]:
    """Messages that were given up, newest first; those since an instant, None: all that are kept."""
    query = sa.select(_out).where(_out.c.state == State.DEAD)
    if since is not None:
        query = query.where(_out.c.finished_at >= since)
    ordered = query.order_by(_out.c.finished_at.desc(), _out.c.id.desc())
    return [
        Dead(
            key=row.key,
            target=row.target,
            error=row.error,
            attempts=row.attempts,
            at=row.finished_at,
        )
        for row in fetch(session, ordered)
    ]


def prune(session: Session, *, before: datetime) -> int:
    """Forget messages that were finished before, unless something waits that hangs on them. Returns how many went."""
    waiting = _out.alias("waiting")
    needed = sa.exists().where(waiting.c.of == _out.c.key, is_unfinished(waiting))
    return run(session, sa.delete(_out).where(_out.c.finished_at < before, ~needed))


def give_up_what_hangs_on(session: Session, key: str, *, state: State, at: datetime) -> None:
    """Give up the replies to a message that will not be out, the changes of it, and those of the replies."""
    keys = [key]
    while keys:
        hangs = sa.and_(_out.c.of.in_(keys), _out.c.state == State.PENDING)
        values = {"state": state, "error": _LOST, "finished_at": at}
        gone = sa.update(_out).where(hangs).values(values).returning(_out.c.key)
        keys = [row.key for row in fetch(session, gone)]


def to_message(row: sa.Row[Any]) -> OutMessage:
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


_LOST = "the message it belongs to was not delivered"


def _origin(session: Session, message: OutMessage) -> sa.Row[Any] | None:
    """The message a reply answers or an update replaces. Locked for an update, which may change it."""
    query = sa.select(_out.c.id, _out.c.state, _out.c.payload).where(_out.c.key == message.of)
    if message.kind is Kind.UPDATE:
        query = query.with_for_update()
    return first(session, query)


def _state(session: Session, key: str) -> State | None:
    row = first(session, sa.select(_out.c.state).where(_out.c.key == key))
    return State(row.state) if row else None


def _supersede(session: Session, message: OutMessage, origin: sa.Row[Any], *, at: datetime) -> None:
    """Only the newest change is made; while the message waits, not even that: it is posted as it should be."""
    mine, is_waiting = _out.c.key == message.key, origin.state == State.PENDING
    older = sa.and_(
        _out.c.of == message.of,
        _out.c.kind == Kind.UPDATE,
        _out.c.state == State.PENDING,
        sa.true() if is_waiting else ~mine,
    )
    run(session, sa.update(_out).where(older).values(state=State.SUPERSEDED, finished_at=at))
    if is_waiting:
        payload = {**origin.payload, **message.payload}
        run(session, sa.update(_out).where(_out.c.id == origin.id).values(payload=payload))


def _count(session: Session, condition: sa.ColumnElement[bool]) -> int:
    row = first(session, sa.select(sa.func.count().label("n")).select_from(_out).where(condition))
    return row.n if row else 0
