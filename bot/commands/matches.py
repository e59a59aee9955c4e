"""/health matches: what the tools tell of that matches no account yet."""

from bot.blocks.kit import Message
from bot.blocks.matches import render_queue
from bot.commands.command import Asked, Command, begins_with
from bot.deps import Deps
from bot.services import linking


def run(deps: Deps, _asked: Asked) -> Message:
    return page(deps)


def page(deps: Deps, *, offset: int = 0, done: str = "") -> Message:
    """Some of what waits; `done` is what was done just now, mrkdwn."""
    with deps.db.read() as session:
        return render_queue(linking.queue(session, deps, offset=offset), done=done)


COMMAND = Command(
    name="matches",
    reads=begins_with("matches"),
    run=run,
    examples=(("/health matches", "what your tools tell of that matches no account yet"),),
)
