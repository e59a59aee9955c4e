"""The inventory: every account with how it stands, a piece at a time, so that memory does not grow with the book."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import Account, AccountId
from scoring.rubric import Component, Status
from scoring.rules import Rule
from scoring.sentiments import Sentiment
from storage import sentiments
from storage.accounts import to_account
from storage.sql import day_of, fetch
from storage.tables import AccountRow, AccountScoreRow, AlertRow, SnapshotRow

_account = AccountRow.__table__
_alert = AlertRow.__table__
_latest = AccountScoreRow.__table__
_snapshot = SnapshotRow.__table__

PIECE = 2_000  # accounts
LONGEST_STAY = 90
"""Days for which it is looked back how long an account has been in its status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What an export tells of a score. `parts` are each component's level and share."""

    value: float | None
    status: Status | None
    coverage: float
    parts: Mapping[Component, tuple[str, float]]
    flags: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An account and how it stands, None: it was never scored. `week_ago` and `month_ago` are scores, None without one then.

    `days_in_status` is LONGEST_STAY where it is that or more, None without a status.
    """

    account: Account
    score: Stand | None
    week_ago: float | None
    month_ago: float | None
    days_in_status: int | None
    alerts: tuple[Rule, ...]
    sentiment: Sentiment | None


def entries(
    session: Session,
    *,
    day: int,
    on: date,
    status: Status | None = None,
    csm_email: str | None = None,
) -> Iterator[Entry]:
    """Accounts that have not left, in the order they came. `status` None: in any; `csm_email` None: everybody's.

    `day` and `on` are today, for the history and for what people said.
    """
    since = _in_status_since(session, csm_email, until=day)
    last = 0
    while rows := _next(session, last, status, csm_email):
        ids = [AccountId(row.id) for row in rows]
        last = ids[-1]
        latest = _stands(session, ids)
        week_ago, month_ago = (_scores_on(session, ids, day - back) for back in (7, 30))
        open_alerts = _open_alerts(session, ids)
        moods = sentiments.current(session, ids, on=on)
        for each, row in zip(ids, rows, strict=True):
            score = latest.get(each)
            first = since.get(each, max(day_of(row.created_at), day - LONGEST_STAY + 1))
            yield Entry(
                account=to_account(row),
                score=score,
                week_ago=week_ago.get(each),
                month_ago=month_ago.get(each),
                days_in_status=day - first + 1 if score and score.status else None,
                alerts=tuple(open_alerts.get(each, ())),
                sentiment=moods.get(each),
            )


def _next(
    session: Session, after: int, status: Status | None, csm_email: str | None
) -> Sequence[sa.Row[Any]]:
    query = sa.select(_account).where(_account.c.id > after, *_living(csm_email))
    if status is not None:
        query = query.join(_latest, _latest.c.account_id == _account.c.id)
        query = query.where(_latest.c.status == status.value)
    return fetch(session, query.order_by(_account.c.id).limit(PIECE))


def _living(csm_email: str | None) -> list[sa.ColumnElement[bool]]:
    of_csm = [] if csm_email is None else [_account.c.csm_email == csm_email.lower()]
    return [_account.c.churned_on.is_(None), *of_csm]


def _stands(session: Session, ids: Collection[AccountId]) -> dict[AccountId, Stand]:
    of = _latest.c
    query = sa.select(of.account_id, of.score, of.status, of.coverage, of.parts, of.flags)
    return {
        AccountId(row.account_id): Stand(
            value=row.score,
            status=None if row.status is None else Status(row.status),
            coverage=row.coverage,
            parts={
                Component(each["component"]): (each["level"], each["share"]) for each in row.parts
            },
            flags=tuple(Rule(each["rule"]) for each in row.flags),
        )
        for row in fetch(session, query.where(of.account_id.in_(ids)))
    }


def _scores_on(session: Session, ids: Collection[AccountId], day: int) -> dict[AccountId, float]:
    query = sa.select(_snapshot.c.account_id, _snapshot.c.score).where(
        _snapshot.c.day == day, _snapshot.c.account_id.in_(ids), _snapshot.c.score.is_not(None)
    )
    return {AccountId(row.account_id): row.score / 10 for row in fetch(session, query)}


def _in_status_since(
    session: Session, csm_email: str | None, *, until: int
) -> dict[AccountId, int]:
    """The day on which each account came into its status; one that has been there for all the days looked at is left out."""
    # The days are listed: each is one stretch of the primary key, and for one CSM's accounts a look into it.
    window = range(until - LONGEST_STAY + 1, until + 1)
    theirs = sa.select(_account.c.id).where(*_living(csm_email))
    query = (
        sa.select(_snapshot.c.account_id, (sa.func.max(_snapshot.c.day) + 1).label("since"))
        .join(_latest, _latest.c.account_id == _snapshot.c.account_id)
        .where(
            _snapshot.c.day.in_(window),
            _snapshot.c.status.is_distinct_from(_latest.c.status),
            *([] if csm_email is None else [_snapshot.c.account_id.in_(theirs)]),
        )
        .group_by(_snapshot.c.account_id)
    )
    return {AccountId(row.account_id): row.since for row in fetch(session, query)}


def _open_alerts(session: Session, ids: Collection[AccountId]) -> dict[AccountId, list[Rule]]:
    """The rules of the alerts that people were told of and that are open, the most pressing first."""
    told = sa.and_(_alert.c.closed_at.is_(None), _alert.c.announced)
    query = sa.select(_alert.c.account_id, _alert.c.rule).where(_alert.c.account_id.in_(ids), told)
    found: dict[AccountId, list[Rule]] = defaultdict(list)
    for row in fetch(session, query):
        found[AccountId(row.account_id)].append(Rule(row.rule))
    return {each: sorted(rules, key=list(Rule).index) for each, rules in found.items()}
