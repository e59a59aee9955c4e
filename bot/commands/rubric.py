"""/health rubric: how a score is made."""

from dataclasses import replace

from bot.blocks.kit import Message
from bot.blocks.rubric_page import render_rubric
from bot.commands.command import Asked, Command, alone
from bot.deps import Deps
from storage import rubrics


def run(deps: Deps, asked: Asked) -> Message:
    rubric = deps.config.rubric
    with deps.db.read() as session:
        since = rubrics.first_used(session, rubric)
    return replace(render_rubric(rubric, since=since, at=asked.at), again="rubric")


COMMAND = Command(
    name="rubric",
    reads=alone("rubric"),
    run=run,
    examples=(("/health rubric", "how a score is made, and what each part is worth"),),
)
