"""A draft to a customer: the modal in which it is made one's own, and the one it is taken from."""

import json
from typing import Any

from bot.blocks import actions, forms, kit, limits, words
from bot.blocks.alert_view import AlertView
from bot.blocks.calendar import bounded_link
from bot.blocks.forms import Values
from bot.blocks.text import escape
from scoring.drafts import Draft
from scoring.rubric import Rubric

MOST_SUBJECT, MOST_TEXT = 150, 2_500

_GMAIL = "https://mail.google.com/mail/"
_OUTLOOK = "https://outlook.office.com/mail/deeplink/compose"


def render_draft(view: AlertView, draft: Draft, *, rubric: Rubric) -> dict[str, Any]:
    """The modal's view. Above the text stands what is for us alone."""
    subject = kit.text_input(actions.FIELD, most=MOST_SUBJECT, initial=draft.subject)
    text = kit.text_input(actions.FIELD, multiline=True, most=MOST_TEXT, initial=draft.text)
    return kit.modal(
        "Draft outreach",
        [
            kit.section(f"*{words.name_of(view.account)}*\n{_known(view, rubric)}"),
            kit.section(f"*Next:* {escape(view.playbook.next_step)}"),
            kit.input_of("Subject", subject, block_id=actions.DRAFT_SUBJECT),
            kit.input_of(
                "Text",
                text,
                block_id=actions.DRAFT_TEXT,
                hint="Fill the gaps in [square brackets]. Nothing is sent from here.",
            ),
        ],
        callback_id=actions.DRAFT_SUBMIT,
        submit="Use this text",
        metadata=json.dumps({"alert_id": view.alert.id}),
    )


def read_draft(values: Values) -> Draft:
    """The text as it was made one's own."""
    return Draft(
        forms.typed(values, actions.DRAFT_SUBJECT), forms.typed(values, actions.DRAFT_TEXT)
    )


def render_ready(draft: Draft) -> dict[str, Any]:
    """The modal after that: the text to copy, and a new mail with it. There is nothing left to submit."""
    subject = {"view": "cm", "su": draft.subject}
    ways = [
        words.link(bounded_link(_GMAIL, subject, last=("body", draft.text)), "Gmail"),
        words.link(
            bounded_link(_OUTLOOK, {"subject": draft.subject}, last=("body", draft.text)),
            "Outlook",
        ),
    ]
    return kit.modal(
        "Draft outreach",
        [
            kit.section("Begin a mail with it in"),
            *(kit.section(each) for each in ways),
            kit.divider(),
            {
                "type": "section",
                "text": kit.words(f"{draft.subject}\n\n{draft.text}", limits.SECTION),
            },
        ],
        callback_id=actions.DRAFT_READY,
        close="Close",
        metadata="{}",
    )


def _known(view: AlertView, rubric: Rubric) -> str:
    facts = words.facts(view.account, view.csm_mention, view.at)
    if view.value is None:
        return facts
    status = rubric.status(view.value)
    score = words.score_text(view.value, status, rubric)
    return f"{words.shape(status)} {words.label(status)}, {score} · {facts}"
