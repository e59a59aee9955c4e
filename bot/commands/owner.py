"""/health owner acme @erin: whose account it is, by a member's word."""

from collections.abc import Sequence

from bot.blocks.kit import Message
from bot.blocks.written import people_in
from bot.commands.command import Asked, Command, before
from bot.deps import Deps
from bot.services import owning
from bot.services.looking_up import named_first

CRM = "crm"


def run(deps: Deps, asked: Asked) -> Message:
    with deps.db.read() as session:
        account, rest = named_first(session, asked.words, then=_is_somebody)
        if not rest:
            return owning.who_owns(session, deps, account, at=asked.at)
    whom = " ".join(rest)
    if whom.lower() == CRM:
        return owning.give_back(deps, account.id, by=asked.member, key=asked.key, at=asked.at)
    return owning.name_owner(deps, account.id, whom, by=asked.member, key=asked.key, at=asked.at)


def _is_somebody(rest: Sequence[str]) -> bool:
    """Whether words name a person, or the CRM."""
    if not rest:
        return False
    is_said = rest[0].startswith("@") or bool(people_in(rest[0]))
    return is_said or (len(rest) == 1 and ("@" in rest[0] or rest[0].lower() in {CRM, "me"}))


COMMAND = Command(
    name="owner",
    reads=before("owner"),
    run=run,
    examples=(
        ("/health owner acme @erin", "make somebody its CSM, who is told; `crm` gives it back"),
    ),
)
