"""Warehouse rows: what each query returns, column by column, and the records it makes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from integrations.base import SourceDataError
from integrations.people import account_ref_of, person_hash
from integrations.warehouse.queries import nearest
from integrations.warehouse.values import (
    Account,
    Amount,
    At,
    Count,
    Currency,
    Day,
    Domains,
    Flag,
    Id,
    MaybeAccount,
    Text,
    word_of,
)
from scoring.accounts import Money
from scoring.metrics.mrr import exponent
from scoring.records import (
    Card,
    Contact,
    Invoice,
    InvoiceState,
    Kind,
    Organisation,
    Rating,
    Record,
    Subscription,
    SubscriptionState,
    SurveyKind,
    SurveyResponse,
    Ticket,
)


class UsageRow(BaseModel):
    account_id: MaybeAccount
    day: Day
    feature: Id
    times: Count


class UserRow(BaseModel):
    account_id: MaybeAccount
    day: Day
    user_id: Text


class RecordRow(BaseModel):
    """A row that makes records. NULL and a column that is not there are the same."""

    def records(self, hash_key: bytes, /) -> Iterator[Record]:
        """Raises ValueError for a row whose columns do not go together."""
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, row: Any) -> Any:
        optional = cls.model_fields
        return {
            name: value
            for name, value in row.items()
            if value is not None or (name in optional and optional[name].is_required())
        }


class _AccountRow(RecordRow):
    account_id: Id
    name: Text
    account_key: Text = None
    domain: Domains = ()
    domains: Domains = ()
    csm_email: Text = None
    renews_on: Day | None = None
    parent_id: Text = None
    churned: Flag = False

    def records(self, _hash_key: bytes, /) -> Iterator[Record]:
        domains = tuple(dict.fromkeys((*self.domain, *self.domains)))
        yield Organisation(
            ref=self.account_id,
            name=self.name or (domains[0] if domains else self.account_id),
            account_key=self.account_key or self.account_id,
            domains=domains,
            csm_email=self.csm_email.lower() if self.csm_email else None,
            renews_on=self.renews_on,
            parent_ref=self.parent_id,
            deleted=self.churned,
        )


class _SubscriptionRow(RecordRow):
    id: Id
    account_id: Account
    status: Annotated[SubscriptionState, BeforeValidator(word_of)]
    started_at: At
    plan: Text = None
    mrr: Amount | None = None
    currency: Currency | None = None
    renews_at: At | None = None
    cancel_requested_at: At | None = None
    ended_at: At | None = None

    def records(self, _hash_key: bytes, /) -> Iterator[Record]:
        yield Subscription(
            id=self.id,
            account_ref=self.account_id,
            state=self.status,
            plan=self.plan,
            mrr=None if self.mrr is None else _money(self.mrr, self.currency),
            started_at=self.started_at,
            renews_at=self.renews_at,
            cancel_requested_at=self.cancel_requested_at,
            ended_at=self.ended_at,
        )


class _InvoiceRow(RecordRow):
    id: Id
    account_id: Account
    status: Annotated[InvoiceState, BeforeValidator(word_of)]
    amount: Amount
    currency: Currency
    finalized_at: At
    due_at: At | None = None
    paid_at: At | None = None
    failed_attempts: Count = 0

    def records(self, _hash_key: bytes, /) -> Iterator[Record]:
        yield Invoice(
            id=self.id,
            account_ref=self.account_id,
            state=self.status,
            amount=_money(self.amount, self.currency),
            finalized_at=self.finalized_at,
            due_at=self.due_at or self.finalized_at,
            failed_attempts=self.failed_attempts,
            paid_at=self.paid_at,
        )


class _CardRow(RecordRow):
    account_id: Account
    expires_on: Day | None = None

    def records(self, _hash_key: bytes, /) -> Iterator[Record]:
        yield Card(account_ref=self.account_id, expires_on=self.expires_on)


class _TicketRow(RecordRow):
    id: Id
    account_id: MaybeAccount
    is_open: bool
    created_at: At
    updated_at: At
    rating: Annotated[Rating | None, BeforeValidator(word_of)] = None
    sentiment: Annotated[Rating | None, BeforeValidator(word_of)] = None
    escalation: Text = None
    deleted: Flag = False

    def records(self, _hash_key: bytes, /) -> Iterator[Record]:
        yield Ticket(
            id=self.id,
            account_ref=self.account_id,
            is_open=self.is_open,
            created_at=self.created_at,
            updated_at=self.updated_at,
            version=int(self.updated_at.timestamp() * 1_000_000),
            rating=self.rating,
            sentiment=self.sentiment,
            escalation=self.escalation,
            deleted=self.deleted,
        )


class _ContactRow(RecordRow):
    """`id` may be an e-mail address: it is kept as a keyed hash, and may name the account by its domain."""

    id: Id
    account_id: MaybeAccount
    last_sent_at: At | None = None
    last_opened_at: At | None = None
    last_clicked_at: At | None = None
    last_replied_at: At | None = None
    updated_at: At | None = None
    deleted: Flag = False

    def records(self, hash_key: bytes, /) -> Iterator[Record]:
        deeds = (
            self.last_sent_at,
            self.last_opened_at,
            self.last_clicked_at,
            self.last_replied_at,
        )
        updated_at = max((at for at in (*deeds, self.updated_at) if at), default=None)
        if updated_at is None and not self.deleted:
            return  # was never mailed: nothing to tell
        if updated_at is None:
            raise ValueError("updated_at: is needed to tell when it was deleted")
        is_address = "@" in self.id
        yield Contact(
            id=person_hash(hash_key, self.id) if is_address else self.id,
            account_ref=self.account_id or account_ref_of(self.id),
            updated_at=updated_at,
            last_sent_at=self.last_sent_at,
            last_opened_at=self.last_opened_at,
            last_clicked_at=self.last_clicked_at,
            last_replied_at=self.last_replied_at,
            deleted=self.deleted,
        )


class _SurveyRow(RecordRow):
    """`person` is an e-mail address or an id, and is kept as a keyed hash."""

    id: Id
    account_id: MaybeAccount
    kind: Annotated[SurveyKind, BeforeValidator(word_of)]
    score: Annotated[float, Field(allow_inf_nan=False)]
    answered_at: At
    updated_at: At | None = None
    person: Text = None
    ticket_id: Text = None
    comment: Text = None
    has_comment: Flag = False
    deleted: Flag = False

    def records(self, hash_key: bytes, /) -> Iterator[Record]:
        account_ref = self.account_id or account_ref_of(self.person)
        yield SurveyResponse(
            id=self.id,
            account_ref=None if self.ticket_id else account_ref,
            kind=self.kind,
            score=self.score,
            answered_at=self.answered_at,
            updated_at=self.updated_at or self.answered_at,
            person=person_hash(hash_key, self.person) if self.person else None,
            ticket_id=self.ticket_id,
            has_comment=self.has_comment or self.comment is not None,
            comment=self.comment,
            deleted=self.deleted,
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What a query tells, what one of its records is called, and its rows."""

    kind: Kind
    noun: str
    row: type[RecordRow]


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "accounts": Shape(Kind.ACCOUNTS, "account", _AccountRow),
        "subscriptions": Shape(Kind.BILLING, "subscription", _SubscriptionRow),
        "invoices": Shape(Kind.BILLING, "invoice", _InvoiceRow),
        "cards": Shape(Kind.BILLING, "card", _CardRow),
        "tickets": Shape(Kind.TICKETS, "ticket", _TicketRow),
        "contacts": Shape(Kind.ENGAGEMENT, "contact", _ContactRow),
        "surveys": Shape(Kind.SURVEYS, "survey response", _SurveyRow),
    }
)

ROWS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {**{name: shape.row for name, shape in SHAPES.items()}, "usage": UsageRow, "users": UserRow}
)


def check_columns(name: str, columns: Sequence[str]) -> None:
    """Raises SourceDataError for a column that is not known, missing or there twice, naming the query and the column."""
    known = ROWS[name].model_fields
    for each in columns:
        if each not in known:
            raise SourceDataError(
                f"The query {name} returns a column {each!r} that is not known{nearest(each, known)}."
            )
    if len(set(columns)) < len(columns):
        raise SourceDataError(f"The query {name} returns a column twice: {', '.join(columns)}.")
    for each, field in known.items():
        if field.is_required() and each not in columns:
            raise SourceDataError(
                f"The query {name} returns no column {each!r}; it returns {', '.join(columns)}."
            )


def _money(amount: Decimal, currency: str | None) -> Money:
    if currency is None:
        raise ValueError("currency: is needed where there is an amount")
    return Money(amount.scaleb(exponent(currency)), currency)
