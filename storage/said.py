"""What was said: the messages of the outbox by what they tell, and how they come to say something else."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from storage.lines import Kind, State
from storage.outbox import give_up_what_hangs_on
from storage.sql import chunks, fetch, run
from storage.tables import AlertRow, NoticeRow, OutboxRow

_alert = AlertRow.__table__
_notice = NoticeRow.__table__
_out = OutboxRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of the outbox, whatever became of it. `of` is the key of the one it answers or changes."""

    key: str
    target: str
    kind: Kind
    of: str | None
    state: State
    payload: Mapping[str, Any]

    @property
    def is_shown(self) -> bool:
        """Whether it stands in Slack, or is just on its way there."""
        return self.kind is not Kind.UPDATE and self.state in {State.SENT, State.SENDING}


def telling(
    session: Session,
    *,
    account_id: AccountId | None = None,
    but: AccountId | None = None,
    keys: Collection[str] | None = None,
) -> frozenset[str]:
    """The messages that tell alerts of an account, or of any `but` one; with `keys` those of them."""
    query = (
        sa.select(_notice.c.message_key)
        .join(_alert, _alert.c.id == _notice.c.alert_id)
        .where(_notice.c.message_key.is_not(None))
        .distinct()
    )
    if account_id is not None:
        query = query.where(_alert.c.account_id == account_id)
    if but is not None:
        query = query.where(_alert.c.account_id != but)
    if keys is None:
        return frozenset(row.message_key for row in fetch(session, query))
    found: set[str] = set()
    for part in chunks(keys):
        rows = fetch(session, query.where(_notice.c.message_key.in_(part)))
        found |= {row.message_key for row in rows}
    return frozenset(found)


def threads_of(session: Session, keys: Collection[str]) -> Iterator[Said]:
    """These messages, their changes, the replies to them, and the changes of those."""
    looked_at, asked = set[str](), set(keys)
    while asked:
        looked_at |= asked
        rows: list[sa.Row[Any]] = []
        for part in chunks(asked):
            own = sa.or_(_out.c.key.in_(part), _out.c.of.in_(part))
            rows += fetch(session, sa.select(_out).where(own).order_by(_out.c.id))
        yield from map(_to_said, rows)
        asked = {row.key for row in rows if row.kind != Kind.UPDATE} - looked_at


def saying(session: Session, words: Sequence[str]) -> Iterator[Said]:
    """Messages that have one of these words in them, perhaps as a part of another word."""
    payload = sa.type_coerce(_out.c.payload, sa.Text)
    wanted = [payload.contains(json.dumps(each)[1:-1], autoescape=True) for each in words]
    query = sa.select(_out).where(sa.or_(sa.false(), *wanted)).order_by(_out.c.id)
    # A short name is in very many of them, so they are not read all at once.
    streamed = session.connection().execute(query.execution_options(yield_per=500))
    yield from map(_to_said, streamed)


def rewrite(session: Session, key: str, payload: Mapping[str, Any]) -> None:
    """Have a message say something else. What of it stands in Slack is for an update to change."""
    run(session, sa.update(_out).where(_out.c.key == key).values(payload=dict(payload)))


def withdraw(session: Session, key: str, *, at: datetime) -> None:
    """Leave a message unsaid that is not out yet, and with it what hangs on it."""
    waits = sa.and_(_out.c.key == key, _out.c.state == State.PENDING)
    values = {"state": State.EXPIRED, "finished_at": at}
    run(session, sa.update(_out).where(waits).values(values))
    give_up_what_hangs_on(session, key, state=State.EXPIRED, at=at)


def _to_said(row: sa.Row[Any]) -> Said:
    return Said(
        key=row.key,
        target=row.target,
        kind=Kind(row.kind),
        of=row.of,
        state=State(row.state),
        payload=row.payload,
    )
