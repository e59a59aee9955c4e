"""Accounts: made by the system of record alone, found by key, domain, name or CSM."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import Account, AccountId, Money
from scoring.identity import MatchedBy, identifying, normalise_name
from scoring.records import Organisation
from storage import links
from storage.matches import claims
from storage.sql import chunks, fetch, first, run, upsert_returning
from storage.tables import AccountRow, LinkRow
from storage.types import clean

_account = AccountRow.__table__
_link = LinkRow.__table__

_NAMED = (
    sa.select(_account)
    .where(_account.c.name_norm == sa.bindparam("name"), _account.c.churned_on.is_(None))
    .limit(2)
)


def create_or_update(
    session: Session, organisations: Sequence[Organisation], *, source: str, at: datetime
) -> set[AccountId]:
    """Store what the system of record says: every organisation of its own is an account, or part of one.

    Organisations with one `account_key` are one account, named after the smallest ref. One that is
    given a key later keeps its account, unless the key is another's. One without a key that looks
    like an account there is makes none: it waits for a person. An account whose last organisation
    is deleted has churned. Returns the accounts that came, went, came back or were joined.
    """
    before = _records(session, source, [clean(each.ref) for each in organisations])
    told = {clean(each.ref): each for each in organisations if not each.deleted}
    doubles = _doubles(session, told, before)
    link_ids = links.see(session, source, organisations, at=at)
    live = {ref: each for ref, each in told.items() if ref not in doubles}
    keys = {ref: _key(ref, each, before.get(ref)) for ref, each in live.items()}
    _rename(session, before, keys)
    by_key = _make(session, live, keys, at=at)
    moved = {
        link_ids[ref]: by_key[key]
        for ref, key in keys.items()
        if ref not in before
        or (before[ref].account_id, before[ref].matched_by) != (by_key[key], MatchedBy.RECORD)
    }
    links.join_all(session, moved, by=MatchedBy.RECORD, at=at)
    back = {
        by_key[keys[ref]]
        for ref, row in before.items()
        if ref in keys and row.deleted_at is not None
    }
    touched = {
        *by_key.values(),
        *(row.account_id for row in before.values() if row.account_id is not None),
    }
    _name(session, touched)
    set_crm(
        session, {by_key[keys[ref]]: (each.csm_email, each.renews_on) for ref, each in live.items()}
    )
    _close(session, touched, back, on=at.date())
    gone = {row.account_id for ref, row in before.items() if ref not in told}
    return {AccountId(each) for each in {*moved.values(), *back, *gone} if each is not None}


def found(session: Session, link_id: int, *, member: str, at: datetime) -> AccountId:
    """Make an account of an organisation that waits, because a member says that it is one of its own."""
    row = fetch(session, sa.select(_link).where(_link.c.id == link_id))[0]
    made = _make(
        session, {row.ref: Organisation(ref=row.ref, name=row.name)}, {row.ref: row.ref}, at=at
    )
    links.join(session, link_id, made[row.ref], by=MatchedBy.RECORD, at=at, member=member)
    set_crm(session, {made[row.ref]: (row.csm_email, row.renews_on)})
    return made[row.ref]


def get(session: Session, account_id: AccountId) -> Account | None:
    return by_ids(session, [account_id]).get(account_id)


def by_ids(session: Session, ids: Collection[AccountId]) -> dict[AccountId, Account]:
    found: dict[AccountId, Account] = {}
    for part in chunks(ids):
        for row in fetch(session, sa.select(_account).where(_account.c.id.in_(part))):
            found[row.id] = to_account(row)
    return found


def named(session: Session, name: str) -> Account | None:
    """The account of exactly this name, written any way; None when there is none, or more than one."""
    rows = fetch(session, _NAMED, {"name": normalise_name(name)})
    return to_account(rows[0]) if len(rows) == 1 else None


def starting_with(session: Session, name: str, *, limit: int) -> list[Account]:
    """Accounts whose name begins so, by name; none for a name without a letter or digit."""
    start = normalise_name(name)
    if not start:
        return []
    # A range, not LIKE: an index finds it on both engines, and "%" means nothing.
    inside = sa.and_(_account.c.name_norm >= start, _account.c.name_norm < start + "\U0010ffff")
    query = (
        sa.select(_account)
        .where(inside, _active())
        .order_by(_account.c.name_norm, _account.c.id)
        .limit(limit)
    )
    return [to_account(row) for row in fetch(session, query)]


def names(session: Session) -> list[tuple[AccountId, str]]:
    """The normalised names of all that have not churned, to search in memory."""
    query = sa.select(_account.c.id, _account.c.name_norm).where(_active()).order_by(_account.c.id)
    return [(AccountId(row.id), row.name_norm) for row in fetch(session, query)]


def owned_by(session: Session, email: str) -> list[AccountId]:
    """A CSM's book of business, without what has churned."""
    query = sa.select(_account.c.id).where(_account.c.csm_email == email.lower(), _active())
    return [AccountId(row.id) for row in fetch(session, query.order_by(_account.c.id))]


def active_ids(session: Session) -> list[AccountId]:
    """All that have not churned."""
    return [
        AccountId(row.id)
        for row in fetch(session, sa.select(_account.c.id).where(_active()).order_by(_account.c.id))
    ]


def count(session: Session) -> int:
    """How many accounts there are or were."""
    row = first(session, sa.select(sa.func.count().label("n")).select_from(_account))
    return row.n if row else 0


def count_active(session: Session) -> int:
    row = first(
        session, sa.select(sa.func.count().label("n")).select_from(_account).where(_active())
    )
    return row.n if row else 0


def by_key(session: Session, keys: Collection[str] | None = None) -> dict[str, AccountId]:
    """The accounts of these keys, None: of all."""
    if keys is not None:
        return _by_key(session, keys)
    return {
        row.key: AccountId(row.id)
        for row in fetch(session, sa.select(_account.c.key, _account.c.id))
    }


def set_billing(
    session: Session,
    billing: Mapping[AccountId, tuple[str | None, Money | None, date | None, date | None]],
) -> None:
    """Set plan, MRR, renewal and churn of accounts, as (plan, mrr, renews_on, churned_on). None clears,
    but for the renewal: without a date of its own, billing leaves what the CRM said.
    """
    rows = [
        {
            "account": account_id,
            "new_plan": plan,
            "minor": mrr.minor if mrr else None,
            "currency": mrr.currency if mrr else None,
            "renewal": renews_on,
            "churn": churned_on,
        }
        for account_id, (plan, mrr, renews_on, churned_on) in billing.items()
    ]
    statement = (
        sa.update(_account)
        .where(_account.c.id == sa.bindparam("account"))
        .values(
            plan=sa.bindparam("new_plan"),
            mrr_minor=sa.bindparam("minor"),
            mrr_currency=sa.bindparam("currency"),
            renews_on=sa.func.coalesce(
                sa.bindparam("renewal", type_=sa.Date), _account.c.renews_on
            ),
            churned_on=sa.bindparam("churn"),
        )
    )
    if rows:
        run(session, statement, rows)


def set_crm(session: Session, facts: Mapping[AccountId, tuple[str | None, date | None]]) -> None:
    """Set CSM and renewal of accounts, as (csm_email, renews_on). None leaves what is there, and so does a CSM that
    a member named.
    """
    told = sa.func.coalesce(sa.bindparam("email", type_=sa.Text), _account.c.csm_email)
    renewal = sa.bindparam("renewal", type_=sa.Date)
    rows = [
        {
            "account": account_id,
            "email": clean(email).lower() if email else None,
            "renewal": renews_on,
        }
        for account_id, (email, renews_on) in facts.items()
        if email or renews_on
    ]
    statement = (
        sa.update(_account)
        .where(_account.c.id == sa.bindparam("account"))
        .values(
            csm_email=sa.case((_account.c.csm_by.is_(None), told), else_=_account.c.csm_email),
            renews_on=sa.func.coalesce(renewal, _account.c.renews_on),
        )
    )
    if rows:
        run(session, statement, rows)


def to_account(row: sa.Row[Any]) -> Account:
    """An account from a row that has all columns of its table."""
    return Account(
        id=AccountId(row.id),
        key=row.key,
        name=row.name,
        csm_email=row.csm_email,
        mrr=Money(Decimal(row.mrr_minor), row.mrr_currency) if row.mrr_minor is not None else None,
        plan=row.plan,
        renews_on=row.renews_on,
        churned_on=row.churned_on,
    )


def _active() -> sa.ColumnElement[bool]:
    return _account.c.churned_on.is_(None)


def _records(session: Session, source: str, refs: Sequence[str]) -> dict[str, sa.Row[Any]]:
    """What is known so far of these organisations, by ref: their account and its key."""
    found: dict[str, sa.Row[Any]] = {}
    for part in chunks(refs):
        query = (
            sa.select(
                _link.c.ref,
                _link.c.account_id,
                _link.c.matched_by,
                _link.c.deleted_at,
                _link.c.linked_by,
                _account.c.key,
            )
            .outerjoin(_account, _account.c.id == _link.c.account_id)
            .where(_link.c.source == source, _link.c.ref.in_(part))
        )
        found |= {row.ref: row for row in fetch(session, query)}
    return found


def _key(ref: str, organisation: Organisation, before: sa.Row[Any] | None) -> str:
    """What the account of an organisation goes by: its key, else its own id.

    What a member joined stays there, and so does one without a key that stands for an account already:
    another source may have been the system of record until yesterday.
    """
    known = before.key if before is not None else None
    if before is not None and known and (before.linked_by or not organisation.account_key):
        return str(known)
    return clean(organisation.account_key or ref)


def _doubles(
    session: Session, told: Mapping[str, Organisation], before: Mapping[str, sa.Row[Any]]
) -> set[str]:
    """The refs of those without a key that may be an account there is: by a domain, or without one by the name."""
    new = {
        ref
        for ref, each in told.items()
        if not each.account_key and (ref not in before or before[ref].account_id is None)
    }
    if not new:
        return set()
    domains = {ref: set(identifying(each.domains)) for ref, each in told.items()}
    names = {ref: normalise_name(each.name) for ref, each in told.items()}
    taken = set(claims(session, {each for ref in new for each in domains[ref]}))
    named = _names_taken(session, {names[ref] for ref in new if not domains[ref]})
    found: set[str] = set()
    for ref in sorted(told):
        if ref in new and (domains[ref] & taken or (not domains[ref] and names[ref] in named)):
            found.add(ref)
        else:
            taken |= domains[ref]
            named |= {names[ref]} - {""}
    return found


def _names_taken(session: Session, names: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in chunks(names):
        query = sa.select(_account.c.name_norm).where(_account.c.name_norm.in_(part))
        found |= {row.name_norm for row in fetch(session, query)}
    return found - {""}


def _rename(session: Session, before: Mapping[str, sa.Row[Any]], keys: Mapping[str, str]) -> None:
    """An account that went by its organisation's ref takes the key it is given, if that is free."""
    wanted = {
        key: before[ref].account_id
        for ref, key in keys.items()
        if key != ref and ref in before and before[ref].key == ref
    }
    taken = _by_key(session, wanted)
    for key, account_id in wanted.items():
        if key not in taken:
            run(session, sa.update(_account).where(_account.c.id == account_id).values(key=key))


def _make(
    session: Session, live: Mapping[str, Organisation], keys: Mapping[str, str], *, at: datetime
) -> dict[str, AccountId]:
    """The accounts of these keys, made where there are none."""
    known = _by_key(session, keys.values())
    new: dict[str, Organisation] = {}
    for ref in sorted(live):
        if keys[ref] not in known:
            new.setdefault(keys[ref], live[ref])
    rows = [
        {"key": key, "name": each.name, "name_norm": normalise_name(each.name), "created_at": at}
        for key, each in new.items()
    ]
    made = upsert_returning(
        session, _account, rows, "key", "id", key=("key",), keep=("created_at",)
    )
    return known | {row.key: AccountId(row.id) for row in made}


def _by_key(session: Session, keys: Collection[str]) -> dict[str, AccountId]:
    found: dict[str, AccountId] = {}
    for part in chunks(set(keys)):
        query = sa.select(_account.c.key, _account.c.id).where(_account.c.key.in_(part))
        found |= {row.key: AccountId(row.id) for row in fetch(session, query)}
    return found


def _name(session: Session, ids: Collection[AccountId]) -> None:
    """Name accounts after the smallest ref that stands for them, so that the order of pages does not matter."""
    wanted: dict[AccountId, str] = {}
    for part in chunks(ids):
        query = sa.select(_link.c.account_id, _link.c.ref, _link.c.name).where(_is_record(part))
        # What a member joined to it later does not name it.
        order = (_link.c.linked_by.is_not(None).desc(), _link.c.ref.desc())
        for row in fetch(session, query.order_by(*order)):
            wanted[row.account_id] = row.name or row.ref
    rows = [
        {"account": account_id, "called": name, "norm": normalise_name(name)}
        for account_id, name in wanted.items()
    ]
    statement = (
        sa.update(_account)
        .where(_account.c.id == sa.bindparam("account"), _account.c.name != sa.bindparam("called"))
        .values(name=sa.bindparam("called"), name_norm=sa.bindparam("norm"))
    )
    if rows:
        run(session, statement, rows)


def _close(
    session: Session, ids: Collection[AccountId], back: Collection[AccountId], *, on: date
) -> None:
    """Accounts without an organisation left have churned; those that have one again have not."""
    for part in chunks(ids):
        query = sa.select(_link.c.account_id).where(_is_record(part)).distinct()
        alive = {row.account_id for row in fetch(session, query)}
        lost = sa.and_(_account.c.id.in_(set(part) - alive), _active())
        run(session, sa.update(_account).where(lost).values(churned_on=on))
    for part in chunks(back):
        run(session, sa.update(_account).where(_account.c.id.in_(part)).values(churned_on=None))


def _is_record(ids: Collection[AccountId]) -> sa.ColumnElement[bool]:
    return sa.and_(
        _link.c.account_id.in_(ids),
        _link.c.matched_by == MatchedBy.RECORD,
        _link.c.deleted_at.is_(None),
    )
