"""The buttons of an alert: each changes every copy of its message in place, once, whoever presses however often."""

import threading

import pytest
from books import alert_of, score, slide
from worlds import (
    TEAM,
    deliver_all,
    own_program,
    pass_time,
    wait_for,
    words_of,
)

from bot.blocks import actions
from bot.services import admitting
from scoring.alerts import Rule
from storage import accounts, alerts, audit, tasks

DIRECT = "D0CSM1"
DENIED = "I show accounts to full members of this workspace only"


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module that has told its baseline and speaks at any hour; every test has an alert of its own."""
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
    return program.deps


@pytest.fixture
def alert(deps, program):
    """An at-risk alert, in the team's channel and in its CSM's direct messages."""
    raised = slide(deps)
    deliver_all(deps, program.posting)
    return raised


@pytest.fixture
def settle(deps, program):
    """Deliver what a press has queued, and let a minute pass before the next one."""

    def deliver_and_wait():
        deliver_all(deps, program.posting)
        pass_time(deps, minutes=1)

    return deliver_and_wait


def deeds(deps, alert):
    with deps.db.read() as session:
        return [(each.kind, each.member) for each in alerts.actions(session, alert.id)]


def pressed(deps, alert, kind):
    wait_for(lambda: kind in [done for done, _ in deeds(deps, alert)])


def both_copies(sandbox):
    (team,), (direct,) = sandbox.messages(TEAM), sandbox.messages(DIRECT)
    return team, direct


def action_ids(message):
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    return [each["action_id"] for row in rows for each in row["elements"]]


def test_an_alert_is_told_to_the_team_and_to_the_csm(sandbox, alert):
    team, direct = both_copies(sandbox)
    assert team["blocks"][0] == direct["blocks"][0] | {"block_id": team["blocks"][0]["block_id"]}
    assert action_ids(team) == [
        actions.ALERT_ACKNOWLEDGE,
        actions.ALERT_ASSIGN,
        actions.ALERT_OUTREACH,
        actions.ALERT_SNOOZE,
        actions.ALERT_MORE,
        actions.ACCOUNT_VIEW,
    ]


def test_acknowledge_shows_who_has_it_in_both_copies(sandbox, deps, alert, settle):
    team, _ = both_copies(sandbox)
    sandbox.click(team, actions.ALERT_ACKNOWLEDGE)
    pressed(deps, alert, "acknowledge")
    settle()
    for copy in both_copies(sandbox):
        assert "✅ Acknowledged by <@U0CSM1>" in words_of(copy)
        assert actions.ALERT_ACKNOWLEDGE not in action_ids(copy)
        assert copy["edited"] == 1
    assert alert_of(deps, alert).acknowledged_by == "U0CSM1"


@pytest.mark.parametrize(
    ("action_id", "more", "kind"),
    [
        (actions.ALERT_ACKNOWLEDGE, {}, "acknowledge"),
        (actions.ALERT_ASSIGN, {"selected_user": "U0CSM2"}, "assign"),
        (actions.ALERT_SNOOZE, {"selected_option": "3"}, "snooze"),
    ],
)
def test_a_press_that_is_delivered_twice_counts_once(
    sandbox, deps, program, alert, settle, action_id, more, kind
):
    sandbox.break_("duplicate_delivery", times=2)
    team, _ = both_copies(sandbox)
    sandbox.click(team, action_id, **more)
    pressed(deps, alert, kind)
    sandbox.ask("help")  # what was delivered before it is done
    settle()
    assert deeds(deps, alert) == [(kind, "U0CSM1")]
    assert [copy["edited"] for copy in both_copies(sandbox)] == [1, 1]
    assert [each for each in sandbox.whispers("U0CSM1") if "already" in each["text"]] == []


def test_of_two_who_acknowledge_the_first_has_it_and_the_other_hears_so(
    sandbox, deps, alert, settle
):
    team, _ = both_copies(sandbox)
    people = ["U0CSM1", "U0CSM2"]
    presses = [
        threading.Thread(
            target=sandbox.click, args=[team, actions.ALERT_ACKNOWLEDGE], kwargs={"user": user}
        )
        for user in people
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    pressed(deps, alert, "acknowledge")
    ((_, first),) = deeds(deps, alert)
    (second,) = set(people) - {first}
    (told,) = wait_for(lambda: sandbox.whispers(second))
    assert told["text"] == f"<@{first}> has already acknowledged this one."
    settle()
    assert [copy["edited"] for copy in both_copies(sandbox)] == [1, 1]


def test_assign_hands_it_over_and_can_be_done_again(sandbox, deps, alert, settle):
    _, direct = both_copies(sandbox)
    for at, user in enumerate(("U0CSM2", "U0HEAD"), start=1):
        sandbox.click(direct, actions.ALERT_ASSIGN, selected_user=user)
        wait_for(lambda at=at: len(deeds(deps, alert)) == at)
        settle()
    for copy in both_copies(sandbox):
        assert "👤 Assigned to <@U0HEAD> by <@U0CSM1>" in words_of(copy)
        assert "Reassign…" in words_of(copy)


@pytest.mark.parametrize("user", ["U0GUEST", "U0SINGLE", "U0STRANGER", "U0LEFT", "U0OTHERBOT"])
def test_an_alert_is_not_assigned_to_somebody_who_may_not_see_accounts(sandbox, deps, alert, user):
    team, _ = both_copies(sandbox)
    sandbox.click(team, actions.ALERT_ASSIGN, selected_user=user)
    (told,) = wait_for(lambda: sandbox.whispers("U0CSM1"))
    assert "may not see accounts, so the alert cannot be theirs" in told["text"]
    assert deeds(deps, alert) == []


def test_snooze_says_until_when_and_keeps_reminders_quiet(sandbox, deps, alert, settle):
    team, _ = both_copies(sandbox)
    sandbox.click(team, actions.ALERT_SNOOZE, selected_option="7")
    pressed(deps, alert, "snooze")
    settle()
    for copy in both_copies(sandbox):
        assert "💤 Snoozed until" in words_of(copy)
        assert actions.ALERT_SNOOZE not in action_ids(copy)
    assert (alert_of(deps, alert).snoozed_until - deps.clock.now()).days == 6


def open_modal(sandbox, user="U0CSM1"):
    team, _ = both_copies(sandbox)
    assert sandbox.click(team, actions.ALERT_OUTREACH, user=user) == {"ok": True}
    return wait_for(lambda: sandbox.modal(user))


FILLED = {
    actions.OUTREACH_HOW: {actions.FIELD: "call"},
    actions.OUTREACH_WHOM: {actions.FIELD: "Dana <dana@acme.example>"},
    actions.OUTREACH_OUTCOME: {actions.FIELD: "agreed"},
    actions.OUTREACH_NOTE: {actions.FIELD: "They *will* ask <!channel>"},
}


def test_outreach_is_asked_for_checked_and_kept(sandbox, deps, alert, settle):
    modal = open_modal(sandbox)
    with deps.db.read() as session:
        assert accounts.get(session, alert.account_id).name in words_of({"text": "", **modal})
    unfilled = sandbox.do("submit", user="U0CSM1", view_id=modal["id"], values={})
    assert unfilled["errors"].keys() == {actions.OUTREACH_OUTCOME}
    sandbox.break_("duplicate_delivery")
    sent = sandbox.do("submit", user="U0CSM1", view_id=modal["id"], values=FILLED)
    assert sent == {"ok": True}
    assert sandbox.modal("U0CSM1") is None
    settle()
    for copy in both_copies(sandbox):
        assert "📞 Outreach logged by <@U0CSM1>" in words_of(copy)
        assert "Call with Dana &lt;dana@acme.example&gt;: agreed on a next step" in words_of(copy)
        assert "<!channel>" not in words_of(copy)
        assert actions.ALERT_OUTREACH not in action_ids(copy)
        assert copy["edited"] == 1
    assert deeds(deps, alert) == [("outreach", "U0CSM1")]


def test_a_logged_outreach_does_the_alerts_task(sandbox, deps, program):
    critical = slide(deps, to=20.0, csm=None)
    deliver_all(deps, program.posting)
    with deps.db.read() as session:
        assert critical.id in [each.alert_id for each in tasks.open_tasks(session)]
    sandbox.click(sandbox.messages()[0], actions.ALERT_OUTREACH)
    modal = wait_for(lambda: sandbox.modal("U0CSM1"))
    assert sandbox.do("submit", user="U0CSM1", view_id=modal["id"], values=FILLED)["ok"]
    with deps.db.read() as session:
        assert critical.id not in [each.alert_id for each in tasks.open_tasks(session)]


def test_who_became_a_guest_with_the_modal_open_is_told_in_it(sandbox, deps, alert):
    modal = open_modal(sandbox, "U0CSM2")
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE member SET is_guest = true WHERE id = 'U0CSM2'")
    sent = sandbox.do("submit", user="U0CSM2", view_id=modal["id"], values=FILLED)
    assert sent["error"] == "rejected"
    assert next(iter(sent["errors"].values())).startswith(DENIED)
    assert deeds(deps, alert) == []


def test_an_error_of_ours_behind_a_modal_is_told_in_it_and_what_was_typed_is_not_lost(
    sandbox, deps, alert
):
    modal = open_modal(sandbox)
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE alert_action RENAME TO hidden")
    sent = sandbox.do("submit", user="U0CSM1", view_id=modal["id"], values=FILLED)
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO alert_action")
    assert "Something went wrong on my side (ref " in next(iter(sent["errors"].values()))
    assert sandbox.do("submit", user="U0CSM1", view_id=modal["id"], values=FILLED) == {"ok": True}
    assert deeds(deps, alert) == [("outreach", "U0CSM1")]


def test_view_account_answers_to_the_presser_alone(sandbox, deps, alert):
    team, _ = both_copies(sandbox)
    sandbox.click(team, actions.ACCOUNT_VIEW, user="U0CSM3")
    (shown,) = wait_for(lambda: sandbox.whispers("U0CSM3"))
    with deps.db.read() as session:
        assert accounts.get(session, alert.account_id).name in shown["text"]
    assert [copy["edited"] for copy in both_copies(sandbox)] == [0, 0]


@pytest.mark.parametrize("user", ["U0GUEST"])
@pytest.mark.parametrize(
    ("action_id", "more"),
    [
        (actions.ALERT_ACKNOWLEDGE, {}),
        (actions.ALERT_ASSIGN, {"selected_user": "U0GUEST"}),
        (actions.ALERT_SNOOZE, {"selected_option": "1"}),
        (actions.ALERT_OUTREACH, {}),
        (actions.ACCOUNT_VIEW, {}),
    ],
)
def test_a_guest_presses_in_vain(sandbox, deps, alert, user, action_id, more):
    team, _ = both_copies(sandbox)
    sandbox.click(team, action_id, user=user, **more)
    (told,) = wait_for(lambda: sandbox.whispers(user))
    assert told["text"].startswith(DENIED)
    assert sandbox.modal(user) is None
    assert deeds(deps, alert) == []
    with deps.db.read() as session:
        newest = audit.recent(session, limit=1)[0]
    assert (newest.member, newest.what, newest.allowed) == (user, action_id, False)


def test_several_presses_one_after_the_other_all_show(sandbox, deps, alert, settle):
    team, direct = both_copies(sandbox)
    sandbox.click(team, actions.ALERT_ACKNOWLEDGE)
    pressed(deps, alert, "acknowledge")
    pass_time(deps, seconds=1)
    sandbox.click(direct, actions.ALERT_ASSIGN, selected_user="U0CSM2")
    pressed(deps, alert, "assign")
    settle()
    for copy in both_copies(sandbox):
        assert "Acknowledged by" in words_of(copy)
        assert "Assigned to <@U0CSM2>" in words_of(copy)
        assert copy["edited"] == 1  # the first change was overtaken by the second


def test_a_recovery_changes_the_alert_and_is_told_in_its_threads(sandbox, deps, alert, settle):
    with deps.db.read() as session:
        account = accounts.get(session, alert.account_id)
    for _ in range(2):
        score(deps, account, 90.0)
        pass_time(deps, minutes=1)
    settle()
    for channel in (TEAM, DIRECT):
        first, *rest = sandbox.messages(channel)
        assert first["text"].startswith("Resolved")
        assert actions.ALERT_ACKNOWLEDGE not in action_ids(first)
        assert "is back at" in next(each for each in rest if each.get("thread_ts"))["text"]


def test_a_fall_to_critical_goes_on_in_the_thread_and_in_the_channel(sandbox, deps, alert, settle):
    with deps.db.read() as session:
        account = accounts.get(session, alert.account_id)
    score(deps, account, 20.0)
    settle()
    first, second = sandbox.messages(TEAM)
    assert second["thread_ts"] == first["ts"]
    assert second["text"].startswith("URGENT")
    with deps.db.read() as session:
        assert Rule.CRITICAL in [each.rule for each in alerts.open_alerts(session, account.id)]


def test_an_alert_whose_csm_is_no_full_member_goes_to_the_team_alone(sandbox, deps, program):
    slide(deps, csm="U0LEFT")
    deliver_all(deps, program.posting)
    assert len(sandbox.messages(TEAM)) == 1
    assert sandbox.messages("D0LEFT") == []


def test_a_name_of_a_customers_making_pings_nobody(sandbox, deps, program):
    slide(deps, name="<!channel> *Evil* <https://evil.example|Corp> & Sons")
    deliver_all(deps, program.posting)
    for copy in both_copies(sandbox):
        marked_up = str([copy["text"], *copy["blocks"][1:]])  # the header is plain text
        assert "<!channel>" not in marked_up.replace("View <!channel>", "")
        assert "<https://evil.example" not in marked_up
        assert "&amp; Sons" in marked_up
