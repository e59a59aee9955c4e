"""SendGrid's events: what it posts of each mail of the story, machines and doublets among them."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.story import Story
from sandbox.story.dice import chance, mix
from sandbox.story.letters import LATEST_DEED, Letter, letters

Event = dict[str, Any]

_TO_DELIVER, _TO_SCAN = timedelta(seconds=2), timedelta(seconds=4)
_TOLD_TWICE = 0.01
_HUMAN, _PROXY = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6)", "Mozilla/5.0"


def events(story: Story, since: datetime, until: datetime) -> list[Event]:
    """What happened in (since, until], mail by mail and in no order within one; some of it is told twice."""
    told = []
    for letter in letters(story, since - LATEST_DEED, until):
        for number, (kind, at, more) in enumerate(_deeds(letter)):
            if since < at <= until:
                event = _event(letter, number, kind, at) | more
                key = mix(letter.contact.id, letter.day, number, 47)
                place = (letter.day, letter.contact.id, key)
                told += [(place, event)] * (2 if chance(key, 48) < _TOLD_TWICE else 1)
    return [event for _, event in sorted(told, key=lambda each: each[0])]


def _deeds(letter: Letter) -> Iterator[tuple[str, datetime, Event]]:
    delivered_at = letter.sent_at + _TO_DELIVER
    yield "processed", letter.sent_at, {}
    yield "delivered", delivered_at, {"response": "250 OK"}
    if letter.opened_by_machine:
        yield "open", delivered_at + _TO_SCAN, {"sg_machine_open": True, "useragent": _PROXY}
    if letter.scanned:
        yield "click", delivered_at + _TO_SCAN, _clicked(_PROXY)
    if letter.opened_at:
        yield "open", letter.opened_at, {"sg_machine_open": False, "useragent": _HUMAN}
    if letter.clicked_at:
        yield "click", letter.clicked_at, _clicked(_HUMAN)


def _clicked(agent: str) -> Event:
    url = "https://northwind.example/news"
    return {"url": url, "url_offset": {"index": 0, "type": "html"}, "useragent": agent}


def _event(letter: Letter, number: int, kind: str, at: datetime) -> Event:
    contact = letter.contact
    mail = mix(contact.account.seed, contact.number, letter.day, 49)
    event: Event = {
        "email": contact.email,
        "timestamp": int(at.timestamp()),
        "event": kind,
        "category": ["news"],
        "sg_event_id": _id(mix(mail, number)),
        "sg_message_id": f"{_id(mail)}.recvd-5b8c-1.0",
        "smtp-id": f"<{_id(mail)}@geopod-ismtpd-1>",
    }
    # Whoever wrote the mail knew the account's key where the other tools know it, too.
    return event | ({"account_id": contact.account.key} if contact.account.tagged else {})


def _id(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes(8, "big")).decode().rstrip("=")
