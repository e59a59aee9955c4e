"""Acting: a press has one effect however often it arrives, and everybody sees it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from service_world import DANA, ERIN, NOON, TEAM, company, subscription

from bot.blocks.actions import OUTREACH_DUE, OUTREACH_NEXT, SNOOZE_DAYS, SNOOZE_UNTIL
from bot.blocks.outreach import Outreach
from bot.services import acting
from bot.services.acting import Press
from bot.services.errors import UserError
from scoring.alerts import Change, Decision, Outcome
from scoring.pursuit import UNTIL_WORSE
from scoring.rules import Rule
from storage import alerts, notices

DAY = timedelta(days=1)
CALLED_AGAIN = Outreach(how="call", outcome="reached", note="Called <!channel> again")
CALLED = Outreach(how="call", outcome="reached", note="Called them")


@pytest.fixture
def critical(world):
    """A world in which Acme has just become critical."""
    world.begin(acme="neutral")
    world.look(acme="escalated")
    world.said()
    return world


def press(world, *, member=DANA, key="press 1"):
    alert = world.alerts("acme")["critical"]
    return Press(alert_id=alert.id, member=member.id, key=key, at=world.clock.at)


def ledger(world, alert):
    with world.deps.db.read() as session:
        return alerts.actions(session, alert.id)


def actions(world):
    found = ledger(world, world.alerts("acme")["critical"])
    return [(each.kind, each.member) for each in found if each.kind != "task_done"]


def acknowledge(world, made):
    acting.acknowledge(world.deps, made)


def assign(world, made):
    acting.assign(world.deps, made, to=ERIN.id)


def snooze(world, made):
    acting.snooze(world.deps, made, days=3)


def log_outreach(world, made):
    acting.log_outreach(world.deps, made, CALLED)


def judge(world, made):
    acting.judge(world.deps, made, outcome=Outcome.USEFUL)


ACTS = [acknowledge, assign, snooze, log_outreach, judge]


@pytest.mark.parametrize("act", ACTS)
def test_a_press_that_arrives_three_times_has_one_effect(critical, act):
    made = press(critical)
    for _ in range(3):
        act(critical, made)
    assert len(actions(critical)) == 1
    assert sorted(target for kind, target, _ in critical.said() if kind == "update") == [
        TEAM,
        DANA.id,
    ]


def test_whoever_is_assigned_gets_a_copy_of_the_alert_once(critical):
    assign(critical, press(critical))
    assign(critical, press(critical, key="press 2"))
    assert [target for kind, target, _ in critical.said() if kind == "post"] == [ERIN.id]


@pytest.mark.parametrize("act", ACTS)
def test_an_alert_nobody_keeps_is_told_to_the_one_who_pressed(critical, act):
    gone = Press(alert_id=acting.AlertId(999), member=DANA.id, key="1", at=NOON)
    with pytest.raises(UserError, match="no longer kept"):
        act(critical, gone)


def test_the_first_to_acknowledge_has_it_and_the_second_hears_who(critical):
    acknowledge(critical, press(critical))
    with pytest.raises(UserError, match=f"<@{DANA.id}> has already acknowledged"):
        acknowledge(critical, press(critical, member=ERIN, key="press 2"))
    acknowledge(critical, press(critical, key="press 3"))
    assert critical.alerts("acme")["critical"].acknowledged_by == DANA.id
    assert actions(critical) == [("acknowledge", DANA.id)]


def test_who_did_what_shows_in_every_copy(critical):
    for number, act in enumerate(ACTS):
        act(critical, press(critical, key=str(number)))
    *_, words = [words for _, _, words in critical.said()]
    for expected in (
        "Acknowledged by",
        "Assigned to",
        "Snoozed until",
        "Called them",
        "Useful, says",
    ):
        assert expected in words


def test_an_alert_can_be_handed_on(critical):
    assign(critical, press(critical))
    acting.assign(critical.deps, press(critical, member=ERIN, key="press 2"), to=DANA.id)
    alert = critical.alerts("acme")["critical"]
    assert (alert.assigned_to, alert.assigned_by) == (DANA.id, ERIN.id)


@pytest.mark.parametrize("days", SNOOZE_DAYS)
def test_a_snooze_lasts_as_long_as_it_says(critical, days):
    acting.snooze(critical.deps, press(critical), days=days)
    until = critical.alerts("acme")["critical"].snoozed_until
    assert until == critical.clock.at + timedelta(days=days)


@pytest.mark.parametrize("days", [0, -1, 2, 10_000])
def test_a_snooze_of_another_length_is_refused(critical, days):
    with pytest.raises(UserError, match="can be snoozed for"):
        acting.snooze(critical.deps, press(critical), days=days)
    assert actions(critical) == []


def test_an_outreach_finishes_its_task_and_no_other(critical):
    critical.look(acme="positive")
    critical.look()
    critical.look(acme="escalated")
    assert {each.title for each in critical.tasks()} == {
        "Urgent outreach",
        "Schedule a review call",
    }
    log_outreach(critical, press(critical))
    assert {each.title for each in critical.tasks()} == {"Schedule a review call"}


def test_an_outreach_can_be_logged_again_and_the_last_note_stands(critical):
    log_outreach(critical, press(critical))
    acting.log_outreach(critical.deps, press(critical, key="2"), CALLED_AGAIN)
    assert critical.alerts("acme")["critical"].outreach_note.endswith("Called <!channel> again")
    assert "<!channel>" not in str(critical.outbox()[-1].payload)


def test_a_button_never_decides(critical):
    for number, act in enumerate(ACTS):
        act(critical, press(critical, key=str(number)))
    assert "critical" in critical.alerts("acme")
    critical.look(acme="neutral")
    critical.look()
    assert critical.alerts("acme") == {}


def test_an_alert_that_is_over_can_still_be_answered(critical):
    made = press(critical)
    critical.look(acme="neutral")
    critical.look()
    critical.said()
    acknowledge(critical, made)
    assert {kind for kind, _, _ in critical.said()} == {"update"}


def test_the_account_of_an_alert_is_named(critical):
    assert acting.account_name(critical.deps, press(critical).alert_id) == "Acme"
    with pytest.raises(UserError):
        acting.account_name(critical.deps, acting.AlertId(999))


@pytest.fixture
def double(critical):
    """Acme's critical alert and another one that the same messages tell."""
    lead = critical.alerts("acme")["critical"]
    with critical.deps.db.write() as session:
        decision = Decision(
            account_id=lead.account_id,
            rule=Rule.DETRACTOR,
            change=Change.OPENED,
            episode=1,
            quiet=None,
            evidence="NPS 3",
        )
        alert = alerts.open_episode(session, decision, value=30, before=70, at=critical.clock.at)
        for told in notices.of_alert(session, lead.id):
            notices.add(session, alert.id, told.target, not_before=told.not_before)
            joined = [replace(told, alert_id=alert.id)]
            notices.tell(session, joined, message_key=told.message_key)
    return critical


@pytest.mark.parametrize("act", ACTS)
def test_a_press_counts_for_the_other_alerts_of_the_message_and_shows_once(double, act):
    made = press(double)
    for _ in range(2):
        act(double, made)
    beside = ledger(double, double.alerts("acme")["detractor"])
    assert [(each.kind, each.member) for each in beside] == actions(double)
    updated = [target for kind, target, _ in double.said() if kind == "update"]
    assert sorted(updated) in ([TEAM, DANA.id], [TEAM, DANA.id, ERIN.id])


def test_a_press_leaves_other_accounts_alone_that_the_message_tells(critical):
    lead = critical.alerts("acme")["critical"]
    critical.sync("stripe", company("globex"), subscription("cus_globex"))
    critical.look(globex="neutral")
    critical.look(globex="escalated")
    other = critical.alerts("globex")["critical"]
    with critical.deps.db.write() as session:
        (team, *_) = notices.of_alert(session, lead.id)
        joined = [replace(team, alert_id=other.id)]
        notices.tell(session, joined, message_key=team.message_key)
    acknowledge(critical, press(critical))
    assert critical.alerts("globex")["critical"].acknowledged_by is None


def test_who_is_given_an_alert_has_the_others_of_its_message_in_the_same_copy(double):
    assign(double, press(double))
    posts = [(target, words) for kind, target, words in double.said() if kind == "post"]
    assert [target for target, _ in posts] == [ERIN.id]
    with double.deps.db.read() as session:
        mine = [
            each.message_key
            for alert in double.alerts("acme").values()
            for each in notices.of_alert(session, alert.id)
            if each.target == ERIN.id
        ]
    assert len(mine) == 2
    assert len(set(mine)) == 1


def test_what_somebody_has_already_beside_it_stays_theirs(double):
    beside = double.alerts("acme")["detractor"]
    acting.acknowledge(
        double.deps, Press(alert_id=beside.id, member=ERIN.id, key="0", at=double.clock.at)
    )
    found = {each.acknowledged_by for each in double.alerts("acme").values()}
    assert found == {ERIN.id}
    with pytest.raises(UserError, match=ERIN.id):
        acknowledge(double, press(double))


@pytest.mark.parametrize("act", ACTS)
def test_the_ledger_has_the_score_of_that_moment(critical, act):
    act(critical, press(critical))
    found = ledger(critical, critical.alerts("acme")["critical"])
    assert {each.detail["value"] for each in found} == {30.0}


def test_the_ledger_has_what_was_said_of_an_outreach(critical):
    outreach = Outreach(how="email", outcome="no_answer", whom="Dana", note="Twice")
    acting.log_outreach(critical.deps, press(critical), outreach)
    first, *_ = ledger(critical, critical.alerts("acme")["critical"])
    assert first.detail == {
        "how": "email",
        "whom": "Dana",
        "outcome": "no_answer",
        "next_step": "",
        "due_on": None,
        "note": "Twice",
        "value": 30.0,
    }


def test_the_next_step_becomes_a_task_of_whoever_logged_it(critical):
    step = Outreach(how="call", outcome="agreed", next_step="Send the plan")
    acting.log_outreach(critical.deps, press(critical, member=ERIN), step)
    acting.log_outreach(critical.deps, press(critical, member=ERIN), step)
    (task,) = critical.tasks()
    assert (task.title, task.assigned_to, task.created_by) == ("Send the plan", ERIN.id, ERIN.id)
    assert task.due_on == critical.clock.at.date() + 7 * DAY
    log_outreach(critical, press(critical, key="another"))
    assert critical.tasks() == [task]  # an outreach does the playbook's tasks alone


def test_a_next_step_that_was_due_yesterday_is_refused_at_its_field(critical):
    late = replace(CALLED, next_step="Send it", due_on=critical.clock.at.date() - DAY)
    with pytest.raises(UserError, match="has passed") as refused:
        acting.log_outreach(critical.deps, press(critical), late)
    assert refused.value.field == OUTREACH_DUE
    assert actions(critical) == []


def test_a_task_that_an_outreach_does_is_noted_as_done(critical):
    log_outreach(critical, press(critical))
    kinds = [each.kind for each in ledger(critical, critical.alerts("acme")["critical"])]
    assert kinds == ["outreach", "task_done"]


def test_a_snooze_until_a_date_ends_as_the_day_begins_where_the_member_is(critical):
    on = critical.clock.at.date() + 3 * DAY
    acting.snooze_until(critical.deps, press(critical), on=on)
    alert = critical.alerts("acme")["critical"]
    assert alert.snoozed_until == datetime.combine(on, time(), tzinfo=UTC)  # Dana's zone
    assert alert.snoozed_from == 30.0


@pytest.mark.parametrize("days", [-400, -1, 0, 367])
def test_a_snooze_until_no_day_ahead_is_refused_at_its_field(critical, days):
    on = critical.clock.at.date() + days * DAY
    with pytest.raises(UserError) as refused:
        acting.snooze_until(critical.deps, press(critical), on=on)
    assert refused.value.field == SNOOZE_UNTIL
    with pytest.raises(UserError):
        acting.snooze_until(critical.deps, press(critical), on=None)
    assert actions(critical) == []


def test_a_snooze_can_be_taken_back_by_anybody_once(critical):
    snooze(critical, press(critical))
    for _ in range(2):
        acting.wake(critical.deps, press(critical, member=ERIN, key="press 2"))
    alert = critical.alerts("acme")["critical"]
    assert (alert.snoozed_until, alert.snoozed_from, alert.snoozed_by) == (None, None, None)
    assert actions(critical) == [("snooze", DANA.id), ("wake", ERIN.id)]


def test_a_date_without_a_next_step_is_refused_at_the_step(critical):
    due_on = (critical.clock.at + DAY).date()
    with pytest.raises(UserError) as refused:
        acting.log_outreach(critical.deps, press(critical), replace(CALLED, due_on=due_on))
    assert refused.value.field == OUTREACH_NEXT
    assert actions(critical) == []


def test_a_snooze_until_it_gets_worse_has_no_other_end(critical):
    acting.snooze_until_worse(critical.deps, press(critical))
    alert = critical.alerts("acme")["critical"]
    assert (alert.snoozed_until, alert.snoozed_from) == (UNTIL_WORSE, 30.0)
    ((*_, words), *_) = critical.said()
    assert "Snoozed until it gets worse" in words


def test_the_last_word_on_an_alert_counts_also_when_it_is_over(critical):
    judge(critical, press(critical))
    made = press(critical, member=ERIN, key="press 2")
    critical.look(acme="neutral")
    critical.look()
    critical.said()
    acting.judge(critical.deps, made, outcome=Outcome.NOISE)
    with critical.deps.db.read() as session:
        alert = alerts.get(session, made.alert_id)
    assert (alert.outcome, alert.outcome_by) == (Outcome.NOISE, ERIN.id)
    assert [each.detail["outcome"] for each in ledger(critical, alert)] == ["useful", "noise"]
    assert all("Noise, says @U0ERIN" in words for _, _, words in critical.said())


@pytest.mark.parametrize("act", ACTS)
def test_an_alert_whose_account_was_erased_is_answered_politely(critical, act):
    made = press(critical)
    with critical.deps.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM account")
    with pytest.raises(UserError, match="no longer kept"):
        act(critical, made)


def test_of_two_who_acknowledge_at_once_one_has_it(critical):
    presses = [press(critical, member=each, key=each.id) for each in (DANA, ERIN)]
    with ThreadPoolExecutor() as pool:
        tries = [pool.submit(acknowledge, critical, each) for each in presses]
    errors = [each.exception() for each in tries]
    assert sorted(type(each).__name__ for each in errors) == ["NoneType", "UserError"]
    assert len(actions(critical)) == 1
