"""The menus of an alert with their forms, the list of tasks, and the buttons of a hold, through Slack's own wire and back."""

from datetime import timedelta

import pytest
from books import Entry, _save, alert_of, keep, score, slide
from worlds import ADMIN, TEAM, deliver_all, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting, alerting, holding, telling
from scoring.alerts import Outcome
from scoring.guard import HoldKind, Verdict
from scoring.pursuit import UNTIL_WORSE
from storage import accounts, alerts, audit, due_looks, holds, tasks

DENIED = "I show accounts to full members of this workspace only"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module that has told its baseline and speaks at any hour."""
    home = tmp_path_factory.mktemp("home")
    with own_program(outside, home, alerts={"hours": {"always": True}}) as running:
        admitting.refresh_members(running.deps)
        slide(running.deps)
        deliver_all(running.deps, running.posting)
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    with program.deps.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM task")
    return program.deps


@pytest.fixture
def alert(deps, program):
    raised = slide(deps)
    deliver_all(deps, program.posting)
    return raised


def today_of(deps):
    """The team's day, in which the people of the story live too."""
    return deps.clock.now().astimezone(deps.config.zone).date()


def choose(sandbox, action_id, choice, *, user="U0CSM1"):
    message = sandbox.messages(TEAM)[0]
    assert sandbox.click(message, action_id, user=user, selected_option=choice) == {"ok": True}


def more(sandbox, alert, what, *, user="U0CSM1"):
    choose(sandbox, actions.ALERT_MORE, actions.menu(what, alert.id), user=user)


def form_of(sandbox, alert, what, *, user="U0CSM1"):
    more(sandbox, alert, what, user=user)
    return wait_for(lambda: sandbox.modal(user))


def send(sandbox, form, *, user="U0CSM1", **values):
    fields = {
        f"{form['callback_id'].partition('.')[0]}.{name}": each for name, each in values.items()
    }
    filled = {name: {actions.FIELD: each} for name, each in fields.items()}
    return sandbox.do("submit", user=user, view_id=form["id"], values=filled)


def kinds(deps, alert):
    with deps.db.read() as session:
        return [each.kind for each in alerts.actions(session, alert.id)]


def open_tasks(deps):
    with deps.db.read() as session:
        return tasks.open_tasks(session)


@pytest.mark.parametrize("word", ["useful", "noise"])
def test_what_an_alert_was_good_for_is_said_from_its_menu(sandbox, deps, program, alert, word):
    sandbox.break_("duplicate_delivery", times=2)
    more(sandbox, alert, word)
    wait_for(lambda: kinds(deps, alert))
    sandbox.ask("help")  # what was delivered before it is done
    deliver_all(deps, program.posting)
    assert kinds(deps, alert) == ["outcome"]
    assert alert_of(deps, alert).outcome is Outcome(word)
    assert f"{word.title()}, says <@U0CSM1>" in words_of(sandbox.messages(TEAM)[0])


def test_a_snooze_until_a_date_is_asked_for_and_a_past_one_is_refused_at_its_field(
    sandbox, deps, alert
):
    choose(sandbox, actions.ALERT_SNOOZE, actions.SNOOZE_PICK)
    form = wait_for(lambda: sandbox.modal("U0CSM1"))
    today = today_of(deps)
    refused = send(sandbox, form, until=(today - DAY).isoformat())
    assert refused["errors"].keys() == {actions.SNOOZE_UNTIL}
    assert "not ahead" in refused["errors"][actions.SNOOZE_UNTIL]
    sandbox.break_("duplicate_delivery")
    assert send(sandbox, form, until=(today + 20 * DAY).isoformat()) == {"ok": True}
    assert kinds(deps, alert) == ["snooze"]
    assert 18 <= (alert_of(deps, alert).snoozed_until - deps.clock.now()).days <= 20


def test_a_snooze_until_it_gets_worse_is_one_press(sandbox, deps, program, alert):
    choose(sandbox, actions.ALERT_SNOOZE, actions.SNOOZE_WORSE)
    wait_for(lambda: kinds(deps, alert))
    deliver_all(deps, program.posting)
    assert alert_of(deps, alert).snoozed_until == UNTIL_WORSE
    assert "Snoozed until it gets worse by <@U0CSM1>" in words_of(sandbox.messages(TEAM)[0])


@pytest.mark.parametrize(
    ("what", "callback_id"), [("call", actions.CALL_SUBMIT), ("draft", actions.DRAFT_SUBMIT)]
)
def test_a_call_and_a_draft_are_offered_in_forms(sandbox, alert, what, callback_id):
    assert form_of(sandbox, alert, what)["callback_id"] == callback_id


def test_a_task_is_asked_for_checked_shown_and_told_to_whose_it_is(sandbox, deps, program, alert):
    form = form_of(sandbox, alert, "task")
    today = today_of(deps)
    filled = {"title": "Send <b> the plan", "owner": "U0CSM2", "note": "With *prices*"}
    late = send(sandbox, form, **filled, due=(today - DAY).isoformat())
    assert late["errors"].keys() == {actions.TASK_DUE}
    guest = send(sandbox, form, **{**filled, "owner": "U0GUEST"}, due=today.isoformat())
    assert guest["errors"].keys() == {actions.TASK_OWNER}
    assert open_tasks(deps) == []
    sandbox.break_("duplicate_delivery")
    assert send(sandbox, form, **filled, due=(today + DAY).isoformat()) == {"ok": True}
    deliver_all(deps, program.posting)
    (task,) = open_tasks(deps)
    assert (task.assigned_to, task.created_by, task.due_on) == ("U0CSM2", "U0CSM1", today + DAY)
    assert "☐ Send &lt;b&gt; the plan" in words_of(sandbox.messages(TEAM)[0])
    assert kinds(deps, alert) == ["task"]
    (told,) = sandbox.messages("D0CSM2")
    assert told["text"].startswith("<@U0CSM1> gave you a task")


def test_a_form_that_was_not_changed_makes_a_task_of_ones_own_due_in_a_week(sandbox, deps, alert):
    form = form_of(sandbox, alert, "task", user="U0CSM3")
    assert send(sandbox, form, user="U0CSM3", title="Look again") == {"ok": True}
    (task,) = open_tasks(deps)
    assert (task.assigned_to, task.note) == ("U0CSM3", None)
    assert task.due_on == today_of(deps) + 7 * DAY


def made(deps, alert, *titles, to="U0CSM1"):
    """Tasks due one after the other, the first of them yesterday."""
    today = today_of(deps)
    with deps.db.write() as session:
        for n, title in enumerate(titles):
            tasks.add(
                session,
                key=f"{alert.id}:{title}:{deps.clock.now()}",
                account_id=alert.account_id,
                title=title,
                due_on=today + (n - 1) * DAY,
                alert_id=alert.id,
                assigned_to=to,
                created_by=to,
            )


def press_row(sandbox, shown, action_id, title, *, user="U0CSM1", **more):
    """Press something in a task's row, and wait for the list that takes the old one's place."""
    blocks = shown["blocks"]
    at = next(n for n, each in enumerate(blocks) if title in str(each.get("text")))
    row = blocks[at + 1]["block_id"]
    before = len(sandbox.whispers(user))
    sandbox.click(shown, action_id, user=user, block_id=row, **more)
    return wait_for(
        lambda: [
            each
            for each in sandbox.whispers(user)
            if each["blocks"] != blocks or len(sandbox.whispers(user)) > before
        ]
    )[-1]


def test_a_task_is_done_in_the_list_once_and_its_alert_shows_it(sandbox, deps, program, alert):
    made(deps, alert, "Call back", "Send the plan")
    shown = sandbox.ask("tasks")
    assert "Your tasks: 2, 1 overdue" in words_of(shown)
    assert words_of(shown).index("Call back") < words_of(shown).index("Send the plan")
    after = press_row(sandbox, shown, actions.TASK_DONE, "Call back")
    assert "☑ Done: Call back" in words_of(after)
    assert [each.title for each in open_tasks(deps)] == ["Send the plan"]
    deliver_all(deps, program.posting)
    assert kinds(deps, alert) == ["task_done"]
    assert "☑ Call back, done by <@U0CSM1>" in words_of(sandbox.messages(TEAM)[0])


def test_a_task_is_handed_on_in_the_list(sandbox, deps, program, alert):
    made(deps, alert, "Call back")
    shown = sandbox.ask("tasks mine")
    after = press_row(sandbox, shown, actions.TASK_REASSIGN, "Call back", selected_user="U0CSM2")
    assert "<@U0CSM2> has it: Call back" in words_of(after)
    assert "Nothing is left to be done by you" in words_of(after)
    deliver_all(deps, program.posting)
    (told,) = sandbox.messages("D0CSM2")
    assert told["text"].startswith("<@U0CSM1> gave you a task")
    assert "<@U0CSM2>" in words_of(sandbox.ask("tasks team"))


def test_the_list_of_tasks_is_turned_page_by_page(sandbox, deps, alert):
    made(deps, alert, *(f"Step {n:02}" for n in range(1, 12)))
    shown = sandbox.ask("tasks team")
    assert "1–8 of 11" in words_of(shown)
    sandbox.click(shown, actions.TASK_NEXT)
    second = wait_for(
        lambda: [each for each in sandbox.whispers("U0CSM1") if "9–11 of 11" in words_of(each)]
    )[0]
    assert "Step 11" in words_of(second)


@pytest.mark.parametrize("action_id", [actions.TASK_DONE, actions.TASK_REASSIGN])
def test_who_became_a_guest_changes_no_task_of_an_old_list(sandbox, deps, alert, action_id):
    made(deps, alert, "Call back")
    shown = sandbox.ask("tasks")
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE member SET is_guest = true WHERE id = 'U0CSM1'")
    more = {"selected_user": "U0CSM2"} if action_id == actions.TASK_REASSIGN else {}
    answer = press_row(sandbox, shown, action_id, "Call back", **more)
    assert answer["text"].startswith(DENIED)
    assert [each.assigned_to for each in open_tasks(deps)] == ["U0CSM1"]


def slide_together(deps, *names):
    """Accounts that fall in one run, which a single message tells, a line each. Returns their alerts."""
    found = keep(deps, [Entry(name, 70.0, "U0CSM1") for name in names])
    for value in (70.0, 55.0, 55.0):
        at = deps.clock.now()
        with deps.db.write() as session:
            _save(session, deps, {each.id: value for each in found}, at=at)
            due_looks.mark(session, [each.id for each in found], at=at)
        alerting.look(deps)
        telling.tell(deps)
        deps.clock.wait(60)
    with deps.db.read() as session:
        return [alerts.open_alerts(session, each.id)[0] for each in found]


def test_each_line_of_a_message_about_several_accounts_has_a_menu_of_its_own(
    sandbox, deps, program
):
    first, second = slide_together(deps, "Umbrella", "Initech")
    deliver_all(deps, program.posting)
    (message,) = sandbox.messages(TEAM)
    lines = {
        option["value"]: block["block_id"]
        for block in message["blocks"]
        for option in block.get("accessory", {}).get("options", [])
    }

    def press(what, of):
        choice = actions.menu(what, of)
        chosen = {"block_id": lines[choice], "selected_option": choice}
        assert sandbox.click(message, actions.ALERT_MENU, **chosen) == {"ok": True}

    for what, kind in (("acknowledge", "acknowledge"), ("snooze", "snooze"), ("noise", "outcome")):
        press(what, second.id)
        wait_for(lambda kind=kind: kind in kinds(deps, second))
    press("view", second.account_id)
    (shown,) = wait_for(lambda: sandbox.whispers("U0CSM1"))
    assert shown["text"].startswith("Initech")
    press("outreach", second.id)
    form = wait_for(lambda: sandbox.modal("U0CSM1"))
    assert send(sandbox, form, outcome="reached", next="Send the plan") == {"ok": True}
    assert kinds(deps, second)[-1] == "outreach"
    assert kinds(deps, first) == []
    assert [(each.title, each.assigned_to) for each in open_tasks(deps)] == [
        ("Send the plan", "U0CSM1")
    ]
    deliver_all(deps, program.posting)
    assert "<@U0CSM1> reached out" in words_of(sandbox.messages(TEAM)[0])


def test_what_a_resolved_alert_was_good_for_is_asked_in_its_message(sandbox, deps, program, alert):
    with deps.db.read() as session:
        account = accounts.get(session, alert.account_id)
    for _ in range(2):
        score(deps, account, 90.0)
        deps.clock.wait(60)
    deliver_all(deps, program.posting)
    message = sandbox.messages(TEAM)[0]
    assert "Was this useful?" in words_of(message)
    sandbox.click(message, actions.ALERT_USEFUL)
    wait_for(lambda: kinds(deps, alert))
    deliver_all(deps, program.posting)
    assert "Useful, says <@U0CSM1>" in words_of(sandbox.messages(TEAM)[0])
    assert alert_of(deps, alert).outcome is Outcome.USEFUL


def test_a_guest_chooses_from_no_menu(sandbox, deps, alert):
    more(sandbox, alert, "noise", user="U0GUEST")
    (told,) = wait_for(lambda: sandbox.whispers("U0GUEST"))
    assert told["text"].startswith(DENIED)
    assert kinds(deps, alert) == []


@pytest.fixture
def held(deps, program, sandbox):
    """A hold that the operators are asked about."""
    with deps.db.write() as session:
        detail = {"day": 20_000, "told": 5, "usual": 100.0}
        at = deps.clock.now()
        holding._begin(session, deps, HoldKind.VOLUME, source="mixpanel", detail=detail, at=at)
        (hold,) = holds.current(session)
    deliver_all(deps, program.posting)
    yield hold
    with deps.db.write() as session:
        holds.close(session, hold.id, Verdict.LIFTED, by=None, at=deps.clock.now())


def verdict_of(deps, hold):
    with deps.db.read() as session:
        return holds.get(session, hold.id).verdict


@pytest.mark.parametrize(
    ("action_id", "verdict", "word"),
    [(actions.HOLD_RELEASE, "released", "Released"), (actions.HOLD_DROP, "dropped", "Dropped")],
)
def test_a_hold_is_decided_once_and_shows_by_whom(
    sandbox, deps, program, held, action_id, verdict, word
):
    message = sandbox.messages(ADMIN)[0]
    sandbox.break_("duplicate_delivery")
    sandbox.click(message, action_id, user="U0OPS")
    wait_for(lambda: verdict_of(deps, held))
    sandbox.click(message, actions.HOLD_DROP, user="U0HEAD")
    (told,) = wait_for(lambda: sandbox.whispers("U0HEAD"))
    assert told["text"] == "That is decided already by <@U0OPS>."
    assert sandbox.whispers("U0OPS") == []
    assert verdict_of(deps, held) == verdict
    deliver_all(deps, program.posting)
    assert f"{word} by <@U0OPS>" in words_of(sandbox.messages(ADMIN)[0])
    with deps.db.read() as session:
        (noted, *_) = audit.recent(session, limit=1)
    assert (noted.member, noted.what, noted.allowed) == ("U0OPS", f"hold {verdict}", True)


def test_who_became_a_guest_decides_no_hold(sandbox, deps, held):
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE member SET is_guest = true WHERE id = 'U0HEAD'")
    sandbox.click(sandbox.messages(ADMIN)[0], actions.HOLD_DROP, user="U0HEAD")
    (told,) = wait_for(lambda: sandbox.whispers("U0HEAD"))
    assert told["text"].startswith(DENIED)
    assert verdict_of(deps, held) is None
