"""Whose an account is: what who asked hears, and what the new owner is told."""

from collections.abc import Sequence

from bot.blocks import actions, kit, words
from bot.blocks.alert_words import RULES
from bot.blocks.kit import Message
from bot.blocks.notes import add_button
from bot.blocks.standing import Standing, spoken_standing, standing_line, why
from bot.blocks.text import escape
from scoring.alerts import Alert
from scoring.rubric import Rubric

MOST_ALERTS = 5


def render_owner(standing: Standing, *, rubric: Rubric, done: str, more: str) -> Message:
    """What became of a change of owner; `done` says it, `more` what follows from it, mrkdwn."""
    return kit.message(
        f"{done} {spoken_standing(standing, rubric)}.",
        [
            kit.section(done),
            kit.section(standing_line(standing, rubric)),
            kit.context(more),
            kit.actions(
                [kit.button("View account", actions.ACCOUNT_VIEW, str(standing.account.id))]
            ),
        ],
    )


def render_owned(
    standing: Standing, alerts: Sequence[Alert], *, by: str, next_step: str, rubric: Rubric
) -> Message:
    """What somebody hears who is made an account's CSM: what it is, how it stands, what is open, what to do next.

    `by` is a Slack user id; `next_step` is plain text.
    """
    account = standing.account
    name = words.name_of(account)
    told = f"{words.mention(by)} made you the CSM of *{name}*"
    stands, because = standing_line(standing, rubric), why(standing, rubric)
    return kit.message(
        f"{told}: {spoken_standing(standing, rubric)}. Next: {escape(next_step)}",
        [
            kit.section("\n".join(line for line in (told, stands, because) if line)),
            kit.context(words.facts(account, standing.csm_mention, standing.at)),
            kit.lines(_open(alerts, standing), title="*Open alerts*", most=MOST_ALERTS),
            kit.section(f"*Next:* {escape(next_step)}"),
            kit.actions(
                [
                    kit.button("View account", actions.ACCOUNT_VIEW, str(account.id)),
                    add_button(account),
                ]
            ),
        ],
    )


def _open(alerts: Sequence[Alert], standing: Standing) -> list[str]:
    at = standing.at
    return [
        f"{'🟢' if each.rule.is_good else '⚠'} {RULES[each.rule]} since "
        f"{words.day(each.opened_at.astimezone(at.tzinfo).date(), at)}"
        for each in alerts
    ]
