"""/health expansion: the accounts that are ready for more, a page at a time."""

from collections.abc import Sequence

from bot.blocks.kit import Message
from bot.commands.command import Asked, Command
from bot.commands.statuses import is_scope, page, scope_of
from bot.deps import Deps


def reads(words: Sequence[str]) -> Sequence[str] | None:
    """The word, and perhaps whose accounts; with anything else it is a name."""
    said = [each.lower() for each in words]
    return said[1:] if said[:1] == ["expansion"] and is_scope(said[1:]) else None


def run(deps: Deps, asked: Asked) -> Message:
    return page(deps, asked.member, None, scope=scope_of(asked.words), at=asked.at)


COMMAND = Command(
    name="expansion",
    reads=reads,
    run=run,
    examples=(
        (
            "/health expansion",
            "the accounts ready to expand, with the opportunity and what to do; `mine` for yours",
        ),
    ),
)
