"""Sentiments: how people who know an account feel about it. All of them are kept; the newest that still holds counts."""

from collections.abc import Collection
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.sentiments import Mood, Sentiment
from storage.sql import add_new, chunks, fetch, run
from storage.tables import SentimentRow

_sentiment = SentimentRow.__table__

_CURRENT = (
    sa.select(_sentiment)
    .where(
        _sentiment.c.account_id.in_(sa.bindparam("accounts", expanding=True)),
        _sentiment.c.ended_at.is_(None),
        sa.or_(
            _sentiment.c.expires_on.is_(None),
            _sentiment.c.expires_on >= sa.bindparam("day", type_=sa.Date),
        ),
    )
    .order_by(_sentiment.c.at, _sentiment.c.id)
)


def add(session: Session, said: Sentiment, *, key: str) -> bool:
    """Keep what somebody said. False when it was said under this key before: then do nothing."""
    row = {field.name: getattr(said, field.name) for field in fields(Sentiment)}
    return add_new(session, _sentiment, [{**row, "key": key}]) == 1


def current(
    session: Session, account_ids: Collection[AccountId], *, on: date
) -> dict[AccountId, Sentiment]:
    """What holds for accounts on a day; one of which nothing holds is left out."""
    found: dict[AccountId, Sentiment] = {}
    for part in chunks(account_ids):
        rows = fetch(session, _CURRENT, {"accounts": part, "day": on})
        found |= {AccountId(row.account_id): _to_sentiment(row) for row in rows}
    return found


def of_account(session: Session, account_id: AccountId, limit: int) -> list[Sentiment]:
    """What was said of an account, newest first, whether it holds or not."""
    query = sa.select(_sentiment).where(_sentiment.c.account_id == account_id)
    newest = query.order_by(_sentiment.c.at.desc(), _sentiment.c.id.desc()).limit(limit)
    return [_to_sentiment(row) for row in fetch(session, newest)]


def end(session: Session, account_id: AccountId, *, on: date, at: datetime) -> int:
    """Take back all that holds for an account on a day. Returns how many that were."""
    holding = sa.and_(
        _sentiment.c.account_id == account_id,
        _sentiment.c.ended_at.is_(None),
        sa.or_(_sentiment.c.expires_on.is_(None), _sentiment.c.expires_on >= on),
    )
    return run(session, sa.update(_sentiment).where(holding).values(ended_at=at))


def _to_sentiment(row: sa.Row[Any]) -> Sentiment:
    values = {field.name: getattr(row, field.name) for field in fields(Sentiment)}
    return Sentiment(**values | {"mood": Mood(row.mood)})
