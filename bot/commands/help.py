"""/health help: what one can type, by example."""

from collections.abc import Callable, Sequence

from bot.blocks.help import render_help
from bot.blocks.kit import Message
from bot.commands.command import Asked, Command, alone
from bot.deps import Deps
from bot.services import admitting


def command(every: Callable[[], Sequence[Command]]) -> Command:
    """The command that tells of every other one a member may use."""

    def run(deps: Deps, asked: Asked) -> Message:
        given = admitting.rights(deps, asked.member)
        return render_help(
            [example for each in every() if each.needs in given for example in each.examples]
        )

    return Command(name="help", reads=alone("help"), run=run, examples=(("/health help", "this"),))
