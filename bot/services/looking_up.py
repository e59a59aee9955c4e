"""Looking up an account by what somebody typed: exactly, then by prefix, then by likeness."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlmodel import Session

from bot.blocks.text import escape
from bot.blocks.words import name_of
from bot.services.errors import UserError
from scoring.accounts import Account
from scoring.identity import normalise_name
from storage import accounts

MAX_CANDIDATES = 5
ALIKE = 60  # rapidfuzz's ratio, 0-100: under it, names have little in common


@dataclass(frozen=True, slots=True)
class Found:
    """The one account that was meant."""

    account: Account


@dataclass(frozen=True, slots=True)
class Choices:
    """Several accounts it could have been, likeliest first; `sure` when each of them really has the text in it."""

    candidates: Sequence[Account]
    sure: bool


def look_up(session: Session, text: str) -> Found | Choices:
    """The account a text means. No candidates at all: nothing came near.

    A typing error is never taken for granted: what is merely alike is offered, not opened.
    """
    name = normalise_name(text)
    if not name:
        return Choices((), sure=False)
    if exact := accounts.named(session, name):
        return Found(exact)
    starting = accounts.starting_with(session, name, limit=MAX_CANDIDATES)
    if len(starting) == 1:
        return Found(starting[0])
    return Choices(starting, sure=True) if starting else _alike(session, name)


def the_account(session: Session, text: str) -> Account:
    """The account a text means. Raises UserError, naming what it could mean, when it is not sure."""
    found = look_up(session, text)
    if isinstance(found, Found):
        return found.account
    names, asked = ", ".join(map(name_of, found.candidates)), escape(text)
    if not names:
        raise UserError(f"No account is called “{asked}”.")
    which = "could be" if found.sure else "is no account's name. Nearest are"
    raise UserError(f"“{asked}” {which}: {names}. Write the whole name.")


def _alike(session: Session, name: str) -> Choices:
    names = dict(accounts.names(session))
    within = [each for each, known in names.items() if name in known][:MAX_CANDIDATES]
    ids = within or [
        each
        for _, _, each in process.extract(
            name, names, scorer=fuzz.ratio, limit=MAX_CANDIDATES, score_cutoff=ALIKE
        )
    ]
    found = accounts.by_ids(session, ids)
    return Choices([found[each] for each in ids if each in found], sure=bool(within))
