"""Which account words begin with, and which one a text is about."""

import pytest
from service_world import company

from bot.services.errors import UserError
from bot.services.looking_up import named_first, named_in, suggestions


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


NAMES = ("acme", "acme labs", "bolt corp", "northern star", "northern lights", "red bull", "globex")


@pytest.fixture
def session(world):
    world.sync("stripe", *map(company, NAMES))
    with world.deps.db.read() as session:
        yield session


def split(session, text, **more):
    account, rest = named_first(session, text.split(), **more)
    return account.name, " ".join(rest)


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("acme", "Acme", ""),
        ("acme renewal talk went well", "Acme", "renewal talk went well"),
        ("ACME labs moves out", "Acme Labs", "moves out"),
        ("acme lab moves out", "Acme", "lab moves out"),  # a whole name comes before a beginning
        ("northern st called", "Northern Star", "called"),
        ("glob wants a call", "Globex", "wants a call"),
        ("bolt is fine", "Bolt Corp", "is fine"),
        ('"acme labs" moves out', "Acme Labs", "moves out"),
        ("“acme” labs are closed", "Acme", "labs are closed"),
        ('"acme"', "Acme", ""),
    ],
)
def test_the_longest_name_that_words_begin_with_is_meant(session, text, name, rest):
    assert split(session, text) == (name, rest)


def test_what_makes_no_sense_after_a_name_is_a_part_of_it(session):
    def is_colour(rest):
        return rest[:1] == ["red"]

    assert split(session, "red red champion leaves", then=is_colour) == (
        "Red Bull",
        "red champion leaves",
    )


@pytest.mark.parametrize("text", ["northern", "northern trip planned", '"northern" trip planned'])
def test_of_several_names_none_is_taken(session, text):
    with pytest.raises(UserError, match="could be: Northern Lights, Northern Star"):
        split(session, text)


@pytest.mark.parametrize("text", ["qqq went well", "🦄 hello", "<!channel> hello", '"" hello'])
def test_no_name_is_told_and_escaped(session, text):
    with pytest.raises(UserError, match="No account is called") as told:
        split(session, text)
    assert "<!channel>" not in str(told.value)


def test_a_quotation_that_does_not_end_is_told(session):
    with pytest.raises(UserError, match="Close the quotation mark"):
        split(session, '"acme labs moves out')


def test_an_account_can_be_named_by_its_id(session, world):
    assert split(session, f"account:{world.account('acme').id} labs") == ("Acme", "labs")
    with pytest.raises(UserError, match="No account is called"):
        split(session, "account:999999 labs")


def test_two_of_one_name_are_never_guessed_at(world):
    world.sync("stripe", company("twin", ref="cus_1"), company("other"))
    world.sync("stripe", company("twin2", ref="cus_2").__class__(ref="cus_2", name="Twin", account_key="twin2"))  # fmt: skip
    with world.deps.db.read() as session, pytest.raises(UserError, match="could be: Twin, Twin"):
        named_first(session, ["twin", "went", "well"])


def test_a_menu_offers_what_begins_so_else_what_is_alike(session):
    assert [each.name for each in suggestions(session, "nor")] == [
        "Northern Lights",
        "Northern Star",
    ]
    assert [each.name for each in suggestions(session, "globx")] == ["Globex"]
    assert suggestions(session, "🦄") == []
    assert len(suggestions(session, "a", limit=1)) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Talked to Globex today", "Globex"),
        ("Talked to ACME, Labs. today", "Acme Labs"),  # Acme is a part of that name
        ("Globex and Bolt Corp. agreed", None),
        ("nobody we know", None),
        ("Globexes are many", None),
        ("", None),
    ],
)
def test_a_text_is_about_the_one_account_it_names(session, text, name):
    found = named_in(session, text)
    assert (found.name if found else None) == name
