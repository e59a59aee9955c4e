"""What is said in an alert's thread when nobody has taken care of it."""

from bot.blocks import kit, words
from bot.blocks.alert_view import AlertView
from bot.blocks.kit import Message
from scoring.rubric import Rubric


def render_escalated(view: AlertView, *, to: str, after_hours: float) -> Message:
    """Nobody acknowledged it in time: who is asked next."""
    name = words.name_of(view.account)
    text = (
        f"⬆ Nobody acknowledged *{name}* within {words.number(after_hours)} working hours. "
        f"{words.mention(to)}, please see that somebody reaches out, or press Acknowledge."
    )
    return kit.message(text, [kit.section(text)])


def render_ack_expired(view: AlertView, *, by: str | None) -> Message:
    """It was acknowledged a week ago, and nothing came of it."""
    name = words.name_of(view.account)
    text = (
        f"⏰ {words.mention(by)} took *{name}* a week ago, it is still Critical, and no outreach is logged. "
        "It counts as nobody's again: press Acknowledge if you have it."
    )
    return kit.message(text, [kit.section(text)])


def render_woken(view: AlertView, *, by: str | None, rubric: Rubric) -> Message:
    """A snooze ended early, because it got worse."""
    name, value = words.name_of(view.account), view.value
    at = (
        f", at {words.score_text(value, rubric.status(value), rubric)}" if value is not None else ""
    )
    who = f" {words.mention(by)} had snoozed it." if by else ""
    text = f"⏰ *{name}* got worse{at}: the snooze is over.{who}"
    return kit.message(text, [kit.section(text)])
