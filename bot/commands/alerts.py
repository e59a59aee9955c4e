"""/health alerts: how the alerts stand, and what each was good for."""

from bot.blocks.alerts_page import render_alerts
from bot.blocks.kit import Message
from bot.commands.command import Asked, Command, begins_with
from bot.deps import Deps
from bot.services import learning
from bot.services.errors import UserError


def run(deps: Deps, asked: Asked) -> Message:
    """Everybody's, or with `mine` the member's own."""
    scope = asked.text.lower() or "team"
    if scope not in {"mine", "team", "all"}:
        raise UserError(
            "Say `/health alerts`, or `/health alerts mine` for those of your accounts."
        )
    with deps.db.read() as session:
        page = learning.page(session, deps, asked.member, mine=scope == "mine", at=asked.at)
    return render_alerts(page, rubric=deps.config.rubric)


COMMAND = Command(
    name="alerts",
    reads=begins_with("alerts"),
    run=run,
    examples=(
        (
            "/health alerts mine",
            "what is open, snoozed or held back, and what each alert was good for",
        ),
    ),
)
