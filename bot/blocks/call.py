"""A call with a customer: the modal that plans it, and the message with its way into a calendar."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.blocks import actions, forms, kit, words
from bot.blocks.alert_view import AlertView
from bot.blocks.alert_words import EVENTS, RULES
from bot.blocks.calendar import Event, google_link, ics, outlook_link
from bot.blocks.kit import Block, Message
from bot.blocks.moves import reason
from bot.blocks.text import clip, escape, length, plain, unescape
from scoring.playbooks import CALL_MINUTES
from scoring.rubric import Rubric
from scoring.rules import Family

_MOST_FILE = 2_900
_HARMLESS = str.maketrans({"`": "ˋ", "&": "&amp;", "<": "&lt;", ">": "&gt;"})

_AGENDA = "\n".join(
    [
        "Agenda",
        "1. What changed for you, and what you want to get done next",
        "2. What is in the way",
        "3. One next step: who does what, by when",
    ]
)


class CallAudience(StrEnum):
    """Who reads the event: with the customer, it says neither a score nor what they pay."""

    US = "us"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that is planned."""

    start: datetime
    minutes: int
    audience: CallAudience


def render_call(view: AlertView, *, start: datetime, rubric: Rubric) -> dict[str, Any]:
    """The modal's view, which proposes `start`."""
    lengths = [(str(each), f"{each} minutes") for each in CALL_MINUTES]
    length = kit.static_select(
        "How long", actions.FIELD, lengths, chosen=str(view.playbook.call_minutes)
    )
    readers = [
        (CallAudience.US.value, "Only we: with score, MRR and what moved"),
        (CallAudience.CUSTOMER.value, "The customer too: title and agenda only"),
    ]
    audience = kit.radio(actions.FIELD, readers, chosen=CallAudience.US)
    steps = [f"☐ {escape(step)}" for step in view.playbook.checklist]
    blocks: list[Block | None] = [
        kit.section(f"*{words.name_of(view.account)}*\n{_stands(view, rubric)}"),
        kit.input_of(
            "When?",
            kit.moment_picker(actions.FIELD, start),
            block_id=actions.CALL_START,
            hint="In your own time zone.",
        ),
        kit.input_of("How long?", length, block_id=actions.CALL_MINUTES),
        kit.input_of("Who reads the invitation?", audience, block_id=actions.CALL_AUDIENCE),
        kit.lines(steps, title="*To talk about*"),
    ]
    return kit.modal(
        "Schedule a call",
        [each for each in blocks if each],
        callback_id=actions.CALL_SUBMIT,
        submit="Schedule",
        metadata=json.dumps({"alert_id": view.alert.id}),
    )


def read_call(values: Mapping[str, Any]) -> Call | None:
    """The filled-in modal, of its `state.values`; None where a field of it is not filled in."""
    start = forms.moment(values, actions.CALL_START)
    minutes = forms.chosen(values, actions.CALL_MINUTES)
    audience = forms.chosen(values, actions.CALL_AUDIENCE)
    if start is None or not minutes or not audience:
        return None
    return Call(start=start, minutes=int(minutes), audience=CallAudience(audience))


def event_of(
    view: AlertView, call: Call, *, uid: str, sequence: int, stamped_at: datetime, rubric: Rubric
) -> Event:
    """The call as an event of a calendar."""
    name = words.plain_name_of(view.account)
    is_ours = call.audience is CallAudience.US
    return Event(
        uid=uid,
        sequence=sequence,
        stamped_at=stamped_at,
        start=call.start,
        minutes=call.minutes,
        title=f"{name}: review call",
        notes=_for_us(view, rubric) if is_ours else _AGENDA,
    )


def render_planned(
    view: AlertView, event: Event, *, audience: CallAudience, file_url: str | None
) -> Message:
    """What whoever planned a call is sent: the event for their calendar. Without `file_url` the file's text itself."""
    when = f"{words.moment(event.start)}, {event.minutes} minutes"
    text = f"📅 Call with *{words.name_of(view.account)}*: {when}"
    ways = [
        words.link(google_link(event), "Google Calendar"),
        words.link(outlook_link(event), "Outlook"),
    ]
    if file_url:
        ways.append(words.link(file_url, "Calendar file (.ics)"))
    is_ours = audience is CallAudience.US
    put = "with our notes, so for us only" if is_ours else "and invite the customer from there"
    blocks = [
        kit.section(f"{text}\nPut it into your calendar, {put}:"),
        *(kit.section(each) for each in ways),
    ]
    return kit.message(text, [*blocks, *([] if file_url else _as_text(event))])


def _as_text(event: Event) -> list[Block]:
    """The file in a message: harmless, and with notes short enough that the whole of it fits."""
    files = (
        ics(replace(event, notes=clip(event.notes, most))).replace("\r\n", "\n")
        for most in (1_500, 700, 300, 100)
    )
    harmless = (file.translate(_HARMLESS) for file in files)
    shown = next(file for file in harmless if length(file) <= _MOST_FILE)
    return [
        kit.section("Any other calendar: save these lines as call.ics and open it."),
        kit.section(f"```\n{shown}```"),
    ]


def _for_us(view: AlertView, rubric: Rubric) -> str:
    """What the CSM wants at hand, in plain text."""
    known = [
        "For us only: do not invite the customer to this entry.",
        "",
        unescape(_stands(view, rubric)),
        f"Why: {plain(why(view, rubric))}",
        unescape(words.facts(view.account, None, view.at)),
        "",
        f"Next: {plain(view.playbook.next_step)}",
        *(f"- {plain(step)}" for step in view.playbook.checklist),
    ]
    return "\n".join(known)


def _stands(view: AlertView, rubric: Rubric) -> str:
    rule = RULES[view.alert.rule]
    if view.value is None:
        return f"{rule}: no score is known"
    status = rubric.status(view.value)
    score = words.score_text(view.value, status, rubric)
    said = "" if rule == status.label else f"{rule} · "
    return f"{said}{status.label}, score {score}"


def why(view: AlertView, rubric: Rubric) -> str:
    """What the alert rests on, in a line of plain text that is not ours alone: make it harmless."""
    if view.alert.rule.family is Family.LINE or not view.alert.evidence:
        return reason(view.score, view.week_ago, rubric)
    return EVENTS.get(view.alert.evidence, view.alert.evidence)
