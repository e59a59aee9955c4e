"""The shortcut Look up account: a menu, the card in its place, and a note from there."""

import pytest
from books import Entry, keep
from worlds import TEAM, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting
from storage import accounts, notes

ROW = actions.ACCOUNT_LOOK_UP


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        entries = [Entry("Acme Corp", 62.0, "U0CSM1"), Entry("Acorn 🌰 <Ltd>", 30.0)]
        keep(running.deps, entries)
        keep(running.deps, [Entry(f"Many {n:03}", 50.0) for n in range(60)])
        yield running


def account_of(deps, name):
    with deps.db.read() as session:
        return accounts.named(session, name)


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


@pytest.fixture
def opened(sandbox, deps):
    if left := sandbox.modal("U0CSM1"):  # another test's
        sandbox.do("close", user="U0CSM1", view_id=left["id"], all=True)
    assert sandbox.do("shortcut", user="U0CSM1", callback_id=actions.ACCOUNT_LOOK_UP)["ok"]
    form = wait_for(lambda: sandbox.modal("U0CSM1"))
    yield form
    if left := sandbox.modal("U0CSM1"):
        sandbox.do("close", user="U0CSM1", view_id=left["id"], all=True)


def offered(sandbox, form, letters):
    where = {"user": "U0CSM1", "view_id": form["id"], "action_id": actions.ACCOUNT_FIND}
    return sandbox.do("suggest", value=letters, **where)["options"]


def pick(sandbox, form, account):
    where = {"user": "U0CSM1", "view_id": form["id"], "action_id": actions.ACCOUNT_FIND}
    assert sandbox.do("click", value=str(account.id), **where)["ok"]
    return wait_for(lambda: named(sandbox.modal("U0CSM1"), account))


def named(form, account):
    is_shown = account.name.split()[0] in words_of({"text": "", "blocks": form["blocks"][1:]})
    return form if is_shown else None


def pressable(form):
    return [
        each.get("action_id")
        for block in form["blocks"]
        for each in [*block.get("elements", []), block.get("accessory") or {}]
        if each.get("action_id")
    ]


def test_the_menu_offers_accounts_from_the_first_letter(sandbox, opened):
    names = [each["text"]["text"] for each in offered(sandbox, opened, "ac")]
    assert names == ["Acme Corp", "Acorn 🌰 <Ltd>"]
    assert len(offered(sandbox, opened, "m")) == 20
    assert offered(sandbox, opened, "qqqqq") == []


def test_picking_shows_the_card_in_place_and_picking_again_another(sandbox, deps, opened):
    acme, acorn = account_of(deps, "acme"), account_of(deps, "acorn")
    offered(sandbox, opened, "a")
    shown = pick(sandbox, opened, acme)
    assert "62" in words_of({"text": "", "blocks": shown["blocks"]})
    assert pressable(shown) == [actions.ACCOUNT_FIND, actions.NOTE_ADD]
    again = pick(sandbox, shown, acorn)
    assert "Acme" not in words_of({"text": "", "blocks": again["blocks"]})
    assert "Critical" in words_of({"text": "", "blocks": again["blocks"]})


def test_a_note_from_there_comes_on_top_and_leads_back(sandbox, program, deps, opened):
    acme = account_of(deps, "acme")
    offered(sandbox, opened, "a")
    shown = pick(sandbox, opened, acme)
    press = {"user": "U0CSM1", "view_id": shown["id"], "action_id": actions.NOTE_ADD}
    assert sandbox.do("click", **press)["ok"]
    form = wait_for(
        lambda: (now := sandbox.modal("U0CSM1"))["callback_id"] == actions.NOTE_SUBMIT and now
    )
    values = {actions.NOTE_BODY: {actions.FIELD: "from the modal"}}
    assert sandbox.do("submit", user="U0CSM1", view_id=form["id"], values=values)["ok"]
    with deps.db.read() as session:
        (note,) = notes.latest(session, acme.id, 5)
    assert note.body == "from the modal"
    done = sandbox.modal("U0CSM1")
    sandbox.do("close", user="U0CSM1", view_id=done["id"])
    assert named(sandbox.modal("U0CSM1"), acme)


def test_an_account_that_is_gone_is_told_in_the_modal(sandbox, program, deps, opened):
    (gone,) = keep(deps, [Entry("Gone Ltd", 50.0)])
    offered(sandbox, opened, "gone")
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM account WHERE id = {gone.id}")
    where = {"user": "U0CSM1", "view_id": opened["id"], "action_id": actions.ACCOUNT_FIND}
    assert sandbox.do("click", value=str(gone.id), **where)["ok"]
    wait_for(lambda: "no longer kept" in words_of({"text": "", "blocks": sandbox.modal("U0CSM1")["blocks"]}))  # fmt: skip


def test_a_guest_gets_one_line_and_no_names(sandbox, program, deps, opened):
    assert sandbox.do("shortcut", user="U0GUEST", callback_id=actions.ACCOUNT_LOOK_UP)["ok"]
    told = wait_for(lambda: sandbox.modal("U0GUEST"))
    assert "I show accounts to full members" in words_of({"text": "", "blocks": told["blocks"]})
    assert pressable(told) == []
    element = {"type": "external_select", "action_id": actions.ACCOUNT_FIND, "min_query_length": 1, "placeholder": {"type": "plain_text", "text": "Name"}}  # fmt: skip
    posted = program.posting.chat_postMessage(channel=TEAM, text="x", blocks=[{"type": "actions", "elements": [element]}])  # fmt: skip
    where = {"user": "U0GUEST", "channel": TEAM, "ts": posted["ts"], "action_id": actions.ACCOUNT_FIND}  # fmt: skip
    assert sandbox.do("suggest", value="ac", **where)["options"] == []
