"""Exporting: every account on a line, as it stands, and nothing a spreadsheet would run."""

import csv
import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_world import DANA, ERIN, NOON, company, subscription

from bot.blocks.reader import Reader, reading
from bot.services import exporting
from bot.services.exporting import Wanted, harmless
from scoring.rubric import Status
from scoring.sentiments import Mood, Sentiment
from storage import audit, sentiments


@pytest.fixture
def book(world):
    world.put("stripe", company("globex", csm=ERIN.email), subscription("cus_globex"))
    world.begin(acme="positive")
    world.look(acme="positive", globex="positive", after=timedelta(days=1))
    world.look(acme="positive", globex="positive", after=timedelta(days=6))
    world.look(acme="escalated", after=timedelta(days=1))
    world.look(acme="escalated")
    with world.deps.db.write() as session:
        mood = Sentiment(
            account_id=world.account("acme").id,
            mood=Mood.RED,
            reason="=HYPERLINK(champion left)",
            member=DANA.id,
            at=NOON,
            expires_on=None,
        )
        sentiments.add(session, mood, key="s")
    return world


def exported(world, **wanted):
    file, rows = exporting.export(world.deps, Wanted(**wanted), member=DANA.id, at=world.clock.at)
    told = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert len(told) == rows
    return file, {each["Account"]: each for each in told}


def test_a_line_says_how_an_account_stands(book):
    _, told = exported(book)
    assert told.keys() == {"Acme", "Globex"}
    acme = told["Acme"]
    assert (acme["Account id"], acme["Status"], acme["Score"]) == ("acme", "Critical", "30.0")
    assert (acme["Change in 7 days"], acme["Change in 30 days"]) == ("-70.0", "")
    assert acme["Days in status (at most 90)"] == "1"
    assert (acme["Support"], acme["Support points"]) == ("escalated", "30.0")
    assert acme["Usage"] == acme["Usage points"] == ""
    assert acme["Open alerts"] == "Critical"
    assert (acme["CSM"], acme["Plan"]) == (DANA.email, "Growth")
    assert acme["Sentiment"] == "red"


def test_money_is_in_it_for_whoever_may_see_it(book):
    _, told = exported(book)
    assert (told["Acme"]["MRR"], told["Acme"]["Currency"]) == ("100.00", "USD")
    with reading(Reader(sees_money=False)):
        file, told = exported(book)
    assert "MRR" not in told["Acme"]
    assert b"USD" not in file.content


@pytest.mark.parametrize(
    ("wanted", "names", "name"),
    [
        ({}, {"Acme", "Globex"}, "accounts"),
        ({"csm_email": "Erin@US.example"}, {"Globex"}, "accounts-mine"),
        ({"status": Status.CRITICAL}, {"Acme"}, "critical"),
        ({"status": Status.CRITICAL, "csm_email": ERIN.email}, set(), "critical-mine"),
    ],
)
def test_it_has_the_accounts_that_are_asked_for(book, wanted, names, name):
    file, told = exported(book, **wanted)
    assert told.keys() == names
    assert file.name == f"bellwether-{name}-2026-11-24.csv"


def test_who_left_is_not_in_it(book):
    book.sync("stripe", company("globex", deleted=True))
    assert exported(book)[1].keys() == {"Acme"}


def test_it_is_noted_who_took_how_many_away(book):
    exported(book)
    with book.deps.db.read() as session:
        entry = audit.recent(session)[0]
    assert (entry.member, entry.what, entry.allowed) == (DANA.id, "export", True)
    assert entry.detail == {"rows": 2, "of": "accounts", "money": True}


def test_a_book_larger_than_a_piece_is_whole(world):
    count = 4_100
    world.sync("stripe", *(company(f"a{n}") for n in range(count)))
    _, told = exported(world)
    assert len(told) == count
    assert told["A7"]["Status"] == "Not enough data"


def test_excel_takes_it_for_what_it_is(book):
    file, _ = exported(book)
    assert file.content.startswith(b"\xef\xbb\xbfAccount,")
    assert b"\r\n" in file.content
    assert "'=HYPERLINK(champion left)" in file.content.decode("utf-8-sig")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "a;=1", "a,@x", "a|+1", 'a"=1',
        "＝1", "＋1", "－1", "＠x",
    ],
)  # fmt: skip
def test_no_cell_and_no_part_of_one_begins_a_formula(text):
    shown = harmless(text)
    assert "'" in shown
    assert not any(each in shown for each in "\t\r\n")


@given(st.text())
def test_whatever_somebody_is_called_begins_no_formula(text):
    shown = harmless(text)
    for part in (shown, *shown.replace(";", ",").replace("|", ",").replace('"', ",").split(",")):
        assert not part.strip().startswith(tuple("=+-@＝＋－＠"))
    assert harmless(shown) == shown


@pytest.mark.parametrize(
    "text", ["Acme", "R&D *Sons*", "Müller-Lüdenscheidt", "חברת אקמה", "a = b", "👩‍👧"]
)
def test_a_name_that_is_harmless_stays_what_it_is(text):
    assert harmless(text) == text


def test_a_number_stays_a_number():
    assert harmless(-12.5) == -12.5
