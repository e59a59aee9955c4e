"""TOML: a configuration written down, so that a program can read it and a person can change it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def dump(sections: Mapping[str, Any]) -> str:
    """Nested tables of texts, numbers, truths and lists as TOML."""
    return "\n".join(_lines(sections, ())).strip() + "\n"


def value(given: Any) -> str:
    """One value as TOML writes it. Its strings and lists are spelled as JSON's."""
    return json.dumps(given, ensure_ascii=False)


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    own = {key: each for key, each in table.items() if not isinstance(each, Mapping)}
    if path and own:
        yield f"\n[{'.'.join(path)}]"
    for key, each in own.items():
        yield f"{key} = {value(each)}"
    for key, each in table.items():
        if isinstance(each, Mapping):
            yield from _lines(each, (*path, key))
