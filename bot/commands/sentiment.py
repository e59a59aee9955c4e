"""/health sentiment acme red champion leaves: how somebody who knows an account feels about it."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.blocks import words as said_as
from bot.blocks.kit import Message
from bot.blocks.sentiment import render_sentiment
from bot.commands.command import Asked, Command, before
from bot.deps import Deps
from bot.services import annotating
from bot.services.errors import UserError
from bot.services.looking_up import named_first
from scoring.accounts import Account
from scoring.sentiments import Mood

CLEAR = "clear"

_SPAN = re.compile(r"(\d{1,3})(d|w)", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7}


def run(deps: Deps, asked: Asked) -> Message:
    with deps.db.read() as session:
        account, rest = named_first(session, asked.words, then=_is_feeling)
    name = said_as.name_of(account)
    if not rest:
        return _shown(deps, asked, account)
    if [each.lower() for each in rest] == [CLEAR]:
        had = annotating.clear_sentiment(deps, account.id, by=asked.member, at=asked.at)
        done = "Taken back" if had else "There was nothing to take back"
        return _shown(deps, asked, account, done=f"{done} for *{name}*.")
    mood = _mood(rest[0])
    if mood is None:
        raise UserError(
            f"Say how {name} is doing: green, yellow or red, and why: "
            "`/health sentiment acme red champion leaves`. `clear` takes it back."
        )
    reason, until = _until(rest[1:], asked.at.date())
    annotating.say_sentiment(
        deps,
        account.id,
        mood,
        reason,
        until=until,
        by=asked.member,
        key=f"sentiment:{asked.key}",
        at=asked.at,
    )
    return _shown(deps, asked, account, done=f"Kept for *{name}*.")


def _shown(deps: Deps, asked: Asked, account: Account, *, done: str = "") -> Message:
    with deps.db.read() as session:
        view = annotating.view_sentiment(session, account, by=asked.member.id, at=asked.at)
    return render_sentiment(view, rubric=deps.config.rubric, done=done)


def _is_feeling(rest: Sequence[str]) -> bool:
    return bool(rest) and (_mood(rest[0]) is not None or [each.lower() for each in rest] == [CLEAR])


def _mood(word: str) -> Mood | None:
    said = word.lower().rstrip(":,;")
    return Mood(said) if said in set(Mood) else None


def _until(words: Sequence[str], today: date) -> tuple[str, date | None]:
    """The reason, and the last day it holds, None: not said. "until" and a span or a date stand first or last."""
    for at in (0, len(words) - 2):
        if 0 <= at <= len(words) - 2 and words[at].lower() == "until":
            day = _day(words[at + 1], today)
            if day is not None:
                return " ".join([*words[:at], *words[at + 2 :]]), day
    return " ".join(words), None


def _day(word: str, today: date) -> date | None:
    """30d, 6w, or 2027-02-22; None: it is none of them."""
    if span := _SPAN.fullmatch(word):
        return today + timedelta(days=int(span[1]) * _DAYS[span[2].lower()])
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


COMMAND = Command(
    name="sentiment",
    reads=before("sentiment"),
    run=run,
    examples=(
        (
            "/health sentiment acme red champion leaves",
            "say how you feel about it, beside the score; green, yellow or red, `until 30d`, `clear`",
        ),
    ),
)
