"""/health review: the last seven days."""

from collections.abc import Sequence

from bot.blocks.kit import Message
from bot.blocks.review import render_review
from bot.commands.command import Asked, Command
from bot.commands.statuses import SCOPES
from bot.deps import Deps
from bot.services import reviewing
from bot.services.errors import UserError

_SPANS = ("weekly", "monthly")


def reads(words: Sequence[str]) -> Sequence[str] | None:
    """The word, and perhaps of which span and whose accounts; with anything else it is a name."""
    said = [each.lower() for each in words]
    if said[:1] != ["review"] or not set(said[1:]) <= {*_SPANS, *SCOPES}:
        return None
    return said[1:]


def run(deps: Deps, asked: Asked) -> Message:
    """The asker's week, or with `team` everybody's. Raises UserError for a month."""
    if "monthly" in asked.words:
        raise UserError(
            "I have no monthly review yet. `/health review` has your last seven days, "
            "`/health review team` everybody's."
        )
    whose = None if {"team", "all"} & {*asked.words} else asked.member
    with deps.db.read() as session:
        view = reviewing.review(session, whose, config=deps.config, at=asked.at)
    return render_review(view, rubric=deps.config.rubric)


COMMAND = Command(
    name="review",
    reads=reads,
    run=run,
    examples=(
        (
            "/health review",
            "your last seven days: what moved and why, and what to do; `team` for everybody's",
        ),
    ),
)
