"""/health tasks: what is to be done, by whom, until when."""

from bot.blocks.kit import Message
from bot.blocks.tasks import render_tasks
from bot.commands.command import Asked, Command, begins_with
from bot.deps import Deps
from bot.services import tasking
from bot.services.errors import UserError
from scoring.members import Member


def run(deps: Deps, asked: Asked) -> Message:
    """The open tasks: the member's own, or with `team` everybody's."""
    scope = asked.text.lower() or "mine"
    if scope not in {"mine", "team", "all"}:
        raise UserError("Say `/health tasks`, or `/health tasks team` for everybody's.")
    return page(deps, asked.member, scope="mine" if scope == "mine" else "team")


def page(deps: Deps, member: Member, *, scope: str, offset: int = 0, done: str = "") -> Message:
    """Some rows of the list of tasks; `done` is what was done just now, mrkdwn."""
    at = deps.clock.now()
    with deps.db.read() as session:
        found = tasking.page(session, deps, member, scope=scope, offset=offset, at=at)
    return render_tasks(found, done=done)


COMMAND = Command(
    name="tasks",
    reads=begins_with("tasks"),
    run=run,
    examples=(("/health tasks", "your tasks, what is overdue first; `team` for everybody's"),),
)
