"""The queue of matches, through Slack's own wire and back: what is shown, what a press does, who may press."""

import pytest
from worlds import TEAM, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting
from scoring.records import Organisation
from storage import accounts, audit, links, matches

DENIED = "I show accounts to full members of this workspace only"


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def deps(program, sandbox):
    """Accounts Acme and Globex; seven organisations of Zendesk's wait."""
    deps = program.deps
    deps.clock.set(sandbox.now())
    admitting.refresh_members(deps)
    at = deps.clock.now()
    with deps.db.engine.begin() as connection:
        for table in ("link_domain", "link_refusal", "link", "account"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    with deps.db.write() as session:
        record = [
            Organisation(ref=f"cus_{name}", name=name.title(), account_key=name)
            for name in ("acme", "globex")
        ]
        accounts.create_or_update(session, record, source="stripe", at=at)
        told = [Organisation(ref="1", name="Acme GmbH"), Organisation(ref="2", name="Glbex")]
        told += [Organisation(ref=f"{n}", name=f"Nobody knows {n}") for n in range(3, 8)]
        links.see(session, "zendesk", told, at=at)
    return deps


def press(sandbox, shown, action_id, ref, *, user="U0CSM1"):
    """Press a button of the organisation with this id, and wait for the list that takes the old one's place."""
    blocks = shown["blocks"]
    at = next(n for n, each in enumerate(blocks) if f"id {ref}" in str(each.get("text")))
    sandbox.click(shown, action_id, user=user, block_id=blocks[at + 1]["block_id"])
    return wait_for(
        lambda: [each for each in sandbox.whispers(user) if each["text"] != shown["text"]]
    )[-1]


def waiting(deps):
    with deps.db.read() as session:
        return {each.ref for each in matches.waiting(session)}


def test_the_queue_shows_what_waits_with_its_evidence(sandbox, deps):
    shown = words_of(sandbox.ask("matches"))
    assert "Waiting for a match: 7" in shown
    assert "Acme GmbH" in shown
    assert "its name is alike (100%)" in shown
    assert "Nothing looks like it." in shown


def test_confirming_joins_and_shows_the_rest_in_place(sandbox, deps):
    shown = press(sandbox, sandbox.ask("matches"), "match.confirm.0", "1")
    assert "Linked to Acme, with everything it has told so far." in words_of(shown)
    assert "Waiting for a match: 6" in words_of(shown)
    assert len(sandbox.whispers("U0CSM1")) == 1
    with deps.db.read() as session:
        acme = accounts.by_key(session)["acme"]
        made = {each.ref: each.linked_by for each in links.of_account(session, acme)}
    assert made == {"cus_acme": None, "1": "U0CSM1"}


def test_not_the_same_takes_the_suggestion_away(sandbox, deps):
    shown = press(sandbox, sandbox.ask("matches"), actions.MATCH_REFUSE, "2")
    assert "Noted: it is another one." in words_of(shown)
    assert "It is Globex" not in words_of(shown)
    assert "2" in waiting(deps)


def test_ignoring_takes_it_off_the_queue(sandbox, deps):
    press(sandbox, sandbox.ask("matches"), actions.MATCH_IGNORE, "3")
    assert waiting(deps) == {"1", "2", "4", "5", "6", "7"}


def test_the_queue_is_turned_page_by_page(sandbox, deps):
    shown = sandbox.ask("matches")
    sandbox.click(shown, actions.MATCH_NEXT)
    turned = wait_for(
        lambda: [each for each in sandbox.whispers("U0CSM1") if "6–7 of 7" in words_of(each)]
    )
    assert "Nobody knows 7" in words_of(turned[0])


def test_two_who_press_at_once_are_both_answered(sandbox, deps):
    mine, theirs = sandbox.ask("matches"), sandbox.ask("matches", user="U0CSM2")
    press(sandbox, mine, "match.confirm.0", "1")
    told = press(sandbox, theirs, "match.confirm.0", "1", user="U0CSM2")
    assert "That one waits no longer" in told["text"]


def test_linking_and_unlinking_by_command(sandbox, deps):
    assert "Zendesk 5 is Acme now" in sandbox.ask("link acme zendesk:5")["text"]
    assert "said by <@U0CSM1>" in words_of(sandbox.ask("link acme"))
    assert "Zendesk 5 is Acme no longer" in sandbox.ask("unlink acme zendesk:5")["text"]
    assert "is no id of a source" in sandbox.ask("link acme nowhere:5")["text"]


def test_the_sources_say_how_they_are(sandbox, deps):
    shown = words_of(sandbox.ask("sources"))
    assert "Zendesk" in shown
    assert "has not answered yet" in shown
    assert "*7* wait for a match" in shown


@pytest.mark.parametrize(
    "text", ["matches", "link acme zendesk:5", "unlink acme zendesk:5", "sources"]
)
def test_guests_neither_see_nor_link(sandbox, deps, text):
    assert sandbox.ask(text, user="U0GUEST")["text"].startswith(DENIED)
    assert "5" in waiting(deps)


@pytest.mark.parametrize(
    ("action_id", "value"),
    [("match.confirm.0", "1:1:0"), (actions.MATCH_REFUSE, "1:1:0"), (actions.MATCH_IGNORE, "1::0"), (actions.MATCH_NEXT, "5")],
)  # fmt: skip
def test_a_press_by_a_guest_changes_nothing(sandbox, deps, program, action_id, value):
    text = {"type": "plain_text", "text": "Go"}
    button = {"type": "button", "text": text, "action_id": action_id, "value": value}
    program.posting.chat_postMessage(
        channel=TEAM, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    sandbox.click(sandbox.messages()[-1] | {"channel": TEAM}, action_id, user="U0GUEST")
    (shown,) = wait_for(lambda: sandbox.whispers("U0GUEST"))
    assert shown["text"].startswith(DENIED)
    assert len(waiting(deps)) == 7
    with deps.db.read() as session:
        assert audit.recent(session, limit=1)[0].what == action_id
