"""Looking up an account by what somebody typed: exactly, then by prefix, then by likeness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlmodel import Session

from bot.blocks.text import escape
from bot.blocks.words import name_of
from bot.services.errors import UserError
from scoring.accounts import Account, AccountId
from scoring.identity import normalise_name
from storage import accounts

MAX_CANDIDATES = 5
MOST_OFFERED = 20  # in a menu; who does not see theirs types another letter
MOST_WORDS = 40
"""Of a name, where more words follow it. A longer one is found by its beginning."""
BY_ID = "account:"
"""What an account is asked for by where its name will not do, before its id: another may have it, or get it."""
_QUOTES = '"“”„'
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
    if known := _by_id(session, text):
        return Found(known)
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


def named_first(
    session: Session, words: Sequence[str], *, then: Callable[[Sequence[str]], bool] = bool
) -> tuple[Account, Sequence[str]]:
    """The account that words begin with, and the words that follow it, of which `then` says whether they make sense.

    A name may stand in quotation marks. Else the longest beginning counts that is exactly a name,
    failing that the longest that begins a name. Raises UserError where no name, or more than one, is meant.
    """
    name, rest = _quoted(words)
    if name:
        return the_account(session, name), rest
    most = min(len(words), MOST_WORDS)
    splits = [
        (" ".join(words[:at]), words[at:])
        for at in range(most, 0, -1)
        if at == len(words) or then(words[at:])
    ]
    for text, rest in splits:
        name = normalise_name(text)
        exact = _by_id(session, text) or (accounts.named(session, name) if name else None)
        if exact:
            return exact, rest
    for text, rest in splits:
        if normalise_name(text) and accounts.starting_with(session, text, limit=1):
            return the_account(session, text), rest
    return the_account(session, words[0]), words[1:]


def suggestions(session: Session, text: str, *, limit: int = MOST_OFFERED) -> Sequence[Account]:
    """Accounts for a menu that is filled while somebody types, likeliest first: those that begin so, else what is alike."""
    found = accounts.starting_with(session, text, limit=limit)
    if found or not normalise_name(text):
        return found
    return _alike(session, normalise_name(text)).candidates


def named_in(session: Session, text: str) -> Account | None:
    """The one account whose whole name occurs in a text, written any way; None where none or several do.

    A name within a longer one that occurs there too is not meant: Acme, where it says Acme Labs.
    """
    if not (said := normalise_name(text)):
        return None
    said = f" {said} "
    names = [(each, name) for each, name in accounts.names(session) if f" {name} " in said]
    longest = [
        each
        for each, name in names
        if not any(name != other and f" {name} " in f" {other} " for _, other in names)
    ]
    return accounts.get(session, longest[0]) if len(longest) == 1 else None


def _by_id(session: Session, text: str) -> Account | None:
    told = text.removeprefix(BY_ID)
    is_id = text.startswith(BY_ID) and told.isascii() and told.isdecimal() and len(told) < 16
    return accounts.get(session, AccountId(int(told))) if is_id else None


def _quoted(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The name in quotation marks that words begin with, and the words after it; empty where they do not."""
    if not words or words[0][0] not in _QUOTES:
        return "", words
    for at, word in enumerate(words):
        if word[-1] in _QUOTES and (at or len(word) > 1):
            return " ".join(words[: at + 1]).strip(_QUOTES), words[at + 1 :]
    raise UserError('Close the quotation mark: `/health note "acme corp" renewal talk went well`.')


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
