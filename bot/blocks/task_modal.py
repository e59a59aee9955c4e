"""The Create task modal: what is to be done, by when, and whose it is."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.blocks import actions, forms, kit, words
from bot.blocks.forms import Values
from bot.blocks.text import escape
from scoring.alerts import AlertId
from scoring.playbooks import LONGEST_STEP

MOST_NOTE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task to be. Texts are as they were typed: escape them. `owner` is a Slack user id; empty or None: not said."""

    title: str
    due_on: date | None
    owner: str
    note: str = ""


def render_task(
    alert_id: AlertId, account_name: str, *, owner: str, proposed: date
) -> dict[str, Any]:
    """The modal's view, which starts with an owner and a day."""
    title = kit.text_input(actions.FIELD, most=LONGEST_STEP)
    due_on = kit.date_picker(actions.FIELD, proposed)
    whose = kit.users_select("Choose somebody", actions.FIELD, chosen=owner)
    note = kit.text_input(actions.FIELD, multiline=True, most=MOST_NOTE)
    return kit.modal(
        "Create a task",
        [
            kit.section(f"*{escape(account_name, words.NAME) or '(no name)'}*"),
            kit.input_of("What is to be done?", title, block_id=actions.TASK_TITLE),
            kit.input_of("By when?", due_on, block_id=actions.TASK_DUE),
            kit.input_of("Whose is it?", whose, block_id=actions.TASK_OWNER),
            kit.input_of("Note", note, block_id=actions.TASK_NOTE, optional=True),
        ],
        callback_id=actions.TASK_SUBMIT,
        submit="Create",
        metadata=json.dumps({"alert_id": alert_id}),
    )


def read_task(values: Values) -> NewTask:
    """The filled-in modal, of its `state.values`."""
    return NewTask(
        title=forms.typed(values, actions.TASK_TITLE),
        due_on=forms.day(values, actions.TASK_DUE),
        owner=forms.member(values, actions.TASK_OWNER),
        note=forms.typed(values, actions.TASK_NOTE),
    )
