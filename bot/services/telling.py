"""Telling: from notices that are due to messages in the outbox, grouped, and kept true to what became of the alerts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.blocks.alert import render_again, render_alert, render_recovery_reply
from bot.blocks.alert_group import render_group, render_rebased
from bot.blocks.alert_view import AlertView
from bot.blocks.kit import Message
from bot.blocks.notices import render_baseline
from bot.deps import Deps
from bot.services import listing, observing, routing, speaking
from bot.services.addressing import to_all
from bot.services.grouping import Told, lead_of, split, thread_of
from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertId
from scoring.lagging import BillingEvent
from scoring.readings import day_number
from scoring.rules import Family, Quiet, Rule
from scoring.sights import EVENT_WINDOW
from storage import (
    accounts,
    alerts,
    dirty,
    due_looks,
    history,
    inbox,
    members,
    notices,
    outbox,
    scores,
    sources,
    tasks,
)
from storage.notices import Notice

BASELINE = "baseline"
LATE = timedelta(days=4)
"""How far back it is looked for what did not get through: longer than delivery tries."""


def tell(deps: Deps) -> int:
    """Queue what is due to be told. Returns how many messages that are.

    A notice that a message tells and the message commit together. Where messages are stuck, notices
    wait: what gathers meanwhile is one message when the way is free.
    """
    at = deps.clock.now()
    with deps.db.read() as session:
        first, late = notices.next_due(session), notices.unreached(session, since=at - LATE)
        if (first is None or first > at) and not late and inbox.knows(session, BASELINE):
            return 0
    with deps.db.write() as session:
        for key, target in late:
            # What did not get through before the evening has its turn in the morning, with the rest.
            opens = routing.reply_from(session, deps.config, target, at=at)
            notices.untell(session, key, not_before=opens or at)
        due = notices.waiting(session, at=at)
        known = alerts.by_ids(session, {each.alert_id for each in due})
        by_target: dict[str, Told] = defaultdict(list)
        for notice in due:
            # It may have waited for Slack until the hours were over.
            rule, target = known[notice.alert_id].rule, notice.target
            opens = routing.tellable_at(session, deps.config, target, rule, at=at)
            if opens > at:
                notices.put_off(session, notice, until=opens)
            else:
                by_target[target].append((known[notice.alert_id], notice))
        said = 0
        for target, told in by_target.items():
            if not outbox.is_clogged(session, target, at=at):
                said += _tell_target(session, deps, target, told, at=at)
        said += tell_baseline(session, deps)
    return said


def refresh(session: Session, deps: Deps, alert_id: AlertId, *, at: datetime, after: str) -> None:
    """Show the alert as it now is, wherever it was told. `after` names what changed it, so that two
    changes at one instant are two.
    """
    for notice in notices.of_alert(session, alert_id):
        of = notice.message_key or ""
        speaking.amend(
            session,
            _render(session, deps, of, at=at),
            of=of,
            target=notice.target,
            key=f"{of}:at:{at.isoformat()}:{alert_id}:{after}",
            at=at,
        )


def show_to(session: Session, deps: Deps, alert_id: AlertId, target: str, *, at: datetime) -> None:
    """Give somebody a copy of the alert of their own, unless they have one."""
    if not notices.add(session, alert_id, target, not_before=at):
        return
    alert = alerts.by_ids(session, [alert_id])[alert_id]
    notice = Notice(alert_id=alert_id, target=target, not_before=at, message_key=None)
    _say(session, deps, target, [(alert, notice)], at=at)


def speak_again(session: Session, deps: Deps, alert: Alert, *, at: datetime) -> None:
    """The old message changes in place, and a reply tells those who were there."""
    refresh(session, deps, alert.id, at=at, after="again")
    reply = to_all(
        deps.config, render_again, view(session, deps, alert, at=at), rubric=deps.config.rubric
    )
    reply_all(
        session, deps, alert, reply, what="again", at=at, broadcast=alert.rule is Rule.CRITICAL
    )


def tell_recovery(session: Session, deps: Deps, alert: Alert, *, at: datetime) -> None:
    """Reply in the thread of every message that told of it."""
    message = to_all(
        deps.config,
        render_recovery_reply,
        view(session, deps, alert, at=at),
        rubric=deps.config.rubric,
    )
    reply_all(session, deps, alert, message, what="recovered", at=at)


def reply_all(
    session: Session,
    deps: Deps,
    alert: Alert,
    message: Message,
    *,
    what: str,
    at: datetime,
    broadcast: bool = False,
    today_only: bool = False,
) -> int:
    """Answer in the thread of every message that told of the alert; `broadcast` shows it in the channel too.

    What can wait waits for working hours; with `today_only` it is left unsaid where these begin on another
    day. Returns how many replies were queued; `what` is said once.
    """
    told = 0
    for notice in notices.of_alert(session, alert.id):
        root = outbox.root_of(session, notice.message_key or "")
        opens = routing.reply_from(session, deps.config, notice.target, at=at)
        if root is None or (today_only and opens and opens - at > routing.SAME_DAY):
            continue
        urgent = alert.rule.is_urgent and deps.config.alerts.hours.urgent_passes
        told += speaking.say(
            session,
            message,
            key=f"{notice.message_key}:{alert.id}:{what}",
            target=notice.target,
            at=at,
            reply_to=root,
            broadcast=broadcast,
            not_before=None if urgent else opens,
            expires_at=routing.told_until(session, deps.config, notice.target, at=opens or at)
            if today_only
            else None,
        )
    return told


def tell_baseline(session: Session, deps: Deps) -> bool:
    """After the first complete scoring, say once how the book stands, instead of an alert an account."""
    at = deps.clock.now()
    if inbox.knows(session, BASELINE) or dirty.count(session) or due_looks.count(session):
        return False
    if not observing.is_complete(sources.states(session), deps.config):
        return False
    counts = listing.tally(session, None, rates=deps.config.rates, on=at.date())
    if not counts:
        return False
    rubric = deps.config.rubric
    worst = listing.worst(session, None, rubric=rubric, at=at)
    message = to_all(deps.config, render_baseline, counts, worst, rubric=rubric)
    inbox.first_time(session, BASELINE, at=at)
    return speaking.say(
        session, message, key=BASELINE, target=deps.config.slack.team_channel, at=at
    )


def view(
    session: Session, deps: Deps, alert: Alert, *, at: datetime, also: Sequence[Alert] = ()
) -> AlertView:
    """The alert with its account, as both stand."""
    account = accounts.get(session, alert.account_id)
    if account is None:
        raise ValueError(f"alert {alert.id} has no account")
    week_ago = scores.on_day(session, [account.id], day_number(at) - 7)
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    calls = [each for each in alerts.actions(session, alert.id) if each.kind == "call"]
    return AlertView(
        alert=alert,
        account=account,
        score=scores.latest(session, [account.id]).get(account.id),
        week_ago=week_ago.get(account.id),
        csm_mention=csm.id if csm else None,
        at=at.astimezone(deps.config.zone),  # "today" is the team's
        playbook=deps.config.playbooks[alert.rule],
        also=tuple(also),
        event=_event_of(session, alert),
        call_by=calls[-1].member if calls else None,
        call_at=datetime.fromisoformat(calls[-1].detail["start"]) if calls else None,
        tasks=tuple(tasks.of_alert(session, alert.id)),
    )


def _tell_target(session: Session, deps: Deps, target: str, told: Told, *, at: datetime) -> int:
    """Tell one channel or member of everything that waits for them."""
    living: Told = []
    for alert, notice in told:
        if alert.closed_at and alert.rule.family is not Family.EVENT:
            notices.forget(session, [alert.id])  # over before anybody was told
        else:
            living.append((alert, notice))
    rebased = [each for each in living if each[0].quiet is Quiet.REBASED]
    alone, together = split(session, target, [each for each in living if each not in rebased])
    said = [_say(session, deps, target, each, at=at) for each in alone]
    said += [_say(session, deps, target, each, at=at) for each in together]
    if rebased:
        said.append(_say(session, deps, target, rebased, at=at))
    return sum(said)


def _say(session: Session, deps: Deps, target: str, told: Told, *, at: datetime) -> bool:
    """One message that tells these alerts. In an open conversation about the account it goes on there."""
    lead, goes_on = lead_of(told), thread_of(session, target, told)
    key = f"alert:{lead.id}:to:{target}"
    if outbox.was_queued(session, key):
        key = f"{key}:{at.isoformat()}"  # it did not get through in time, and is told anew
    notices.tell(session, [notice for _, notice in told], message_key=key)
    for alert, _ in told:
        alerts.save(session, replace(alert, announced=alert.quiet is not Quiet.REBASED))
    return speaking.say(
        session,
        _render(session, deps, key, at=at),
        key=key,
        target=target,
        at=at,
        reply_to=goes_on.root if goes_on else None,
        broadcast=goes_on is not None and goes_on.is_topped_by(lead.rule),
        urgent=lead.rule.is_urgent,
        expires_at=routing.told_until(
            session, deps.config, target, at=at, urgent=lead.rule.is_urgent
        ),
    )


def _render(session: Session, deps: Deps, message_key: str, *, at: datetime) -> Message:
    """A message from the alerts it tells, as they stand now: one account in full, several a line each."""
    told = alerts.by_ids(session, notices.in_message(session, message_key))
    by_account: dict[AccountId, list[Alert]] = defaultdict(list)
    # What is over leads only where nothing of the account is open: the buttons are the lead's.
    pressing = alerts.by_pressing(told.values())
    for alert in sorted(pressing, key=lambda each: each.closed_at is not None):
        by_account[alert.account_id].append(alert)
    views = [
        view(session, deps, of_one[0], at=at, also=of_one[1:]) for of_one in by_account.values()
    ]
    rubric, policy = deps.config.rubric, deps.config.alerts
    if all(each.alert.quiet is Quiet.REBASED for each in views):
        return to_all(deps.config, render_rebased, views, rubric=rubric)
    if len(views) == 1:
        return to_all(deps.config, render_alert, views[0], rubric=rubric, policy=policy)
    return to_all(deps.config, render_group, views, rubric=rubric)


def _event_of(session: Session, alert: Alert) -> BillingEvent | None:
    """What was billed that the alert is about."""
    kind, _, rest = alert.subject.partition(":")
    if alert.rule.family is not Family.EVENT or not rest:
        return None
    since = alert.opened_at - EVENT_WINDOW
    found = history.of_account(session, alert.account_id, since=since)
    subjects: Mapping[str, BillingEvent] = {
        f"{each.kind}:{each.subject}:{each.at.isoformat()}": each for each in found
    }
    return subjects.get(alert.subject) if kind else None
