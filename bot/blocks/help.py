"""The answer to `/health help`: what one can type, by example."""

from collections.abc import Sequence

from bot.blocks import kit
from bot.blocks.kit import Message
from bot.blocks.text import escape


def render_help(commands: Sequence[tuple[str, str]]) -> Message:
    """`commands` are (what to type, what it does)."""
    typed = [f"`{escape(example, 60)}`  {escape(does, 150)}" for example, does in commands]
    return kit.message(
        "Bellwether: what you can type after /health",
        [
            kit.section("Every account has a health score from 0 to 100; *100 is good*."),
            kit.lines(typed, title="*You can type*", most=30),
            kit.context(
                "A name need not be whole: `/health acm` finds Acme. Only you see the answers."
            ),
        ],
    )
