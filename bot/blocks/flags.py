"""Flags as a card shows them: what is raised, since when, and on what evidence; and a cap that bites."""

from datetime import datetime

from bot.blocks import words
from bot.blocks.alert_words import RULES
from bot.blocks.text import escape
from scoring.health import HealthScore
from scoring.readings import date_of
from scoring.rules import Flag

MOST_FLAGS = 8


def flag_lines(score: HealthScore | None, at: datetime) -> list[str]:
    """A line a flag, the most pressing first. Evidence that a component says already is not said again."""
    if score is None:
        return []
    said = {part.evidence for part in score.parts}
    return [_line(flag, score, said, at) for flag in score.flags]


def cap_line(score: HealthScore) -> str:
    """What holds the score down; empty where nothing does."""
    if score.cap is None:
        return ""
    at_most = f" at {words.label(score.status)}" if score.status else ""
    rule, uncapped = RULES[score.cap.rule], words.whole(score.cap.uncapped)
    return f"Capped{at_most} by *{rule}*: without it the score would be {uncapped}"


def _line(flag: Flag, score: HealthScore, said: set[str], at: datetime) -> str:
    sign = "🌱" if flag.rule.is_good else "⚠"
    evidence = "" if flag.evidence in said else f" · {escape(flag.evidence, 240)}"
    # What could not be judged stands on by what its source said last.
    is_old = flag.rule not in score.judged
    old = f" · ⚠ {words.span(at - flag.as_of)} old" if is_old else ""
    return f"{sign} *{RULES[flag.rule]}* since {words.day(date_of(flag.since), at)}{evidence}{old}"
