"""Families: which accounts are parts of which."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import Account, AccountId
from storage.accounts import to_account
from storage.sql import fetch, run
from storage.tables import AccountRow, LinkRow

_account = AccountRow.__table__
_link = LinkRow.__table__

_self = _account.alias("self")
_RELATIVES = (
    sa.select(_account)
    .where(
        sa.or_(
            _account.c.parent_id == sa.bindparam("account"),
            _account.c.id
            == sa.select(_self.c.parent_id)
            .where(_self.c.id == sa.bindparam("account"))
            .scalar_subquery(),
        )
    )
    .order_by(_account.c.name_norm, _account.c.id)
)

DEEPEST = 20  # generations; beyond, somebody made a circle


class CircleError(ValueError):
    """An account would become a part of itself."""


def set_parent(
    session: Session, account_id: AccountId, parent_id: AccountId | None, *, member: str | None
) -> None:
    """Say what an account is a part of, None: of nothing. `member` is who says so, None: the CRM.

    Raises CircleError when the parent is a part of the account.
    """
    if parent_id is not None and account_id in _ancestors(session, parent_id):
        raise CircleError(f"account {parent_id} is a part of account {account_id}")
    ours = sa.update(_account).where(_account.c.id == account_id)
    run(session, ours.values(parent_id=parent_id, parent_by=member))


def adopt(session: Session, source: str) -> None:
    """Carry over what a CRM says of parents, and what none says any more; what a member said stays.

    What would make a circle is left out.
    """
    says = sa.exists().where(
        _link.c.account_id == _account.c.id,
        _link.c.parent_ref.is_not(None),
        _link.c.deleted_at.is_(None),
    )
    taken_back = sa.and_(_account.c.parent_id.is_not(None), _account.c.parent_by.is_(None), ~says)
    run(session, sa.update(_account).where(taken_back).values(parent_id=None))
    told = _told(session, source)
    for account_id, parent_id in sorted(told.items()):
        if account_id not in _ancestors(session, parent_id):
            ours = sa.update(_account).where(_account.c.id == account_id)
            run(session, ours.values(parent_id=parent_id))


def relatives(session: Session, account_id: AccountId) -> tuple[Account | None, list[Account]]:
    """What an account is a part of, None: of nothing; and its own parts by name, without those that left."""
    rows = fetch(session, _RELATIVES, {"account": account_id})
    parents = [to_account(row) for row in rows if row.parent_id != account_id]
    children = [to_account(row) for row in rows if row.parent_id == account_id]
    return next(iter(parents), None), [each for each in children if each.churned_on is None]


def _told(session: Session, source: str) -> Mapping[AccountId, AccountId]:
    """What the CRM says and is not so yet: the parent's account by the account's; the smallest ref decides."""
    upper = _link.alias()
    query = (
        sa.select(_link.c.account_id, upper.c.account_id.label("parent_id"))
        .join(upper, sa.and_(upper.c.source == _link.c.source, upper.c.ref == _link.c.parent_ref))
        .join(_account, _account.c.id == _link.c.account_id)
        .where(
            _link.c.source == source,
            _link.c.deleted_at.is_(None),
            upper.c.account_id.is_not(None),
            upper.c.account_id != _link.c.account_id,
            _account.c.parent_by.is_(None),
            _account.c.parent_id.is_distinct_from(upper.c.account_id),
        )
        .order_by(_link.c.ref.desc())
    )
    return {AccountId(row.account_id): AccountId(row.parent_id) for row in fetch(session, query)}


def _ancestors(session: Session, account_id: AccountId) -> list[AccountId]:
    """An account and all it is a part of, itself first."""
    found = [account_id]
    while len(found) < DEEPEST:
        rows = fetch(session, sa.select(_account.c.parent_id).where(_account.c.id == found[-1]))
        if not rows or rows[0].parent_id is None:
            break
        found.append(AccountId(rows[0].parent_id))
    return found
