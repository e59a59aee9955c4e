"""Matching: joining what the vendors call an organisation to the account it stands for, by rule."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.identity import Match, MatchedBy, Waiting, domain_of, match
from storage import accounts, dirty, families, links, matches


def match_waiting(session: Session, *, record: str, at: datetime) -> int:
    """Join every waiting organisation that can now be told apart. Returns how many were joined.

    What still matches nothing goes on waiting; nothing here ever makes an account. Customers of the
    system of record (`record`) wait for a person: a rule must not say that two of them are one.
    A link made today takes along what was stored before it, so its account is scored anew.
    """
    _quarantine(session, at=at)
    waiting = [each for each in matches.hopeful(session) if not each.could_be_account(record)]
    refused = matches.refused(session, [each.link_id for each in waiting])
    joined: dict[MatchedBy, dict[int, AccountId]] = defaultdict(dict)
    for each, found in _matched(session, waiting):
        if found and found.account_id not in refused.get(each.link_id, ()):
            joined[found.by][each.link_id] = found.account_id
    for by, accounts_of_links in joined.items():
        links.join_all(session, accounts_of_links, by=by, at=at)
        dirty.mark(session, accounts_of_links.values(), at=at)
    return sum(map(len, joined.values()))


def _quarantine(session: Session, *, at: datetime) -> None:
    """Let go of what a domain joined that meanwhile two accounts have: it is neither's until a person says whose."""
    doubtful = dict(matches.in_doubt(session))
    for each, found in _matched(session, list(doubtful)):
        if found is None or found.account_id != doubtful[each]:
            matches.release(session, [each.link_id])
            dirty.mark(session, [doubtful[each]], at=at)


def _matched(
    session: Session, waiting: Sequence[Waiting]
) -> Sequence[tuple[Waiting, Match | None]]:
    by_key = accounts.by_key(session, {each.account_key for each in waiting if each.account_key})
    claimed = matches.claims(session, {one for each in waiting for one in domains_of(each)})
    single = {domain: ids[0] for domain, ids in claimed.items() if len(ids) == 1}
    return [(each, _match(each, by_key, single)) for each in waiting]


def _match(
    each: Waiting, by_key: Mapping[str, AccountId], by_domain: Mapping[str, AccountId]
) -> Match | None:
    return match(
        account_key=each.account_key,
        domains=domains_of(each),
        accounts_by_key=by_key,
        accounts_by_domain=by_domain,
    )


def domains_of(each: Waiting) -> tuple[str, ...]:
    """The domains of an organisation. Many a company groups its events by the customer's domain."""
    domain = domain_of(each.account_key)
    return each.domains or ((domain,) if domain else ())


def pass_on(session: Session, source: str) -> None:
    """Carry what a CRM says of CSM, renewal and parent over to the accounts it is linked to."""
    accounts.set_crm(session, links.described(session, source))
    families.adopt(session, source)
