"""Looking up, listing and answering: from what somebody typed to the accounts they meant."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from service_world import DANA, ERIN, NOON, company, subscription, words_of

from bot.blocks.kit import as_text
from bot.commands import account, registry
from bot.services import listing
from bot.services.errors import UserError
from bot.services.looking_up import MAX_CANDIDATES, Choices, Found, look_up
from scoring.accounts import AccountId
from scoring.records import Organisation, SubscriptionState
from scoring.rubric import Status


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


NAMES = (
    "Acme, Inc.",
    "Acme Labs",
    "Zürich Überwachung AG",
    "株式会社アクメ",
    "Fish & Chips <Ltd>",
    "Nordic Wind Power",
    "Nordic Wind Farms",
    "O'Neill",
)


@pytest.fixture
def named(world):
    world.sync("stripe", *(Organisation(ref=f"cus_{n}", name=name) for n, name in enumerate(NAMES)))
    return world


def found(world, text):
    with world.deps.db.read() as session:
        return look_up(session, text)


def candidates(world, text):
    return [each.name for each in found(world, text).candidates]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acme", "Acme, Inc."),  # exactly, though another begins so too
        ("ACME  INC", "Acme, Inc."),
        ("acme l", "Acme Labs"),
        ("zurich uberwachung", "Zürich Überwachung AG"),
        ("zür", "Zürich Überwachung AG"),
        ("株式会社アクメ", "株式会社アクメ"),
        ("fish chips", "Fish & Chips <Ltd>"),
        ("oneill", "O'Neill"),
        ("o'neill 🚀", "O'Neill"),
    ],
)
def test_one_account_is_meant(named, text, name):
    meant = found(named, text)
    assert isinstance(meant, Found)
    assert meant.account.name == name


def test_several_that_begin_so_are_offered(named):
    assert candidates(named, "nordic") == ["Nordic Wind Farms", "Nordic Wind Power"]
    assert found(named, "nordic").sure


def test_what_has_the_text_in_it_is_offered(named):
    assert candidates(named, "wind power") == ["Nordic Wind Power"]
    assert found(named, "wind power").sure


def test_a_typing_error_is_offered_and_never_opened(named):
    near = found(named, "acm labs")
    assert isinstance(near, Choices)
    assert near.candidates[0].name == "Acme Labs"
    assert not near.sure


@pytest.mark.parametrize("text", ["", "   ", "🚀🚀", "!!!", "'", "%", "_", "\u202e", "qqqqqqqq"])
def test_nothing_comes_near_nothing(named, text):
    assert found(named, text) == Choices([], sure=False) or candidates(named, text) == []


def test_there_are_never_too_many_to_offer(world):
    world.sync("stripe", *(company(f"acme {number:02}") for number in range(30)))
    assert len(candidates(world, "acme")) == MAX_CANDIDATES
    assert len(candidates(world, "cme")) == MAX_CANDIDATES
    assert len(candidates(world, "axme 1")) <= MAX_CANDIDATES


def test_an_account_that_left_is_not_found_by_name(world):
    over = subscription("cus_acme", state=SubscriptionState.ENDED, mrr=None, ended_at=NOON)
    world.sync("stripe", company("acme"), over)
    world.rescore()
    assert found(world, "acme") == Choices([], sure=False)


def test_two_accounts_of_one_name_are_both_offered(world):
    told = (
        Organisation(ref="cus_1", name="Acme", account_key="a"),
        Organisation(ref="cus_2", name="ACME", account_key="b"),
    )
    world.sync("stripe", *told)
    assert candidates(world, "acme") == ["Acme", "ACME"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.text(st.characters(codec="utf-8"), max_size=60))
@example(text="help me")
@example(text="at risk")
@example(text="critical mine all")
@example(text="x" * 3000)
@example(text="<!channel> <@U0DANA> *b* `c`")
@example(text="\u0000")
def test_whatever_is_typed_is_answered(named, text):
    message = registry.answer(named.deps, DANA, text)
    assert message.text
    assert "<!channel>" not in message.text


# Lists.


@pytest.fixture
def book(world):
    """Dana's are acme and globex, Erin's is initech, and there are a dozen healthy ones of nobody's."""
    moods = {"acme": "escalated", "globex": "negative", "initech": "escalated"}
    healthy = [f"healthy{number:02}" for number in range(12)]
    world.put("stripe", *map(company, ("acme", "globex")), company("initech", csm=ERIN.email))
    world.put("stripe", *(company(each, csm=None) for each in healthy))
    world.put("stripe", *(subscription(f"cus_{key}") for key in (*moods, *healthy)))
    world.look(**moods, **dict.fromkeys(healthy, "positive"))
    return world


def page(world, member, status, **more):
    with world.deps.db.read() as session:
        return listing.page(
            session,
            member,
            status,
            **{"scope": "team", "offset": 0, **more},
            config=world.deps.config,
            at=world.clock.at,
        )


def test_a_list_has_the_accounts_of_one_status(book):
    listed = page(book, DANA, Status.CRITICAL)
    assert [row.account.name for row in listed.rows] == ["Acme", "Initech"]
    assert listed.total == 2
    assert [row.csm_mention for row in listed.rows] == [DANA.id, ERIN.id]


def test_mine_are_only_mine(book):
    listed = page(book, ERIN, Status.CRITICAL, scope="mine")
    assert ([row.account.name for row in listed.rows], listed.total) == (["Initech"], 1)


def test_a_long_list_has_pages_that_neither_overlap_nor_leave_out(book):
    pages = [page(book, DANA, Status.HEALTHY, offset=offset) for offset in (0, 10)]
    names = [row.account.name for each in pages for row in each.rows]
    assert [len(each.rows) for each in pages] == [10, 2]
    assert len(set(names)) == pages[0].total == 12


def test_a_page_past_the_end_is_empty_and_knows_the_total(book):
    beyond = page(book, DANA, Status.HEALTHY, offset=1000)
    assert (beyond.rows, beyond.total) == ([], 12)


def overview(world, member):
    return as_text(registry.answer(world.deps, member, ""))


def test_an_overview_is_of_ones_own_accounts(book):
    told = overview(book, ERIN)
    assert "Initech" in told
    assert "Acme" not in told


def test_who_owns_none_sees_the_whole_teams(book):
    nobody = DANA.__class__(id="U0NEW", team_id="T0", name="New", email="new@us.example")
    told = overview(book, nobody)
    assert "Initech" in told
    assert "Acme" in told
    without_email = DANA.__class__(id="U0NEW", team_id="T0", name="New")
    assert "Acme" in overview(book, without_email)


def test_an_overview_of_nothing_is_answered(world):
    assert overview(world, DANA)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("critical", "Initech"),
        ("Critical MINE", "Acme"),
        ("at risk", "Globex"),
        ("atrisk all", "Globex"),
        ("healthy", "Healthy00"),
        ("help", "/health acme"),
        ("acme", "Acme"),
    ],
)
def test_a_command_answers_what_it_says(book, typed, expected):
    assert expected in as_text(registry.answer(book.deps, DANA, typed))


@pytest.mark.parametrize("typed", ["critcal", "helth", "stabel", "healty"])
def test_a_word_near_a_command_is_told_so(book, typed):
    told = as_text(registry.answer(book.deps, DANA, typed))
    assert "/health " in told


def test_a_card_of_an_account_nobody_keeps_is_told_to_the_asker(world):
    with pytest.raises(UserError, match="no longer kept"):
        account.card(world.deps, AccountId(999), at=NOON)


def test_a_card_shows_what_is_open(book):
    book.look(globex="escalated")
    told = as_text(registry.answer(book.deps, DANA, "globex"))
    assert "Urgent outreach" in told
    assert words_of(book.outbox()[-1]).startswith("URGENT: Globex")
