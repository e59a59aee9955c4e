"""Owners: whose account it is because a member said so, which no source undoes."""

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from storage.sql import first, run
from storage.tables import AccountRow, LinkRow, TaskRow

_account = AccountRow.__table__
_link = LinkRow.__table__
_task = TaskRow.__table__


def name(session: Session, account_id: AccountId, email: str, *, member: str) -> bool:
    """Keep that a member said whose account it is, and hand the last CSM's tasks on. False when that was so already."""
    is_new = sa.or_(
        _account.c.csm_email.is_distinct_from(email.lower()), _account.c.csm_by.is_(None)
    )
    ours = sa.update(_account).where(_account.c.id == account_id, is_new)
    changed = run(session, ours.values(csm_email=email.lower(), csm_by=member)) == 1
    if changed:
        _hand_over(session, account_id, email.lower())
    return changed


def release(session: Session, account_id: AccountId) -> bool:
    """Let the sources say again whose account it is, the smallest ref first; it is nobody's where none does.

    False when no member had said it.
    """
    says = sa.and_(
        _link.c.account_id == account_id,
        _link.c.csm_email.is_not(None),
        _link.c.deleted_at.is_(None),
    )
    told = first(session, sa.select(_link.c.csm_email).where(says).order_by(_link.c.ref).limit(1))
    email = told.csm_email.lower() if told else None
    named = sa.and_(_account.c.id == account_id, _account.c.csm_by.is_not(None))
    released = sa.update(_account).where(named).values(csm_email=email, csm_by=None)
    if run(session, released) == 0:
        return False
    _hand_over(session, account_id, email)
    return True


def named_by(session: Session, account_id: AccountId) -> str | None:
    """The member who said whose account it is; None: a source did, or nobody."""
    row = first(session, sa.select(_account.c.csm_by).where(_account.c.id == account_id))
    return row.csm_by if row else None


def _hand_over(session: Session, account_id: AccountId, email: str | None) -> None:
    """What is for the account's CSM to do, and given to nobody by name, is for the new one."""
    theirs = sa.and_(
        _task.c.account_id == account_id,
        _task.c.done_at.is_(None),
        _task.c.assigned_to.is_(None),
    )
    run(session, sa.update(_task).where(theirs).values(csm_email=email))
