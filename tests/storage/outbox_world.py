"""What the outbox's tests share: messages, and a deliverer who claims and sends them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from storage import claims, outbox
from storage.claims import Claim, Place
from storage.outbox import OutMessage

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = claims.LEASE


def message(key: str, target: str = "C1", **more: Any) -> OutMessage:
    return OutMessage(key=key, target=target, payload={"text": key}, **more)


def queue(session: Session, *messages: OutMessage, at: datetime = NOW) -> None:
    for each in messages:
        assert outbox.add(session, each, at=at)


def claim(session: Session, at: datetime = NOW) -> Claim:
    taken = claims.take(session, at=at)
    assert taken is not None
    return taken


def send(session: Session, taken: Claim, ts: str = "1.0", at: datetime = NOW) -> None:
    assert claims.mark_sent(session, taken, Place(taken.message.target, ts), at=at)
