"""The modals of a call and of a draft, and what is sent after one: pictures, Slack's limits, and what a customer may read."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from block_samples import ACME, ALERT, AT, CLOSED, EMPTY, NAMES, RUBRIC, alert_view, named
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks.call import Call, CallAudience, event_of, render_call, render_planned
from bot.blocks.draft import MOST_SUBJECT, MOST_TEXT, render_draft, render_ready
from bot.blocks.kit import Message
from bot.blocks.limits import problems
from scoring.drafts import Draft
from scoring.playbooks import LONGEST_STEP, MOST_STEPS
from scoring.rules import Rule

START = AT + timedelta(days=3)
FILE = "https://bellwether.example.com/calendar/17-0-0123456789abcdef.ics"
DRAFT = Draft("Acme Corp: can we talk?", "Hi [name],\n\nCould we speak today?\n\nBest,\nDana")
LEFT = replace(ACME, churned_on=date(2026, 3, 4))
DETRACTOR = replace(ALERT, rule=Rule.DETRACTOR, evidence="NPS 2 from 1 contact, 3 days ago")
BARE = {"score": EMPTY, "week_ago": None}


def call(view, audience=CallAudience.US, minutes=30):
    planned = Call(start=START, minutes=minutes, audience=audience)
    return event_of(view, planned, uid="u@x", sequence=0, stamped_at=AT, rubric=RUBRIC)


def modal(view):
    return render_call(view, start=START, rubric=RUBRIC)


def sent(view, *, file_url=FILE, audience=CallAudience.US):
    return render_planned(view, call(view, audience), audience=audience, file_url=file_url)


def crammed(view):
    """A playbook as long as the configuration takes one."""
    step = ("& " * LONGEST_STEP)[: LONGEST_STEP - 1] + "."
    return replace(view, playbook=replace(view.playbook, checklist=(step,) * MOST_STEPS))


VIEWS = {
    "call modal": modal(alert_view()),
    "call modal of an event": modal(alert_view(DETRACTOR)),
    "call modal without a score": modal(alert_view(replace(ALERT, value=None), **BARE)),
    "draft modal": render_draft(alert_view(), DRAFT, rubric=RUBRIC),
    "draft modal without a text": render_draft(alert_view(CLOSED), Draft("", ""), rubric=RUBRIC),
    "draft ready": render_ready(DRAFT),
}
MESSAGES = {
    "call planned": sent(alert_view()),
    "call planned with the customer": sent(alert_view(), audience=CallAudience.CUSTOMER),
    "call planned without a web server": sent(alert_view(), file_url=None),
    "call planned with who left": sent(alert_view(DETRACTOR, LEFT)),
}
ABSURD = {
    name: each
    for name, text in NAMES.items()
    for view in [crammed(alert_view(DETRACTOR, named(text)))]
    for name, each in {
        f"call modal {name}": modal(view),
        f"draft modal {name}": render_draft(view, Draft(text * 9, text * 99), rubric=RUBRIC),
        f"draft ready {name}": render_ready(Draft(text[:MOST_SUBJECT], (text * 99)[:MOST_TEXT])),
        f"call planned {name}": sent(view),
        f"call planned, no web {name}": sent(view, file_url=None),
    }.items()
}
EVERY = {**VIEWS, **MESSAGES, **ABSURD}


@pytest.mark.parametrize("name", [*VIEWS, *MESSAGES])
def test_looks_as_it_did(name, snapshot):
    each = EVERY[name]
    shown = {"text": each.text, "blocks": each.blocks} if isinstance(each, Message) else each
    assert shown == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("name", EVERY)
def test_slack_takes_it(name):
    each = EVERY[name]
    is_message = isinstance(each, Message)
    blocks = each.blocks if is_message else each["blocks"]
    assert problems(blocks, "message" if is_message else "modal") == []
    if is_message:
        assert 0 < len(each.text) <= 3000
        for block in Block.parse_all(blocks):
            block.validate_json()
    else:
        View(**each).validate_json()


@pytest.mark.parametrize("name", [name for name in ABSURD if "no web" in name])
def test_a_file_in_a_message_is_whole_and_cannot_leave_its_box(name):
    *_, box = EVERY[name].blocks
    text = box["text"]["text"]
    assert text.startswith("```\nBEGIN:VCALENDAR")
    assert text.endswith("END:VCALENDAR\n```")
    assert text.count("```") == 2
    assert "<" not in text


def test_our_own_invitation_has_what_one_wants_at_hand():
    notes = call(alert_view()).notes
    for part in ("do not invite the customer", "score 35", "MRR $1,200", "renews 12 Apr", "Next: "):
        assert part in notes
    assert "- Ask support and billing" in notes
    assert "Down mostly on" in notes


@pytest.mark.parametrize("told", [ALERT, DETRACTOR])
def test_an_invitation_the_customer_reads_is_an_agenda_and_nothing_else(told):
    event = call(alert_view(told), CallAudience.CUSTOMER)
    assert event.title == "Acme Corp: review call"
    assert event.notes.startswith("Agenda\n1. What changed for you")
    said = event.notes.lower()
    assert not any(word in said for word in ("score", "mrr", "$", "critical", "nps", "35"))


def test_the_modal_proposes_the_playbooks_length_and_only_us_as_readers():
    _, _, length, readers, _ = VIEWS["call modal"]["blocks"]
    assert length["element"]["initial_option"]["value"] == "30"
    assert readers["element"]["initial_option"]["value"] == "us"


def test_a_finished_draft_has_nothing_left_to_submit():
    assert "submit" not in VIEWS["draft ready"]
    assert not any(block["type"] == "input" for block in VIEWS["draft ready"]["blocks"])
