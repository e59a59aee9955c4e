"""/health export: accounts as a file, for whoever may take them away."""

from collections.abc import Sequence

from bot.blocks.exported import render_exported
from bot.blocks.kit import Message
from bot.commands.command import Asked, Command
from bot.commands.statuses import SCOPES, STATUSES
from bot.deps import Deps
from bot.services import exporting
from bot.services.exporting import Wanted
from scoring.members import Right


def reads(words: Sequence[str]) -> Sequence[str] | None:
    """A status, whose accounts, both or neither; with anything else it is a name."""
    said = [each.lower() for each in words]
    known = {*STATUSES, *SCOPES}
    if not said or said[0] != "export" or len(said) > 3 or not set(said[1:]) <= known:
        return None
    return said[1:]


def run(deps: Deps, asked: Asked) -> Message:
    status = next((STATUSES[each] for each in asked.words if each in STATUSES), None)
    is_mine = "mine" in asked.words
    wanted = Wanted(status=status, csm_email=(asked.member.email or "") if is_mine else None)
    file, rows = exporting.export(deps, wanted, member=asked.member.id, at=asked.at)
    of = " ".join([*(["yours"] if is_mine else []), *([status.label] if status else [])])
    return render_exported(file, rows, of=of or "kept here")


COMMAND = Command(
    name="export",
    reads=reads,
    run=run,
    examples=(
        ("/health export at-risk", "a file of accounts for your spreadsheet; `mine` for yours"),
    ),
    needs=Right.EXPORT,
)
