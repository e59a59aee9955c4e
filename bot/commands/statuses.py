"""/health critical, at-risk, stable, healthy: the accounts of one status, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.blocks.kit import Message
from bot.blocks.lists import render_list
from bot.commands.command import Asked, Command
from bot.deps import Deps
from bot.services import listing
from scoring.members import Member
from scoring.rubric import Status

STATUSES: Mapping[str, Status] = {
    "critical": Status.CRITICAL,
    "at-risk": Status.AT_RISK,
    "stable": Status.STABLE,
    "healthy": Status.HEALTHY,
}
SCOPES = ("mine", "team", "all")
"""Whose accounts: one's own, or everybody's. Two words for everybody, for people say both."""


def reads(words: Sequence[str]) -> Sequence[str] | None:
    """A status, and perhaps whose accounts; with anything else it is a name."""
    said = [each.lower() for each in words]
    return said if said and said[0] in STATUSES and is_scope(said[1:]) else None


def is_scope(words: Sequence[str]) -> bool:
    """Whether nothing, or whose accounts, is said."""
    return not words or (len(words) == 1 and words[0] in SCOPES)


def scope_of(words: Sequence[str]) -> str:
    """Whose accounts are meant, "mine" or "team"; where nothing is said, everybody's."""
    return "mine" if "mine" in words else "team"


def run(deps: Deps, asked: Asked) -> Message:
    status, *scope = asked.words
    return page(deps, asked.member, STATUSES[status], scope=scope_of(scope), at=asked.at)


def page(
    deps: Deps, member: Member, status: Status | None, *, scope: str, at: datetime, offset: int = 0
) -> Message:
    """Some rows of a list, with `status` None of those ready to expand; `scope` is "mine" or "team"."""
    with deps.db.read() as session:
        found = listing.page(
            session, member, status, scope=scope, offset=offset, config=deps.config, at=at
        )
    word = status.label.lower() if status else "expansion"
    again = f"{word}{' mine' if scope == 'mine' else ''}"
    return replace(render_list(found, rubric=deps.config.rubric), again=again)


COMMAND = Command(
    name="",
    reads=reads,
    run=run,
    examples=(
        ("/health critical", "the critical accounts, worst first, each with what to do next"),
        ("/health at-risk mine", "your accounts at risk, worst first; `team` for everybody's"),
        ("/health stable", "the stable accounts, worst first"),
        ("/health healthy", "the healthy accounts, best first"),
    ),
)
