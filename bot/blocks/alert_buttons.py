"""The buttons of an alert: what can still be done about it, the next thing in colour."""

from bot.blocks import actions, kit, words
from bot.blocks.alert_view import AlertView
from bot.blocks.kit import Element
from scoring.accounts import Account
from scoring.alerts import Outcome

_SNOOZES = [
    *((str(each), words.plural(each, "day")) for each in actions.SNOOZE_DAYS),
    (actions.SNOOZE_PICK, "Pick a date…"),
    (actions.SNOOZE_WORSE, "Until it gets worse"),
]
# At most five, as Slack allows.
_MORE = [
    ("call", "Schedule call"),
    ("draft", "Draft outreach"),
    ("task", "Create task"),
    (Outcome.USEFUL.value, "Useful"),
    (Outcome.NOISE.value, "Noise"),
]


def buttons(view: AlertView) -> list[Element]:
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
    if view.is_snoozed:
        elements.append(kit.button("Wake up", actions.ALERT_WAKE, value))
    else:
        # Good news does not get worse: it passes.
        ends = _SNOOZES[:-1] if alert.rule.is_good else _SNOOZES
        elements.append(kit.static_select("Snooze…", actions.ALERT_SNOOZE, ends))
    more = [(actions.menu(what, alert.id), label) for what, label in _MORE]
    return [*elements, kit.overflow(actions.ALERT_MORE, more), view_button(view.account)]


def closing_buttons(view: AlertView) -> list[Element]:
    """What can be done about an alert that is over: say what it was good for."""
    value = str(view.alert.id)
    return [
        kit.button("Useful", actions.ALERT_USEFUL, value),
        kit.button("Noise", actions.ALERT_NOISE, value),
        view_button(view.account),
    ]


def view_button(account: Account) -> Element:
    return kit.button("View account", actions.ACCOUNT_VIEW, str(account.id))
