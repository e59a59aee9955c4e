"""Links: what each vendor's organisations are called there, and which account each stands for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.identity import Link, MatchedBy, Waiting, domain_of, identifying
from scoring.records import Organisation
from storage.matches import release, to_waiting
from storage.sql import add_new, chunks, fetch, first, run, upsert_returning
from storage.tables import LinkDomainRow, LinkRow
from storage.types import clean

_link = LinkRow.__table__
_domain = LinkDomainRow.__table__

_OF_ACCOUNT = (
    sa.select(_link)
    .where(_link.c.account_id == sa.bindparam("account"), _link.c.deleted_at.is_(None))
    .order_by(_link.c.source, _link.c.ref)
)


def see(
    session: Session, source: str, organisations: Sequence[Organisation], *, at: datetime
) -> dict[str, int]:
    """Store what a vendor says of its organisations. Returns the link ids of those it still has, by ref."""
    latest = {clean(each.ref): each for each in organisations}
    gone = [ref for ref, each in latest.items() if each.deleted]
    _mark_gone(session, source, gone, at=at)
    live = {ref: each for ref, each in latest.items() if not each.deleted}
    rows = [_row(source, each, at) for each in live.values()]
    written = upsert_returning(
        session, _link, rows, "id", "ref", key=("source", "ref"), keep=("first_seen_at",)
    )
    _replace_domains(session, {row.id: _identifying(live[row.ref]) for row in written})
    return _ids(session, source, live)


def ids(session: Session, source: str, refs: Collection[str], *, at: datetime) -> dict[str, int]:
    """The link ids of a vendor's organisations, by ref.

    One that was never described (a Mixpanel group is nothing but its key) gets a link on the spot,
    with its ref for the explicit id.
    """
    cleaned = {ref: clean(ref) for ref in refs}
    known = _ids(session, source, cleaned.values())
    missing = {ref: _undescribed(ref) for ref in sorted(set(cleaned.values()) - known.keys())}
    add_new(session, _link, [_row(source, each, at) for each in missing.values()])
    made = _ids(session, source, missing)
    known |= made
    _replace_domains(session, {made[ref]: _identifying(each) for ref, each in missing.items()})
    return {ref: known[name] for ref, name in cleaned.items()}


def join(
    session: Session,
    link_id: int,
    account_id: AccountId,
    *,
    by: MatchedBy,
    at: datetime,
    member: str | None = None,
) -> None:
    """Say which account an organisation stands for. All its records, past ones too, are the account's from now on.

    `member` is who said so, None: a rule did.
    """
    join_all(session, {link_id: account_id}, by=by, at=at, member=member)


def join_all(
    session: Session,
    accounts: Mapping[int, AccountId],
    *,
    by: MatchedBy,
    at: datetime,
    member: str | None = None,
) -> None:
    """`join` for many: account ids by link id."""
    if not accounts:
        return
    statement = (
        sa.update(_link)
        .where(_link.c.id == sa.bindparam("link"))
        .values(
            account_id=sa.bindparam("account"),
            matched_by=by.value,
            matched_at=at,
            linked_by=member,
            ignored_at=None,
            ignored_by=None,
        )
    )
    run(
        session,
        statement,
        [{"link": link, "account": account} for link, account in accounts.items()],
    )


def linked_sources(
    session: Session, account_ids: Collection[AccountId]
) -> dict[AccountId, frozenset[str]]:
    """The sources that know each account; every id asked for has an entry."""
    found: dict[AccountId, set[str]] = {each: set() for each in account_ids}
    for part in chunks(account_ids):
        query = (
            sa.select(_link.c.account_id, _link.c.source)
            .where(_link.c.account_id.in_(part), _live())
            .distinct()
        )
        for row in fetch(session, query):
            found[row.account_id].add(row.source)
    return {account_id: frozenset(sources) for account_id, sources in found.items()}


def one(session: Session, source: str, ref: str) -> Link | Waiting | None:
    """A vendor's organisation as it stands: joined, or waiting (ignored ones too); None: not there."""
    query = sa.select(_link).where(_link.c.source == source, _link.c.ref == clean(ref), _live())
    row = first(session, query)
    if row is None:
        return None
    return to_waiting(row) if row.account_id is None else _to_link(row)


def keep_domain(
    session: Session,
    source: str,
    domain: str,
    account_id: AccountId,
    *,
    member: str,
    at: datetime,
) -> None:
    """Keep that a member said a domain is an account's, as an organisation that is nothing but this domain."""
    told = Organisation(ref=domain, name="", domains=(domain,))
    link_id = see(session, source, [told], at=at)[domain]
    join(session, link_id, account_id, by=MatchedBy.PERSON, at=at, member=member)


def forget_domain(session: Session, link_id: int) -> None:
    """Forget what `keep_domain` kept, and let go of what it alone had joined."""
    lost = fetch(session, sa.select(_link).where(_link.c.id == link_id))[0]
    same = sa.select(_domain.c.link_id).where(_domain.c.domain == lost.ref)
    by_it = sa.and_(
        _link.c.id.in_(same),
        _link.c.account_id == lost.account_id,
        _link.c.matched_by == MatchedBy.DOMAIN,
    )
    release(session, [row.id for row in fetch(session, sa.select(_link.c.id).where(by_it))])
    run(session, sa.delete(_link).where(_link.c.id == link_id))


def of_account(session: Session, account_id: AccountId) -> list[Link]:
    """What stands for an account, by source and ref."""
    return [_to_link(row) for row in fetch(session, _OF_ACCOUNT, {"account": account_id})]


def described(session: Session, source: str) -> dict[AccountId, tuple[str | None, date | None]]:
    """What a CRM says of the accounts it knows: the CSM's e-mail address and the renewal.

    Where several of its organisations are one account, the smallest ref that says something decides.
    """
    query = (
        sa.select(_link.c.account_id, _link.c.csm_email, _link.c.renews_on)
        .where(_link.c.source == source, _link.c.account_id.is_not(None), _live())
        .where(sa.or_(_link.c.csm_email.is_not(None), _link.c.renews_on.is_not(None)))
        .order_by(_link.c.ref)
    )
    found: dict[AccountId, tuple[str | None, date | None]] = {}
    for row in fetch(session, query):
        csm_email, renews_on = found.get(row.account_id, (None, None))
        found[row.account_id] = (csm_email or row.csm_email, renews_on or row.renews_on)
    return found


def renewals(session: Session, account_ids: Collection[AccountId]) -> dict[AccountId, date]:
    """When accounts renew, as far as a CRM says so; the smallest ref decides."""
    found: dict[AccountId, date] = {}
    for part in chunks(account_ids):
        query = (
            sa.select(_link.c.account_id, _link.c.renews_on)
            .where(_link.c.account_id.in_(part), _link.c.renews_on.is_not(None), _live())
            .order_by(_link.c.ref.desc())
        )
        found |= {AccountId(row.account_id): row.renews_on for row in fetch(session, query)}
    return found


def _to_link(row: sa.Row[Any]) -> Link:
    return Link(
        id=row.id,
        source=row.source,
        ref=row.ref,
        name=row.name,
        account_id=AccountId(row.account_id),
        matched_by=MatchedBy(row.matched_by),
        matched_at=row.matched_at,
        linked_by=row.linked_by,
    )


def _live() -> sa.ColumnElement[bool]:
    return _link.c.deleted_at.is_(None)


def _undescribed(ref: str) -> Organisation:
    return Organisation(ref=ref, name="", account_key=ref)


def _identifying(organisation: Organisation) -> tuple[str, ...]:
    """The domains that can tell whose it is. Many a company calls its groups by the customer's domain."""
    domain = domain_of(organisation.account_key)
    return identifying(organisation.domains or (() if domain is None else (domain,)))


def _row(source: str, organisation: Organisation, at: datetime) -> dict[str, Any]:
    return {
        "source": source,
        "ref": clean(organisation.ref),
        "name": organisation.name,
        "account_key": organisation.account_key,
        "domains": list(organisation.domains),
        "csm_email": organisation.csm_email,
        "renews_on": organisation.renews_on,
        "parent_ref": organisation.parent_ref,
        "first_seen_at": at,
        "deleted_at": None,
    }


def _ids(session: Session, source: str, refs: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(refs):
        query = sa.select(_link.c.ref, _link.c.id).where(
            _link.c.source == source, _link.c.ref.in_(part)
        )
        found |= {row.ref: row.id for row in fetch(session, query)}
    return found


def _mark_gone(session: Session, source: str, refs: Sequence[str], *, at: datetime) -> None:
    for part in chunks(refs):
        ours = sa.and_(_link.c.source == source, _link.c.ref.in_(part), _live())
        run(session, sa.update(_link).where(ours).values(deleted_at=at))


def _replace_domains(session: Session, domains: Mapping[int, Sequence[str]]) -> None:
    for part in chunks(domains):
        run(session, sa.delete(_domain).where(_domain.c.link_id.in_(part)))
    rows = [
        {"link_id": link_id, "domain": domain}
        for link_id, names in domains.items()
        for domain in sorted(set(names))
    ]
    add_new(session, _domain, rows)
