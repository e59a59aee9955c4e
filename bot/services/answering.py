"""Answering: what `/health …` says, from the words to the message, read from the database alone."""

import difflib
from collections.abc import Callable, Mapping, Sequence

from bot.blocks.alerts_page import render_alerts
from bot.blocks.card import render_card
from bot.blocks.found import render_choices, render_not_found, render_unknown_command
from bot.blocks.help import render_help
from bot.blocks.kit import Message
from bot.blocks.lists import render_list, render_overview
from bot.blocks.matches import render_links, render_queue, render_said
from bot.blocks.sources import render_sources
from bot.blocks.tasks import render_tasks
from bot.deps import Deps
from bot.services import learning, linking, listing, looking_up, overseeing, tasking, viewing
from bot.services.errors import UserError
from bot.services.looking_up import Found, look_up
from scoring.accounts import AccountId
from scoring.identity import domain_of
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
    ("/health sources", "the tools I read: how fresh, what waits, what fails and how to mend it"),
    ("/health alerts mine", "what is open, snoozed or held back, and what each alert was good for"),
    ("/health tasks", "your tasks, what is overdue first; `team` for everybody's"),
    ("/health matches", "what your tools tell of that matches no account yet"),
    ("/health link acme", "what stands for an account in your tools"),
    (
        "/health link acme zendesk:900",
        "say that an organisation is this account; a domain works too",
    ),
    ("/health link acme under globex", "say that an account is a part of another"),
    ("/health unlink acme zendesk:900", "undo a link"),
    ("/health help", "this"),
)


def answer(deps: Deps, member: Member, text: str) -> Message:
    """What `/health TEXT` answers to a member, from the database alone."""
    words = text.split()
    if not words:
        return overview(deps, member)
    command = " ".join(words).lower().replace("at risk", "at-risk").replace("atrisk", "at-risk")
    first, *rest = command.split()
    if first == "help" and not rest:
        return render_help(COMMANDS)
    if first in WORDS and (rest or first not in {"link", "unlink"}):
        return WORDS[first](deps, member, words[1:])
    if first in STATUSES and (not rest or (len(rest) == 1 and rest[0] in SCOPES)):
        return status_list(deps, member, STATUSES[first], scope=rest[0] if rest else "all")
    return account(deps, " ".join(words))


def sources(deps: Deps, _member: Member, _rest: Sequence[str]) -> Message:
    """How every source is."""
    with deps.db.read() as session:
        return render_sources(overseeing.oversee(session, deps))


def alerts(deps: Deps, member: Member, rest: Sequence[str]) -> Message:
    """How the alerts stand: everybody's, or with `mine` the member's own."""
    scope = " ".join(rest).lower() or "team"
    if scope not in {"mine", "team", "all"}:
        raise UserError(
            "Say `/health alerts`, or `/health alerts mine` for those of your accounts."
        )
    at = deps.clock.now().astimezone(deps.config.zone)
    with deps.db.read() as session:
        page = learning.page(session, deps, member, mine=scope == "mine", at=at)
    return render_alerts(page, rubric=deps.config.rubric)


def tasks(deps: Deps, member: Member, rest: Sequence[str]) -> Message:
    """The open tasks: the member's own, or with `team` everybody's."""
    scope = " ".join(rest).lower() or "mine"
    if scope not in {"mine", "team", "all"}:
        raise UserError("Say `/health tasks`, or `/health tasks team` for everybody's.")
    return task_page(deps, member, scope="mine" if scope == "mine" else "team")


def task_page(
    deps: Deps, member: Member, *, scope: str, offset: int = 0, done: str = ""
) -> Message:
    """Some rows of the list of tasks; `done` is what was done just now, mrkdwn."""
    at = deps.clock.now()
    with deps.db.read() as session:
        page = tasking.page(session, deps, member, scope=scope, offset=offset, at=at)
    return render_tasks(page, done=done)


def matches(deps: Deps, _member: Member, _rest: Sequence[str]) -> Message:
    with deps.db.read() as session:
        return render_queue(linking.queue(session, deps))


def link(deps: Deps, member: Member, rest: Sequence[str]) -> Message:
    """`acme zendesk:900`, `acme acme.io`, `acme under globex`; a name alone: what stands for it."""
    name, parent = _split(rest)
    if parent:
        return render_said(linking.adopt(deps, member, name, parent))
    if len(rest) > 1 and _is_reference(rest[-1]):
        return render_said(linking.link(deps, member, " ".join(rest[:-1]), rest[-1]))
    with deps.db.read() as session:
        account = looking_up.the_account(session, name)
        return render_links(account, linking.of_account(session, account), deps.clock.now())


def unlink(deps: Deps, member: Member, rest: Sequence[str]) -> Message:
    """`acme zendesk:900`, `acme acme.io`, `acme under globex`."""
    name, parent = _split(rest)
    if parent:
        return render_said(linking.orphan(deps, member, name))
    if len(rest) < 2 or not _is_reference(rest[-1]):
        raise UserError(
            "Say which link: `/health unlink acme zendesk:900`. `/health link acme` lists them."
        )
    return render_said(linking.unlink(deps, member, " ".join(rest[:-1]), rest[-1]))


WORDS: Mapping[str, Callable[[Deps, Member, Sequence[str]], Message]] = {
    "sources": sources,
    "alerts": alerts,
    "tasks": tasks,
    "matches": matches,
    "link": link,
    "unlink": unlink,
}


def _split(rest: Sequence[str]) -> tuple[str, str]:
    """The names before and after "under"; the latter is empty where there is none."""
    lower = [each.lower() for each in rest]
    at = lower.index("under") if "under" in lower[1:-1] else len(rest)
    return " ".join(rest[:at]), " ".join(rest[at + 1 :])


def _is_reference(word: str) -> bool:
    return ":" in word or domain_of(word) is not None


def overview(deps: Deps, member: Member) -> Message:
    """The member's own accounts; somebody who owns none sees the whole team's."""
    at = deps.clock.now().astimezone(deps.config.zone)
    with deps.db.read() as session:
        return render_overview(
            listing.overview(
                session, member, rubric=deps.config.rubric, rates=deps.config.rates, at=at
            ),
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
    near = difflib.get_close_matches(text.lower(), [*STATUSES, *WORDS, "help"], n=1, cutoff=0.75)
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
