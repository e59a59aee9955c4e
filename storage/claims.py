"""Claims: a message is taken to be delivered, for a while, by one deliverer at a time.

    pending -> sending -> sent | dead | expired

`sending` with an expired lease is *unknown*: somebody may have posted it and died. Whoever claims it
then looks for it in the channel before posting again. Every word about a message on its way is
fenced by the claim's token: whoever lost the claim changes nothing, but may note where it posted.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from storage import channels
from storage.lines import is_time, is_unfinished, what_closes
from storage.outbox import Kind, OutMessage, State, give_up_what_hangs_on, to_message
from storage.sql import first, run
from storage.tables import OutboxRow, SlackChannelRow

_out = OutboxRow.__table__
_channel = SlackChannelRow.__table__

# The longest a post may take, and some.
LEASE = timedelta(seconds=45)
# Slack takes one message a second and channel.
PACE = timedelta(seconds=1)


class Place(NamedTuple):
    """Where a message stands in Slack."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message that is ours to deliver until `lease_until`.

    `due_at` is since when it could have gone out. `unknown`: an earlier attempt, the first at
    `first_try_at`, may have posted it. `noted` is where somebody who had lost the claim posted it;
    `of` where the message is that a reply answers or an update replaces.
    """

    id: int
    token: str
    message: OutMessage
    attempt: int
    due_at: datetime
    first_try_at: datetime
    lease_until: datetime
    unknown: bool
    noted: Place | None
    of: Place | None


def take(
    session: Session, *, at: datetime, lease: timedelta = LEASE, pace: timedelta = PACE
) -> Claim | None:
    """Take the next message that can go out, urgent ones first, else oldest first; None: nothing can.

    At most one message of a channel is on its way at a time, and the next waits its turn. What is
    out of date by now, and surely not out, is given up on the way.
    """
    # Only the id is looked for: sorting every waiting message with its payload is what takes long.
    while found := first(session, _next(at)):
        row = first(session, sa.select(_out).where(_out.c.id == found.id))
        if row is None:
            return None
        is_late = row.expires_at is not None and row.expires_at <= at
        if not is_late or row.state == State.SENDING:
            return _take(session, row, at=at, lease=lease, pace=pace)
        values = {"state": State.EXPIRED, "finished_at": at}
        run(session, sa.update(_out).where(_out.c.id == row.id).values(values))
        give_up_what_hangs_on(session, row.key, state=State.EXPIRED, at=at)
    return None


def mark_sent(session: Session, claim: Claim, place: Place, *, at: datetime) -> bool:
    """Note that a message is out, and where. False when the claim was lost: then nothing is noted.

    Where somebody else noted a place first, that one stands.
    """
    return _settle(
        session,
        claim,
        state=State.SENT,
        channel=sa.func.coalesce(_out.c.channel, place.channel),
        ts=sa.func.coalesce(_out.c.ts, place.ts),
        error=None,
        finished_at=at,
    )


def note_late(session: Session, claim: Claim, place: Place) -> None:
    """Note where a message was posted although the claim was lost, unless another place stands already."""
    mine = sa.and_(_out.c.id == claim.id, _out.c.ts.is_(None))
    run(session, sa.update(_out).where(mine).values(channel=place.channel, ts=place.ts))


def repeat_newest(session: Session, claim: Claim) -> None:
    """Have the newest change of a message made again: an older one was made after it by somebody who had lost the claim.

    From whoever makes the newest one just now the claim is taken: it is made once more when its lease is over.
    """
    newer = sa.and_(_out.c.of == claim.message.of, _out.c.kind == Kind.UPDATE, _out.c.id > claim.id)
    made = _out.c.state.in_([State.SENT, State.SENDING])
    newest = sa.select(sa.func.max(_out.c.id)).where(newer, made).scalar_subquery()
    in_hand = sa.and_(_out.c.id == newest, _out.c.state == State.SENDING)
    run(session, sa.update(_out).where(in_hand).values(token=None))
    again = {"state": State.PENDING, "lease_until": None, "finished_at": None}
    is_out = sa.and_(_out.c.id == newest, _out.c.state == State.SENT)
    run(session, sa.update(_out).where(is_out).values(**again, channel=None, ts=None))


def mark_unknown(session: Session, claim: Claim, *, until: datetime, error: str) -> bool:
    """Note that nobody knows whether a message is out; it is claimed again, to look, after `until`."""
    return _settle(session, claim, lease_until=until, error=error, token=None)


def postpone(session: Session, claim: Claim, *, until: datetime, error: str) -> bool:
    """Put back a message that is surely not out. What queues behind it waits with it."""
    return _settle(session, claim, state=State.PENDING, lease_until=until, error=error, token=None)


def mark_dead(session: Session, claim: Claim, *, error: str, at: datetime) -> bool:
    """Give a message up, and with it what hangs on it. What queues behind it goes on."""
    return _give_up(session, claim, State.DEAD, error=error, at=at)


def mark_expired(session: Session, claim: Claim, *, at: datetime) -> bool:
    """Leave a message unsaid that is out of date, and with it what hangs on it."""
    return _give_up(session, claim, State.EXPIRED, error=None, at=at)


def _give_up(
    session: Session, claim: Claim, state: State, *, error: str | None, at: datetime
) -> bool:
    if not _settle(session, claim, state=state, error=error, finished_at=at):
        return False
    give_up_what_hangs_on(session, claim.message.key, state=state, at=at)
    return True


def _take(
    session: Session, row: sa.Row[Any], *, at: datetime, lease: timedelta, pace: timedelta
) -> Claim:
    token, first_try_at = secrets.token_hex(8), row.first_try_at or at
    values = {
        "state": State.SENDING,
        "token": token,
        "lease_until": at + lease,
        "attempts": row.attempts + 1,
        "first_try_at": first_try_at,
    }
    run(session, sa.update(_out).where(_out.c.id == row.id).values(values))
    if row.kind != Kind.UPDATE:
        channels.park(session, row.target, until=at + pace)
    return Claim(
        id=row.id,
        token=token,
        message=to_message(row),
        attempt=row.attempts + 1,
        due_at=max(row.created_at, row.not_before or row.created_at),
        first_try_at=first_try_at,
        lease_until=at + lease,
        unknown=row.state == State.SENDING,
        noted=_place(row),
        of=_place_of(session, row.of) if row.of else None,
    )


def _place_of(session: Session, key: str) -> Place | None:
    row = first(session, sa.select(_out.c.channel, _out.c.ts).where(_out.c.key == key))
    return _place(row) if row else None


def _place(row: sa.Row[Any]) -> Place | None:
    return Place(row.channel, row.ts) if row.channel and row.ts else None


def _next(at: datetime) -> sa.Select[Any]:
    earlier, origin = _out.alias("earlier"), _out.alias("origin")
    ready = sa.and_(
        sa.or_(_out.c.lease_until.is_(None), _out.c.lease_until <= at),
        sa.or_(_out.c.state == State.SENDING, is_time(_out, at)),
    )
    # A message held back from the start is not in line yet; one that is tried again has kept its place.
    in_line = sa.or_(earlier.c.attempts > 0, is_time(earlier, at))
    blocked = sa.exists().where(
        earlier.c.line == _out.c.line,
        earlier.c.id < _out.c.id,
        is_unfinished(earlier),
        in_line,
    )
    closed = sa.exists().where(what_closes(_out), _channel.c.next_post_at > at)
    posted = sa.exists().where(origin.c.key == _out.c.of, origin.c.state == State.SENT)
    return (
        sa.select(_out.c.id)
        .where(
            is_unfinished(_out),
            ready,
            ~blocked,
            sa.or_(_out.c.of.is_(None), posted),
            ~closed,
        )
        .order_by(_out.c.urgent.desc(), _out.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=_out)
    )


def _settle(session: Session, claim: Claim, **values: Any) -> bool:
    ours = sa.and_(
        _out.c.id == claim.id, _out.c.token == claim.token, _out.c.state == State.SENDING
    )
    return run(session, sa.update(_out).where(ours).values(values)) == 1
