"""The alert: what happened to an account, why, what to do, and who is on it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.blocks import actions, kit, words
from bot.blocks.alert_buttons import buttons, closing_buttons, view_button
from bot.blocks.alert_view import AlertView, deeds
from bot.blocks.alert_words import EVENTS, HAPPENED, RULES
from bot.blocks.billed import event_line
from bot.blocks.kit import Block, Message
from bot.blocks.moves import Move, lost, movers, reason, weakest
from bot.blocks.text import escape
from scoring.alerts import Alert
from scoring.health import Part
from scoring.policy import AlertPolicy
from scoring.rubric import Rubric
from scoring.rules import Family, Rule

MOST_STEPS_SHOWN = 4
"""Of the checklist: the alert is read on a phone."""


def render_alert(view: AlertView, *, rubric: Rubric, policy: AlertPolicy) -> Message:
    """The alert as it stands: rendered anew after every change and put in place of the old message."""
    if view.alert.closed_at and not _is_parting(view):
        return _resolved(view, rubric)
    return kit.message(
        _spoken(view, rubric),
        [
            kit.header(_title(view, rubric)),
            kit.section(_headline(view, rubric, policy)),
            kit.lines([_also(each) for each in view.also], title="*Also*"),
            kit.lines(_what_moved(view, rubric), title=_moved_title(view, rubric)),
            kit.section(words.facts(view.account, view.csm_mention, view.at)),
            kit.section(_next_step(view, policy)),
            kit.context(*deeds(view)),
            kit.actions(buttons(view), block_id=actions.block_of(view.alert.id)),
        ],
    )


def render_recovery_reply(view: AlertView, *, rubric: Rubric) -> Message:
    """The reply in the alert's thread when it is over."""
    text = f"{_over(view, rubric)} The alert {_lasted(view)}."
    return kit.message(text, [kit.section(text)])


def render_again(view: AlertView, *, rubric: Rubric) -> Message:
    """The reply in the thread when the old alert speaks again."""
    text = f"Again: {_spoken(view, rubric)}"
    return kit.message(text, [kit.section(text)])


def render_still_critical(view: AlertView, *, day: int, rubric: Rubric) -> Message:
    """The daily reminder in the alert's thread; `day` counts from 1, the day it fired."""
    name, alert = words.name_of(view.account), view.alert
    change = words.change_between(view.value, alert.value) or 0
    text = f"*URGENT: {name}* is Critical for day {day}, at *{_score(view.value, rubric)}*"
    moved = f"{words.arrow(change)} since it fired. " if change else ""
    step = f"{moved}Nobody has acknowledged it. {escape(view.playbook.next_step)}"
    return kit.message(
        f"{text}, {words.spoken(change)} since it fired",
        [kit.section(f"{text}\n{step}"), kit.actions([view_button(view.account)])],
    )


def happened(alert: Alert, rubric: Rubric) -> str:
    """What an alert says of its account, after the name: "fell to 52", "asked to cancel"."""
    if alert.rule.family is Family.LINE:
        return _went(alert, rubric)
    return EVENTS.get(alert.evidence, HAPPENED[alert.rule])


def evidence(view: AlertView) -> str:
    """What an alert that is no line on the score rests on, in words."""
    if view.event:
        return event_line(view.event, view.at)
    return "" if view.alert.evidence in EVENTS else escape(view.alert.evidence, 300)


def _is_parting(view: AlertView) -> bool:
    """An event that came with the account's end: it is over as it is told, and told in full."""
    alert = view.alert
    return alert.rule.family is Family.EVENT and alert.closed_at == alert.opened_at


def _spoken(view: AlertView, rubric: Rubric) -> str:
    alert, name = view.alert, words.name_of(view.account)
    if alert.rule.family is not Family.LINE:
        said = evidence(view)
        return f"{_urgent(alert)}{name} {happened(alert, rubric)}{f': {said}' if said else ''}"
    change = words.spoken(words.change_between(alert.value, alert.before))
    moved = f" ({change})" if change else ""
    status = words.label(rubric.status(alert.value or 0.0))
    why = escape(reason(view.score, view.week_ago, rubric))
    return f"{_urgent(alert)}{name} {_went(alert, rubric)}{moved}, {status}. {why}"


def _title(view: AlertView, rubric: Rubric) -> str:
    name = words.plain_name_of(view.account)
    return f"{_urgent(view.alert)}{name} {happened(view.alert, rubric)}"


def _urgent(alert: Alert) -> str:
    return "URGENT: " if alert.rule is Rule.CRITICAL else ""


def _went(alert: Alert, rubric: Rubric) -> str:
    change = words.change_between(alert.value, alert.before) or 0
    verb = (
        "rose to"
        if alert.rule.is_good and change > 0
        else "fell to"
        if not alert.rule.is_good and change < 0
        else "is at"
    )
    return f"{verb} {_score(alert.value, rubric)}"


def _headline(view: AlertView, rubric: Rubric, policy: AlertPolicy) -> str:
    alert = view.alert
    if alert.rule.family is Family.LINE:
        return _line(view, rubric, policy)
    said = f"*{RULES[alert.rule]}* · {evidence(view)}".rstrip(" ·")
    if view.value is None:
        return said
    status = rubric.status(view.value)
    last = "was " if view.account.churned_on else ""
    stands = f"{last}{words.label(status)}, at {_score(view.value, rubric)}"
    return f"{said}\n{words.shape(status)} {stands}"


def _line(view: AlertView, rubric: Rubric, policy: AlertPolicy) -> str:
    alert, line = view.alert, policy.threshold(view.alert.rule)
    side = "at or above" if line.rising else "below"
    status = rubric.status(alert.value or 0.0)
    said = f"{words.shape(status)} *{words.label(status)}*, {side} {words.number(line.fires)}"
    change = words.change_between(alert.value, alert.before)
    if change is not None and alert.before is not None:
        said += f" · {words.arrow(change)} from {_score(alert.before, rubric)}"
    if view.value is not None and _score(view.value, rubric) != _score(alert.value, rubric):
        said += f" · now {_score(view.value, rubric)}"
    return said


def _also(alert: Alert) -> str:
    """Another alert of the account, in a line: struck through when it is over."""
    said = escape(alert.evidence, 200) if alert.evidence not in EVENTS else ""
    line = f"{RULES[alert.rule]}{f': {said}' if said else ''}"
    return f"~{line}~" if alert.closed_at else line


def _moved_title(view: AlertView, rubric: Rubric) -> str:
    if view.score and movers(view.score, view.week_ago, rubric):
        return "*What moved in 7 days*"
    why = "nothing moved in 7 days" if view.week_ago else "no score of a week ago to compare with"
    rest = "What is known" if view.alert.rule.is_good else "What holds it back"
    return f"*{rest}* ({why})"


def _what_moved(view: AlertView, rubric: Rubric) -> list[str]:
    """A line a component: the way the alert points first. Without movement, what costs most."""
    if view.score is None or view.account.churned_on:
        return []
    moved = movers(view.score, view.week_ago, rubric)
    is_rise = view.alert.rule.is_good
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
    """The playbook's step, its task and its checklist, until somebody has done it."""
    if view.alert.outreach_by:
        return f"*Next:* Watch the score. {_ends(view.alert.rule, policy)}"
    playbook = view.playbook
    lines = [f"*Next:* {escape(playbook.next_step)}"]
    if view.account.churned_on:
        return lines[0]
    if playbook.task:
        due_on = view.alert.opened_at.date() + timedelta(days=playbook.task_due_days)
        made = next((each for each in view.tasks if each.created_by is None), None)
        lines.append(
            f"☑ {escape(made.title)}, done by {words.mention(made.done_by)}"
            if made and made.done_at
            else f"☐ {escape(playbook.task)}, due {words.due(due_on, view.at)}"
        )
    lines += [f"☐ {escape(step)}" for step in playbook.checklist[:MOST_STEPS_SHOWN]]
    if (more := len(playbook.checklist) - MOST_STEPS_SHOWN) > 0:
        lines.append(f"… and {words.plural(more, 'more step')}")
    return "\n".join(lines)


def _ends(rule: Rule, policy: AlertPolicy) -> str:
    if rule.family is not Family.LINE:
        return "The alert ends by itself when it is over."
    line = policy.threshold(rule)
    side = f"below {line.clears:g}" if line.rising else f"at {line.clears:g} or above"
    return f"The alert ends by itself when it stays {side}."


def _resolved(view: AlertView, rubric: Rubric) -> Message:
    over = _over(view, rubric)
    began = _went(view.alert, rubric) if view.alert.rule.family is Family.LINE else "began"
    went = f"It {began} · {words.moment(view.alert.opened_at)} · {_lasted(view)}"
    still = [_also(each) for each in view.also if each.closed_at is None]
    blocks: list[Block | None] = [
        kit.header(f"{_ending(view)}: {words.plain_name_of(view.account)}"),
        kit.section(f"{over}\n{went}"),
        kit.lines(still, title="*Still open*"),
        kit.context(*deeds(view)),
        kit.section("Was this useful?") if view.alert.outcome is None else None,
        kit.actions(closing_buttons(view)),
    ]
    return kit.message(f"{_ending(view)}: {over}", blocks)


def _ending(view: AlertView) -> str:
    if view.account.churned_on:
        return "Closed"
    return "Over" if view.alert.rule.is_good else "Resolved"


def _over(view: AlertView, rubric: Rubric) -> str:
    """How it ended, in one sentence."""
    name, value = words.name_of(view.account), view.score.value if view.score else None
    if view.account.churned_on:
        return f"*{name}* left on {words.day(view.account.churned_on, view.at)}."
    if value is None:
        return f"*{name}* has no score any more."
    shown = f"*{_score(value, rubric)}*, {words.label(rubric.status(value))}"
    if view.alert.rule.family is not Family.LINE:
        return f"*{name}*: {RULES[view.alert.rule].lower()} is over. It is at {shown}."
    if view.alert.rule is Rule.EXPANSION:
        return f"*{name}* is down to {shown}."
    return f"*{name}* is back at {shown}, from {_score(view.alert.value, rubric)}."


def _lasted(view: AlertView) -> str:
    closed_at = view.alert.closed_at or view.at
    return f"lasted {words.span(closed_at - view.alert.opened_at)}"


def _score(value: float | None, rubric: Rubric) -> str:
    return words.score_text(value, None if value is None else rubric.status(value), rubric)
