"""Alerting: from evaluations to alert rows, tasks, watches and the messages that tell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.blocks import kit
from bot.blocks.alert import (
    AlertView,
    render_alert,
    render_recovery_reply,
    render_still_critical,
)
from bot.blocks.kit import Message
from bot.blocks.notices import render_baseline
from bot.deps import Deps
from bot.services import listing, observing, speaking
from scoring.accounts import Account, AccountId
from scoring.alerts import (
    Alert,
    AlertId,
    AlertState,
    Change,
    Decision,
    Evaluation,
    Rule,
    decide,
)
from scoring.health import HealthScore, PastScore
from scoring.playbooks import PLAYBOOKS
from scoring.readings import day_number
from storage import accounts as account_rows
from storage import alerts, dirty, members, outbox, scores, sources, tasks, watches


@dataclass(frozen=True, slots=True)
class Context:
    """What every step of one evaluation needs."""

    session: Session
    deps: Deps
    at: datetime
    accounts: Mapping[AccountId, Account]
    scores: Mapping[AccountId, HealthScore]
    week_ago: Mapping[AccountId, PastScore]


def evaluate(
    session: Session,
    deps: Deps,
    evaluations: Sequence[Evaluation],
    *,
    scores: Mapping[AccountId, HealthScore],
    accounts: Mapping[AccountId, Account],
    at: datetime,
) -> None:
    """Move every account's rules by its new score, and queue what is to be told.

    An account's first evaluation is silent, whatever it finds: it was so before we looked.
    """
    states = alerts.states(session, [each.account_id for each in evaluations])
    moved: dict[AccountId, list[AlertState]] = {}
    decisions: list[Decision] = []
    for each in evaluations:
        known = states.get(each.account_id, {})
        evaluation = each if known else replace(each, silent=True)
        after, decided = decide(evaluation, known, deps.config.alerts)
        moved[each.account_id] = after
        decisions += decided
    alerts.save_states(session, moved)
    touched = list({each.account_id for each in decisions})
    context = Context(session, deps, at, accounts, scores, _week_ago(session, touched, at))
    for decision in decisions:
        _HANDLERS[decision.change](context, decision)


def retire(session: Session, deps: Deps, ids: Sequence[AccountId], *, at: datetime) -> None:
    """Close what is open for accounts that are customers no more: they leave every list and alert."""
    closing = [alert.id for each in ids for alert in alerts.open_alerts(session, each)]
    alerts.forget(session, ids, at=at)
    watches.end_all(session, ids, on=_today(deps, at))
    tasks.drop_open(session, ids)
    for alert_id in closing:
        refresh(session, deps, alert_id, at=at, after="left")


def _open(context: Context, decision: Decision) -> None:
    alert_id = _new_alert(context, decision)
    _follow_playbook(context, decision, alert_id)
    if decision.announce:
        _announce(context, _alert(context.session, alert_id))


def _reopen(context: Context, decision: Decision) -> None:
    """Let the old message speak again: it changes in place, and a reply tells those who were there."""
    session, at = context.session, context.at
    alert = alerts.get(session, _new_alert(context, decision))
    if alert is None or not decision.announce:
        return
    # What was acknowledged or snoozed was the last time; the ledger remembers it.
    anew = replace(
        alert, acknowledged_by=None, acknowledged_at=None, snoozed_until=None, snoozed_by=None
    )
    alerts.save(session, anew)
    _follow_playbook(context, decision, alert.id)
    refresh(session, context.deps, alert.id, at=at, after="again")
    text = _render(session, context.deps, anew, at=at).text
    is_critical = alert.rule is Rule.CRITICAL
    reply = kit.message(text, [kit.section(text)])
    _reply(context, alert, reply, what="again", broadcast=is_critical)


def _resolve(context: Context, decision: Decision) -> None:
    session, at = context.session, context.at
    alert = alerts.close_episode(
        session, decision.account_id, decision.rule, decision.episode, at=at
    )
    if watch := PLAYBOOKS[decision.rule].watch:
        watches.end(session, decision.account_id, watch, on=_today(context.deps, at))
    refresh(session, context.deps, alert.id, at=at, after="recovered")
    if decision.announce:
        view = _view(session, context.deps, alert, at=at)
        _reply(
            context,
            alert,
            render_recovery_reply(view, rubric=context.deps.config.rubric),
            what="recovered",
        )


_HANDLERS = {Change.OPENED: _open, Change.REOPENED: _reopen, Change.RESOLVED: _resolve}


def _reply(
    context: Context, alert: Alert, message: Message, *, what: str, broadcast: bool = False
) -> None:
    """Answer in the thread of every copy of the alert; `broadcast` shows it in the channel too."""
    session, at = context.session, context.at
    for target in outbox.targets(session, _key(alert, "")):
        key = _key(alert, target)
        speaking.say(
            session,
            message,
            key=f"{key}:{what}:{at.isoformat()}",
            target=target,
            at=at,
            reply_to=key,
            broadcast=broadcast,
        )


def _new_alert(context: Context, decision: Decision) -> AlertId:
    week_ago = context.week_ago.get(decision.account_id)
    return alerts.open_episode(
        context.session,
        decision.account_id,
        decision.rule,
        decision.episode,
        at=context.at,
        value=context.scores[decision.account_id].value or 0.0,
        before=week_ago.value if week_ago else None,
        announced=decision.announce,
    ).id


def _follow_playbook(context: Context, decision: Decision, alert_id: AlertId) -> None:
    playbook = PLAYBOOKS[decision.rule]
    account = context.accounts[decision.account_id]
    today = _today(context.deps, context.at)
    if playbook.watch:
        watches.begin(context.session, account.id, playbook.watch, on=today)
    if playbook.task and decision.announce:
        tasks.add(
            context.session,
            key=f"{decision.rule}:{account.id}:{decision.episode}",
            account_id=account.id,
            alert_id=alert_id,
            title=playbook.task,
            due_on=today + timedelta(days=playbook.task_due_days),
            csm_email=account.csm_email,
        )


def _announce(context: Context, alert: Alert) -> None:
    """Tell the team channel and the CSM. A critical alert goes on in the at-risk one's thread, and in the channel too."""
    session, deps, at = context.session, context.deps, context.at
    message = _render(session, deps, alert, at=at)
    parent = _open_at_risk(session, alert) if alert.rule is Rule.CRITICAL else None
    for target in _targets(session, deps, alert):
        before = _key(parent, target) if parent else ""
        thread = before if outbox.is_alive(session, before) else None
        speaking.say(
            session,
            message,
            key=_key(alert, target),
            target=target,
            at=at,
            reply_to=thread,
            broadcast=thread is not None,
            urgent=alert.rule is Rule.CRITICAL,
        )


def refresh(session: Session, deps: Deps, alert_id: AlertId, *, at: datetime, after: str) -> None:
    """Show the alert as it now is, wherever it was posted. `after` names what changed it, so that two
    changes at one instant are two.
    """
    alert = _alert(session, alert_id)
    message = _render(session, deps, alert, at=at)
    for target in outbox.targets(session, _key(alert, "")):
        of = _key(alert, target)
        key = f"{of}:at:{at.isoformat()}:{after}"
        speaking.amend(session, message, of=of, target=target, key=key, at=at)


def show_to(session: Session, deps: Deps, alert_id: AlertId, target: str, *, at: datetime) -> None:
    """Give somebody a copy of the alert of their own, unless they have one."""
    alert = _alert(session, alert_id)
    message = _render(session, deps, alert, at=at)
    speaking.say(session, message, key=_key(alert, target), target=target, at=at)


def remind_of_critical(deps: Deps, *, at: datetime) -> int:
    """Say once a day, in the alert's thread, how a critical account stands, until somebody acknowledges it."""
    told = 0
    today = _today(deps, at)
    with deps.db.write() as session:
        for alert in alerts.firing(session, Rule.CRITICAL):
            if not _needs_reminder(alert, at):
                continue
            message = _still_critical(session, deps, alert, at=at)
            for target in outbox.targets(session, _key(alert, "")):
                key = _key(alert, target)
                told += speaking.say(
                    session, message, key=f"{key}:day:{today}", target=target, at=at, reply_to=key
                )
    return told


def _still_critical(session: Session, deps: Deps, alert: Alert, *, at: datetime) -> Message:
    day = (at - alert.opened_at).days + 1
    return render_still_critical(
        _view(session, deps, alert, at=at), day=day, rubric=deps.config.rubric
    )


def tell_baseline(session: Session, deps: Deps) -> bool:
    """After the first complete scoring, say once how the book stands, instead of an alert an account."""
    at = deps.clock.now()
    states = sources.states(session)
    if outbox.is_alive(session, "baseline") or dirty.count(session):
        return False
    if not observing.is_complete(states, deps.config):
        return False
    counts = listing.tally(session, None, rates=deps.config.rates, on=at.date())
    if not counts:
        return False
    rubric = deps.config.rubric
    message = render_baseline(
        counts, listing.worst(session, None, rubric=rubric, at=at), rubric=rubric
    )
    return speaking.say(
        session, message, key="baseline", target=deps.config.slack.team_channel, at=at
    )


def _today(deps: Deps, at: datetime) -> date:
    """The team's day, which is not always Greenwich's."""
    return at.astimezone(deps.config.zone).date()


def _needs_reminder(alert: Alert, at: datetime) -> bool:
    if not alert.announced or alert.acknowledged_at or at - alert.opened_at < timedelta(hours=12):
        return False
    return alert.snoozed_until is None or alert.snoozed_until <= at


def _alert(session: Session, alert_id: AlertId) -> Alert:
    alert = alerts.get(session, alert_id)
    if alert is None:
        raise ValueError(f"there is no alert {alert_id}")
    return alert


def _targets(session: Session, deps: Deps, alert: Alert) -> list[str]:
    """The team channel, and the CSM's direct messages when the CSM is a member."""
    account = account_rows.get(session, alert.account_id)
    csm = members.by_email(session, account.csm_email) if account and account.csm_email else None
    reachable = csm is not None and not csm.is_deactivated
    return [deps.config.slack.team_channel, *([csm.id] if csm and reachable else [])]


def _key(alert: Alert, target: str) -> str:
    return f"alert:{alert.id}:to:{target}"


def _open_at_risk(session: Session, alert: Alert) -> Alert | None:
    open_ones = alerts.open_alerts(session, alert.account_id)
    return next((each for each in open_ones if each.rule is Rule.AT_RISK and each.announced), None)


def _week_ago(
    session: Session, ids: Sequence[AccountId], at: datetime
) -> Mapping[AccountId, PastScore]:
    return scores.on_day(session, ids, day_number(at) - 7)


def _render(session: Session, deps: Deps, alert: Alert, *, at: datetime) -> Message:
    return render_alert(
        _view(session, deps, alert, at=at), rubric=deps.config.rubric, policy=deps.config.alerts
    )


def _view(session: Session, deps: Deps, alert: Alert, *, at: datetime) -> AlertView:
    account = account_rows.get(session, alert.account_id)
    score = scores.latest(session, [alert.account_id]).get(alert.account_id)
    if account is None or score is None:
        raise ValueError(f"alert {alert.id} has no account or no score")
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    return AlertView(
        alert=alert,
        account=account,
        score=score,
        week_ago=_week_ago(session, [account.id], at).get(account.id),
        csm_mention=csm.id if csm else None,
        at=at.astimezone(deps.config.zone),  # "today" is the team's
    )
