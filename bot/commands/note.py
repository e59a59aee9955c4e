"""/health note acme renewal talk went well: write something down about an account, or read what was written."""

from datetime import datetime

from bot.blocks.kit import Message
from bot.blocks.notes import render_notes
from bot.blocks.text import escape
from bot.blocks.words import name_of
from bot.commands.command import Asked, Command, before
from bot.deps import Deps
from bot.services import admitting, annotating
from bot.services.annotating import NewNote
from bot.services.errors import UserError
from bot.services.looking_up import named_first
from scoring.accounts import AccountId
from scoring.members import Member, Right
from scoring.notes import LONGEST_NOTE


def run(deps: Deps, asked: Asked) -> Message:
    try:
        with deps.db.read() as session:
            account, rest = named_first(session, asked.words)
    except UserError as error:
        # What somebody typed into a command is gone from their screen.
        raise UserError(
            f"{error} Nothing was kept of:\n{escape(asked.text, LONGEST_NOTE)}"
        ) from error
    if not rest:
        return page(deps, asked.member, account.id, at=asked.at)
    new = NewNote(account_id=account.id, body=" ".join(rest), key=f"note:{asked.key}")
    annotating.add_note(deps, new, by=asked.member, at=asked.at)
    return page(
        deps, asked.member, account.id, at=asked.at, done=f"📝 Noted on *{name_of(account)}*."
    )


def page(
    deps: Deps, member: Member, account_id: AccountId, *, at: datetime, done: str = ""
) -> Message:
    """An account's last notes; `done` is what was done just now, mrkdwn."""
    is_admin = Right.ADMIN in admitting.rights(deps, member)
    with deps.db.read() as session:
        account = annotating.known(session, account_id)
        view = annotating.view_notes(session, account, by=member, is_admin=is_admin, at=at)
    return render_notes(view, rubric=deps.config.rubric, done=done)


COMMAND = Command(
    name="note",
    reads=before("note"),
    run=run,
    examples=(
        ("/health note acme renewal talk went well", "write something down about an account"),
        ("/health note acme", "what was written down, and a button to add to it"),
    ),
)
