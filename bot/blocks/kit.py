"""Block Kit's shapes: the one place that knows how a block is spelled, and that keeps each within its limits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bot.blocks import limits, numbers
from bot.blocks.limits import Block, View, fit, fit_view
from bot.blocks.text import clip, length, unescape

if TYPE_CHECKING:
    from bot.blocks.chart import Chart

__all__ = ["Block", "Message", "View"]

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. `text` is the notification and what a screen reader says; mrkdwn, so escaped.

    `again` is what asks for the same once more, after /health: what it tells may be shared. Empty: it may not.
    `chart` is its picture, which is drawn after it was answered. `file` is sent beside it.
    """

    text: str
    blocks: list[Block]
    again: str = ""
    chart: "Chart | None" = None
    file: "File | None" = None


@dataclass(frozen=True, slots=True)
class File:
    """A file for whoever asked. `name` with its ending."""

    name: str
    content: bytes


def message(text: str, blocks: Iterable[Block | None], *, file: File | None = None) -> Message:
    """A message Slack takes: None among the blocks is nothing to show."""
    shown = [block for block in blocks if block]
    # Screen readers say the asterisks. A customer's own are gone: `escape` leaves none.
    said = clip(text.replace("*", ""), limits.MESSAGE_TEXT)
    return Message(said, fit(shown, "message"), file=file)


def as_text(message: Message) -> str:
    """The message for a terminal: its words, line by line, without what can be pressed."""
    texts = [element for block in message.blocks for element in _texts_of(block)]
    return "\n".join(
        unescape(each["text"]) if each["type"] == "mrkdwn" else each["text"] for each in texts
    )


def mrkdwn(text: str, limit: int = limits.SECTION) -> Element:
    # verbatim: Slack must not make links of the addresses and #names it finds.
    return {"type": "mrkdwn", "text": clip(text, limit), "verbatim": True}


def words(text: str, limit: int) -> Element:
    # emoji off: ":fire:" in somebody's name stays what it is.
    return {"type": "plain_text", "text": clip(text, limit), "emoji": False}


def header(text: str) -> Block:
    return {"type": "header", "text": words(text, limits.HEADER)}


def section(text: str, *, fields: Sequence[str] = (), accessory: Element | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if fields:
        block["fields"] = [mrkdwn(each, limits.FIELD) for each in fields[: limits.FIELDS]]
    if accessory:
        block["accessory"] = accessory
    return block


def lines(items: Sequence[str], *, title: str = "", most: int = 20) -> Block | None:
    """A section of one line an item, with "… and 12 more" for those that do not fit; None without any."""
    if not items:
        return None
    kept: list[str] = []
    room = limits.SECTION - length(title) - len("\n… and 99,999 more")
    for item in items[:most]:
        room -= length(item) + 1
        if room < 0:
            break
        kept.append(item)
    left = len(items) - len(kept)
    tail = [f"… and {numbers.count(left)} more"] if left else []
    return section("\n".join([*([title] if title else []), *kept, *tail]))


def context(*texts: str) -> Block | None:
    """Small print; empty texts are left out, and None is returned when all are."""
    shown = [mrkdwn(each) for each in texts if each][: limits.CONTEXT_ELEMENTS]
    return {"type": "context", "elements": shown} if shown else None


def divider() -> Block:
    return {"type": "divider"}


def image(url: str, alt: str) -> Block:
    return {"type": "image", "image_url": url, "alt_text": clip(alt, limits.ALT)}


def actions(elements: Sequence[Element], *, block_id: str = "") -> Block:
    block: Block = {"type": "actions", "elements": list(elements)}
    return {**block, "block_id": block_id} if block_id else block


def button(
    label: str,
    action_id: str,
    value: str,
    *,
    style: str = "",
    confirm: Element | None = None,
    about: str = "",
) -> Element:
    """A button. `style` is primary, danger or plain (""); `about` is what a screen reader says instead."""
    element: Element = {
        "type": "button",
        "text": words(label, limits.BUTTON),
        "action_id": action_id,
        "value": value,
    }
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = confirm
    if about:
        element["accessibility_label"] = clip(about, limits.BUTTON)
    return element


def confirm(title: str, text: str, *, yes: str, no: str) -> Element:
    return {
        "title": words(title, limits.CONFIRM_TITLE),
        "text": mrkdwn(text, limits.CONFIRM_TEXT),
        "confirm": words(yes, limits.CONFIRM_BUTTON),
        "deny": words(no, limits.CONFIRM_BUTTON),
    }


def users_select(placeholder: str, action_id: str, *, chosen: str = "") -> Element:
    """A menu of people; `chosen` is the Slack user id it starts with."""
    element: Element = {
        "type": "users_select",
        "placeholder": words(placeholder, limits.PLACEHOLDER),
        "action_id": action_id,
    }
    return {**element, "initial_user": chosen} if chosen else element


def external_select(
    placeholder: str, action_id: str, *, least: int = 1, chosen: Element | None = None
) -> Element:
    """A menu we fill while somebody types, from `least` letters on; `chosen` is the option it starts with."""
    element: Element = {
        "type": "external_select",
        "placeholder": words(placeholder, limits.PLACEHOLDER),
        "action_id": action_id,
        "min_query_length": least,
    }
    return {**element, "initial_option": chosen} if chosen else element


def static_select(
    placeholder: str, action_id: str, choices: Sequence[tuple[str, str]], *, chosen: str = ""
) -> Element:
    """A menu of (value, label); `chosen` is the value it starts with."""
    element: Element = {
        "type": "static_select",
        "placeholder": words(placeholder, limits.PLACEHOLDER),
        "action_id": action_id,
        "options": options(choices, limits.OPTIONS),
    }
    return _start_with(element, chosen)


def overflow(action_id: str, choices: Sequence[tuple[str, str]]) -> Element:
    shown = options(choices, limits.OVERFLOW_OPTIONS)
    return {"type": "overflow", "action_id": action_id, "options": shown}


def radio(action_id: str, choices: Sequence[tuple[str, str]], *, chosen: str = "") -> Element:
    element: Element = {
        "type": "radio_buttons",
        "action_id": action_id,
        "options": options(choices, limits.RADIO_OPTIONS),
    }
    return _start_with(element, chosen)


def text_input(
    action_id: str, *, multiline: bool = False, most: int = 150, initial: str = ""
) -> Element:
    """A field to type in; `most` is the characters it takes, `initial` what it begins with."""
    element: Element = {
        "type": "plain_text_input",
        "action_id": action_id,
        "multiline": multiline,
        "max_length": most,
    }
    return {**element, "initial_value": clip(initial, most)} if initial else element


def date_picker(action_id: str, initial: date | None = None) -> Element:
    element: Element = {"type": "datepicker", "action_id": action_id}
    return {**element, "initial_date": initial.isoformat()} if initial else element


def moment_picker(action_id: str, initial: datetime) -> Element:
    """A day and a time, shown and picked in each person's own zone."""
    return {
        "type": "datetimepicker",
        "action_id": action_id,
        "initial_date_time": int(initial.timestamp()),
    }


def input_of(
    label: str, element: Element, *, block_id: str, optional: bool = False, hint: str = ""
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": words(label, limits.LABEL),
        "element": element,
        "optional": optional,
    }
    return {**block, "hint": words(hint, limits.LABEL)} if hint else block


def modal(
    title: str,
    blocks: Sequence[Block | None],
    *,
    callback_id: str = "",
    submit: str = "",
    close: str = "Cancel",
    metadata: str = "",
) -> View:
    """A modal view. `metadata` comes back with the answer and is no secret: ids only. Without `submit` it only shows."""
    view: View = {
        "type": "modal",
        "title": words(title, limits.VIEW_TITLE),
        "close": words(close, limits.VIEW_TITLE),
        "blocks": [block for block in blocks if block],
    }
    named = {"callback_id": callback_id, "private_metadata": metadata}
    view |= {name: value for name, value in named.items() if value}
    return fit_view({**view, "submit": words(submit, limits.VIEW_TITLE)} if submit else view)


def home(blocks: Sequence[Block | None]) -> View:
    """The Home of one person."""
    return fit_view({"type": "home", "blocks": [block for block in blocks if block]})


def options(choices: Sequence[tuple[str, str]], most: int) -> list[Element]:
    return [
        {"text": words(label, limits.OPTION), "value": value} for value, label in choices[:most]
    ]


def _texts_of(block: Block) -> list[Element]:
    if block["type"] == "context":
        return [each for each in block["elements"] if "text" in each]
    return [*([block["text"]] if "text" in block else []), *block.get("fields", [])]


def _start_with(element: Element, chosen: str) -> Element:
    first = [option for option in element["options"] if option["value"] == chosen]
    return {**element, "initial_option": first[0]} if first else element
