"""/health link and unlink: what stands for an account in the tools, and what it is a part of."""

from collections.abc import Sequence

from bot.blocks.kit import Message
from bot.blocks.matches import render_links, render_said
from bot.commands.command import Asked, Command, before
from bot.deps import Deps
from bot.services import linking, looking_up
from bot.services.errors import UserError
from scoring.identity import domain_of


def link(deps: Deps, asked: Asked) -> Message:
    """`acme zendesk:900`, `acme acme.io`, `acme under globex`; a name alone: what stands for it."""
    member, words = asked.member, asked.words
    name, parent = _split(words)
    if parent:
        return render_said(linking.adopt(deps, member, name, parent))
    if len(words) > 1 and _is_reference(words[-1]):
        return render_said(linking.link(deps, member, " ".join(words[:-1]), words[-1]))
    with deps.db.read() as session:
        account = looking_up.the_account(session, name)
        return render_links(account, linking.of_account(session, account), asked.at)


def unlink(deps: Deps, asked: Asked) -> Message:
    """`acme zendesk:900`, `acme acme.io`, `acme under globex`."""
    member, words = asked.member, asked.words
    name, parent = _split(words)
    if parent:
        return render_said(linking.orphan(deps, member, name))
    if len(words) < 2 or not _is_reference(words[-1]):
        raise UserError(
            "Say which link: `/health unlink acme zendesk:900`. `/health link acme` lists them."
        )
    return render_said(linking.unlink(deps, member, " ".join(words[:-1]), words[-1]))


def _split(words: Sequence[str]) -> tuple[str, str]:
    """The names before and after "under"; the latter is empty where there is none."""
    lower = [each.lower() for each in words]
    at = lower.index("under") if "under" in lower[1:-1] else len(words)
    return " ".join(words[:at]), " ".join(words[at + 1 :])


def _is_reference(word: str) -> bool:
    return ":" in word or domain_of(word) is not None


LINK = Command(
    name="link",
    reads=before("link"),
    run=link,
    examples=(
        ("/health link acme", "what stands for an account in your tools"),
        (
            "/health link acme zendesk:900",
            "say that an organisation is this account; a domain works too",
        ),
        ("/health link acme under globex", "say that an account is a part of another"),
    ),
)
UNLINK = Command(
    name="unlink",
    reads=before("unlink"),
    run=unlink,
    examples=(("/health unlink acme zendesk:900", "undo a link"),),
)
