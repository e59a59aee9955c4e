"""/health sources: how every source is."""

from bot.blocks.kit import Message
from bot.blocks.sources import render_sources
from bot.commands.command import Asked, Command, begins_with
from bot.deps import Deps
from bot.services import overseeing


def run(deps: Deps, _asked: Asked) -> Message:
    with deps.db.read() as session:
        return render_sources(overseeing.oversee(session, deps))


COMMAND = Command(
    name="sources",
    reads=begins_with("sources"),
    run=run,
    examples=(
        (
            "/health sources",
            "the tools I read: how fresh, what waits, what fails and how to mend it",
        ),
    ),
)
