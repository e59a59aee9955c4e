"""Calling and writing: a call from an alert into a calendar, and a draft of what to write, both kept in the ledger."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session

from bot.blocks import actions, words
from bot.blocks.alert_view import AlertView
from bot.blocks.calendar import Event, ics
from bot.blocks.call import Call, CallAudience, event_of, render_call, render_planned, why
from bot.blocks.draft import render_draft
from bot.blocks.text import plain
from bot.deps import Deps
from bot.services import routing, speaking, tasking, telling
from bot.services.acting import Press
from bot.services.addressing import to_all
from bot.services.errors import UserError
from scoring.alerts import AlertId
from scoring.drafts import fill_draft
from scoring.hours import DAYS
from scoring.members import Member
from storage import accounts, alerts, members

USUAL_START = time(10)
LONGEST_AHEAD = timedelta(days=365)
CALENDAR_PATH = "/calendar/"
"""Where a call's calendar file is fetched: this, its token and .ics."""
_SIGNED = 32  # characters: 128 bits
_TOKEN = re.compile(r"(?P<alert>[0-9]{1,18})-(?P<number>[0-9]{1,6})-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A call as the ledger has it: which of the alert's calls, which version of that one, and since when."""

    call: Call
    number: int
    version: int
    at: datetime


def call_view(deps: Deps, alert_id: AlertId, member: Member, at: datetime) -> dict[str, Any]:
    """The modal that plans a call; it proposes the member's next working day at ten. Raises UserError."""
    with deps.db.read() as session:
        view = _view(session, deps, alert_id, at=at)
    return render_call(view, start=_usual_start(deps, member, at), rubric=deps.config.rubric)


def draft_view(deps: Deps, alert_id: AlertId, member: Member, at: datetime) -> dict[str, Any]:
    """The modal with a text to the customer. That somebody opened it is kept, once a day. Raises UserError."""
    with deps.db.write() as session:
        view = _view(session, deps, alert_id, at=at)
        alerts.record_action(
            session,
            alert_id,
            "draft",
            member=member.id,
            key=f"draft:{alert_id}:{member.id}:{view.at.date()}",
            at=at,
            detail={"value": view.value},
        )
        facts = _facts(session, deps, view, member)
    draft = fill_draft(view.playbook.draft, facts)
    return render_draft(view, draft, rubric=deps.config.rubric)


def schedule_call(deps: Deps, press: Press, call: Call | None) -> None:
    """Write the call down, show it in the alert, and send the member its way into a calendar. Raises UserError.

    None: a field was not filled in. A modal that is sent twice plans one call.
    """
    if call is None:
        raise UserError("Say when, how long, and who reads the invitation.")
    if call.start <= press.at:
        raise UserError(
            "That time has passed. Choose one that is still to come.", field=actions.CALL_START
        )
    if call.start > press.at + LONGEST_AHEAD:
        raise UserError(
            "That is more than a year ahead. Choose an earlier time.", field=actions.CALL_START
        )
    with deps.db.write() as session:
        view = _view(session, deps, press.alert_id, at=press.at)
        if not _record(session, press, call, value=view.value):
            return
        if view.playbook.call_is_task:
            tasking.finish_of_alerts(session, [view.alert], member=press.member, at=press.at)
        telling.refresh(session, deps, press.alert_id, at=press.at, after=press.key)
        _send(session, deps, press, view)


def calendar_file(deps: Deps, token: str) -> str | None:
    """The calendar file of a planned call. None: no token of ours, or the call is not kept any more."""
    told = _TOKEN.fullmatch(token)
    if told is None:
        return None
    alert_id, number = AlertId(int(told["alert"])), int(told["number"])
    if not hmac.compare_digest(token, _token(deps, alert_id, number)):
        return None
    with deps.db.read() as session:
        alert = alerts.get(session, alert_id)
        planned = _planned(session, alert_id)
        if number >= len(planned) or alert is None or not accounts.get(session, alert.account_id):
            return None
        view = telling.view(session, deps, alert, at=deps.clock.now())
    return ics(to_all(deps.config, _event, deps, view, planned[number]))


def _view(session: Session, deps: Deps, alert_id: AlertId, *, at: datetime) -> AlertView:
    alert = alerts.get(session, alert_id)
    if alert is None or accounts.get(session, alert.account_id) is None:
        raise UserError("That alert is no longer kept here.")
    return telling.view(session, deps, alert, at=at)


def _usual_start(deps: Deps, member: Member, at: datetime) -> datetime:
    hours, zone = deps.config.alerts.hours, routing.zone_of(member)
    day = at.astimezone(zone).date() + timedelta(days=1)
    while DAYS[day.weekday()] not in hours.days:
        day += timedelta(days=1)
    begins = USUAL_START if hours.start <= USUAL_START < hours.end else hours.start
    return datetime.combine(day, begins, tzinfo=zone).astimezone(UTC)


def _record(session: Session, press: Press, call: Call, *, value: float | None) -> bool:
    detail = {
        "start": call.start.isoformat(),
        "minutes": call.minutes,
        "audience": call.audience.value,
        "value": value,
    }
    return alerts.record_action(
        session,
        press.alert_id,
        "call",
        member=press.member,
        key=press.key,
        at=press.at,
        detail=detail,
    )


def _send(session: Session, deps: Deps, press: Press, view: AlertView) -> None:
    """The newest call of the alert, to the member who planned it, whatever the hour: they have just asked for it."""
    planned = _planned(session, press.alert_id)
    newest = len(planned) - 1
    base = deps.config.web.public_url if deps.config.web else None
    file_url = f"{base}{CALENDAR_PATH}{_token(deps, press.alert_id, newest)}.ics" if base else None
    call = planned[newest]
    message = to_all(
        deps.config,
        render_planned,
        view,
        _event(deps, view, call),
        audience=call.call.audience,
        file_url=file_url,
    )
    speaking.say(
        session, message, key=f"call:{press.key}", target=press.member, at=press.at, urgent=True
    )


def _planned(session: Session, alert_id: AlertId) -> list[_Planned]:
    """The calls of an alert as they were planned. One that is planned while the last is still to come moves that one."""
    found: list[_Planned] = []
    for action in alerts.actions(session, alert_id):
        if action.kind != "call":
            continue
        call = Call(
            start=datetime.fromisoformat(action.detail["start"]),
            minutes=action.detail["minutes"],
            audience=CallAudience(action.detail["audience"]),
        )
        before = found[-1] if found else None
        moves = before is not None and before.call.start > action.at
        found.append(
            _Planned(
                call=call,
                number=(before.number + (not moves)) if before else 0,
                version=before.version + 1 if before and moves else 0,
                at=action.at,
            )
        )
    return found


def _event(deps: Deps, view: AlertView, planned: _Planned) -> Event:
    uid = f"alert-{view.alert.id}-{planned.number}@{_domain(deps)}"
    return event_of(
        view,
        planned.call,
        uid=uid,
        sequence=planned.version,
        stamped_at=planned.at,
        rubric=deps.config.rubric,
    )


def _domain(deps: Deps) -> str:
    """Ours, for ids that are the world's: the public address's host, else one made of the installation's key."""
    base = deps.config.web.public_url if deps.config.web else None
    host = urlsplit(base).hostname if base else None
    return host or f"{_signed(deps, 'domain')[:12]}.bellwether"


def _token(deps: Deps, alert_id: AlertId, number: int) -> str:
    """Names a call without telling anything of the account, and cannot be guessed."""
    return f"{alert_id}-{number}-{_signed(deps, f'{alert_id}-{number}')}"


def _signed(deps: Deps, text: str) -> str:
    key = deps.config.general.hash_key.get_secret_value().encode()
    return hmac.new(key, f"calendar:{text}".encode(), hashlib.sha256).hexdigest()[:_SIGNED]


def _facts(session: Session, deps: Deps, view: AlertView, member: Member) -> dict[str, str]:
    """What a draft may name, as a customer reads it; empty where it is not known."""
    account, rubric = view.account, deps.config.rubric
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    status = None if view.value is None else rubric.status(view.value)
    return {
        "account": plain(account.name, words.NAME),
        "me": plain(member.name),
        "csm": plain((csm or member).name),
        "plan": plain(account.plan or ""),
        "renewal": words.day(account.renews_on, view.at) if account.renews_on else "",
        "minutes": str(view.playbook.call_minutes),
        "reason": plain(why(view, rubric)),
        "next_step": plain(view.playbook.next_step),
        "score": words.score_text(view.value, status, rubric) if status else "",
        "mrr": words.money(account.mrr) if account.mrr and words.sees_money() else "",
    }
