"""Pursuit: when an open alert is brought up again, passed on, or woken from its snooze."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scoring.alerts import Alert
from scoring.policy import AlertPolicy

WORSE_BY = 5.0
"""So many points under the score at which it was snoozed, an alert wakes."""
UNTIL_WORSE = datetime(2100, 1, 1, tzinfo=UTC)
"""A snooze until then has no end but that the account gets worse."""
FIRST_REMINDER = timedelta(hours=12)
"""What was told this morning is not brought up this morning."""


def is_snoozed(alert: Alert, at: datetime) -> bool:
    return alert.snoozed_until is not None and alert.snoozed_until > at


def needs_reminder(alert: Alert, at: datetime) -> bool:
    """Whether it is brought up today: told, and nobody has acknowledged or snoozed it."""
    is_open = alert.announced and alert.closed_at is None and alert.acknowledged_at is None
    return is_open and at - alert.opened_at >= FIRST_REMINDER and not is_snoozed(alert, at)


def needs_escalation(alert: Alert, policy: AlertPolicy, zone: ZoneInfo, *, at: datetime) -> bool:
    """Whether it has waited unacknowledged for too many working hours in that zone, and was not passed on yet."""
    after = policy.escalation.after_hours
    is_open = alert.announced and alert.closed_at is None and alert.acknowledged_at is None
    if not after or not is_open or alert.escalated_at or alert.outreach_at or is_snoozed(alert, at):
        return False
    return policy.hours.worked(alert.opened_at, at, zone) >= timedelta(hours=after)


def acknowledgement_is_over(alert: Alert, policy: AlertPolicy, at: datetime) -> bool:
    """Whether it was acknowledged so long ago that nobody can be said to have it."""
    if alert.acknowledged_at is None or alert.closed_at or alert.outreach_at:
        return False
    return at - alert.acknowledged_at >= policy.acknowledged_for


def wakes(alert: Alert, value: float | None, *, has_news: bool) -> bool:
    """Whether a snooze ends early: the account got worse, or another alert of it fires."""
    if has_news:
        return True
    if value is None or alert.snoozed_from is None:
        return False
    return not alert.rule.is_good and value <= alert.snoozed_from - WORSE_BY
