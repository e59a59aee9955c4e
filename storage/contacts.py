"""Contacts: the people at an account whom the company mails."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.records import Contact
from storage import records
from storage.tables import ContactRow

_contact = ContactRow.__table__
_LISTING = records.listing(_contact, ~_contact.c.deleted)
_DEEDS = ("updated_at", "last_sent_at", "last_opened_at", "last_clicked_at", "last_replied_at")


def upsert(
    session: Session, source: str, contacts: Sequence[Contact], *, at: datetime
) -> frozenset[int]:
    """Store contacts. Returns the ids of the links that changed.

    An older reading never overwrites a newer, and what somebody did last only moves forward: many
    tools tell of one deed at a time, and not in order.
    """
    return records.write(
        session,
        _contact,
        source,
        [asdict(each) for each in contacts],
        at=at,
        newest="updated_at",
        latest=_DEEDS,
    )


def of_accounts(session: Session, ids: Collection[AccountId]) -> dict[AccountId, list[Contact]]:
    return records.of_accounts(session, _LISTING, ids, _to_contact)


def _to_contact(row: sa.Row[Any]) -> Contact:
    return Contact(
        id=row.id,
        account_ref=row.account_ref,
        updated_at=row.updated_at,
        last_sent_at=row.last_sent_at,
        last_opened_at=row.last_opened_at,
        last_clicked_at=row.last_clicked_at,
        last_replied_at=row.last_replied_at,
    )
