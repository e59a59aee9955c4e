"""Matching: joining what the vendors call an organisation to the account it stands for."""

from collections import defaultdict
from datetime import datetime

from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.identity import MatchedBy, domain_of, match
from storage import accounts, dirty, links


def match_waiting(session: Session, *, at: datetime) -> int:
    """Join every waiting organisation that can now be told apart. Returns how many were joined.

    What still matches nothing goes on waiting; nothing here ever makes an account. A link made
    today takes along what was stored before it, so its account is scored anew.
    """
    waiting = links.unmatched(session)
    if not waiting:
        return 0
    by_key, by_domain = accounts.by_key(session), accounts.by_domain(session)
    joined: dict[MatchedBy, dict[int, AccountId]] = defaultdict(dict)
    for each in waiting:
        found = match(
            account_key=each.account_key,
            domains=each.domains or _as_domain(each.account_key),
            accounts_by_key=by_key,
            accounts_by_domain=by_domain,
        )
        if found:
            joined[found.by][each.link_id] = found.account_id
    for by, accounts_of_links in joined.items():
        links.join_all(session, accounts_of_links, by=by, at=at)
        dirty.mark(session, accounts_of_links.values(), at=at)
    return sum(map(len, joined.values()))


def _as_domain(account_key: str | None) -> tuple[str, ...]:
    """Many a company groups its events by the customer's domain."""
    domain = domain_of(account_key)
    return (domain,) if domain else ()


def pass_on_owners(session: Session, source: str) -> None:
    """Carry what a CRM says of CSM and renewal over to the accounts it is linked to."""
    accounts.set_crm(session, links.described(session, source))
