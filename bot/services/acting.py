"""Acting on an alert: what a press of its buttons does, once, whoever presses however often."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.blocks.actions import SNOOZE_DAYS
from bot.deps import Deps
from bot.services import alerting
from bot.services.errors import UserError
from scoring.alerts import Alert, AlertId
from scoring.members import MemberId
from storage import accounts, alerts, tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press by one member. `key` is the same however often Slack delivers it."""

    alert_id: AlertId
    member: MemberId
    key: str
    at: datetime


def acknowledge(deps: Deps, press: Press) -> None:
    """Say that somebody has it. The first one counts; a second hears who was first."""
    with deps.db.write() as session:
        alert = _alert(session, press)
        if alert.acknowledged_by:
            if alert.acknowledged_by == press.member:
                return
            raise UserError(f"<@{alert.acknowledged_by}> has already acknowledged this one.")
        _apply(
            session,
            deps,
            press,
            "acknowledge",
            {"acknowledged_by": press.member, "acknowledged_at": press.at},
        )


def assign(deps: Deps, press: Press, *, to: MemberId) -> None:
    """Hand the alert to a member, who gets a copy of it."""
    with deps.db.write() as session:
        _alert(session, press)
        _apply(session, deps, press, "assign", {"assigned_to": to, "assigned_by": press.member})
        alerting.show_to(session, deps, press.alert_id, to, at=press.at)


def snooze(deps: Deps, press: Press, *, days: int) -> None:
    """Keep the alert's reminders quiet for some days."""
    if days not in SNOOZE_DAYS:
        raise UserError(f"An alert can be snoozed for {', '.join(map(str, SNOOZE_DAYS))} days.")
    until = press.at + timedelta(days=days)
    with deps.db.write() as session:
        _alert(session, press)
        _apply(session, deps, press, "snooze", {"snoozed_until": until, "snoozed_by": press.member})


def log_outreach(deps: Deps, press: Press, *, summary: str) -> None:
    """Keep what was done about it; the alert's outreach task is done with that."""
    with deps.db.write() as session:
        _alert(session, press)
        change = {"outreach_by": press.member, "outreach_at": press.at, "outreach_note": summary}
        if _apply(session, deps, press, "outreach", change):
            tasks.finish_of_alert(session, press.alert_id, at=press.at)


def account_name(deps: Deps, alert_id: AlertId) -> str:
    """The name of the account an alert is about."""
    with deps.db.read() as session:
        alert = alerts.get(session, alert_id)
        account = accounts.get(session, alert.account_id) if alert else None
    if account is None:
        raise UserError("That alert is no longer kept here.")
    return account.name


def _alert(session: Session, press: Press) -> Alert:
    alert = alerts.get(session, press.alert_id)
    if alert is None:
        raise UserError("That alert is no longer kept here.")
    return alert


def _apply(
    session: Session, deps: Deps, press: Press, kind: str, change: Mapping[str, Any]
) -> bool:
    """Record the action, change the alert and every copy of its message. False if this press was seen before."""
    detail = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in change.items()
    }
    is_first = alerts.record_action(
        session,
        press.alert_id,
        kind,
        member=press.member,
        key=press.key,
        at=press.at,
        detail=detail,
    )
    if is_first:
        alerts.save(session, replace(_alert(session, press), **change))
        alerting.refresh(session, deps, press.alert_id, at=press.at, after=press.key)
    return is_first
