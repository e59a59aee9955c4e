"""Unfurling: the accounts that posted links are about, as everybody in a channel may see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.blocks.kit import Block
from bot.blocks.unfurl import render_unfurl
from bot.deps import Deps
from bot.services.addressing import to_all
from bot.services.standing import standing_of
from integrations.addresses import organisation_at
from scoring.accounts import Account
from scoring.identity import Link
from storage import accounts, links, members


def previews(deps: Deps, urls: Sequence[str], *, at: datetime) -> Mapping[str, list[Block]]:
    """A preview for each address that is an account's page; of all others, and of what matches none, there is none."""
    shown: dict[str, list[Block]] = {}
    with deps.db.read() as session:
        for url in urls:
            account = _account_at(session, deps, url)
            if account is not None:
                shown[url] = _preview(session, deps, account, at=at)
    return shown


def _account_at(session: Session, deps: Deps, url: str) -> Account | None:
    settings = {name: each.settings for name, each in deps.config.sources.items()}
    meant = organisation_at(url, settings)
    found = links.one(session, *meant) if meant else None
    return accounts.get(session, found.account_id) if isinstance(found, Link) else None


def _preview(session: Session, deps: Deps, account: Account, *, at: datetime) -> list[Block]:
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    name = csm.name if csm else account.csm_email or ""
    standing = standing_of(session, account, at=at)
    return to_all(deps.config, render_unfurl, standing, name, rubric=deps.config.rubric)
