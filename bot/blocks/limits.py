"""Slack's limits: what is wrong with what we send, and the same shortened until nothing is.

Slack refuses a whole message, and a whole view, for one part it dislikes. One walk finds the problems and mends them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.blocks.elements import (
    ALT,
    BUTTON,
    CONFIRM_BUTTON,
    CONFIRM_TEXT,
    CONFIRM_TITLE,
    ID,
    OPTION,
    OPTIONS,
    OVERFLOW_OPTIONS,
    PLACEHOLDER,
    RADIO_OPTIONS,
)
from bot.blocks.grammar import Flag, Mended, OneOf, Shape, String, Text
from bot.blocks.shapes import (
    ACTION_ELEMENTS,
    BLOCKS,
    CONTEXT_ELEMENTS,
    FIELD,
    FIELDS,
    HEADER,
    LABEL,
    MARKDOWN,
    SECTION,
    Surface,
)
from bot.blocks.text import clip, length

__all__ = [
    "ACTION_ELEMENTS", "ALT", "BUTTON", "CONFIRM_BUTTON", "CONFIRM_TEXT", "CONFIRM_TITLE", "CONTEXT_ELEMENTS",
    "FIELD", "FIELDS", "HEADER", "LABEL", "MESSAGE_TEXT", "OPTION", "OPTIONS", "OVERFLOW_OPTIONS", "PLACEHOLDER",
    "PRIVATE_METADATA", "RADIO_OPTIONS", "SECTION", "VIEW_TITLE", "Block", "Surface", "View", "fit", "fit_view",
    "problems", "view_problems",
]  # fmt: skip

Block = dict[str, Any]
View = dict[str, Any]

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
VIEW_TITLE, PRIVATE_METADATA, MESSAGE_TEXT = 24, 3000, 3000

_MOST_TABLES, _MOST_CHARTS, _MOST_TABLE_TEXT = 1, 2, 10_000  # of one message
_SEND = {"type": "plain_text", "text": "Send"}


def problems(blocks: Sequence[Block], surface: Surface) -> list[str]:
    """What Slack would refuse these blocks for, each with where it is; empty when nothing."""
    return _mend(blocks, surface)[1]


def fit(blocks: Sequence[Block], surface: Surface) -> list[Block]:
    """The blocks without their problems: texts clipped, the rest cut off and said so, the hopeless left out."""
    kept, found = _mend(blocks, surface)
    return kept if found else list(blocks)


def view_problems(view: View) -> list[str]:
    """What Slack would refuse a modal or a Home for."""
    return _mend_view(view)[1]


def fit_view(view: View) -> View:
    """A modal or a Home without its problems. What is neither becomes an empty Home."""
    kept, found = _mend_view(view)
    return kept if found else view


def _mend(blocks: Any, surface: Surface) -> tuple[list[Block], list[str]]:
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        return [], ["blocks: not a list"]
    kept: list[Block] = []
    found: list[str] = []
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        where = f"blocks[{number}]"
        mended, wrong = BLOCKS[surface].mend(block, where)
        found += wrong
        if mended is None:
            continue
        name = mended.get("block_id")
        if name in seen:
            found.append(f"{where}: block_id {name!r} is there twice")
            del mended["block_id"]
        seen |= {name} if name else set()
        kept.append(mended)
    together, wrong = _mend_together(kept)
    most = MOST_BLOCKS[surface]
    if len(blocks) > most:
        wrong.append(f"{len(blocks)} blocks, at most {most}")
    return _cut(together, most), [*found, *wrong]


def _mend_together(blocks: list[Block]) -> tuple[list[Block], list[str]]:
    """What holds over all blocks of a message: how many tables and charts, and how much text in some of them."""
    kept: list[Block] = []
    found: list[str] = []
    left = {"table": _MOST_TABLES, "data_visualization": _MOST_CHARTS}
    markdown = MARKDOWN
    for block in blocks:
        kind = block["type"]
        if kind in left:
            left[kind] -= 1
        if left.get(kind, 0) < 0:
            found.append(f"{kind}: more than Slack takes in one message")
        elif kind == "table":
            table, wrong = _mend_table(block)
            kept.append(table)
            found += wrong
        elif kind == "markdown" and length(block["text"]) > markdown:
            found.append(f"markdown: more than {MARKDOWN} characters in one message")
            kept += [{**block, "text": clip(block["text"], markdown)}] if markdown else []
            markdown = 0
        else:
            kept.append(block)
            markdown -= length(block["text"]) if kind == "markdown" else 0
    return kept, found


def _mend_table(table: Block) -> tuple[Block, list[str]]:
    """As many of the first rows as a message takes, and how many are left."""
    rows, room = table["rows"], _MOST_TABLE_TEXT
    sizes = [_letters(row) for row in rows]
    if sum(sizes) <= room:
        return table, []
    room -= len("… and 100 more")
    kept = 0
    while kept < len(rows) and sizes[kept] <= room:
        room -= sizes[kept]
        kept += 1
    more = [{"type": "raw_text", "text": f"… and {len(rows) - kept} more"}]
    said = f"table: {sum(sizes)} characters, at most {_MOST_TABLE_TEXT}"
    return {**table, "rows": [*rows[:kept], more]}, [said]


def _letters(value: Any) -> int:
    """How long the texts of a table are together."""
    if isinstance(value, list):
        return sum(map(_letters, value))
    if isinstance(value, dict):
        return sum(
            length(each) if name == "text" and isinstance(each, str) else _letters(each)
            for name, each in value.items()
        )
    return 0


def _cut(blocks: list[Block], most: int) -> list[Block]:
    """The first blocks, a line that says how many are not shown, and the buttons at the end."""
    if len(blocks) <= most:
        return blocks
    end = blocks[-1:] if blocks[-1]["type"] == "actions" else []
    head = blocks[: most - 1 - len(end)]
    left = len(blocks) - len(head) - len(end)
    more = {"type": "plain_text", "text": f"… and {left} more, which do not fit here"}
    return [*head, {"type": "context", "elements": [more]}, *end]


_ENVELOPE = {
    "callback_id": String(ID, can_be_empty=True),
    "external_id": String(ID, can_be_empty=True),
    "private_metadata": String(PRIVATE_METADATA, can_be_empty=True),
}


class _Blocks:
    """The blocks of a view."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def mend(self, value: Any, _where: str) -> Mended:
        return _mend(value, self._surface)


_VIEWS: Mapping[Any, Shape] = {
    "modal": Shape(
        {"title": Text(VIEW_TITLE), "blocks": _Blocks("modal")},
        {
            **_ENVELOPE,
            "submit": Text(VIEW_TITLE),
            "close": Text(VIEW_TITLE),
            "clear_on_close": Flag(),
            "notify_on_close": Flag(),
        },
    ),
    "home": Shape({"type": OneOf(frozenset({"home"})), "blocks": _Blocks("home")}, _ENVELOPE),
}


def _mend_view(view: Any) -> tuple[View, list[str]]:
    kind = view.get("type") if isinstance(view, dict) else None
    shape = _VIEWS.get(kind) if isinstance(kind, str) else None
    kept, found = shape.mend(view, str(kind)) if shape else (None, [f"no view: {kind!r:.40}"])
    if kept is None:
        return {"type": "home", "blocks": []}, found
    asks = any(block["type"] == "input" for block in kept["blocks"])
    if kind == "modal" and asks and "submit" not in kept:
        return {**kept, "submit": _SEND}, [*found, "modal: asks, and has nothing to send it with"]
    return kept, found
