"""/health erase acme: what would go with an account, and the button that erases it. For admins."""

from bot.blocks.erase import render_erase
from bot.blocks.kit import Message
from bot.commands.command import Asked, Command, before
from bot.deps import Deps
from bot.services import erasing
from scoring.members import Right


def run(deps: Deps, asked: Asked) -> Message:
    with deps.db.read() as session:
        return render_erase(erasing.look(session, erasing.the_account(session, asked.text)))


COMMAND = Command(
    name="erase",
    reads=before("erase"),
    run=run,
    examples=(("/health erase acme", "what would go with an account, and a button to erase it"),),
    needs=Right.ADMIN,
)
