"""Asking: what somebody typed after /health or wrote to the bot, as a command reads it."""

from collections.abc import Callable

from bot.blocks.written import as_typed
from bot.commands import owner
from bot.deps import Deps
from scoring.members import MemberId
from storage import members


def read(deps: Deps, text: str) -> str:
    """The text as it was typed. Only where somebody is named an owner does a mention stay one: elsewhere it is a name."""
    first = text.split(maxsplit=1)[:1]
    if [each.lower() for each in first] == [owner.COMMAND.name]:
        return as_typed(text)
    return as_typed(text, name_of=naming(deps))


def naming(deps: Deps) -> Callable[[MemberId], str]:
    """How people are called whom Slack gives by their ids alone."""

    def name_of(member_id: MemberId) -> str:
        with deps.db.read() as session:
            known = members.by_id(session, member_id)
        return known.name if known else str(member_id)

    return name_of
