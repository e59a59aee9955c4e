"""A call as the world's calendars take it: an iCalendar file (RFC 5545), and links to a new event at Google and Outlook."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from bot.blocks.text import clip

MOST_URL = 2_000
"""Characters of an address that every browser and Slack take."""
_MOST_OCTETS = 75  # of a line, its end not counted (RFC 5545, section 3.1)
_MOST_TITLE = 150
_MOST_NOTES = 4_000

_GOOGLE = "https://calendar.google.com/calendar/render"
_OUTLOOK = "https://outlook.office.com/calendar/0/deeplink/compose"
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `title` is one line, `notes` several, both plain text.

    `uid` is the same for every version of the event and `sequence` counts them from 0: a calendar that
    knows it moves it instead of making a second. `stamped_at` is when this version was made.
    """

    uid: str
    sequence: int
    stamped_at: datetime
    start: datetime
    minutes: int
    title: str
    notes: str

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


def ics(event: Event) -> str:
    """The file's text, with the line ends of RFC 5545 (CRLF). Times are UTC, so no calendar has to guess the zone."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Bellwether//Calls//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        f"UID:{_line(event.uid)}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTAMP:{_utc(event.stamped_at)}",
        f"DTSTART:{_utc(event.start)}",
        f"DTEND:{_utc(event.end)}",
        f"SUMMARY:{_text(_line(event.title))}",
        f"DESCRIPTION:{_text(clip(event.notes, _MOST_NOTES))}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def google_link(event: Event) -> str:
    """Google Calendar's page for a new event, filled in; notes that make it too long are cut."""
    when = {"action": "TEMPLATE", "dates": f"{_utc(event.start)}/{_utc(event.end)}"}
    return bounded_link(_GOOGLE, {**when, "text": event.title}, last=("details", event.notes))


def outlook_link(event: Event) -> str:
    """The same for Outlook on the web, with a work account."""
    when = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "startdt": event.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "enddt": event.end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return bounded_link(_OUTLOOK, {**when, "subject": event.title}, last=("body", event.notes))


def bounded_link(base: str, query: dict[str, str], *, last: tuple[str, str]) -> str:
    """An address of at most MOST_URL characters, everything in it percent-encoded; the text of `last` is cut to fit."""
    name, text = last
    said = {key: _line(value) for key, value in query.items()}
    kept = _clean(text)
    room = min(len(kept), MOST_URL)
    while True:
        shown = clip(kept, room) if room else ""
        url = f"{base}?{urlencode({**said, name: shown}, quote_via=quote)}"
        over = len(url) - MOST_URL
        if over <= 0 or not room:
            return url
        # A character takes at most 12 of an address: what is cut is never too much by far.
        room = max(0, min(room, len(shown)) - max(1, over // 12))


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _line(text: str) -> str:
    return clip(" ".join(_clean(text).split()), _MOST_TITLE)


def _text(value: str) -> str:
    """A TEXT value: what has a meaning in the format is escaped (RFC 5545, section 3.3.11)."""
    return _clean(value).translate(_ESCAPED)


def _clean(text: str) -> str:
    """Without controls and halves of characters, which no calendar takes; the ends of lines stay."""
    even = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char for char in even if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"}
    )


def _fold(line: str) -> str:
    """The line in pieces of at most 75 octets, each but the first begun with a space; no character is cut in two."""
    pieces: list[str] = []
    piece, octets = "", 0
    for char in line:
        size = len(char.encode())
        if octets + size > _MOST_OCTETS:
            pieces.append(piece)
            piece, octets = "", 1  # the space counts
        piece, octets = piece + char, octets + size
    return "\r\n ".join([*pieces, piece])
