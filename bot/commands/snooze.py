"""/health snooze acme 7d: keep an account's open alerts quiet for a while."""

import re
from collections.abc import Sequence

from bot.blocks import words
from bot.blocks.kit import Message
from bot.blocks.snoozed import render_snoozed, render_woken
from bot.commands.command import Asked, Command, before
from bot.deps import Deps
from bot.services import snoozing
from bot.services.errors import UserError
from bot.services.looking_up import named_first
from bot.services.standing import standing_of
from scoring.accounts import Account

OFF = "off"
UNTIL_WORSE = ["until", "worse"]

_SPAN = re.compile(r"(\d{1,3})(d|w)?", re.IGNORECASE)


def run(deps: Deps, asked: Asked) -> Message:
    with deps.db.read() as session:
        account, rest = named_first(session, asked.words, then=_is_time)
    said = [each.lower() for each in rest]
    if said == [OFF]:
        woken = snoozing.wake(deps, account, by=asked.member, key=asked.key, at=asked.at)
        return _told(deps, asked, account, woken, until="")
    if said == UNTIL_WORSE:
        count = snoozing.snooze_until_worse(
            deps, account, by=asked.member, key=asked.key, at=asked.at
        )
        return _told(deps, asked, account, count, until="until it gets worse")
    days = _days(said)
    if days is None:
        raise UserError(snoozing.SAY_HOW_LONG)
    count = snoozing.snooze(deps, account, days=days, by=asked.member, key=asked.key, at=asked.at)
    until = words.day(snoozing.wakes_on(days, at=asked.at), asked.at)
    return _told(deps, asked, account, count, until=f"until {until}")


def _told(deps: Deps, asked: Asked, account: Account, count: int, *, until: str) -> Message:
    with deps.db.read() as session:
        standing = standing_of(session, account, at=asked.at)
    if not until:
        return render_woken(standing, count, rubric=deps.config.rubric)
    return render_snoozed(standing, count, until, rubric=deps.config.rubric)


def _is_time(rest: Sequence[str]) -> bool:
    said = [each.lower() for each in rest]
    return said in ([OFF], UNTIL_WORSE) or _days(said) is not None


def _days(said: Sequence[str]) -> int | None:
    """7, 7d or 2w as days; None: it is none of them."""
    span = _SPAN.fullmatch(said[0]) if len(said) == 1 else None
    return int(span[1]) * (7 if (span[2] or "").lower() == "w" else 1) if span else None


COMMAND = Command(
    name="snooze",
    reads=before("snooze"),
    run=run,
    examples=(("/health snooze acme 7d", "keep its open alerts quiet; `until worse`, `off`"),),
)
