"""How a part of a message must be, as rules: each says what is wrong with a value, and what of it can be kept."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.blocks.text import clip, length

Mended = tuple[Any, list[str]]
"""What can be kept (None: nothing), and what was wrong."""

_HALF = re.compile("[\\ud800-\\udfff]")  # of a character: no JSON of it reaches Slack


class Rule(Protocol):
    def mend(self, value: Any, where: str) -> Mended: ...


Rules = Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class Text:
    """A text object; Slack refuses an empty one."""

    limit: int
    plain: bool = True

    def mend(self, value: Any, where: str) -> Mended:
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not text.strip():
            return None, [f"{where}: no text"]
        kind, found = value.get("type"), []
        if kind != "plain_text" and (self.plain or kind != "mrkdwn"):
            found.append(f"{where}: must be plain_text, is {kind}")
            kind = "plain_text"
        kept, wrong = _cut(text, self.limit, where)
        shown = {"type": kind, "text": kept}
        option = "emoji" if kind == "plain_text" else "verbatim"
        if isinstance(value.get(option), bool):
            shown[option] = value[option]
        if not found and value.keys() - shown.keys():
            found.append(f"{where}: {_names(value.keys() - shown.keys())} is not known here")
        return shown, [*found, *wrong]


@dataclass(frozen=True, slots=True)
class String:
    """A bare string. An id or an address cannot be shortened, so it is left out when too long."""

    limit: int
    can_be_cut: bool = False
    pattern: str = ""
    instead: str = ""  # what an empty one becomes
    can_be_empty: bool = False

    def mend(self, value: Any, where: str) -> Mended:
        if not isinstance(value, str) or not (value.strip() or self.can_be_empty):
            return self.instead or None, [f"{where}: not a text"]
        if self.pattern and not re.match(self.pattern, value):
            return None, [f"{where}: {value[:40]!r} has another form"]
        if not self.can_be_cut and length(value) > self.limit:
            return None, [f"{where}: {length(value)} characters, at most {self.limit}"]
        return _cut(value, self.limit, where)


@dataclass(frozen=True, slots=True)
class OneOf:
    words: frozenset[str]

    def mend(self, value: Any, where: str) -> Mended:
        known = isinstance(value, str) and value in self.words
        return (value, []) if known else (None, [f"{where}: unknown {_short(value)}"])


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def mend(self, value: Any, where: str) -> Mended:
        return (
            (value, []) if isinstance(value, bool) else (None, [f"{where}: neither true nor false"])
        )


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `whole` has no decimals, `above` is less than it."""

    least: float = -math.inf
    most: float = math.inf
    whole: bool = False
    above: float = -math.inf

    def mend(self, value: Any, where: str) -> Mended:
        kinds = int if self.whole else int | float
        if not isinstance(value, kinds) or isinstance(value, bool) or not math.isfinite(value):
            return None, [f"{where}: no number"]
        if not self.least <= value <= self.most or value <= self.above:
            return None, [f"{where}: {value} is out of bounds"]
        return value, []


@dataclass(frozen=True, slots=True)
class Many:
    """A list of at least one; `unique` names a key no two items may share, `more` what stands for those cut off."""

    item: Rule
    most: int
    unique: str = ""
    more: Callable[[int], Any] | None = None
    least: int = 1

    def mend(self, value: Any, where: str) -> Mended:
        if not isinstance(value, list) or len(value) < self.least:
            return None, [f"{where}: empty"]
        found: list[str] = []
        kept: list[Any] = []
        seen: set[Any] = set()
        for number, item in enumerate(value):
            mended, wrong = self.item.mend(item, f"{where}[{number}]")
            found += wrong
            key = mended.get(self.unique) if self.unique and isinstance(mended, dict) else None
            if key is not None and key in seen:
                found.append(f"{where}[{number}]: {self.unique} {key!r} is there twice")
            elif mended is not None:
                kept.append(mended)
                seen.add(key)
        if len(value) > self.most:
            found.append(f"{where}: {len(value)} of at most {self.most}")
        return self._shown(kept), found

    def _shown(self, kept: list[Any]) -> list[Any] | None:
        if len(kept) < self.least:
            return None
        if len(kept) <= self.most or self.more is None:
            return kept[: self.most]
        head = kept[: self.most - 1]
        return [*head, self.more(len(kept) - len(head))]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object. One of `any_of` must be there, exactly one of `one_of` (the first stays), every one of `needs`.

    Slack refuses what it does not know, so nothing else is kept. `then` looks at what is left as a whole.
    """

    needs: Rules = field(default_factory=dict)
    may: Rules = field(default_factory=dict)
    any_of: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    then: Callable[[dict[str, Any], str], Mended] | None = None

    def mend(self, value: Any, where: str) -> Mended:
        if not isinstance(value, dict):
            return None, [f"{where}: not an object"]
        rules = {**self.may, **self.needs}
        found = _unknown(value, rules, where)
        kept = {"type": value["type"]} if "type" in value else {}
        for name, rule in rules.items():
            if name in value or name in self.needs:
                part, wrong = rule.mend(value.get(name), f"{where}.{name}")
                kept |= {} if part is None else {name: part}
                found += wrong
        found += self._choose(kept, where)
        wanted = self.any_of or self.one_of
        if wanted and not kept.keys() & set(wanted):
            return None, [*found, f"{where}: needs {' or '.join(wanted)}"]
        if not kept.keys() >= self.needs.keys():
            return None, found
        if self.then is None:
            return kept, found
        mended, wrong = self.then(kept, where)
        return mended, [*found, *wrong]

    def _choose(self, kept: dict[str, Any], where: str) -> list[str]:
        there = [name for name in self.one_of if name in kept]
        for name in there[1:]:
            del kept[name]
        return [f"{where}: {' and '.join(there)} at once"] if there[1:] else []


@dataclass(frozen=True, slots=True)
class Kinds:
    """An object whose `type` says which shape it has."""

    shapes: Rules

    def mend(self, value: Any, where: str) -> Mended:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in self.shapes:
            return None, [f"{where}: {_short(kind)} is not known here"]
        return self.shapes[kind].mend(value, f"{where} {kind}")


def _cut(text: str, limit: int, where: str) -> Mended:
    found = []
    if _HALF.search(text):
        found.append(f"{where}: half of a character")
        text = _HALF.sub("\ufffd", text)
    if length(text) > limit:
        found.append(f"{where}: {length(text)} characters, at most {limit}")
    return clip(text, limit), found


def _unknown(value: Mapping[Any, Any], rules: Rules, where: str) -> list[str]:
    unknown = value.keys() - rules.keys() - {"type"}
    return [f"{where}: {_names(unknown)} is not known here"] if unknown else []


def _names(names: Any) -> str:
    return ", ".join(sorted(map(_short, names)))


def _short(value: Any) -> str:
    return repr(value)[:60]
