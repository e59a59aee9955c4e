"""What whoever snoozes an account hears: how many alerts sleep, until when, and what wakes them before."""

from bot.blocks import actions, kit, words
from bot.blocks.kit import Message
from bot.blocks.standing import Standing, spoken_standing, standing_line
from bot.blocks.text import escape
from scoring.pursuit import WORSE_BY
from scoring.rubric import Rubric


def render_snoozed(standing: Standing, count: int, until: str, *, rubric: Rubric) -> Message:
    """`count` alerts sleep, `until` says until when ("until 4 Mar"); 0: there was none to snooze."""
    name = words.name_of(standing.account)
    if not count:
        return _said(
            standing, f"*{name}*: no alert is open, so there is nothing to snooze.", "", rubric
        )
    verb = "is" if count == 1 else "are"
    told = f"*{name}*: {words.plural(count, 'open alert')} {verb} quiet {until}."
    wakes = (
        f"{'It wakes' if count == 1 else 'They wake'} before that if the score falls by {WORSE_BY:g} points, "
        f"or another alert of the account fires. `/health snooze {escape(standing.account.name, 60)} off` wakes {'it' if count == 1 else 'them'} now."
    )
    return _said(standing, told, wakes, rubric)


def render_woken(standing: Standing, count: int, *, rubric: Rubric) -> Message:
    """`count` alerts slept; 0: none did."""
    name = words.name_of(standing.account)
    if not count:
        return _said(standing, f"*{name}*: no alert of it was snoozed.", "", rubric)
    told = f"*{name}*: {words.plural(count, 'alert')} {'is' if count == 1 else 'are'} awake again."
    return _said(
        standing, told, "You are reminded of them until somebody acknowledges them.", rubric
    )


def _said(standing: Standing, told: str, more: str, rubric: Rubric) -> Message:
    return kit.message(
        f"{told} It stands at {spoken_standing(standing, rubric)}.",
        [
            kit.section(told),
            kit.section(standing_line(standing, rubric)),
            kit.context(more),
            kit.actions(
                [kit.button("View account", actions.ACCOUNT_VIEW, str(standing.account.id))]
            ),
        ],
    )
