"""Records out of rows: what the cells of one row, already values, say together. What contradicts itself is a ValueError."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from integrations.people import account_ref_of, person_hash
from integrations.surveys import COMMENT_MAX
from scoring.metrics import mrr
from scoring.records import (
    Organisation,
    Record,
    Subscription,
    SubscriptionState,
    SurveyKind,
    SurveyResponse,
    Ticket,
)

Values = Mapping[str, Any]
"""The cells of a row by column; a column that is empty or not there is left out."""

_CSAT_TOP = 5

STATES: Mapping[str, SubscriptionState] = {
    **{each.value: each for each in SubscriptionState},
    "trialing": SubscriptionState.TRIAL,
    "incomplete_expired": SubscriptionState.ENDED,
    "canceled": SubscriptionState.ENDED,
    "cancelled": SubscriptionState.ENDED,
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How people are kept: the key their hashes are made with, and whether the texts they wrote are kept too."""

    hash_key: bytes
    comments: bool


Build = Callable[[Values, Manner], Record]


def organisation(row: Values, _: Manner) -> Organisation:
    return Organisation(
        ref=row["account_id"],
        name=row["name"],
        account_key=row["account_id"],
        domains=row.get("domains", ()),
        csm_email=row.get("csm_email"),
        renews_on=row.get("renews_on"),
        parent_ref=row.get("parent_id"),
        deleted=row.get("churned", False),
    )


def ticket(row: Values, _: Manner) -> Ticket:
    created_at: datetime = row["created_at"]
    updated_at: datetime = row.get("updated_at", created_at)
    if updated_at < created_at:
        raise ValueError("updated_at is before created_at")
    return Ticket(
        id=row["id"],
        account_ref=row["account_id"],
        is_open=row["status"],
        created_at=created_at,
        updated_at=updated_at,
        version=int(updated_at.timestamp()),
        rating=row.get("rating"),
        escalation="marked as escalated" if row.get("escalated") else None,
    )


def subscription(row: Values, _: Manner) -> Subscription:
    state: SubscriptionState = row["status"]
    ended = state is SubscriptionState.ENDED
    started_on, ended_on = row["started_on"], row.get("ended_on")
    if ended and ended_on is None:
        raise ValueError("the status says it has ended; ended_on must say when")
    if not ended and ended_on is not None:
        raise ValueError(f"ended_on is given, but the status is {state}; write ended")
    if ended_on is not None and ended_on < started_on:
        raise ValueError("ended_on is before started_on")
    return Subscription(
        id=row["id"],
        account_ref=row["account_id"],
        state=state,
        plan=row.get("plan"),
        mrr=mrr.mrr(state, [mrr.Item(price=_price(row))]),
        started_at=_midnight(started_on),
        renews_at=None if ended else _maybe(row.get("renews_on")),
        cancel_requested_at=_maybe(row.get("cancel_requested_on")),
        ended_at=_maybe(ended_on),
    )


def survey(row: Values, manner: Manner) -> SurveyResponse:
    """An answer from our own layout, or of Delighted's export; a CSAT is brought from its scale to 1 to 5."""
    email, account_id = row.get("email"), row.get("account_id")
    if email is None and account_id is None:
        raise ValueError("neither account_id nor email says whose answer it is")
    answered_at: datetime = row["answered_at"]
    comment: str | None = row.get("comment")
    who: str | None = email or row.get("person")
    return SurveyResponse(
        id=row["id"],
        account_ref=account_id or account_ref_of(email),
        kind=row["kind"],
        score=_score(row),
        answered_at=answered_at,
        updated_at=max(answered_at, row.get("updated_at", answered_at)),
        person=person_hash(manner.hash_key, who) if who else None,
        has_comment=comment is not None,
        comment=comment[:COMMENT_MAX] if comment and manner.comments else None,
    )


def _price(row: Values) -> mrr.Price:
    amount: Decimal = row["amount"]
    return mrr.Price(
        currency=row["currency"],
        interval=row["interval"],
        interval_count=row.get("interval_count", 1),
        unit=amount.scaleb(mrr.exponent(row["currency"])),
    )


def _score(row: Values) -> float:
    score: float = row["score"]
    top: int = row.get("scale", _CSAT_TOP)
    if row["kind"] is SurveyKind.NPS:
        if row.get("scale", 10) != 10:
            raise ValueError("scale: NPS is always from 0 to 10")
        return score
    if not 1 <= score <= top:
        raise ValueError(f"score: {score:g} is not from 1 to {top}, the scale of this CSAT")
    return round(1 + (score - 1) * (_CSAT_TOP - 1) / (top - 1), 4)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


def _maybe(on: date | None) -> datetime | None:
    return None if on is None else _midnight(on)
