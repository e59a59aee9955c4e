"""Billing: subscriptions, invoices and cards."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId, Money
from scoring.records import Card, Invoice, InvoiceState, Subscription, SubscriptionState
from storage import records
from storage.tables import CardRow, InvoiceRow, SubscriptionRow

_subscription = SubscriptionRow.__table__
_invoice = InvoiceRow.__table__
_card = CardRow.__table__

_SUBSCRIPTIONS = records.listing(_subscription)
_CARDS = records.listing(_card)


def upsert_subscriptions(
    session: Session, source: str, subscriptions: Sequence[Subscription], *, at: datetime
) -> frozenset[int]:
    """Store subscriptions. Returns the ids of the links that changed."""
    return records.write(
        session, _subscription, source, [_flat(each, "mrr") for each in subscriptions], at=at
    )


def upsert_invoices(
    session: Session, source: str, invoices: Sequence[Invoice], *, at: datetime
) -> frozenset[int]:
    """Store invoices. Returns the ids of the links that changed."""
    return records.write(
        session, _invoice, source, [_flat(each, "amount") for each in invoices], at=at
    )


def upsert_cards(
    session: Session, source: str, cards: Sequence[Card], *, at: datetime
) -> frozenset[int]:
    """Store cards, one for each of the vendor's organisations. Returns the ids of the links that changed."""
    rows = [
        {"id": each.account_ref, "account_ref": each.account_ref, "expires_on": each.expires_on}
        for each in cards
    ]
    return records.write(session, _card, source, rows, at=at)


def subscriptions(
    session: Session, ids: Collection[AccountId]
) -> dict[AccountId, list[Subscription]]:
    return records.of_accounts(session, _SUBSCRIPTIONS, ids, _to_subscription)


def invoices(
    session: Session, ids: Collection[AccountId], *, since: datetime
) -> dict[AccountId, list[Invoice]]:
    """Invoices finalised since, and unpaid ones (open or uncollectible) of whatever age."""
    unpaid = _invoice.c.state.in_([InvoiceState.OPEN.value, InvoiceState.UNCOLLECTIBLE.value])
    wanted = records.listing(_invoice, sa.or_(_invoice.c.finalized_at >= since, unpaid))
    return records.of_accounts(session, wanted, ids, _to_invoice)


def cards(session: Session, ids: Collection[AccountId]) -> dict[AccountId, list[Card]]:
    return records.of_accounts(
        session,
        _CARDS,
        ids,
        lambda row: Card(account_ref=row.account_ref, expires_on=row.expires_on),
    )


def _flat(record: Subscription | Invoice, money: str) -> dict[str, Any]:
    """The record as a row, its amount in two columns."""
    row = {field.name: getattr(record, field.name) for field in fields(record)}
    amount: Money | None = row.pop(money)
    row[f"{money}_minor"] = amount.minor if amount else None
    row[f"{money}_currency"] = amount.currency if amount else None
    return row


def _to_subscription(row: sa.Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        account_ref=row.account_ref,
        state=SubscriptionState(row.state),
        plan=row.plan,
        mrr=Money(row.mrr_minor, row.mrr_currency) if row.mrr_minor is not None else None,
        started_at=row.started_at,
        renews_at=row.renews_at,
        cancel_requested_at=row.cancel_requested_at,
        ended_at=row.ended_at,
    )


def _to_invoice(row: sa.Row[Any]) -> Invoice:
    return Invoice(
        id=row.id,
        account_ref=row.account_ref,
        state=InvoiceState(row.state),
        amount=Money(row.amount_minor, row.amount_currency),
        finalized_at=row.finalized_at,
        due_at=row.due_at,
        failed_attempts=row.failed_attempts,
        paid_at=row.paid_at,
    )
