"""Acting: a press has one effect however often it arrives, and everybody sees it."""

from datetime import timedelta

import pytest
from service_world import DANA, ERIN, NOON, TEAM

from bot.blocks.actions import SNOOZE_DAYS
from bot.services import acting
from bot.services.acting import Press
from bot.services.errors import UserError
from storage import alerts

DAY = timedelta(days=1)


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


def actions(world):
    with world.deps.db.read() as session:
        found = alerts.actions(session, world.alerts("acme")["critical"].id)
    return [(each.kind, each.member) for each in found]


def acknowledge(world, made):
    acting.acknowledge(world.deps, made)


def assign(world, made):
    acting.assign(world.deps, made, to=ERIN.id)


def snooze(world, made):
    acting.snooze(world.deps, made, days=3)


def log_outreach(world, made):
    acting.log_outreach(world.deps, made, summary="Called them")


ACTS = [acknowledge, assign, snooze, log_outreach]


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
    for expected in ("Acknowledged by", "Assigned to", "Snoozed until", "Called them"):
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
    acting.log_outreach(critical.deps, press(critical, key="2"), summary="Called <!channel> again")
    assert critical.alerts("acme")["critical"].outreach_note == "Called <!channel> again"
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
