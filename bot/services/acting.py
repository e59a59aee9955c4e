"""Acting on an alert: what a press of its buttons does, once, whoever presses however often.

A press counts for the other alerts of the account that the same message tells as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session

from bot.blocks import actions
from bot.blocks.actions import SNOOZE_DAYS
from bot.blocks.outreach import Outreach
from bot.deps import Deps
from bot.services import noting, routing, tasking, telling
from bot.services.errors import UserError
from scoring.alerts import Alert, AlertId, Outcome
from scoring.members import MemberId
from scoring.pursuit import UNTIL_WORSE
from storage import accounts, alerts, members, notices

LONGEST_SNOOZE = timedelta(days=365)
USUAL_SNOOZE = timedelta(days=30)


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
        alert, *others = _open_of(session, press)
        if alert.acknowledged_by:
            if alert.acknowledged_by == press.member:
                return
            raise UserError(f"<@{alert.acknowledged_by}> has already acknowledged this one.")
        nobodys = [each for each in others if not each.acknowledged_by]
        change = {"acknowledged_by": press.member, "acknowledged_at": press.at}
        _apply(session, deps, press, "acknowledge", [alert, *nobodys], change=change)


def assign(deps: Deps, press: Press, *, to: MemberId) -> None:
    """Hand the alert to a member, who gets a copy of it."""
    with deps.db.write() as session:
        acted = _open_of(session, press)
        change = {"assigned_to": to, "assigned_by": press.member}
        if not _change(session, press, "assign", acted, change=change, to=to):
            return
        if not acted[1:]:
            noting.show(session, deps, acted, at=press.at, after=press.key)
        telling.show_to(session, deps, press.alert_id, to, at=press.at)
        if acted[1:]:  # the copy is to tell them too, and is shown anew with the rest
            _join_copy(session, acted, to=to, at=press.at)
            noting.show(session, deps, acted, at=press.at, after=press.key)


def snooze(deps: Deps, press: Press, *, days: int) -> None:
    """Keep the alert's reminders quiet for some days."""
    if days not in SNOOZE_DAYS:
        raise UserError(f"An alert can be snoozed for {', '.join(map(str, SNOOZE_DAYS))} days.")
    with deps.db.write() as session:
        _snooze(session, deps, press, until=press.at + timedelta(days=days))


def snooze_until(deps: Deps, press: Press, *, on: date | None) -> None:
    """Keep it quiet until a day begins where the member is; None: no day was picked. Raises UserError."""
    if on is None:
        raise UserError("Choose a date.", field=actions.SNOOZE_UNTIL)
    with deps.db.write() as session:
        member = members.by_id(session, press.member)
        zone = routing.zone_of(member) if member else deps.config.zone
        until = datetime.combine(on, time(), tzinfo=zone)
        if until <= press.at:
            raise UserError(
                "That date is not ahead. Choose one from tomorrow on.", field=actions.SNOOZE_UNTIL
            )
        if until > press.at + LONGEST_SNOOZE:
            raise UserError(
                "That is more than a year ahead. Choose an earlier date.",
                field=actions.SNOOZE_UNTIL,
            )
        _snooze(session, deps, press, until=until)


def snooze_until_worse(deps: Deps, press: Press) -> None:
    """Keep it quiet until the account gets worse, however long that takes."""
    with deps.db.write() as session:
        _snooze(session, deps, press, until=UNTIL_WORSE)


def wake(deps: Deps, press: Press) -> None:
    """Take a snooze back."""
    with deps.db.write() as session:
        asleep = [each for each in _open_of(session, press) if each.snoozed_until]
        change = {"snoozed_until": None, "snoozed_from": None, "snoozed_by": None}
        _apply(session, deps, press, "wake", asleep, change=change)


def log_outreach(deps: Deps, press: Press, outreach: Outreach) -> None:
    """Keep what was done about it; the playbook's task is done with that, and the next step is one of the member's."""
    with deps.db.read() as session:
        today = routing.today_of(session, deps.config, press.member, at=press.at)
    if outreach.due_on and outreach.due_on < today:
        raise UserError("That date has passed. Choose another.", field=actions.OUTREACH_DUE)
    if outreach.due_on and not outreach.next_step:
        raise UserError("Say what is due then.", field=actions.OUTREACH_NEXT)
    change = {
        "outreach_by": press.member,
        "outreach_at": press.at,
        "outreach_note": outreach.summary,
    }
    with deps.db.write() as session:
        acted = _open_of(session, press)
        if not _change(session, press, "outreach", acted, change=change, **outreach.detail):
            return
        tasking.finish_of_alerts(session, acted, member=press.member, at=press.at)
        if outreach.next_step:
            tasking.add_next_step(
                session, acted[0], outreach, member=press.member, key=press.key, today=today
            )
        noting.show(session, deps, acted, at=press.at, after=press.key)


def judge(deps: Deps, press: Press, *, outcome: Outcome) -> None:
    """Say what the alert was good for. The last word counts, for all that the message tells."""
    with deps.db.write() as session:
        alert = noting.alert_to_change(session, press.alert_id)
        acted = [alert, *noting.told_with(session, alert)]
        if all((each.outcome, each.outcome_by) == (outcome, press.member) for each in acted):
            return
        change = {"outcome": outcome, "outcome_by": press.member, "outcome_at": press.at}
        _apply(session, deps, press, "outcome", acted, change=change, outcome=outcome.value)


def proposed_end(deps: Deps, at: datetime) -> date:
    """The day the form of a snooze starts with."""
    return at.astimezone(deps.config.zone).date() + USUAL_SNOOZE


def account_name(deps: Deps, alert_id: AlertId) -> str:
    """The name of the account an alert is about."""
    with deps.db.read() as session:
        alert = alerts.get(session, alert_id)
        account = accounts.get(session, alert.account_id) if alert else None
    if account is None:
        raise UserError("That alert is no longer kept here.")
    return account.name


def _open_of(session: Session, press: Press) -> list[Alert]:
    """The alert that was pressed, and those open ones that are told with it."""
    alert = noting.alert_to_change(session, press.alert_id)
    others = noting.told_with(session, alert)
    return [alert, *(each for each in others if each.closed_at is None)]


def _snooze(session: Session, deps: Deps, press: Press, *, until: datetime) -> None:
    acted = _open_of(session, press)
    change = {
        "snoozed_until": until,
        "snoozed_from": noting.value_of(session, acted[0]),
        "snoozed_by": press.member,
    }
    told = None if until == UNTIL_WORSE else until.isoformat()
    _apply(session, deps, press, "snooze", acted, change=change, until=told)


def _apply(
    session: Session,
    deps: Deps,
    press: Press,
    kind: str,
    acted: Sequence[Alert],
    *,
    change: Mapping[str, Any],
    **detail: Any,
) -> bool:
    """Note the action, change the alerts and every copy of their messages. False if this press was seen before."""
    is_new = _change(session, press, kind, acted, change=change, **detail)
    if is_new:
        noting.show(session, deps, acted, at=press.at, after=press.key)
    return is_new


def _change(
    session: Session,
    press: Press,
    kind: str,
    acted: Sequence[Alert],
    *,
    change: Mapping[str, Any],
    **detail: Any,
) -> bool:
    for each in acted:
        key = press.key if each.id == press.alert_id else f"{press.key}:{each.id}"
        if not noting.note(
            session, each, kind, member=press.member, key=key, at=press.at, **detail
        ):
            return False
        alerts.save(session, replace(each, **change))
    return True


def _join_copy(session: Session, acted: Sequence[Alert], *, to: MemberId, at: datetime) -> None:
    """Somebody's own copy of the first alert tells the others too."""
    copies = (each for each in notices.of_alert(session, acted[0].id) if each.target == to)
    copy = next(copies, None)
    if copy is None or copy.message_key is None:
        return
    joined = [
        replace(copy, alert_id=each.id)
        for each in acted[1:]
        if notices.add(session, each.id, to, not_before=at)
    ]
    notices.tell(session, joined, message_key=copy.message_key)
