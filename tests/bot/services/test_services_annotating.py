"""What people add to an account: notes, and how they feel about it, by command."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from service_world import DANA, ERIN, NOON, company

from bot.blocks import actions
from bot.blocks.kit import as_text
from bot.commands import registry
from bot.services import annotating
from bot.services.annotating import NewNote
from bot.services.errors import UserError
from scoring.sentiments import Mood
from storage import accounts, audit, notes, sentiments


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


_numbers = count(1)


@pytest.fixture
def book(world):
    world.begin(acme="neutral", bolt="positive")
    return world


def ask(world, text, member=DANA, key=None):
    command, asked = registry.ask(world.deps, member, text, key=key or f"k{next(_numbers)}")
    return command.run(world.deps, asked)


def refused(world, text, member=DANA):
    with pytest.raises(UserError) as error:
        ask(world, text, member)
    return str(error.value)


def kept(world, name="acme"):
    with world.deps.db.read() as session:
        return notes.latest(session, accounts.by_key(session)[name], 10)


def pressable(message, action_id):
    found = [each for block in message.blocks for each in block.get("elements", [])]
    found += [block["accessory"] for block in message.blocks if "accessory" in block]
    return [each["value"] for each in found if each.get("action_id") == action_id]


def test_a_note_is_kept_with_who_wrote_it_and_when(book):
    said = ask(book, "note acme renewal talk went well")
    (note,) = kept(book)
    assert (note.body, note.member, note.at) == (
        "renewal talk went well",
        DANA.id,
        book.clock.now(),
    )
    assert said.text.startswith("📝 Noted on Acme. Acme: 1 note; 70 of 100, Stable")
    assert "renewal talk went well" in as_text(said)


def test_a_command_that_is_delivered_twice_keeps_one_note(book):
    for _ in range(2):
        ask(book, "note acme renewal talk went well", key="once")
    assert len(kept(book)) == 1


def test_the_same_words_said_again_are_another_note(book):
    for _ in range(2):
        ask(book, "note acme called, nobody there")
    assert len(kept(book)) == 2


def test_a_name_alone_lists_what_was_written_newest_first_with_a_way_to_add(book):
    for n in range(7):
        ask(book, f"note acme note number {n}", member=(DANA, ERIN)[n % 2])
        book.clock.wait(60)
    said = ask(book, "note acme")
    shown = as_text(said)
    assert "Acme: 7 notes" in said.text
    assert shown.index("note number 6") < shown.index("note number 2")
    assert "note number 1" not in shown
    assert "… and 2 older." in shown
    assert "@U0DANA · 16 Nov" in shown
    assert pressable(said, actions.NOTE_ADD) == [str(book.account("acme").id)]


def test_an_account_nobody_wrote_about_says_what_a_note_is_for(book):
    said = ask(book, "note bolt")
    assert "Bolt: no notes" in said.text
    assert "Nobody has written anything down" in as_text(said)


def test_what_customers_write_calls_nobody(book):
    ask(book, "note acme <!channel> *they* <https://evil.example|click> said no")
    shown = str(ask(book, "note acme").blocks)
    assert "<!channel>" not in shown
    assert "<https://evil.example" not in shown


def test_a_note_that_is_too_long_says_by_how_much(book):
    account_id = book.account("acme").id
    fits = NewNote(account_id=account_id, body="x" * 2_000, key="fits")
    annotating.add_note(book.deps, fits, by=DANA, at=NOON)
    long = replace(fits, body="x" * 2_012, key="long")
    with pytest.raises(UserError, match="this one has 12 too many") as error:
        annotating.add_note(book.deps, long, by=DANA, at=NOON)
    assert error.value.field == actions.NOTE_BODY
    assert len(kept(book)) == 1


def test_a_note_on_nobody_knows_whom_is_given_back(book):
    book.sync("stripe", company("acme labs"), company("acme works"))
    told = refused(book, "note ac renewal <b>talk</b> went well")
    assert "“ac” could be: Acme, Acme Labs, Acme Works" in told
    assert "Nothing was kept of:\nac renewal &lt;b&gt;talk&lt;/b&gt; went well" in told
    assert kept(book) == []


def test_only_its_author_and_admins_delete_a_note_and_it_is_written_down(book):
    ask(book, "note acme dana was here", member=DANA)
    (note,) = kept(book)
    assert pressable(ask(book, "note acme", member=ERIN), actions.NOTE_DELETE) == []
    assert pressable(ask(book, "note acme", member=DANA), actions.NOTE_DELETE) == [str(note.id)]
    with pytest.raises(UserError, match="<@U0DANA> wrote that note"):
        annotating.delete_note(book.deps, note.id, by=ERIN)
    boss = replace(ERIN, is_admin=True)
    assert annotating.delete_note(book.deps, note.id, by=boss) == book.account("acme").id
    assert kept(book) == []
    with book.deps.db.read() as session:
        (entry,) = audit.recent(session, limit=1)
    assert (entry.member, entry.what, entry.detail["author"]) == (ERIN.id, "note.delete", DANA.id)
    assert "dana was here" not in str(entry)
    with pytest.raises(UserError, match="gone already"):
        annotating.delete_note(book.deps, note.id, by=boss)


def feeling(world, on=None):
    with world.deps.db.read() as session:
        account_id = accounts.by_key(session)["acme"]
        day = on or world.clock.now().date()
        return sentiments.current(session, [account_id], on=day).get(account_id)


def test_a_sentiment_stands_beside_the_score_which_stays_as_it_is(book):
    before = book.score("acme")
    said = ask(book, "sentiment acme red champion leaves")
    assert said.text == (
        "Kept for Acme. Acme: 70 of 100, Stable; you say red (“champion leaves”), until 14 Feb 2027. "
        "The score stays as it is."
    )
    assert "🔴 red (may be lost), you say since 16 Nov" in as_text(said)
    assert book.score("acme") == before
    assert "@U0DANA says" in as_text(ask(book, "sentiment acme", member=ERIN))


@pytest.mark.parametrize(
    ("text", "reason", "days"),
    [
        ("red champion leaves", "champion leaves", 90),
        ("red champion leaves until 30d", "champion leaves", 30),
        ("red until 2w champion leaves", "champion leaves", 14),
        ("RED: champion leaves until 2027-02-22", "champion leaves", 98),
        ("red stays until friday", "stays until friday", 90),
        ("red until then who knows", "until then who knows", 90),
        ("red nobody until 0d", "nobody", 0),
    ],
)
def test_how_long_it_holds_may_be_said_first_or_last(book, text, reason, days):
    ask(book, f"sentiment acme {text}")
    said = feeling(book)
    assert (said.mood, said.reason) == (Mood.RED, reason)
    assert said.expires_on == NOON.date() + timedelta(days=days)
    assert feeling(book, on=said.expires_on + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("red", "Say why too"),
        ("red until 30d", "Say why too"),
        ("purple because", "green, yellow or red"),
        ("red leaves until 2026-11-01", "from today up to 365 days"),
        ("red leaves until 366d", "from today up to 365 days"),
        ("red " + "x" * 501, "at most 500 characters"),
    ],
)
def test_a_sentiment_that_says_too_little_or_too_much_is_not_kept(book, text, told):
    assert told in refused(book, f"sentiment acme {text}")
    assert feeling(book) is None


def test_the_newest_sentiment_counts_and_the_others_are_told_below(book):
    ask(book, "sentiment acme green all is well", member=ERIN)
    book.clock.wait(60)
    shown = as_text(ask(book, "sentiment acme yellow the sponsor is away"))
    assert feeling(book).mood is Mood.YELLOW
    assert "16 Nov 🟢 green (going well), @U0ERIN: “all is well”" in shown


def test_a_sentiment_can_be_taken_back(book):
    assert "nothing to take back" in ask(book, "sentiment acme clear").text
    ask(book, "sentiment acme red champion leaves", key="said")
    said = ask(book, "sentiment acme clear")
    assert said.text.startswith("Taken back for Acme. Acme: 70 of 100, Stable; nobody says")
    assert feeling(book) is None
    assert "(taken back)" in as_text(said)
    ask(book, "sentiment acme red champion leaves", key="said")  # Slack delivers it again
    assert feeling(book) is None
