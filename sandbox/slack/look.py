"""A look at one piece of Block Kit: the checks every rule is made of, and where in the payload it stands."""

from collections.abc import Iterable
from typing import Any

PLAIN = frozenset({"plain_text"})
ANY_TEXT = frozenset({"plain_text", "mrkdwn"})


class Look:
    """One object of a payload, its JSON pointer, and the errors found so far in the whole payload."""

    def __init__(self, value: Any, path: str, errors: list[str]) -> None:
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        self.path = path
        self.errors = errors
        if not isinstance(value, dict):
            self.wrong("must be an object")

    @property
    def type(self) -> str:
        return str(self.value.get("type", ""))

    def wrong(self, what: str, at: str = "") -> None:
        pointer = self.path + (f"/{at}" if at else "")
        self.errors.append(f"[ERROR] {what} [json-pointer:{pointer}]")

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def need(self, *names: str) -> None:
        for name in names:
            if not self.has(name):
                self.wrong(f"missing required field: {name}")

    def string(self, name: str, limit: int, *, needed: bool = False) -> None:
        """A bare string of 1 to `limit` characters."""
        if not self.has(name):
            if needed:
                self.need(name)
            return
        self._length(self.value[name], limit, name)

    def text(
        self, name: str, limit: int, *, kinds: frozenset[str] = ANY_TEXT, needed: bool = False
    ) -> None:
        """A text object of one of `kinds`, with 1 to `limit` characters."""
        if not self.has(name):
            if needed:
                self.need(name)
            return
        self.child(name).is_text(limit, kinds)

    def is_text(self, limit: int, kinds: frozenset[str] = ANY_TEXT) -> None:
        """The object is itself a text object."""
        if self.type not in kinds:
            self.wrong(f"must be of type {' or '.join(sorted(kinds))}", "type")
        self._length(self.value.get("text"), limit, "text")

    def _length(self, text: Any, limit: int, at: str) -> None:
        if not isinstance(text, str):
            self.wrong("must be a string", at)
        elif not text:
            self.wrong("must be more than 0 characters", at)
        elif len(text) > limit:
            self.wrong(f"must be less than {limit + 1} characters", at)

    def child(self, name: str) -> "Look":
        return Look(self.value.get(name), f"{self.path}/{name}", self.errors)

    def items(self, name: str, most: int, *, least: int = 1) -> list["Look"]:
        """The objects of a list of `least` to `most` entries."""
        found = self.value.get(name)
        if not isinstance(found, list):
            if least:
                self.need(name)
            return []
        if len(found) < least:
            self.wrong(f"must have at least {least} items", name)
        if len(found) > most:
            self.wrong(f"no more than {most} items allowed", name)
        return [
            Look(each, f"{self.path}/{name}/{at}", self.errors) for at, each in enumerate(found)
        ]

    def unique(self, names: Iterable[Any], what: str) -> None:
        given = [name for name in names if name]
        if len(set(given)) < len(given):
            self.wrong(f"{what} must be unique")
