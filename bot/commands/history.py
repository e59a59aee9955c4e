"""/health acme history 90d: how an account came to be where it is."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.blocks.history import render_history
from bot.blocks.kit import Message
from bot.commands.command import Asked, Command
from bot.deps import Deps
from bot.services import looking_up, viewing
from bot.services.errors import UserError

USUAL_DAYS = 90
MOST_DAYS = 400

_SPAN = re.compile(r"(\d{1,4})(d|w|m|y)?", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def reads(words: Sequence[str]) -> Sequence[str] | None:
    """A name, then "history", and perhaps a span."""
    said = [each.lower() for each in words]
    for length in (1, 2):
        if len(said) > length and said[-length] == "history":
            return words
    return None


def run(deps: Deps, asked: Asked) -> Message:
    at_word = [each.lower() for each in asked.words].index("history", 1)
    days = _days(asked.words[at_word + 1 :])
    with deps.db.read() as session:
        account = looking_up.the_account(session, " ".join(asked.words[:at_word]))
        view = viewing.view_history(session, account, days=days, at=asked.at)
    message = render_history(view, rubric=deps.config.rubric)
    return replace(message, again=f"{account.name} history {days}d")


def _days(words: Sequence[str]) -> int:
    """How many days a span like 90d, 12w, 6m or 1y is."""
    if not words:
        return USUAL_DAYS
    told = _SPAN.fullmatch(words[0])
    days = int(told[1]) * _DAYS[(told[2] or "d").lower()] if told else 0
    if not 7 <= days <= MOST_DAYS:
        raise UserError(
            "Say how far back, from 7 days to 400: `/health acme history 90d`, or `12w`, `6m`, `1y`."
        )
    return days


COMMAND = Command(
    name="history",
    reads=reads,
    run=run,
    examples=(
        ("/health acme history 90d", "how it came to be there, week by week, and what happened"),
    ),
)
