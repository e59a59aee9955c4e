"""Several accounts in one message, a line each: the alerts of one run, and what a changed rubric moved."""

from collections.abc import Sequence

from bot.blocks import actions, kit, words
from bot.blocks.alert import evidence, happened
from bot.blocks.alert_view import AlertView
from bot.blocks.kit import Block, Message
from bot.blocks.moves import reason
from bot.blocks.text import escape
from scoring.rubric import Rubric
from scoring.rules import Family

MOST_LINES = 20
"""So that the message is read to its end, and stays within Slack's blocks."""


def render_group(views: Sequence[AlertView], *, rubric: Rubric) -> Message:
    """The accounts of one run, the most pressing first, each with what can be done about it."""
    risks = [view for view in views if not view.alert.rule.is_good]
    count = words.plural(len(views), "account")
    title = f"{count} need a look" if risks else f"{count} with an opportunity"
    shown = views[:MOST_LINES]
    blocks: list[Block | None] = [
        kit.header(title),
        *(_line(view, rubric) for view in shown),
        kit.context(_more(len(views) - len(shown)), _next_step(views)),
    ]
    names = ", ".join(words.name_of(view.account) for view in views[:3])
    rest = f" and {words.count(len(views) - 3)} more" if len(views) > 3 else ""
    return kit.message(f"{title}: {names}{rest}", blocks)


def render_rebased(views: Sequence[AlertView], *, rubric: Rubric) -> Message:
    """What a changed rubric, or a change in what is known, moved over a line: summed up, and nobody is alerted."""
    count = words.plural(len(views), "account")
    shown = [
        f"• {words.name_of(view.account)} {happened(view.alert, rubric)}"
        for view in views[:MOST_LINES]
    ]
    title = f"Re-based: {count} crossed a line because the measure changed, not the customer"
    more = _more(len(views) - len(shown))
    return kit.message(
        title,
        [
            kit.section(f"*{title}*"),
            kit.section("\n".join(shown)),
            kit.context(more, "No alert is raised for it. What gets worse from here is told."),
        ],
    )


def _line(view: AlertView, rubric: Rubric) -> Block:
    alert = view.alert
    name = words.name_of(view.account)
    head = f"{_sign(view)} *{name}* {happened(alert, rubric)}"
    if alert.closed_at:
        return kit.section(f"✅ ~{name} {happened(alert, rubric)}~ · {_over(view, rubric)}")
    change = words.change_between(alert.value, alert.before)
    if alert.rule.family is Family.LINE and change:
        head += f" ({words.arrow(change)})"
    why = evidence(view)
    if alert.rule.family is Family.LINE:
        why = escape(reason(view.score, view.week_ago, rubric), 200)
    also = f" · also {words.plural(len(view.also), 'more alert')}" if view.also else ""
    facts = words.facts(view.account, view.csm_mention, view.at)
    lines = [f"{head}{also}", why, facts, _deed(view)]
    menu = kit.overflow(actions.ALERT_MENU, _choices(view))
    return kit.section("\n".join(line for line in lines if line), accessory=menu)


def _over(view: AlertView, rubric: Rubric) -> str:
    """That it is over, and how the account stands: another alert of it may be open."""
    if view.account.churned_on:
        return "left"
    if view.value is None:
        return "over"
    status = rubric.status(view.value)
    score = words.score_text(view.value, status, rubric)
    return f"over; now {words.shape(status)} {words.label(status)}, {score}"


def _sign(view: AlertView) -> str:
    return "URGENT:" if view.alert.rule.is_urgent else "▲" if view.alert.rule.is_good else "▼"


def _deed(view: AlertView) -> str:
    alert = view.alert
    if alert.outreach_by:
        return f"📞 {words.mention(alert.outreach_by)} reached out"
    if alert.acknowledged_by:
        return f"✅ {words.mention(alert.acknowledged_by)} has it"
    return f"👤 {words.mention(alert.assigned_to)}'s" if alert.assigned_to else ""


def _choices(view: AlertView) -> list[tuple[str, str]]:
    """At most five, as Slack allows."""
    of = view.alert.id
    return [
        (actions.menu("acknowledge", of), "Acknowledge"),
        (actions.menu("outreach", of), "Log outreach"),
        (actions.menu("snooze", of), "Snooze for 7 days"),
        (actions.menu("noise", of), "This is noise"),
        (actions.menu("view", view.account.id), "View account"),
    ]


def _next_step(views: Sequence[AlertView]) -> str:
    lead = next((view for view in views if not view.alert.closed_at), None)
    if lead is None:
        return ""
    return f"Next, with {words.name_of(lead.account)}: {escape(lead.playbook.next_step)}"


def _more(count: int) -> str:
    return f"… and {words.count(count)} more: `/health alerts`" if count > 0 else ""
