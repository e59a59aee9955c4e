"""Calendars: a file every calendar reads, whatever a customer is called, and links no browser finds too long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
from block_samples import NAMES
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.calendar import MOST_URL, Event, bounded_link, google_link, ics, outlook_link

EVENT = Event(
    uid="alert-17-0@bellwether.example.com",
    sequence=0,
    stamped_at=datetime(2026, 3, 20, 9, 30, tzinfo=UTC),
    start=datetime(2026, 3, 29, 10, 0, tzinfo=timezone(timedelta(hours=2))),
    minutes=45,
    title="Acme, Inc; Söhne: review call",
    notes="Critical, score 35\nNext: call\\write; today",
)
# Halves of characters cannot be written at all, and controls have no place in a calendar.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=300)
ANYTHING = st.text(max_size=200) | st.text("\ud800\x00\r\n,;\\🇨🇭é", max_size=200)


def unfolded(file):
    """The lines of a file as its reader puts them together again (RFC 5545, section 3.1)."""
    assert file.endswith("\r\n")
    return file.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def unescaped(value):
    said, chars = "", iter(value)
    for char in chars:
        said += {"n": "\n"}.get(told := next(chars), told) if char == "\\" else char
    return said


def value_of(file, name):
    return next(each.partition(":")[2] for each in unfolded(file) if each.startswith(f"{name}:"))


def test_the_file_of_a_call_is_what_the_standard_asks_for():
    assert unfolded(ics(EVENT)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Bellwether//Calls//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        "UID:alert-17-0@bellwether.example.com",
        "SEQUENCE:0",
        "DTSTAMP:20260320T093000Z",
        "DTSTART:20260329T080000Z",
        "DTEND:20260329T084500Z",
        r"SUMMARY:Acme\, Inc\; Söhne: review call",
        r"DESCRIPTION:Critical\, score 35\nNext: call\\write\; today",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


@given(notes=TEXT)
def test_what_was_written_is_read_back_and_no_line_is_too_long(notes):
    file = ics(replace(EVENT, notes=notes))
    assert unescaped(value_of(file, "DESCRIPTION")) == notes
    for line in file.split("\r\n"):
        assert len(line.encode()) <= 75
        assert "\n" not in line


@given(title=ANYTHING, notes=ANYTHING)
def test_nothing_a_customer_is_called_adds_a_line_of_its_own(title, notes):
    file = ics(replace(EVENT, title=title, notes=notes))
    names = [line.partition(":")[0] for line in unfolded(file)]
    assert names == [line.partition(":")[0] for line in unfolded(ics(EVENT))]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("link", [google_link, outlook_link])
def test_a_link_is_short_enough_and_holds_the_name_encoded(link, name):
    url = link(replace(EVENT, title=name, notes=f"{name}\n" * 50))
    assert len(url) <= MOST_URL
    assert url.isascii()
    assert not set(url) & set("<>\"'|` \n")


@given(text=ANYTHING, most=st.integers(1, 30))
def test_no_text_makes_a_link_too_long(text, most):
    url = bounded_link("https://x.example/", {"subject": text}, last=("body", text * most))
    assert len(url) <= MOST_URL


def test_a_text_that_just_fits_is_not_cut():
    base = len("https://x.example/?body=")
    whole, long = "a" * (MOST_URL - base), "a" * (MOST_URL - base + 1)
    assert bounded_link("https://x.example/", {}, last=("body", whole)).endswith(whole)
    cut = bounded_link("https://x.example/", {}, last=("body", long))
    assert parse_qs(urlsplit(cut).query)["body"][0].endswith("…")
    assert len(cut) > MOST_URL - 20


def test_google_is_told_when_and_what():
    asked = urlsplit(google_link(EVENT))
    assert asked.netloc == "calendar.google.com"
    assert parse_qs(asked.query) == {
        "action": ["TEMPLATE"],
        "dates": ["20260329T080000Z/20260329T084500Z"],
        "text": [EVENT.title],
        "details": [EVENT.notes],
    }


def test_outlook_is_told_when_and_what():
    asked = urlsplit(outlook_link(EVENT))
    assert asked.netloc == "outlook.office.com"
    said = parse_qs(asked.query)
    assert (said["startdt"], said["enddt"]) == (["2026-03-29T08:00:00Z"], ["2026-03-29T08:45:00Z"])
    assert (said["subject"], said["body"]) == ([EVENT.title], [EVENT.notes])
