"""/health acme: the card of an account, or what the text could have meant."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.blocks.card import render_card
from bot.blocks.found import render_choices, render_not_found, render_unknown_command
from bot.blocks.kit import Message
from bot.commands.command import Asked, Command
from bot.deps import Deps
from bot.services import viewing
from bot.services.errors import UserError
from bot.services.looking_up import BY_ID, Found, look_up
from scoring.accounts import Account, AccountId
from storage import accounts


def run(deps: Deps, asked: Asked) -> Message:
    return named(deps, asked.text, at=asked.at, near=asked.near)


def named(deps: Deps, text: str, *, at: datetime, near: str = "") -> Message:
    """The card of the account a text means. `near` is the command it could have meant instead, if any."""
    with deps.db.read() as session:
        found = look_up(session, text)
        if isinstance(found, Found):
            return _render(session, deps, found.account, at=at)
    if near and not found.sure:
        return render_unknown_command(text, near)
    if found.sure:
        return render_choices(text, found.candidates)
    return render_not_found(text, found.candidates)


def card(deps: Deps, account_id: AccountId, *, at: datetime) -> Message:
    with deps.db.read() as session:
        known = accounts.get(session, account_id)
        if known is None:
            raise UserError("That account is no longer kept here.")
        return _render(session, deps, known, at=at)


def _render(session: Session, deps: Deps, known: Account, *, at: datetime) -> Message:
    view = viewing.view_account(session, deps, known, at=at)
    message = render_card(view, rubric=deps.config.rubric)
    return replace(message, again=f"{BY_ID}{known.id}")


COMMAND = Command(
    name="",
    reads=lambda words: words,
    run=run,
    examples=(("/health acme", "one account: its score, what moved it, and what to do"),),
)
