"""Erasing an account: what would go, what is gone, and what a message says in the account's place."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.blocks import actions, kit, words
from bot.blocks.kit import Block, Message
from bot.blocks.text import escape, plain
from scoring.accounts import Account

GONE = "This account was erased."
GONE_LINE = "• An account that was erased"

_ISOLATES = "\u2068\u2069…"
_SHOWN_AT_LEAST = 30
"""Characters of a name that every message shows, however short it cuts it."""

# A table's name in the words of who reads; what is not named here is counted with the rest.
_KINDS: Mapping[str, tuple[str, str]] = {
    "link": ("organisation in your tools", "organisations in your tools"),
    "ticket": ("ticket", "tickets"),
    "contact": ("contact", "contacts"),
    "subscription": ("subscription", "subscriptions"),
    "invoice": ("invoice", "invoices"),
    "survey_response": ("survey answer", "survey answers"),
    "usage_day": ("day of a feature's use", "days of features' use"),
    "active_user": ("day of an end user", "days of end users"),
    "snapshot": ("day's score", "days' scores"),
    "alert": ("alert", "alerts"),
    "task": ("task", "tasks"),
    "note": ("note", "notes"),
    "sentiment": ("sentiment", "sentiments"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseView:
    """What is kept of an account: rows by table, and messages in Slack that name it.

    `waiting` of its organisations match no account yet and look like it. `children` are accounts that
    are parts of it and stay.
    """

    account: Account
    counts: Mapping[str, int]
    messages: int
    waiting: int
    children: int


def render_erase(view: EraseView) -> Message:
    """What would go, and the button that does it."""
    name, total = words.name_of(view.account), words.plural(_total(view.counts), "record")
    sure = kit.confirm(
        "Erase for good?",
        f"{total} of {name} go, and what your tools tell of it later is not stored. Nobody can undo this.",
        yes="Erase",
        no="Keep it",
    )
    press = kit.button(
        "Erase for good",
        actions.ERASE,
        str(view.account.id),
        style="danger",
        confirm=sure,
        about=f"Erase {words.plain_name_of(view.account)} for good",
    )
    return kit.message(
        f"Erase {name}? {total} and {words.plural(view.messages, 'message')} would go",
        [
            kit.section(f"*Erase {name}?* This is what would go, for good:"),
            kit.lines(_lines(view)),
            kit.section(
                "Its organisations stay known by a hash alone, so that no reading brings them back. "
                "What stands in your other tools, in a copy of the database, in a file somebody exported, "
                "and what people wrote in Slack themselves, stays."
            ),
            kit.actions([press]),
        ],
    )


def render_erased(name: str, *, records: int, messages: int, is_sqlite: bool) -> Message:
    """What was done. `name` as the account was called; this is said to whoever erased it alone."""
    done = f"{escape(name, words.NAME) or '(no name)'} is erased: {words.plural(records, 'record')}"
    changing = (
        f" {words.plural(messages, 'message')} in Slack {'is' if messages == 1 else 'are'} being replaced."
        if messages
        else ""
    )
    rest = (
        "What was deleted lies in the database's file until it is written over. "
        "Whoever runs me can do that now: stop me, then `bellwether db vacuum`."
        if is_sqlite
        else ""
    )
    return kit.message(f"{done}.{changing}", [kit.section(f"{done}.{changing}"), kit.context(rest)])


def render_gone() -> Message:
    """What stands in the place of a message that was about the account."""
    return kit.message(GONE, [kit.section(GONE)])


class Naming:
    """Finds an account in what we wrote: by its name as messages show it, or by another word for it.

    `namesakes` are others' names that have it in them: they are not it.
    """

    def __init__(self, words: Collection[str], *, namesakes: Collection[str] = ()) -> None:
        self.spellings = _spelled(words)
        theirs = [(each, "") for each in _spelled(namesakes)]
        ours = [(each, "?P<ours>") for each in self.spellings]
        longest = sorted([*theirs, *ours], key=lambda each: len(each[0]), reverse=True)
        found = dict.fromkeys(f"{group}{_whole(word)}" for word, group in longest)
        numbered = (each.replace("?P<ours>", f"?P<ours{n}>") for n, each in enumerate(found))
        self._pattern = re.compile("|".join(f"({each})" for each in numbered) or r"(?!)")

    def finds(self, text: str) -> bool:
        return any(map(_is_ours, self._pattern.finditer(text)))

    def replace(self, text: str) -> str:
        return self._pattern.sub(lambda hit: "an erased account" if _is_ours(hit) else hit[0], text)

    @property
    def beginnings(self) -> list[str]:
        """What a message holds, one of it at least, in which something is found."""
        return sorted({each[:_SHOWN_AT_LEAST] for each in self.spellings})


def without(payload: Mapping[str, Any], named: Naming) -> Message | None:
    """A message without the lines that name the account; None where it is about that account: its head names it."""
    blocks: list[Block] = list(payload.get("blocks") or ())
    if not blocks or says(blocks[0], named):
        return None
    kept = [_without(each, named) for each in blocks]
    return kit.message(named.replace(str(payload.get("text", ""))), kept)


def _lines(view: EraseView) -> list[str]:
    counts = view.counts
    known = [
        f"• {words.count(counts[table])} {one if counts[table] == 1 else many}"
        for table, (one, many) in _KINDS.items()
        if table in counts
    ]
    rest = sum(number for table, number in counts.items() if table not in _KINDS)
    tails = [
        f"• {words.plural(rest, 'other record')}" if rest else "",
        f"• {words.plural(view.messages, 'message')} in Slack: each is replaced, as far as Slack lets us"
        if view.messages
        else "",
        f"Of the organisations {words.count(view.waiting)} match no account yet, and look like it"
        if view.waiting
        else "",
        f"{words.plural(view.children, 'account')} that are parts of it stay"
        if view.children
        else "",
    ]
    return [*known, *(each for each in tails if each)]


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _spelled(words: Collection[str]) -> set[str]:
    """Words as plain text and as mrkdwn."""
    return {shape(word, 300).strip(_ISOLATES) for word in words for shape in (plain, escape)} - {""}


def _is_ours(hit: re.Match[str]) -> bool:
    return any(hit.groupdict().values())


def _whole(word: str) -> str:
    """A word that stands alone; of a long one the beginning, which is all that some messages show."""
    if len(word) > _SHOWN_AT_LEAST:
        return rf"(?<!\w){re.escape(word[:_SHOWN_AT_LEAST])}[^\n*]*"
    return rf"(?<!\w){re.escape(word)}(?!\w)"


def says(value: Any, named: Naming) -> bool:
    """Whether a message, or a part of one, names the account."""
    if isinstance(value, str):
        return named.finds(value)
    if isinstance(value, Mapping):
        return any(says(each, named) for each in value.values())
    return isinstance(value, list) and any(says(each, named) for each in value)


def _without(block: Block, named: Naming) -> Block | None:
    """The block without what names the account; None: nothing of it is left."""
    if not says(block, named):
        return block
    if block["type"] in {"actions", "context"}:
        kept = [each for each in block["elements"] if not says(each, named)]
        return {**block, "elements": kept} if kept else None
    if block["type"] != "section" or "text" not in block:
        return None
    told = block["text"]
    lines = [GONE_LINE if named.finds(line) else line for line in told["text"].split("\n")]
    return {"type": "section", "text": {**told, "text": "\n".join(lines)}}
