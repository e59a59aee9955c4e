"""Whose an account is: named by a member, told to the new one, and given back to the CRM."""

from dataclasses import replace
from itertools import count

import pytest
from service_world import DANA, ERIN, GUEST, NOON, World, company

from bot.blocks.kit import as_text
from bot.commands import registry
from bot.services.errors import UserError
from scoring.members import Member, MemberId
from storage import audit, members


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


HIDDEN = Member(id=MemberId("U0HIDDEN"), team_id="T0", name="Hidden")
ERIN_TOO = Member(id=MemberId("U0ERIN2"), team_id="T0", name="Erin", email="erin2@us.example")
_numbers = count(1)


@pytest.fixture
def book(db, tmp_path):
    world = World(db, tmp_path, people=(DANA, ERIN, GUEST, HIDDEN))
    world.begin(acme="neutral", bolt="neutral")
    world.look(acme="negative", bolt="neutral")
    world.look(acme="negative", bolt="neutral")
    world.said()
    return world


def ask(world, text, member=DANA, key=None):
    command, asked = registry.ask(world.deps, member, text, key=key or f"k{next(_numbers)}")
    return command.run(world.deps, asked)


def csm(world, key="acme"):
    return world.account(key).csm_email


def direct(world, member=ERIN):
    return [text for _, target, text in world.said() if target == member.id]


@pytest.mark.parametrize(
    "whom", ["<@U0ERIN>", "<@U0ERIN|erin>", "@erin", "@ERIN", "erin@us.example"]
)
def test_an_owner_can_be_named_in_every_way_people_do(book, whom):
    said = ask(book, f"owner acme {whom}")
    assert csm(book) == ERIN.email
    assert said.text.startswith(
        "Acme is <@U0ERIN>'s now. They hear of it by direct message. 55 of 100, At-risk"
    )
    assert "`/health owner Acme crm` gives it back" in str(said.blocks)


def test_me_is_whoever_asks_and_hears_nothing_more(book):
    said = ask(book, "owner acme me", member=ERIN)
    assert csm(book) == ERIN.email
    assert said.text.startswith("Acme is yours now. 55")
    assert direct(book) == []


def test_the_new_owner_hears_what_it_is_how_it_stands_and_what_to_do(book):
    ask(book, "owner acme @erin")
    (told,) = direct(book)
    assert "@U0DANA made you the CSM of Acme" in told
    assert "🟠 55, At-risk" in told
    assert "Open alerts" in told
    assert "⚠ At-risk since 16 Nov" in told
    assert "Next: " in told
    assert "MRR $100" in told


def test_what_customers_pay_is_not_told_where_only_some_may_know(book):
    access = replace(book.deps.config.access, money=frozenset({DANA.email}))
    book.reconfigure(access=access)
    ask(book, "owner acme @erin")
    (told,) = direct(book)
    assert "MRR" not in told


def test_an_account_without_alerts_comes_with_an_easy_step(book):
    ask(book, "owner bolt @erin")
    (told,) = direct(book)
    assert "Open alerts" not in told
    assert "say hello" in told


def test_once_is_enough_however_often_it_is_delivered(book):
    for _ in range(2):
        ask(book, "owner acme @erin", key="once")
    assert len(direct(book)) == 1
    said = ask(book, "owner acme @erin")
    assert "That was so already." in said.text
    assert direct(book) == []


def test_the_crm_does_not_undo_it_until_it_is_given_back(book):
    ask(book, "owner acme @erin")
    book.sync("stripe", company("acme"))
    assert csm(book) == ERIN.email
    said = ask(book, "owner acme crm")
    assert csm(book) == DANA.email
    assert said.text.startswith("Acme goes by the CRM again: CSM <@U0DANA>.")
    assert "goes by the CRM already" in ask(book, "owner acme CRM").text


def test_open_alerts_say_whose_account_it_is_now(book):
    ask(book, "owner acme @erin")
    updates = [text for kind, _, text in book.said() if kind == "update"]
    assert updates
    assert all("CSM @U0ERIN" in text for text in updates)


def test_the_next_alert_goes_to_the_new_owner(book):
    ask(book, "owner bolt @erin")
    book.said()
    book.look(acme="negative", bolt="escalated")
    assert any("Bolt" in text for text in direct(book))


def test_a_name_alone_tells_whose_it_is_and_who_says_so(book):
    assert "CSM @U0DANA; that is what the CRM says." in as_text(ask(book, "owner acme"))
    ask(book, "owner acme @erin")
    assert "CSM @U0ERIN; @U0DANA said so here." in as_text(ask(book, "owner acme"))


@pytest.mark.parametrize(
    ("whom", "told"),
    [
        ("<@U0GUEST>", "may not see accounts, so the account cannot be theirs"),
        ("@gus", "may not see accounts"),
        ("@hidden", "Slack hides <@U0HIDDEN>'s e-mail address"),
        ("@nobody", "I know nobody called “@nobody”"),
        ("no@us.example", "I know nobody called"),
        ("@<!channel>", "I know nobody called"),
    ],
)
def test_who_cannot_own_an_account_does_not(book, whom, told):
    with pytest.raises(UserError) as error:
        ask(book, f"owner acme {whom}")
    assert told in str(error.value)
    assert "<!channel>" not in str(error.value)
    assert csm(book) == DANA.email


def test_two_of_one_name_are_never_guessed_at(book):
    with book.deps.db.write() as session:
        members.upsert(session, [ERIN_TOO], at=NOON)
    with pytest.raises(UserError, match="could be <@U0ERIN>, <@U0ERIN2>"):
        ask(book, "owner acme @erin")


def test_who_changed_an_owner_is_written_down(book):
    ask(book, "owner acme @erin")
    ask(book, "owner acme crm", member=ERIN)
    with book.deps.db.read() as session:
        back, there = audit.recent(session, limit=2)
    assert (there.what, there.member) == ("owner.set", DANA.id)
    assert (there.detail["from"], there.detail["to"]) == (DANA.email, ERIN.email)
    assert (back.what, back.member, back.detail["to"]) == ("owner.release", ERIN.id, DANA.email)
