"""/health: one's own book at a glance."""

from bot.blocks.kit import Message
from bot.blocks.lists import render_overview
from bot.commands.command import Asked, Command
from bot.deps import Deps
from bot.services import listing


def run(deps: Deps, asked: Asked) -> Message:
    """The member's own accounts; somebody who owns none sees the whole team's."""
    with deps.db.read() as session:
        overview = listing.overview(session, asked.member, config=deps.config, at=asked.at)
    return render_overview(overview, rubric=deps.config.rubric)


COMMAND = Command(
    name="",
    reads=lambda words: None if words else (),
    run=run,
    examples=(("/health", "your accounts at a glance"),),
)
