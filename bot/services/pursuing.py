"""Pursuing: what becomes of alerts nobody has taken care of: reminders, escalation, and snoozes that end early."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlmodel import Session

from bot.blocks.alert import render_still_critical
from bot.blocks.pursuit import render_ack_expired, render_escalated, render_woken
from bot.deps import Deps
from bot.services import routing, telling
from bot.services.addressing import to_all
from scoring.accounts import Account, AccountId
from scoring.alerts import Alert, Decision
from scoring.health import HealthScore
from scoring.members import Member
from scoring.pursuit import acknowledgement_is_over, needs_escalation, needs_reminder, wakes
from scoring.rules import Rule
from storage import accounts, alerts


def remind_of_critical(deps: Deps, *, at: datetime) -> int:
    """Say once a day, in the alert's thread, how a critical account stands, until somebody acknowledges it."""
    told = 0
    today = _today(deps, at)
    with deps.db.write() as session:
        for alert in alerts.firing(session, Rule.CRITICAL):
            if not needs_reminder(alert, at):
                continue
            day = (today - _today(deps, alert.opened_at)).days + 1
            view = telling.view(session, deps, alert, at=at)
            message = to_all(
                deps.config, render_still_critical, view, day=day, rubric=deps.config.rubric
            )
            told += telling.reply_all(
                session, deps, alert, message, what=f"day:{today}", at=at, today_only=True
            )
    return told


def pursue(deps: Deps, *, at: datetime) -> int:
    """Escalate what nobody acknowledged in time, and take back what was acknowledged too long ago. Returns how many."""
    with deps.db.write() as session:
        firing = alerts.firing(session, Rule.CRITICAL)
        return sum(_escalate(session, deps, each, at=at) for each in firing) + sum(
            _expire(session, deps, each, at=at) for each in firing
        )


def end_snoozes(
    session: Session,
    deps: Deps,
    seen: Mapping[AccountId, HealthScore],
    decisions: Sequence[Decision],
    *,
    at: datetime,
) -> None:
    """Wake snoozed alerts whose account got worse: five points down, or another alert of it."""
    worse = {
        each.account_id
        for each in decisions
        if each.opens and each.quiet is None and not each.rule.is_good
    }
    for account_id, alert in alerts.snoozed(session, list(seen), at=at):
        value = seen[account_id].value
        if not wakes(alert, value, has_news=account_id in worse):
            continue
        woken = replace(alert, snoozed_until=None, snoozed_from=None, snoozed_by=None)
        alerts.save(session, woken)
        telling.refresh(session, deps, alert.id, at=at, after="woken")
        view = telling.view(session, deps, woken, at=at)
        message = to_all(
            deps.config, render_woken, view, by=alert.snoozed_by, rubric=deps.config.rubric
        )
        telling.reply_all(session, deps, woken, message, what=f"woken:{at.isoformat()}", at=at)


def _escalate(session: Session, deps: Deps, alert: Alert, *, at: datetime) -> bool:
    """To the backup or manager, by the hours of whoever should have acted; once an episode."""
    account = accounts.get(session, alert.account_id)
    if account is None:
        return False
    csm = routing.csm_of(session, deps.config, account)
    zone = routing.zone_of(csm) if csm else deps.config.zone
    if not needs_escalation(alert, deps.config.alerts, zone, at=at):
        return False
    other = _next_in_line(session, deps, account, csm)
    if other is None:
        return False
    alerts.save(session, replace(alert, escalated_to=other.id, escalated_at=at))
    telling.show_to(session, deps, alert.id, other.id, at=at)
    telling.refresh(session, deps, alert.id, at=at, after="escalated")
    view = telling.view(session, deps, alert, at=at)
    message = to_all(
        deps.config,
        render_escalated,
        view,
        to=other.id,
        after_hours=deps.config.alerts.escalation.after_hours,
    )
    telling.reply_all(session, deps, alert, message, what="escalated", at=at)
    return True


def _next_in_line(
    session: Session, deps: Deps, account: Account, csm: Member | None
) -> Member | None:
    escalation = deps.config.alerts.escalation
    for email in (escalation.of(account.csm_email), escalation.manager):
        other = routing.reachable(session, email)
        if other and (csm is None or other.id != csm.id):
            return other
    return None


def _expire(session: Session, deps: Deps, alert: Alert, *, at: datetime) -> bool:
    if not acknowledgement_is_over(alert, deps.config.alerts, at):
        return False
    by = alert.acknowledged_by
    anew = replace(alert, acknowledged_by=None, acknowledged_at=None)
    alerts.save(session, anew)
    telling.refresh(session, deps, alert.id, at=at, after="ack-over")
    message = to_all(
        deps.config, render_ack_expired, telling.view(session, deps, anew, at=at), by=by
    )
    telling.reply_all(session, deps, anew, message, what=f"ack-over:{at.isoformat()}", at=at)
    return True


def _today(deps: Deps, at: datetime) -> date:
    """The team's day, which is not always Greenwich's."""
    return at.astimezone(deps.config.zone).date()
