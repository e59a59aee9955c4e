"""Calls and drafts over Slack: from the alert's menu through the modal into the ledger, a message and a calendar."""

from datetime import timedelta

import pytest
from books import slide
from worlds import TEAM, deliver_all, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting
from storage import alerts, tasks

DIRECT = "D0CSM1"
DENIED = "I show accounts to full members of this workspace only"


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module; every test has an alert of its own."""
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


@pytest.fixture
def alert(deps, program):
    """An expansion alert, whose playbook's task is to schedule a call."""
    raised = slide(deps, to=85.0)
    deliver_all(deps, program.posting)
    return raised


def deeds(deps, alert):
    with deps.db.read() as session:
        return [(each.kind, each.member) for each in alerts.actions(session, alert.id)]


def open_tasks(deps, alert):
    with deps.db.read() as session:
        return [each for each in tasks.open_tasks(session) if each.alert_id == alert.id]


def choose(sandbox, alert, what, user="U0CSM1"):
    *_, team = sandbox.messages(TEAM)
    choice = actions.menu(what, alert.id)
    return sandbox.click(team, actions.ALERT_MORE, user=user, selected_option=choice)


def opened(sandbox, alert, what, user="U0CSM1"):
    assert choose(sandbox, alert, what, user) == {"ok": True}
    return wait_for(lambda: sandbox.modal(user))


def submit(sandbox, modal, values, user="U0CSM1"):
    return sandbox.do("submit", user=user, view_id=modal["id"], values=values)


def planned(deps, **later):
    at = deps.clock.now() + timedelta(**later)
    return {
        actions.CALL_START: {actions.FIELD: int(at.timestamp())},
        actions.CALL_MINUTES: {actions.FIELD: "45"},
        actions.CALL_AUDIENCE: {actions.FIELD: "us"},
    }


def test_a_call_is_planned_shown_in_the_alert_and_sent_to_who_planned_it(
    sandbox, deps, program, alert
):
    assert len(open_tasks(deps, alert)) == 1
    modal = opened(sandbox, alert, "call")
    sandbox.break_("duplicate_delivery")
    assert submit(sandbox, modal, planned(deps, days=2)) == {"ok": True}
    assert sandbox.modal("U0CSM1") is None
    deliver_all(deps, program.posting)
    assert deeds(deps, alert) == [("call", "U0CSM1"), ("task_done", "U0CSM1")]
    assert open_tasks(deps, alert) == []
    assert "planned by <@U0CSM1>" in words_of(sandbox.messages(TEAM)[-1])
    told = [each for each in sandbox.messages(DIRECT) if "📅 Call with" in each["text"]]
    assert len(told) == 1
    for part in ("calendar.google.com", "outlook.office.com", "BEGIN:VCALENDAR"):
        assert part in words_of(told[0])


def test_a_time_that_has_passed_is_told_at_its_field(sandbox, deps, alert):
    modal = opened(sandbox, alert, "call")
    sent = submit(sandbox, modal, planned(deps, minutes=-5))
    assert sent["errors"].keys() == {actions.CALL_START}
    assert "has passed" in sent["errors"][actions.CALL_START]
    assert sandbox.modal("U0CSM1")["id"] == modal["id"]
    assert deeds(deps, alert) == []


def test_what_the_modal_proposes_can_be_sent_as_it_is(sandbox, deps, alert):
    modal = opened(sandbox, alert, "call", "U0CSM2")
    assert submit(sandbox, modal, {}, "U0CSM2") == {"ok": True}
    assert ("call", "U0CSM2") in deeds(deps, alert)


def test_a_draft_is_made_ones_own_and_then_taken(sandbox, deps, alert):
    modal = opened(sandbox, alert, "draft")
    assert "what you could do next" in words_of({"text": "", **modal})
    mine = {
        actions.DRAFT_SUBJECT: {actions.FIELD: "Hello & <welcome>"},
        actions.DRAFT_TEXT: {actions.FIELD: "Hi Ada,\n\n*really* <!channel>"},
    }
    assert submit(sandbox, modal, mine) == {"ok": True}
    ready = sandbox.modal("U0CSM1")
    assert not ready.get("submit")
    *links, _, text = ready["blocks"]
    assert text["text"]["type"] == "plain_text"
    assert text["text"]["text"] == "Hello & <welcome>\n\nHi Ada,\n\n*really* <!channel>"
    assert "su=Hello%20%26%20%3Cwelcome%3E" in str(links)
    assert "<!channel>" not in str(links)
    assert deeds(deps, alert) == [("draft", "U0CSM1")]


@pytest.mark.parametrize("what", ["call", "draft"])
def test_a_guest_asks_in_vain(sandbox, deps, alert, what):
    choose(sandbox, alert, what, "U0GUEST")
    (told,) = wait_for(lambda: sandbox.whispers("U0GUEST"))
    assert told["text"].startswith(DENIED)
    assert sandbox.modal("U0GUEST") is None
    assert deeds(deps, alert) == []


def test_who_became_a_guest_with_the_modal_open_is_told_in_it(sandbox, deps, alert):
    modal = opened(sandbox, alert, "call", "U0CSM2")
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE member SET is_guest = true WHERE id = 'U0CSM2'")
    sent = submit(sandbox, modal, planned(deps, days=1), "U0CSM2")
    assert next(iter(sent["errors"].values())).startswith(DENIED)
    assert deeds(deps, alert) == []
