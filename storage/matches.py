"""Matches: which organisations wait for an account, and what people have said of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.identity import MatchedBy, Waiting
from scoring.records import Organisation
from storage.sql import add_new, chunks, fetch, first, run
from storage.tables import AccountRow, LinkDomainRow, LinkRefusalRow, LinkRow
from storage.types import clean

_account = AccountRow.__table__
_link = LinkRow.__table__
_domain = LinkDomainRow.__table__
_refusal = LinkRefusalRow.__table__

_BY_RULE = (MatchedBy.ID, MatchedBy.DOMAIN)


def waiting(
    session: Session,
    source: str | None = None,
    *,
    quiet: Collection[str] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[Waiting]:
    """Organisations that wait for an account, longest waiting first, without the ignored ones.

    Of `quiet` sources only those that were described are told: the mail domains of everybody who
    ever got a newsletter are no accounts in waiting.
    """
    query = sa.select(_link).where(_is_waiting(quiet)).order_by(_link.c.first_seen_at, _link.c.id)
    if source is not None:
        query = query.where(_link.c.source == source)
    return [to_waiting(row) for row in fetch(session, query.limit(limit).offset(offset))]


def hopeful(session: Session) -> list[Waiting]:
    """Those among the waiting whose id is an account's key, or one of whose domains is surely somebody's."""
    theirs, owner = _domain.alias(), _link.alias()
    by_key = (
        sa.select(_link.c.id)
        .join(_account, _account.c.key == _link.c.account_key)
        .where(_is_waiting(()))
    )
    # Joined from the waiting side, each domain is one look into its index; as EXISTS both engines read all of it for each.
    by_domain = (
        sa.select(_link.c.id)
        .join(_domain, _domain.c.link_id == _link.c.id)
        .join(theirs, theirs.c.domain == _domain.c.domain)
        .join(owner, owner.c.id == theirs.c.link_id)
        .where(_is_waiting(()), _is_sure(owner))
    )
    found = {row.id for query in (by_key, by_domain) for row in fetch(session, query)}
    waiting: list[Waiting] = []
    for part in chunks(sorted(found)):
        query = sa.select(_link).where(_link.c.id.in_(part)).order_by(_link.c.id)
        waiting += [to_waiting(row) for row in fetch(session, query)]
    return waiting


def one(session: Session, link_id: int) -> Waiting | None:
    """An organisation that waits, None when it does not (any more)."""
    row = first(session, sa.select(_link).where(_link.c.id == link_id, _is_waiting(())))
    return to_waiting(row) if row else None


def count(session: Session, *, quiet: Collection[str] = ()) -> dict[str, int]:
    """How many organisations of each source wait for an account; a source with none is left out."""
    total = sa.func.count().label("total")
    query = sa.select(_link.c.source, total).where(_is_waiting(quiet)).group_by(_link.c.source)
    return {row.source: row.total for row in fetch(session, query)}


def ignore(session: Session, link_id: int, *, member: str, at: datetime) -> bool:
    """Never show it again. False when it does not wait any more."""
    waits = sa.and_(_link.c.id == link_id, _is_waiting(()))
    return run(session, sa.update(_link).where(waits).values(ignored_at=at, ignored_by=member)) == 1


def refuse(
    session: Session, link_id: int, account_id: AccountId, *, member: str, at: datetime
) -> None:
    """Note that an organisation is not this account, whatever a rule finds."""
    row = {"link_id": link_id, "account_id": account_id, "member": member, "at": at}
    add_new(session, _refusal, [row])


def refused(session: Session, link_ids: Collection[int]) -> dict[int, frozenset[AccountId]]:
    """The accounts that each organisation was said not to be."""
    found: dict[int, set[AccountId]] = {}
    for part in chunks(link_ids):
        query = sa.select(_refusal).where(_refusal.c.link_id.in_(part))
        for row in fetch(session, query):
            found.setdefault(row.link_id, set()).add(AccountId(row.account_id))
    return {link_id: frozenset(ids) for link_id, ids in found.items()}


def claims(session: Session, domains: Collection[str]) -> dict[str, tuple[AccountId, ...]]:
    """The accounts that each of these domains surely belongs to; a domain of nobody is left out.

    A domain is an account's when an organisation says so that is joined by more than a domain
    itself: a guess must not carry the next one.
    """
    found: dict[str, list[AccountId]] = {}
    for part in chunks(set(domains)):
        query = (
            sa.select(_domain.c.domain, _link.c.account_id)
            .join(_link, _link.c.id == _domain.c.link_id)
            .where(_domain.c.domain.in_(part), _is_sure(_link))
            .distinct()
            .order_by(_link.c.account_id)
        )
        for row in fetch(session, query):
            found.setdefault(row.domain, []).append(AccountId(row.account_id))
    return {domain: tuple(ids) for domain, ids in found.items()}


def _is_sure(link: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a link is joined by more than a domain, and its organisation is still there."""
    return sa.and_(
        link.c.account_id.is_not(None),
        link.c.deleted_at.is_(None),
        link.c.matched_by != MatchedBy.DOMAIN,
    )


def unsettle(
    session: Session, source: str, organisations: Sequence[Organisation]
) -> set[AccountId]:
    """Let go of what a rule joined, where the vendor now says another id or other domains.

    They wait again and are matched anew. Returns the accounts that lose one. Call it before the new
    description is stored. What a person or the system of record said stays.
    """
    told = {clean(each.ref): each for each in organisations}
    lost: dict[int, AccountId] = {}
    for part in chunks(told):
        query = sa.select(_link).where(
            _link.c.source == source, _link.c.ref.in_(part), _link.c.matched_by.in_(_BY_RULE)
        )
        lost |= {
            row.id: AccountId(row.account_id)
            for row in fetch(session, query)
            if _is_other(row, told[row.ref])
        }
    release(session, lost)
    return set(lost.values())


def in_doubt(session: Session) -> list[tuple[Waiting, AccountId]]:
    """What is joined by a domain that meanwhile two accounts have, with the account it is joined to."""
    owners = sa.func.count(_link.c.account_id.distinct())
    shared = (
        sa.select(_domain.c.domain)
        .join(_link, _link.c.id == _domain.c.link_id)
        .where(_is_sure(_link))
        .group_by(_domain.c.domain)
        .having(owners > 1)
    )
    query = (
        sa.select(_link)
        .join(_domain, _domain.c.link_id == _link.c.id)
        .where(_link.c.matched_by == MatchedBy.DOMAIN, _domain.c.domain.in_(shared))
        .distinct()
    )
    return [(to_waiting(row), AccountId(row.account_id)) for row in fetch(session, query)]


def release(session: Session, link_ids: Collection[int]) -> None:
    """Let organisations wait again."""
    for part in chunks(link_ids):
        values = {"account_id": None, "matched_by": None, "matched_at": None, "linked_by": None}
        run(session, sa.update(_link).where(_link.c.id.in_(part)).values(**values))


def _is_other(row: sa.Row[Any], told: Organisation) -> bool:
    return row.account_key != told.account_key or set(row.domains) != set(told.domains)


def _is_waiting(quiet: Collection[str]) -> sa.ColumnElement[bool]:
    waits = sa.and_(
        _link.c.account_id.is_(None), _link.c.deleted_at.is_(None), _link.c.ignored_at.is_(None)
    )
    return sa.and_(waits, sa.or_(_link.c.name != "", _link.c.source.not_in(quiet)))


def to_waiting(row: sa.Row[Any]) -> Waiting:
    """A waiting organisation from a row that has all columns of `link`."""
    return Waiting(
        link_id=row.id,
        source=row.source,
        ref=row.ref,
        name=row.name,
        account_key=row.account_key,
        domains=tuple(row.domains),
        first_seen_at=row.first_seen_at,
    )
