"""The Log outreach modal: what was done, with whom, and what came of it."""

import json
from collections.abc import Mapping
from typing import Any

from bot.blocks import actions, kit, words
from bot.blocks.text import escape
from scoring.alerts import AlertId

MOST_NOTE = 1000

_HOW = {"call": "Call", "email": "E-mail", "meeting": "Meeting"}
_OUTCOMES = {
    "reached": "Reached them",
    "no_answer": "No answer",
    "agreed": "Agreed on a next step",
}


def render_outreach(alert_id: AlertId, account_name: str) -> dict[str, Any]:
    """The modal's view."""
    how = kit.radio(actions.FIELD, list(_HOW.items()), chosen="call")
    outcome = kit.static_select("Choose one", actions.FIELD, list(_OUTCOMES.items()))
    whom = kit.text_input(actions.FIELD)
    note = kit.text_input(actions.FIELD, multiline=True, most=MOST_NOTE)
    return kit.modal(
        "Log outreach",
        [
            kit.section(f"*{escape(account_name, words.NAME) or '(no name)'}*"),
            kit.input_of("What did you do?", how, block_id=actions.OUTREACH_HOW),
            kit.input_of("With whom?", whom, block_id=actions.OUTREACH_WHOM, optional=True),
            kit.input_of("What came of it?", outcome, block_id=actions.OUTREACH_OUTCOME),
            kit.input_of("Note", note, block_id=actions.OUTREACH_NOTE, optional=True),
        ],
        callback_id=actions.OUTREACH_SUBMIT,
        submit="Save",
        metadata=json.dumps({"alert_id": alert_id}),
    )


def read_outreach(values: Mapping[str, Any]) -> str:
    """The filled-in modal as one text: "Call with Dana Fox: agreed on a next step. They will …".

    `values` is the view's `state.values`. Text of the member's is kept as it was typed: escape it.
    """
    how = _HOW.get(_chosen(values, actions.OUTREACH_HOW), "Outreach")
    whom = _typed(values, actions.OUTREACH_WHOM)
    outcome = _OUTCOMES.get(_chosen(values, actions.OUTREACH_OUTCOME), "")
    note = _typed(values, actions.OUTREACH_NOTE)
    did = f"{how} with {whom}" if whom else how
    came = f": {outcome.lower()}" if outcome else ""
    return f"{did}{came}. {note}".strip()


def _field(values: Mapping[str, Any], block_id: str) -> Mapping[str, Any]:
    field = (values.get(block_id) or {}).get(actions.FIELD)
    return field if isinstance(field, dict) else {}


def _chosen(values: Mapping[str, Any], block_id: str) -> str:
    return str((_field(values, block_id).get("selected_option") or {}).get("value") or "")


def _typed(values: Mapping[str, Any], block_id: str) -> str:
    return str(_field(values, block_id).get("value") or "").strip()
