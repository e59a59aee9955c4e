"""Pursuit: when an open alert is brought up again, passed on or woken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertId
from scoring.policy import AlertPolicy, Escalation
from scoring.pursuit import acknowledgement_is_over, needs_escalation, needs_reminder, wakes
from scoring.rules import Rule

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALERT = Alert(
    id=AlertId(1),
    account_id=AccountId(7),
    rule=Rule.CRITICAL,
    episode=1,
    opened_at=MONDAY,
    value=34.0,
    before=70.0,
    announced=True,
)
ACKNOWLEDGED = replace(ALERT, acknowledged_by="U1", acknowledged_at=MONDAY)
SNOOZED = replace(ALERT, snoozed_until=MONDAY + 7 * DAY, snoozed_from=34.0)
POLICY = AlertPolicy()


def test_it_is_brought_up_daily_until_somebody_has_it():
    assert not needs_reminder(ALERT, MONDAY + HOUR)
    assert needs_reminder(ALERT, MONDAY + DAY)
    for quiet in (ACKNOWLEDGED, SNOOZED, replace(ALERT, announced=False)):
        assert not needs_reminder(quiet, MONDAY + DAY)
    assert not needs_reminder(replace(ALERT, closed_at=MONDAY), MONDAY + DAY)
    assert needs_reminder(SNOOZED, MONDAY + 7 * DAY)


def test_it_is_passed_on_after_four_working_hours():
    def passed_on(alert, at):
        return needs_escalation(alert, POLICY, UTC_ZONE, at=at)

    assert not passed_on(ALERT, MONDAY + 3 * HOUR)
    assert passed_on(ALERT, MONDAY + 4 * HOUR)
    late = replace(ALERT, opened_at=MONDAY.replace(hour=16))  # two hours before the evening
    assert not passed_on(late, MONDAY + DAY)
    assert passed_on(late, MONDAY + DAY + HOUR)
    for alert in (
        ACKNOWLEDGED,
        SNOOZED,
        replace(ALERT, escalated_at=MONDAY),
        replace(ALERT, outreach_at=MONDAY),
        replace(ALERT, closed_at=MONDAY),
    ):
        assert not passed_on(alert, MONDAY + 5 * HOUR)


def test_with_no_hours_it_is_passed_on_to_nobody():
    policy = AlertPolicy(escalation=Escalation(after_hours=0))
    assert not needs_escalation(ALERT, policy, UTC_ZONE, at=MONDAY + 30 * DAY)


def test_the_backup_goes_before_the_manager():
    chain = Escalation(manager="boss@us.example", backups={"Dana@us.example": "erin@us.example"})
    assert chain.of("dana@US.example") == "erin@us.example"
    assert chain.of("erin@us.example") == "boss@us.example"
    assert chain.of(None) == "boss@us.example"


def test_an_acknowledgement_holds_for_a_week():
    assert not acknowledgement_is_over(ACKNOWLEDGED, POLICY, MONDAY + 6 * DAY)
    assert acknowledgement_is_over(ACKNOWLEDGED, POLICY, MONDAY + 7 * DAY)
    done = replace(ACKNOWLEDGED, outreach_at=MONDAY + DAY)
    assert not acknowledgement_is_over(done, POLICY, MONDAY + 30 * DAY)
    assert not acknowledgement_is_over(ALERT, POLICY, MONDAY + 30 * DAY)


@pytest.mark.parametrize(
    ("value", "woken"), [(29.0, True), (29.1, False), (60.0, False), (None, False)]
)
def test_a_snooze_ends_five_points_down(value, woken):
    assert wakes(SNOOZED, value, has_news=False) is woken


def test_a_snooze_ends_when_something_else_happens():
    assert wakes(SNOOZED, 34.0, has_news=True)
