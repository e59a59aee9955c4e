"""Speaking: putting messages into the outbox, in the transaction that decided to say them."""

from datetime import datetime

from sqlmodel import Session

from bot.blocks.kit import Message
from storage import outbox
from storage.outbox import Kind, OutMessage


def say(
    session: Session,
    message: Message,
    *,
    key: str,
    target: str,
    at: datetime,
    reply_to: str | None = None,
    thread_ts: str | None = None,
    broadcast: bool = False,
    urgent: bool = False,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """Queue a message to a channel or a member. False if this key was queued before: it is said once.

    `reply_to` is the key of the message in whose thread it goes; `broadcast` shows it in the channel too.
    `thread_ts` is the thread of a message that is not ours.
    It waits until `not_before`; past `expires_at` it is not worth saying.
    """
    return outbox.add(
        session,
        OutMessage(
            key=key,
            target=target,
            kind=Kind.REPLY if reply_to else Kind.POST,
            of=reply_to,
            payload=_payload(message, broadcast=broadcast, thread_ts=thread_ts),
            urgent=urgent,
            not_before=not_before,
            expires_at=expires_at,
        ),
        at=at,
    )


def amend(
    session: Session, message: Message, *, of: str, target: str, key: str, at: datetime
) -> bool:
    """Queue a change of the message that was queued under the key `of`."""
    return outbox.add(
        session,
        OutMessage(key=key, target=target, kind=Kind.UPDATE, payload=_payload(message), of=of),
        at=at,
    )


def _payload(
    message: Message, *, broadcast: bool = False, thread_ts: str | None = None
) -> dict[str, object]:
    return {
        "text": message.text,
        "blocks": message.blocks,
        **({"reply_broadcast": True} if broadcast else {}),
        **({"thread_ts": thread_ts} if thread_ts else {}),
    }
