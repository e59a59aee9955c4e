"""What is answered when there is no card to show: which one was meant, nothing like it, not allowed, our fault."""

from collections.abc import Sequence
from typing import Any

from bot.blocks import actions, kit, words
from bot.blocks.kit import Block, Message
from bot.blocks.text import escape
from scoring.accounts import Account
from scoring.members import Right

MOST_CHOICES = 5


def render_choices(query: str, candidates: Sequence[Account]) -> Message:
    """Several accounts are meant as well as each other: at most five to choose from."""
    asked = escape(query, words.NAME)
    left = len(candidates) - MOST_CHOICES
    return kit.message(
        f"{words.plural(len(candidates), 'account')} could be “{asked}”: choose one",
        [
            kit.section(f"Which account is “{asked}”?"),
            *_choices(candidates),
            kit.context(
                f"… and {words.count(left)} more. Type more of the name." if left > 0 else ""
            ),
        ],
    )


def render_not_found(query: str, nearest: Sequence[Account]) -> Message:
    """Nothing has that name; `nearest` are the accounts that come closest, if any do."""
    asked = escape(query, words.NAME)
    said = f"No account is called “{asked}”."
    if not nearest:
        step = "Try the name as it is in your CRM, or the first letters of it. `/health help` shows more."
        return kit.message(said, [kit.section(f"{said}\n{step}")])
    names = ", ".join(words.name_of(account) for account in nearest[:MOST_CHOICES])
    return kit.message(
        f"{said} Nearest: {names}",
        [kit.section(f"{said} These come nearest:"), *_choices(nearest)],
    )


def render_unknown_command(word: str, nearest: str | None) -> Message:
    """Neither a command nor an account; `nearest` is the command it looks like."""
    said = f"I do not know “{escape(word, words.NAME)}”."
    guess = f" Did you mean `/health {escape(nearest, 40)}`?" if nearest else ""
    more = "`/health help` shows what I can do."
    return kit.message(f"{said}{guess}", [kit.section(f"{said}{guess}\n{more}")])


_DENIED = {
    Right.ACCOUNTS: "I show accounts to full members of this workspace only, not to guests or people of other "
    "organisations. If you should see them, ask an admin of the workspace.",
    Right.MONEY: "What customers pay is shown to some people only. If you should see it, ask whoever runs me.",
    Right.EXPORT: "Files of many accounts are for some people only. If you should have them, ask whoever runs me.",
    Right.ADMIN: "That cannot be undone, so it is for admins only. Ask one of them to do it.",
}


def render_denied(needs: Right = Right.ACCOUNTS) -> Message:
    """One polite line; `needs` is the right they lack."""
    return kit.message(_DENIED[needs], [kit.section(_DENIED[needs])])


def render_notice(message: Message) -> dict[str, Any]:
    """The same as a modal, where there is no conversation to answer in."""
    return kit.modal("Bellwether", message.blocks, close="Close")


def render_error(ref: str) -> Message:
    """Something of ours broke; the log has the same `ref`."""
    said = f"Something went wrong on my side (ref {escape(ref, 40)})."
    step = "Nothing was changed. Try again; if it stays so, give the ref to whoever runs me."
    return kit.message(said, [kit.section(f"{said}\n{step}")])


def _choices(accounts: Sequence[Account]) -> list[Block]:
    return [_choice(account) for account in accounts[:MOST_CHOICES]]


def _choice(account: Account) -> Block:
    """What tells two of nearly the same name apart: plan and MRR, CSM, and whether it has left."""
    known = [
        words.mrr(account.mrr),
        words.csm_of(account, None) if account.csm_email else "",
        "left" if account.churned_on else "",
    ]
    detail = " · ".join(each for each in known if each)
    name = f"*{words.name_of(account)}*"
    show = kit.button(
        "Show",
        actions.ACCOUNT_CHOOSE,
        str(account.id),
        about=f"Show {words.plain_name_of(account)}",
    )
    return kit.section(f"{name}\n{detail}" if detail else name, accessory=show)
