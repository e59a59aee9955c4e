"""How an account stands, in a line: for every answer that is about something else of it."""

from dataclasses import dataclass
from datetime import datetime

from bot.blocks import words
from bot.blocks.moves import reason
from bot.blocks.text import escape
from scoring.accounts import Account
from scoring.health import HealthScore, PastScore
from scoring.rubric import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account with its score and the one a week ago, None: there is none. `at` is in the reader's zone."""

    account: Account
    score: HealthScore | None
    week_ago: PastScore | None
    at: datetime
    csm_mention: str | None = None


def standing_line(standing: Standing, rubric: Rubric) -> str:
    """🔵 62, Stable, ▲ +4 in 7 days."""
    score = standing.score
    if left := standing.account.churned_on:
        return f"left on {words.day(left, standing.at)}"
    if score is None or score.value is None:
        return "no score yet"
    if score.status is None:
        return f"{words.shape(None)} not enough data: {words.percent(score.coverage)} is known"
    value = words.score_text(score.value, score.status, rubric)
    change = change_of(standing)
    moved = "" if change is None else f", {words.arrow(change)} in 7 days"
    return f"{words.shape(score.status)} {value}, {words.label(score.status)}{moved}"


def spoken_standing(standing: Standing, rubric: Rubric) -> str:
    """The same for a screen reader: 62 of 100, Stable, up 4 in 7 days."""
    score = standing.score
    if standing.account.churned_on or score is None or score.value is None or score.status is None:
        return standing_line(standing, rubric).removeprefix(f"{words.shape(None)} ")
    change = words.spoken(change_of(standing))
    value = words.score_text(score.value, score.status, rubric)
    moved = f", {change} in 7 days" if change else ""
    return f"{value} of 100, {words.label(score.status)}{moved}"


def why(standing: Standing, rubric: Rubric) -> str:
    """What moved the score, or holds it back; empty of an account that has left, or of which too little is known."""
    if standing.account.churned_on or standing.score is None or standing.score.status is None:
        return ""
    return escape(reason(standing.score, standing.week_ago, rubric), 200)


def change_of(standing: Standing) -> int | None:
    """Points against a week ago; None: not known."""
    now = standing.score.value if standing.score else None
    then = standing.week_ago.value if standing.week_ago else None
    return words.change_between(now, then)
