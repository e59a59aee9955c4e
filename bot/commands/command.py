"""A command: the words it goes by, real examples of it, and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks.kit import Message
from bot.deps import Deps
from scoring.members import Member, Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One command as somebody typed it. `words` are those meant for it, as they were typed.

    `at` is now, in the zone of who asked. `key` is the same for every delivery of one command.
    `near` is the command that what was typed looks like, empty where it looks like none.
    """

    member: Member
    words: Sequence[str]
    at: datetime
    key: str = ""
    near: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.words)


Reads = Callable[[Sequence[str]], Sequence[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`reads` says which of the words are for it, None: it is not meant. `examples` are (what to type, what it does)."""

    name: str
    reads: Reads
    run: Callable[[Deps, Asked], Message]
    examples: Sequence[tuple[str, str]] = ()
    needs: Right = Right.ACCOUNTS


def begins_with(name: str) -> Reads:
    """The words after the command's own."""
    return lambda words: words[1:] if words and words[0].lower() == name else None


def alone(name: str) -> Reads:
    """The command's own word and nothing else: with more words it is somebody's name."""
    return lambda words: () if [each.lower() for each in words] == [name] else None


def before(name: str) -> Reads:
    """More words after the command's own: alone, it is somebody's name."""
    return lambda words: words[1:] if len(words) > 1 and words[0].lower() == name else None
