"""/health rubric, export and erase through Slack's own wire: what is told, sent and let go, and to whom."""

import csv
import io
import urllib.request

import pytest
from books import Entry, keep, slide
from slack_bolt import BoltRequest
from worlds import TEAM, deliver_all, own_program, wait_for, words_of

from bot.blocks import actions
from bot.blocks.erase import GONE
from bot.services import admitting, telling
from storage import audit, erasing

OPS, CSM = "U0OPS", "U0CSM1"
ACCESS = {
    "export": [OPS_MAIL := "omar@northwind.example", "helen@northwind.example"],
    "money": [OPS_MAIL],
}


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module; nobody but two people may take files, and one of them see money."""
    with own_program(outside, tmp_path_factory.mktemp("home"), access=ACCESS) as running:
        keep(running.deps, [Entry("Acme Corp", 90.0, CSM), Entry("=Globex", 45.0, "U0CSM2")])
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


def newest(deps):
    with deps.db.read() as session:
        return audit.recent(session)[0]


def files(sandbox, channel):
    """What was sent into a conversation, newest last."""
    return [each for message in sandbox.messages(channel) for each in message.get("files", ())]


def room(sandbox, user):
    """Somebody's direct messages with the bot."""
    return sandbox.web().conversations_open(users=[user])["channel"]["id"]


def rows_of(file):
    with urllib.request.urlopen(file["url_private"], timeout=20) as answer:
        text = answer.read().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_anybody_is_told_how_a_score_is_made(sandbox, deps):
    shown = sandbox.ask("rubric")
    assert "100 is good" in shown["text"]
    told = words_of(shown)
    assert "Rubric " + deps.config.rubric.version in told
    assert actions.SHARE in told


def test_a_file_comes_by_direct_message_and_never_into_the_channel(sandbox, deps):
    shown = sandbox.ask("export", user=OPS, channel=TEAM)
    assert "2 accounts" in shown["text"]
    (file,) = files(sandbox, room(sandbox, OPS))
    assert file["name"].startswith("bellwether-accounts-")
    rows = rows_of(file)
    assert {each["Account"] for each in rows} == {"Acme Corp", "'=Globex"}
    assert {each["MRR"] for each in rows} == {"1200.00"}
    assert sandbox.messages(TEAM) == []
    assert newest(deps).detail["rows"] == 2


def test_a_file_has_no_money_for_who_may_not_see_it(sandbox, deps):
    shown = sandbox.ask("export at-risk", user="U0HEAD")
    (file,) = files(sandbox, room(sandbox, "U0HEAD"))
    (row,) = rows_of(file)
    assert "MRR" not in row
    assert "What they pay is left out" in words_of(shown)


def test_nobody_in_it_is_no_file(sandbox, deps):
    assert "No account is Critical" in sandbox.ask("export critical", user=OPS)["text"]
    assert files(sandbox, room(sandbox, OPS)) == []


def test_who_may_not_have_files_gets_one_line_and_no_file(sandbox, deps):
    shown = sandbox.ask("export", user=CSM)
    assert "Files of many accounts are for some people only" in shown["text"]
    assert files(sandbox, room(sandbox, CSM)) == []
    entry = newest(deps)
    assert (entry.member, entry.what, entry.allowed) == (CSM, "/health export", False)


def test_a_file_slack_does_not_take_is_said_in_words(sandbox, deps):
    sandbox.break_("error:file_uploads_disabled", method="files.completeUploadExternal")
    shown = sandbox.ask("export", user=OPS)
    assert "Slack did not take the file (file_uploads_disabled)" in shown["text"]


def test_erasing_is_for_admins(sandbox, deps):
    shown = sandbox.ask("erase acme corp", user=CSM)
    assert "for admins only" in shown["text"]
    assert newest(deps).what == "/health erase"


def test_an_admin_sees_what_would_go_and_a_press_erases_it(program, sandbox, deps):
    alert = slide(deps, name="Zephyr Works")
    telling.tell(deps)
    deliver_all(deps, program.posting)
    before = len(sandbox.messages())
    assert "Zephyr Works" in words_of(sandbox.messages()[-1])
    shown = sandbox.ask("erase zephyr", user=OPS)
    assert "Erase Zephyr Works?" in shown["text"]
    (button,) = [
        each
        for block in shown["blocks"]
        for each in block.get("elements", ())
        if each.get("action_id") == actions.ERASE
    ]
    assert button["style"] == "danger"
    assert button["confirm"]["title"]["text"] == "Erase for good?"
    assert button["value"] == str(alert.account_id)

    sandbox.click(shown, actions.ERASE, user=OPS)
    done = wait_for(
        lambda: [each for each in sandbox.whispers(OPS) if "is erased" in each["text"]]
    )[0]
    assert done["ts"] == shown["ts"]
    with deps.db.read() as session:
        assert erasing.find(session, alert.account_id) is None
    assert (newest(deps).member, newest(deps).what) == (OPS, "erase")
    deliver_all(deps, program.posting)
    told = sandbox.messages()
    assert len(told) == before
    assert "Zephyr" not in "".join(map(words_of, told))
    assert GONE in words_of(told[-1])


def test_a_press_by_somebody_else_erases_nothing(program, sandbox, deps):
    (account,) = keep(deps, [Entry("Initech", 50.0)])
    action = {
        "action_id": actions.ERASE,
        "value": str(account.id),
        "action_ts": "1",
        "block_id": "b",
    }
    body = {
        "type": "block_actions",
        "user": {"id": CSM, "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX"},
        "trigger_id": "by.somebody.else",
        "actions": [{**action, "type": "button"}],
    }
    program.app.dispatch(BoltRequest(mode="socket_mode", body=body))
    wait_for(lambda: newest(deps).what == actions.ERASE)
    assert (newest(deps).member, newest(deps).allowed) == (CSM, False)
    with deps.db.read() as session:
        assert erasing.find(session, account.id)


def test_a_second_press_says_that_there_is_nothing_left(sandbox, deps):
    keep(deps, [Entry("Umbrella", 50.0)])
    shown, again = (sandbox.ask("erase umbrella", user=OPS) for _ in range(2))
    sandbox.click(shown, actions.ERASE, user=OPS)
    wait_for(lambda: [each for each in sandbox.whispers(OPS) if "is erased" in each["text"]])
    sandbox.click(again, actions.ERASE, user=OPS)
    wait_for(
        lambda: [each for each in sandbox.whispers(OPS) if "nothing left to erase" in each["text"]]
    )
