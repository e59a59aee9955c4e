"""The alert: what happened to an account, why, what to do, and who is on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocks import actions, kit, words
from bot.blocks.kit import Block, Element, Message
from bot.blocks.moves import Move, lost, movers, reason, weakest
from bot.blocks.text import escape
from scoring.accounts import Account
from scoring.alerts import Alert, AlertPolicy, Rule
from scoring.health import HealthScore, Part, PastScore
from scoring.playbooks import PLAYBOOKS
from scoring.rubric import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert with its account as both stand at `at`. `csm_mention` is a Slack user id, None: not known."""

    alert: Alert
    account: Account
    score: HealthScore
    week_ago: PastScore | None
    csm_mention: str | None
    at: datetime


def render_alert(view: AlertView, *, rubric: Rubric, policy: AlertPolicy) -> Message:
    """The alert as it stands: rendered anew after every change and put in place of the old message."""
    if view.alert.closed_at:
        return _resolved(view, rubric)
    return kit.message(
        _spoken(view, rubric),
        [
            kit.header(_title(view, rubric)),
            kit.section(_headline(view, rubric, policy)),
            kit.lines(_what_moved(view, rubric), title=_moved_title(view, rubric)),
            kit.section(words.facts(view.account, view.csm_mention, view.at)),
            kit.section(_next_step(view, policy)),
            kit.context(*_deeds(view)),
            kit.actions(_buttons(view), block_id=actions.block_of(view.alert.id)),
        ],
    )


def render_recovery_reply(view: AlertView, *, rubric: Rubric) -> Message:
    """The reply in the alert's thread when it is over."""
    text = f"{_over(view, rubric)} The alert {_lasted(view)}."
    return kit.message(text, [kit.section(text)])


def render_still_critical(view: AlertView, *, day: int, rubric: Rubric) -> Message:
    """The daily reminder in the alert's thread; `day` counts from 1, the day it fired."""
    name, alert = words.name_of(view.account), view.alert
    value = alert.value if view.score.value is None else view.score.value
    change = words.change_between(value, alert.value) or 0
    text = f"*URGENT: {name}* is Critical for day {day}, at *{_score(value, rubric)}*"
    moved = f"{words.arrow(change)} since it fired. " if change else ""
    step = f"{moved}Nobody has acknowledged it. {PLAYBOOKS[alert.rule].next_step}"
    return kit.message(
        f"{text}, {words.spoken(change)} since it fired",
        [kit.section(f"{text}\n{step}"), kit.actions([_view_button(view.account)])],
    )


def _spoken(view: AlertView, rubric: Rubric) -> str:
    alert = view.alert
    change = words.spoken(words.change_between(alert.value, alert.before))
    moved = f" ({change})" if change else ""
    status = words.label(rubric.status(alert.value))
    why = escape(reason(view.score, view.week_ago, rubric))
    name = words.name_of(view.account)
    return f"{_urgent(alert)}{name} {_went(alert, rubric)}{moved}, {status}. {why}"


def _title(view: AlertView, rubric: Rubric) -> str:
    return f"{_urgent(view.alert)}{words.plain_name_of(view.account)} {_went(view.alert, rubric)}"


def _urgent(alert: Alert) -> str:
    return "URGENT: " if alert.rule is Rule.CRITICAL else ""


def _went(alert: Alert, rubric: Rubric) -> str:
    change = words.change_between(alert.value, alert.before) or 0
    is_rise = alert.rule is Rule.EXPANSION
    verb = (
        "rose to"
        if is_rise and change > 0
        else "fell to"
        if not is_rise and change < 0
        else "is at"
    )
    return f"{verb} {_score(alert.value, rubric)}"


def _headline(view: AlertView, rubric: Rubric, policy: AlertPolicy) -> str:
    alert, line = view.alert, policy.threshold(view.alert.rule)
    side = "at or above" if line.rising else "below"
    status = rubric.status(alert.value)
    said = f"{words.shape(status)} *{words.label(status)}*, {side} {words.number(line.fires)}"
    change = words.change_between(alert.value, alert.before)
    if change is not None and alert.before is not None:
        said += f" · {words.arrow(change)} from {_score(alert.before, rubric)}"
    now = view.score.value
    if now is not None and _score(now, rubric) != _score(alert.value, rubric):
        said += f" · now {_score(now, rubric)}"
    return said


def _moved_title(view: AlertView, rubric: Rubric) -> str:
    if movers(view.score, view.week_ago, rubric):
        return "*What moved in 7 days*"
    why = "nothing moved in 7 days" if view.week_ago else "no score of a week ago to compare with"
    rest = {Rule.EXPANSION: "What is known"}.get(view.alert.rule, "What holds it back")
    return f"*{rest}* ({why})"


def _what_moved(view: AlertView, rubric: Rubric) -> list[str]:
    """A line a component: the way the alert points first. Without movement, what costs most."""
    moved = movers(view.score, view.week_ago, rubric)
    is_rise = view.alert.rule is Rule.EXPANSION
    lines = [_move(move, rubric, view.at) for move in (reversed(moved) if is_rise else moved)]
    gone = [
        f"{words.COMPONENTS[component]} is not counted any more: {escape(view.score.missing[component], 150)}"
        for component in lost(view.score, view.week_ago)
    ]
    if lines or gone:
        return lines + gone
    parts: Sequence[Part] = view.score.parts if is_rise else weakest(view.score, rubric)[:3]
    return [_standing(part, rubric, view.at) for part in parts]


def _move(move: Move, rubric: Rubric, at: datetime) -> str:
    return f"{words.arrow(move.change or 0)} {_standing(move.part, rubric, at)}"


def _standing(part: Part, rubric: Rubric, at: datetime) -> str:
    points = f"{words.number(part.points)}/{words.number(rubric.weight(part.component))}"
    stale = f" ⚠ {words.span(at - part.as_of)} old" if part.stale else ""
    return f"*{words.COMPONENTS[part.component]}* {points} · {escape(part.evidence, 200)}{stale}"


def _next_step(view: AlertView, policy: AlertPolicy) -> str:
    """The playbook's step, until somebody has done it."""
    if view.alert.outreach_by:
        line = policy.threshold(view.alert.rule)
        side = f"below {line.clears:g}" if line.rising else f"at {line.clears:g} or above"
        return f"*Next:* Watch the score. The alert ends by itself when it stays {side}."
    playbook = PLAYBOOKS[view.alert.rule]
    step = f"*Next:* {playbook.next_step}"
    if playbook.task is None:
        return step
    due_on = view.alert.opened_at.date() + timedelta(days=playbook.task_due_days)
    return f"{step}\n☐ {playbook.task}, due {words.due(due_on, view.at)}"


def _deeds(view: AlertView) -> list[str]:
    """Who did what, and when, as far as it was kept."""
    alert = view.alert
    deeds = [
        _deed("✅ Acknowledged", alert.acknowledged_by, alert.acknowledged_at),
        _deed("📞 Outreach logged", alert.outreach_by, alert.outreach_at)
        + (f": “{escape(alert.outreach_note)}”" if alert.outreach_note else ""),
        f"👤 Assigned to {words.mention(alert.assigned_to)} by {words.mention(alert.assigned_by)}"
        if alert.assigned_to
        else "",
    ]
    if alert.snoozed_until and _is_snoozed(view):
        until = words.moment(alert.snoozed_until)
        deeds.append(f"💤 Snoozed until {until} by {words.mention(alert.snoozed_by)}")
    return deeds


def _deed(what: str, who: str | None, when: datetime | None) -> str:
    if who is None:
        return ""
    return f"{what} by {words.mention(who)}{f', {words.moment(when)}' if when else ''}"


def _is_snoozed(view: AlertView) -> bool:
    until = view.alert.snoozed_until
    return until is not None and until > view.at and view.alert.closed_at is None


def _buttons(view: AlertView) -> list[Element]:
    """What can still be done, the next thing in colour."""
    alert, value = view.alert, str(view.alert.id)
    elements: list[Element] = []
    if not alert.acknowledged_by and not alert.outreach_by:
        elements.append(
            kit.button("Acknowledge", actions.ALERT_ACKNOWLEDGE, value, style="primary")
        )
    placeholder = "Reassign…" if alert.assigned_to else "Assign to…"
    elements.append(kit.users_select(placeholder, actions.ALERT_ASSIGN))
    if not alert.outreach_by:
        style = "primary" if alert.acknowledged_by else ""
        elements.append(kit.button("Log outreach", actions.ALERT_OUTREACH, value, style=style))
    if not _is_snoozed(view):
        days = [(str(each), words.plural(each, "day")) for each in actions.SNOOZE_DAYS]
        elements.append(kit.static_select("Snooze…", actions.ALERT_SNOOZE, days))
    return [*elements, _view_button(view.account)]


def _view_button(account: Account) -> Element:
    return kit.button("View account", actions.ACCOUNT_VIEW, str(account.id))


def _resolved(view: AlertView, rubric: Rubric) -> Message:
    over = _over(view, rubric)
    went = (
        f"It {_went(view.alert, rubric)} · {words.moment(view.alert.opened_at)} · {_lasted(view)}"
    )
    blocks: list[Block | None] = [
        kit.header(f"{_ending(view)}: {words.plain_name_of(view.account)}"),
        kit.section(f"{over}\n{went}"),
        kit.context(*_deeds(view)),
        kit.actions([_view_button(view.account)]),
    ]
    return kit.message(f"{_ending(view)}: {over}", blocks)


def _ending(view: AlertView) -> str:
    if view.account.churned_on:
        return "Closed"
    return "Over" if view.alert.rule is Rule.EXPANSION else "Resolved"


def _over(view: AlertView, rubric: Rubric) -> str:
    """How it ended, in one sentence."""
    name, value = words.name_of(view.account), view.score.value
    if view.account.churned_on:
        return f"*{name}* left on {words.day(view.account.churned_on, view.at)}."
    if value is None:
        return f"*{name}* has no score any more."
    score, status = _score(value, rubric), rubric.status(value)
    shown = f"*{score}*, {words.label(status)}"
    if view.alert.rule is Rule.EXPANSION:
        return f"*{name}* is down to {shown}."
    return f"*{name}* is back at {shown}, from {_score(view.alert.value, rubric)}."


def _lasted(view: AlertView) -> str:
    closed_at = view.alert.closed_at or view.at
    return f"lasted {words.span(closed_at - view.alert.opened_at)}"


def _score(value: float, rubric: Rubric) -> str:
    return words.score_text(value, rubric.status(value), rubric)
