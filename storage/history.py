"""History: what became of each account's subscriptions, and what they were last seen to be."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId, Money
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.looks import BillingState, Seen, Standing
from storage.schedules import State
from storage.sql import add_new, chunks, fetch, first, upsert
from storage.tables import (
    BillingEventRow,
    BillingStateRow,
    OccurrenceRow,
    ScheduleRow,
    SourceRunRow,
)
from storage.types import clean

_event = BillingEventRow.__table__
_state = BillingStateRow.__table__
_run = SourceRunRow.__table__

_OF_ACCOUNT = (
    sa.select(_event)
    .where(_event.c.account_id == sa.bindparam("account"), _event.c.at >= sa.bindparam("since"))
    .order_by(_event.c.at.desc(), _event.c.id.desc())
)


def add(
    session: Session, account_id: AccountId, events: Sequence[BillingEvent], *, at: datetime
) -> int:
    """Keep what happened to an account; what is kept already stays as it is. Returns how many were new."""
    rows = [
        {
            "account_id": account_id,
            "kind": each.kind.value,
            "at": each.at,
            "subject": each.subject,
            **_columns("before", each.before),
            **_columns("after", each.after),
            "noted_at": at,
        }
        for each in events
    ]
    return add_new(session, _event, rows)


def of_account(session: Session, account_id: AccountId, *, since: datetime) -> list[BillingEvent]:
    """What happened to an account since, newest first."""
    found = fetch(session, _OF_ACCOUNT, {"account": account_id, "since": since})
    return [_to_event(row) for row in found]


def recent(
    session: Session, account_ids: Collection[AccountId], *, since: datetime
) -> dict[AccountId, list[BillingEvent]]:
    """What happened to accounts since; one to which nothing did has no entry."""
    found: dict[AccountId, list[BillingEvent]] = defaultdict(list)
    for part in chunks(account_ids):
        query = sa.select(_event).where(_event.c.account_id.in_(part), _event.c.at >= since)
        for row in fetch(session, query.order_by(_event.c.at, _event.c.id)):
            found[AccountId(row.account_id)].append(_to_event(row))
    return dict(found)


def states(session: Session, account_ids: Collection[AccountId]) -> dict[AccountId, BillingState]:
    """What was last seen of accounts; one that was never looked at as a whole has no entry."""
    found: dict[AccountId, BillingState] = {}
    for part in chunks(account_ids):
        query = sa.select(_state).where(
            _state.c.account_id.in_(part), _state.c.subscriptions.is_not(None)
        )
        found |= {row.account_id: _to_state(row) for row in fetch(session, query)}
    return found


def keep(session: Session, seen: Mapping[AccountId, BillingState]) -> None:
    """Keep what was seen of accounts; whatever waited for this look waits no more."""
    rows = [
        {
            "account_id": account_id,
            "seen_at": state.seen_at,
            "lapsed": state.lapsed,
            "subscriptions": [_from_seen(each) for each in state.subscriptions.values()],
            "waits": False,
        }
        for account_id, state in seen.items()
    ]
    upsert(session, _state, rows, key=("account_id",))


def wait(session: Session, account_ids: Iterable[AccountId]) -> None:
    """Note that accounts are to be looked at again once their sources have been read to the end."""
    rows = [
        {
            "account_id": each,
            "seen_at": None,
            "lapsed": False,
            "subscriptions": None,
            "waits": True,
        }
        for each in account_ids
    ]
    kept = ("seen_at", "lapsed", "subscriptions")
    upsert(session, _state, rows, key=("account_id",), keep=kept)


def waits(session: Session) -> bool:
    """Whether any account waits to be looked at again."""
    return first(session, sa.select(_state.c.account_id).where(_state.c.waits).limit(1)) is not None


def wake(session: Session) -> list[AccountId]:
    """The accounts that wait to be looked at again; they wait no more."""
    statement = sa.update(_state).where(_state.c.waits).values(waits=False)
    return [
        AccountId(row.account_id)
        for row in fetch(session, statement.returning(_state.c.account_id))
    ]


def are_whole(session: Session, sources: Collection[str]) -> bool:
    """Whether what is stored of these sources is what they told to the end: none is being read, or broke off last."""
    occurrence, schedule = OccurrenceRow.__table__, ScheduleRow.__table__
    running = (
        sa.select(schedule.c.args)
        .join(occurrence, occurrence.c.schedule_id == schedule.c.id)
        .where(occurrence.c.state == State.RUNNING.value)
    )
    if any(row.args.get("source") in sources for row in fetch(session, running)):
        return False
    return not any(_broke_off(session, each) for each in sources)


def _broke_off(session: Session, source: str) -> bool:
    query = (
        sa.select(_run.c.error).where(_run.c.source == source).order_by(_run.c.id.desc()).limit(1)
    )
    row = first(session, query)
    return row is None or row.error is not None


def _columns(name: str, money: Money | None) -> dict[str, Any]:
    return {
        f"{name}_minor": money.minor if money else None,
        f"{name}_currency": money.currency if money else None,
    }


def _to_event(row: sa.Row[Any]) -> BillingEvent:
    return BillingEvent(
        kind=BillingEventKind(row.kind),
        at=row.at,
        subject=row.subject,
        before=_money(row.before_minor, row.before_currency),
        after=_money(row.after_minor, row.after_currency),
    )


def _money(minor: Decimal | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)


def _to_state(row: sa.Row[Any]) -> BillingState:
    seen = [_to_seen(each) for each in row.subscriptions]
    return BillingState(
        seen_at=row.seen_at, lapsed=row.lapsed, subscriptions={each.id: each for each in seen}
    )


def _from_seen(seen: Seen) -> dict[str, Any]:
    """A subscription as JSON; what there is none of is left out."""
    instants = ("started_at", "renews_at", "cancel_requested_at", "ended_at")
    told = {name: at.isoformat() for name in instants if (at := getattr(seen, name)) is not None}
    worth = seen.worth and {"worth": str(seen.worth.minor), "currency": clean(seen.worth.currency)}
    return {
        "id": clean(seen.id),
        "standing": seen.standing.value,
        "paid": seen.paid,
        **told,
        **(worth or {}),
    }


def _to_seen(told: Mapping[str, Any]) -> Seen:
    def at(name: str) -> datetime | None:
        return datetime.fromisoformat(told[name]) if name in told else None

    return Seen(
        id=told["id"],
        standing=Standing(told["standing"]),
        worth=Money(Decimal(told["worth"]), told["currency"]) if "worth" in told else None,
        started_at=datetime.fromisoformat(told["started_at"]),
        renews_at=at("renews_at"),
        cancel_requested_at=at("cancel_requested_at"),
        ended_at=at("ended_at"),
        paid=told["paid"],
    )
