"""The preview under a link to an account's page at a vendor: how the account stands, in three short lines."""

from bot.blocks import actions, kit, limits, words
from bot.blocks.kit import Block
from bot.blocks.standing import Standing, standing_line, why
from bot.blocks.text import escape
from scoring.rubric import Rubric


def render_unfurl(standing: Standing, csm: str, *, rubric: Rubric) -> list[Block]:
    """`csm` is their name, empty: it has none. Nobody is mentioned: who posts a link does not call anybody."""
    account = standing.account
    lines = [
        f"*{words.name_of(account)}* · {standing_line(standing, rubric)}",
        why(standing, rubric),
        f"CSM {escape(csm, words.NAME)}" if csm else "no CSM yet",
    ]
    about = f"View {words.plain_name_of(account)}"
    view = kit.button("View account", actions.ACCOUNT_VIEW, str(account.id), about=about)
    return limits.fit(
        [kit.section("\n".join(line for line in lines if line), accessory=view)], "message"
    )
