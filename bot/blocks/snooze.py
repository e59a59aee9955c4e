"""The Snooze modal: until which day an alert keeps quiet."""

import json
from datetime import date
from typing import Any

from bot.blocks import actions, forms, kit, words
from bot.blocks.forms import Values
from bot.blocks.text import escape
from scoring.alerts import AlertId
from scoring.pursuit import WORSE_BY


def render_snooze(alert_id: AlertId, account_name: str, *, proposed: date) -> dict[str, Any]:
    """The modal's view, which starts with the day that is proposed."""
    day = kit.date_picker(actions.FIELD, proposed)
    hint = f"It wakes before that if the score falls by {WORSE_BY:g} points, or another alert of the account fires."
    return kit.modal(
        "Snooze the alert",
        [
            kit.section(f"*{escape(account_name, words.NAME) or '(no name)'}*"),
            kit.input_of("Until which day?", day, block_id=actions.SNOOZE_UNTIL, hint=hint),
        ],
        callback_id=actions.SNOOZE_SUBMIT,
        submit="Snooze",
        metadata=json.dumps({"alert_id": alert_id}),
    )


def read_snooze(values: Values) -> date | None:
    """The day that was picked, of the view's `state.values`; None: none was."""
    return forms.day(values, actions.SNOOZE_UNTIL)
