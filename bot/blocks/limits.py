"""Slack's published limits: what is wrong with blocks, and the same blocks shortened until nothing is.

Slack refuses a whole message for one block it dislikes. The numbers are those of
https://docs.slack.dev/reference/block-kit/ ; one walk finds the problems and mends them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.blocks.text import clip, length

Block = dict[str, Any]
Mended = tuple[Any, list[str]]  # what can be kept (None: nothing), and what was wrong


Surface = Literal["message", "modal", "home"]

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}

HEADER, SECTION, FIELD, LABEL = 150, 3000, 2000, 2000
BUTTON, OPTION, PLACEHOLDER = 75, 75, 150
FIELDS, OPTIONS, RADIO_OPTIONS, OVERFLOW_OPTIONS = 10, 100, 10, 5
CONTEXT_ELEMENTS, ACTION_ELEMENTS = 10, 25
ID, VALUE, OPTION_VALUE, URL, ALT = 255, 2000, 150, 3000, 2000
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
VIEW_TITLE, PRIVATE_METADATA, MESSAGE_TEXT = 24, 3000, 3000


def problems(blocks: Sequence[Block], surface: Surface) -> list[str]:
    """What Slack would refuse these blocks for, each with where it is; empty when nothing."""
    return _mend(blocks, surface)[1]


def fit(blocks: Sequence[Block], surface: Surface) -> list[Block]:
    """The blocks without their problems: texts clipped, the rest cut off and said so, the hopeless left out."""
    kept, found = _mend(blocks, surface)
    return kept if found else list(blocks)


class _Rule(Protocol):
    def mend(self, value: Any, where: str) -> Mended: ...


_Rules = Mapping[str, _Rule]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text object; Slack refuses an empty one."""

    limit: int
    plain: bool = True

    def mend(self, value: Any, where: str) -> Mended:
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not text.strip():
            return None, [f"{where}: no text"]
        found = []
        kind = value.get("type")
        if kind != "plain_text" and (self.plain or kind != "mrkdwn"):
            found.append(f"{where}: must be plain_text, is {kind}")
            value = {"type": "plain_text", "text": text}
        if length(text) > self.limit:
            found.append(f"{where}: {length(text)} characters, at most {self.limit}")
        return {**value, "text": clip(text, self.limit)}, found


@dataclass(frozen=True, slots=True)
class _String:
    """A bare string. An id or an address cannot be shortened, so it is left out when too long."""

    limit: int
    can_be_cut: bool = False

    def mend(self, value: Any, where: str) -> Mended:
        if not isinstance(value, str) or not value.strip():
            return None, [f"{where}: not a text"]
        if length(value) <= self.limit:
            return value, []
        found = [f"{where}: {length(value)} characters, at most {self.limit}"]
        return clip(value, self.limit) if self.can_be_cut else None, found


@dataclass(frozen=True, slots=True)
class _OneOf:
    words: frozenset[str]

    def mend(self, value: Any, where: str) -> Mended:
        known = isinstance(value, str) and value in self.words
        return (value, []) if known else (None, [f"{where}: unknown {value!r}"])


@dataclass(frozen=True, slots=True)
class _Many:
    """A list of at least one; `unique` names a key no two items may share."""

    item: _Rule
    most: int
    unique: str = ""

    def mend(self, value: Any, where: str) -> Mended:
        if not isinstance(value, list) or not value:
            return None, [f"{where}: empty"]
        found: list[str] = []
        kept: list[Any] = []
        seen: set[str] = set()
        for number, item in enumerate(value):
            mended, wrong = self.item.mend(item, f"{where}[{number}]")
            found += wrong
            key = mended.get(self.unique) if self.unique and isinstance(mended, dict) else None
            if key in seen:
                found.append(f"{where}[{number}]: {self.unique} {key!r} is there twice")
            elif mended is not None:
                kept.append(mended)
                seen |= {key} if key is not None else set()
        if len(value) > self.most:
            found.append(f"{where}: {len(value)} of at most {self.most}")
        return kept[: self.most] or None, found


@dataclass(frozen=True, slots=True)
class _Shape:
    """An object. One of `any_of` must be there, every one of `needs`; what is not named is not looked at."""

    needs: _Rules = field(default_factory=dict)
    may: _Rules = field(default_factory=dict)
    any_of: tuple[str, ...] = ()

    def mend(self, value: Any, where: str) -> Mended:
        if not isinstance(value, dict):
            return None, [f"{where}: not an object"]
        found: list[str] = []
        kept = dict(value)
        for name, rule in {**self.may, **self.needs}.items():
            if name in value or name in self.needs:
                kept[name], wrong = rule.mend(value.get(name), f"{where}.{name}")
                found += wrong
        kept = {name: part for name, part in kept.items() if part is not None}
        if self.any_of and not kept.keys() & set(self.any_of):
            return None, [*found, f"{where}: needs {' or '.join(self.any_of)}"]
        return kept if kept.keys() >= self.needs.keys() else None, found


@dataclass(frozen=True, slots=True)
class _Kinds:
    """An object whose `type` says which shape it has."""

    shapes: _Rules

    def mend(self, value: Any, where: str) -> Mended:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in self.shapes:
            return None, [f"{where}: {kind!r} is not known here"]
        return self.shapes[kind].mend(value, f"{where} {kind}")


_CONFIRM = _Shape(
    {
        "title": _Text(CONFIRM_TITLE),
        "text": _Text(CONFIRM_TEXT, plain=False),
        "confirm": _Text(CONFIRM_BUTTON),
        "deny": _Text(CONFIRM_BUTTON),
    }
)
_ACTION: _Rules = {"action_id": _String(ID), "confirm": _CONFIRM, "placeholder": _Text(PLACEHOLDER)}
_OPTION = _Shape({"text": _Text(OPTION), "value": _String(OPTION_VALUE)})
_BUTTON = _Shape(
    {"text": _Text(BUTTON)},
    {
        **_ACTION,
        "value": _String(VALUE),
        "url": _String(URL),
        "accessibility_label": _String(BUTTON, can_be_cut=True),
        "style": _OneOf(frozenset({"primary", "danger"})),
    },
)
_IMAGE = _Shape(
    {"image_url": _String(URL), "alt_text": _String(ALT, can_be_cut=True)},
    {"title": _Text(LABEL), "block_id": _String(ID)},
)
_PICKS: _Rules = {
    "users_select": _Shape(may=_ACTION),
    "static_select": _Shape({"options": _Many(_OPTION, OPTIONS)}, _ACTION),
    "radio_buttons": _Shape({"options": _Many(_OPTION, RADIO_OPTIONS)}, _ACTION),
}
_ELEMENTS: _Rules = {
    **_PICKS,
    "button": _BUTTON,
    "overflow": _Shape({"options": _Many(_OPTION, OVERFLOW_OPTIONS)}, _ACTION),
}
_INPUTS: _Rules = {
    **_PICKS,
    "plain_text_input": _Shape(may=_ACTION),
    "datepicker": _Shape(may=_ACTION),
    "datetimepicker": _Shape(may=_ACTION),
}
_WORDS: _Rules = {
    "mrkdwn": _Shape({"text": _String(SECTION, can_be_cut=True)}),
    "plain_text": _Shape({"text": _String(SECTION, can_be_cut=True)}),
}
_BLOCK_ID: _Rules = {"block_id": _String(ID)}

_EVERYWHERE: _Rules = {
    "divider": _Shape(may=_BLOCK_ID),
    "header": _Shape({"text": _Text(HEADER)}, _BLOCK_ID),
    "section": _Shape(
        may={
            **_BLOCK_ID,
            "text": _Text(SECTION, plain=False),
            "fields": _Many(_Text(FIELD, plain=False), FIELDS),
            "accessory": _Kinds({**_ELEMENTS, "image": _IMAGE}),
        },
        any_of=("text", "fields"),
    ),
    "context": _Shape(
        {"elements": _Many(_Kinds({**_WORDS, "image": _IMAGE}), CONTEXT_ELEMENTS)}, _BLOCK_ID
    ),
    "actions": _Shape(
        {"elements": _Many(_Kinds(_ELEMENTS), ACTION_ELEMENTS, unique="action_id")}, _BLOCK_ID
    ),
    "image": _IMAGE,
    "input": _Shape(
        {"label": _Text(LABEL), "element": _Kinds(_INPUTS)}, {**_BLOCK_ID, "hint": _Text(LABEL)}
    ),
}
_ONLY_HERE: Mapping[Surface, _Rules] = {
    "message": {"markdown": _Shape({"text": _String(12_000, can_be_cut=True)}, _BLOCK_ID)},
    "modal": {},
    "home": {},
}


def _mend(blocks: Sequence[Block], surface: Surface) -> tuple[list[Block], list[str]]:
    kinds = _Kinds({**_EVERYWHERE, **_ONLY_HERE[surface]})
    kept, found, seen = [], [], set[str]()
    for number, block in enumerate(blocks):
        mended, wrong = kinds.mend(block, f"blocks[{number}]")
        found += wrong
        if mended is None:
            continue
        if mended.get("block_id") in seen:
            found.append(f"blocks[{number}]: block_id {mended['block_id']!r} is there twice")
            mended = {name: part for name, part in mended.items() if name != "block_id"}
        seen |= {mended["block_id"]} if "block_id" in mended else set()
        kept.append(mended)
    if len(blocks) > MOST_BLOCKS[surface]:
        found.append(f"{len(blocks)} blocks, at most {MOST_BLOCKS[surface]}")
    return _cut(kept, MOST_BLOCKS[surface]), found


def _cut(blocks: list[Block], most: int) -> list[Block]:
    """The first blocks, a line that says how many are not shown, and the buttons at the end."""
    if len(blocks) <= most:
        return blocks
    end = blocks[-1:] if blocks[-1]["type"] == "actions" else []
    head = blocks[: most - 1 - len(end)]
    left = len(blocks) - len(head) - len(end)
    more = {"type": "plain_text", "text": f"… and {left} more, which do not fit here"}
    return [*head, {"type": "context", "elements": [more]}, *end]
