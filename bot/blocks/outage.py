"""What the operators are told after the bot could not hear Slack."""

from datetime import datetime

from bot.blocks import kit, words
from bot.blocks.kit import Message


def render_outage(*, since: datetime, until: datetime) -> Message:
    """The socket is back: how long it was away, what that cost, and what to do."""
    took = words.span(until - since)
    what = (
        f"🔌 *I could not hear Slack for {took}*, from {words.moment(since)} until {words.moment(until)}; "
        "now I can again.\n"
        "Commands, presses and forms of that time did not reach me, and who sent one was told that it failed: "
        "do it once more. Alerts were not lost, they go out on their own."
    )
    return kit.message(
        f"I could not hear Slack for {took}; now I can again",
        [
            kit.section(what),
            kit.context(
                "If this comes back, look for “Slack's socket” in the log: it says why the connection was lost. "
                "Run `bellwether doctor` where the bot runs."
            ),
        ],
    )
