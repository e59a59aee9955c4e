"""The registry: every command there is, and which of them a text means."""

import difflib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.blocks.kit import Message
from bot.commands import (
    account,
    alerts,
    erase,
    expansion,
    export,
    history,
    link,
    matches,
    note,
    overview,
    owner,
    review,
    rubric,
    sentiment,
    snooze,
    sources,
    statuses,
    tasks,
)
from bot.commands import help as guide
from bot.commands.command import Asked, Command
from bot.deps import Deps
from scoring.members import Member

COMMANDS: tuple[Command, ...] = (
    overview.COMMAND,
    statuses.COMMAND,
    expansion.COMMAND,
    review.COMMAND,
    alerts.COMMAND,
    tasks.COMMAND,
    sources.COMMAND,
    matches.COMMAND,
    note.COMMAND,
    sentiment.COMMAND,
    owner.COMMAND,
    snooze.COMMAND,
    link.LINK,
    link.UNLINK,
    rubric.COMMAND,
    export.COMMAND,
    erase.COMMAND,
    guide.command(lambda: COMMANDS),
    history.COMMAND,
    account.COMMAND,  # the last: it takes whatever is left for a name
)
WORDS = (*statuses.STATUSES, *(each.name for each in COMMANDS if each.name))


def find(words: Sequence[str]) -> tuple[Command, Sequence[str]]:
    """The command that is meant, and the words that are for it."""
    for command in COMMANDS:
        meant = command.reads(words)
        if meant is not None:
            return command, meant
    raise AssertionError("the last command takes everything")


def ask(deps: Deps, member: Member, text: str, *, key: str = "") -> tuple[Command, Asked]:
    """What somebody's text means. Whether they may is for whoever runs it to ask."""
    command, words = find(_spelled(text).split())
    near = difflib.get_close_matches(text.strip().lower(), WORDS, n=1, cutoff=0.75)
    return command, Asked(
        member=member,
        words=words,
        at=local_now(deps, member),
        key=key,
        near=near[0] if near else "",
    )


def answer(deps: Deps, member: Member, text: str) -> Message:
    """What `/health TEXT` answers to a member who may ask it, from the database alone."""
    command, asked = ask(deps, member, text)
    return command.run(deps, asked)


def local_now(deps: Deps, member: Member) -> datetime:
    """Now, by the clock on the member's wall."""
    try:
        zone = ZoneInfo(member.tz)
    except (KeyError, ValueError, OSError):
        zone = deps.config.zone
    return deps.clock.now().astimezone(zone)


def _spelled(text: str) -> str:
    """At-risk as one word, however it was written at the start."""
    words = text.split()
    if [each.lower() for each in words[:2]] == ["at", "risk"]:
        return " ".join(["at-risk", *words[2:]])
    if words and words[0].lower() == "atrisk":
        return " ".join(["at-risk", *words[1:]])
    return text
