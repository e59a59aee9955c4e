"""The Log outreach modal: what was done, with whom, what came of it, and what comes next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.blocks import actions, forms, kit, words
from bot.blocks.forms import Values
from bot.blocks.text import escape
from scoring.alerts import AlertId
from scoring.playbooks import LONGEST_STEP

MOST_NOTE = 1000

HOW: Mapping[str, str] = {"call": "Call", "email": "E-mail", "meeting": "Meeting"}
OUTCOMES: Mapping[str, str] = {
    "reached": "Reached them",
    "no_answer": "No answer",
    "agreed": "Agreed on a next step",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outreach:
    """What somebody did about an alert. Texts of theirs are as they were typed: escape them. Empty: not said.

    `how` and `outcome` are keys of HOW and OUTCOMES. `due_on` is when the next step is due, None: not said.
    """

    how: str
    outcome: str
    whom: str = ""
    next_step: str = ""
    due_on: date | None = None
    note: str = ""

    @property
    def summary(self) -> str:
        """As one text: "Call with Dana Fox: agreed on a next step. Next: send the offer. They will …"."""
        how = HOW.get(self.how, "Outreach")
        did = f"{how} with {self.whom}" if self.whom else how
        outcome = OUTCOMES.get(self.outcome, "")
        came = f": {outcome.lower()}" if outcome else ""
        then = f"Next: {self.next_step.rstrip('.')}." if self.next_step else ""
        return " ".join(part for part in (f"{did}{came}.", then, self.note) if part)

    @property
    def detail(self) -> dict[str, str | None]:
        """What the ledger keeps of it."""
        return {
            "how": self.how,
            "whom": self.whom,
            "outcome": self.outcome,
            "next_step": self.next_step,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "note": self.note,
        }


def render_outreach(alert_id: AlertId, account_name: str) -> dict[str, Any]:
    """The modal's view."""
    how = kit.radio(actions.FIELD, list(HOW.items()), chosen="call")
    outcome = kit.static_select("Choose one", actions.FIELD, list(OUTCOMES.items()))
    whom = kit.text_input(actions.FIELD)
    step = kit.text_input(actions.FIELD, most=LONGEST_STEP)
    due_on = kit.date_picker(actions.FIELD)
    note = kit.text_input(actions.FIELD, multiline=True, most=MOST_NOTE)
    return kit.modal(
        "Log outreach",
        [
            kit.section(f"*{escape(account_name, words.NAME) or '(no name)'}*"),
            kit.input_of("What did you do?", how, block_id=actions.OUTREACH_HOW),
            kit.input_of("With whom?", whom, block_id=actions.OUTREACH_WHOM, optional=True),
            kit.input_of("What came of it?", outcome, block_id=actions.OUTREACH_OUTCOME),
            kit.input_of(
                "Next step",
                step,
                block_id=actions.OUTREACH_NEXT,
                optional=True,
                hint="Becomes a task of yours.",
            ),
            kit.input_of(
                "Due",
                due_on,
                block_id=actions.OUTREACH_DUE,
                optional=True,
                hint="Of the next step. Empty: in a week.",
            ),
            kit.input_of("Note", note, block_id=actions.OUTREACH_NOTE, optional=True),
        ],
        callback_id=actions.OUTREACH_SUBMIT,
        submit="Save",
        metadata=json.dumps({"alert_id": alert_id}),
    )


def read_outreach(values: Values) -> Outreach:
    """The filled-in modal, of its `state.values`."""
    return Outreach(
        how=forms.chosen(values, actions.OUTREACH_HOW),
        whom=forms.typed(values, actions.OUTREACH_WHOM),
        outcome=forms.chosen(values, actions.OUTREACH_OUTCOME),
        next_step=forms.typed(values, actions.OUTREACH_NEXT),
        due_on=forms.day(values, actions.OUTREACH_DUE),
        note=forms.typed(values, actions.OUTREACH_NOTE),
    )
