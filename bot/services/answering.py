"""Answering: what `/health …` says, from the words to the message, read from the database alone."""

import difflib
from collections.abc import Mapping

from bot.blocks.card import render_card
from bot.blocks.found import render_choices, render_not_found, render_unknown_command
from bot.blocks.help import render_help
from bot.blocks.kit import Message
from bot.blocks.lists import render_list, render_overview
from bot.deps import Deps
from bot.services import listing, viewing
from bot.services.errors import UserError
from bot.services.looking_up import Found, look_up
from scoring.accounts import AccountId
from scoring.members import Member
from scoring.rubric import Status
from storage import accounts

STATUSES: Mapping[str, Status] = {
    "critical": Status.CRITICAL,
    "at-risk": Status.AT_RISK,
    "stable": Status.STABLE,
    "healthy": Status.HEALTHY,
}
SCOPES = ("all", "mine")

COMMANDS = (
    ("/health", "your accounts at a glance"),
    ("/health acme", "one account: its score, what moved it, and what to do"),
    ("/health critical", "the critical accounts, worst first"),
    ("/health at-risk mine", "your accounts at risk, worst first"),
    ("/health stable", "the stable accounts, worst first"),
    ("/health healthy", "the healthy accounts, best first"),
    ("/health help", "this"),
)


def answer(deps: Deps, member: Member, text: str) -> Message:
    """What `/health TEXT` answers to a member. Reads the database only."""
    words = text.split()
    if not words:
        return overview(deps, member)
    command = " ".join(words).lower().replace("at risk", "at-risk").replace("atrisk", "at-risk")
    first, *rest = command.split()
    if first == "help" and not rest:
        return render_help(COMMANDS)
    if first in STATUSES and (not rest or (len(rest) == 1 and rest[0] in SCOPES)):
        return status_list(deps, member, STATUSES[first], scope=rest[0] if rest else "all")
    return account(deps, " ".join(words))


def overview(deps: Deps, member: Member) -> Message:
    """The member's own accounts; somebody who owns none sees the whole team's."""
    at = deps.clock.now().astimezone(deps.config.zone)
    with deps.db.read() as session:
        return render_overview(
            listing.overview(session, member, rubric=deps.config.rubric, at=at),
            rubric=deps.config.rubric,
        )


def status_list(
    deps: Deps, member: Member, status: Status, *, scope: str, offset: int = 0
) -> Message:
    at = deps.clock.now().astimezone(deps.config.zone)
    with deps.db.read() as session:
        page = listing.page(
            session, member, status, scope=scope, offset=offset, rubric=deps.config.rubric, at=at
        )
    return render_list(page, rubric=deps.config.rubric)


def account(deps: Deps, text: str) -> Message:
    """The card of the account a text means, or what it could have meant."""
    at = deps.clock.now().astimezone(deps.config.zone)
    with deps.db.read() as session:
        found = look_up(session, text)
        if isinstance(found, Found):
            view = viewing.view_account(session, deps, found.account, at=at)
            return render_card(view, rubric=deps.config.rubric)
    near = difflib.get_close_matches(text.lower(), [*STATUSES, "help"], n=1, cutoff=0.75)
    if near and not found.sure:
        return render_unknown_command(text, near[0])
    if found.sure:
        return render_choices(text, found.candidates)
    return render_not_found(text, found.candidates)


def card(deps: Deps, account_id: AccountId) -> Message:
    at = deps.clock.now().astimezone(deps.config.zone)
    with deps.db.read() as session:
        known = accounts.get(session, account_id)
        if known is None:
            raise UserError("That account is no longer kept here.")
        return render_card(
            viewing.view_account(session, deps, known, at=at), rubric=deps.config.rubric
        )
