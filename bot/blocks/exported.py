"""What whoever asked for a file is told of it."""

from bot.blocks import kit, words
from bot.blocks.kit import File, Message
from bot.blocks.text import escape


def render_exported(file: File, rows: int, *, of: str) -> Message:
    """`of` says which accounts are in it, in words. Without any there is no file."""
    if not rows:
        said = f"No account is {escape(of)}, so there is no file."
        return kit.message(
            said, [kit.section(f"{said}\nWiden it: `/health export` has every account.")]
        )
    said = (
        f"{words.plural(rows, 'account')} in {escape(file.name)}, in your direct messages with me."
    )
    money = "" if words.sees_money() else " What they pay is left out: you may not see it."
    return kit.message(
        said,
        [
            kit.section(f"*{words.plural(rows, 'account')}* in `{escape(file.name)}`"),
            kit.context(
                f"It is in your direct messages with me, for you alone.{money} "
                "Treat it as you treat your CRM: who took what is kept in the audit trail."
            ),
        ],
        file=file,
    )
