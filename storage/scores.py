"""Health scores: the latest of each account with its reasons, and one small row a day for ever."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import Account, AccountId
from scoring.health import HealthScore, PastScore
from scoring.playbooks import WatchKind
from scoring.rubric import Component, Status
from storage.accounts import to_account
from storage.snapshots import day_row, latest_row, to_past, to_score, to_status
from storage.sql import chunks, day_of, fetch, first, upsert
from storage.tables import AccountRow, AccountScoreRow, SnapshotRow, WatchRow

_account = AccountRow.__table__
_latest = AccountScoreRow.__table__
_day = SnapshotRow.__table__
_now = _day.alias("now")
_watch = WatchRow.__table__

_LATEST = sa.select(_latest).where(
    _latest.c.account_id.in_(sa.bindparam("accounts", expanding=True))
)
_PAST = (
    sa.select(_day)
    .where(
        _day.c.account_id == sa.bindparam("account"),
        _day.c.day.in_(sa.bindparam("days", expanding=True)),
    )
    .order_by(_day.c.day)
)

# How far back an unbroken stay in a status is looked for.
_LONGEST_STAY_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account in a list by status. `change` is against a week ago, None without a score then."""

    account: Account
    score: float
    change: float | None


def save(
    session: Session,
    scores: Sequence[tuple[AccountId, HealthScore]],
    *,
    rubric_id: int,
    at: datetime,
) -> int:
    """Store scores as the latest of their accounts and the last of the day. Past days are never rewritten.

    Returns how many accounts' latest score changed in anything but its time.
    """
    days = [day_row(account_id, score, rubric_id, day_of(at)) for account_id, score in scores]
    upsert(session, _day, days, key=("day", "account_id"))
    rows = [latest_row(account_id, score, rubric_id) for account_id, score in scores]
    return upsert(session, _latest, rows, key=("account_id",), untold=("scored_at",))


def latest(session: Session, ids: Collection[AccountId]) -> dict[AccountId, HealthScore]:
    found: dict[AccountId, HealthScore] = {}
    for part in chunks(ids):
        rows = fetch(session, _LATEST, {"accounts": part})
        found |= {AccountId(row.account_id): to_score(row) for row in rows}
    return found


def rubric_ids(session: Session, ids: Collection[AccountId]) -> dict[AccountId, int]:
    """By which rubric each account was scored last."""
    found: dict[AccountId, int] = {}
    for part in chunks(ids):
        query = sa.select(_latest.c.account_id, _latest.c.rubric_id).where(
            _latest.c.account_id.in_(part)
        )
        found |= {AccountId(row.account_id): row.rubric_id for row in fetch(session, query)}
    return found


def past(session: Session, account_id: AccountId, *, until_day: int, days: int) -> list[PastScore]:
    """What an account had on each of the last days, oldest first; a day on which it was not scored is left out."""
    # The days are listed: with BETWEEN each lookup reads every account's rows (1,063 ms, not 0.7).
    window = list(range(until_day - days + 1, until_day + 1))
    return [to_past(row) for row in fetch(session, _PAST, {"account": account_id, "days": window})]


def on_day(session: Session, ids: Collection[AccountId], day: int) -> dict[AccountId, PastScore]:
    """The scores accounts had on one day; one that was not scored that day is left out."""
    found: dict[AccountId, PastScore] = {}
    for part in chunks(ids):
        query = sa.select(_day).where(_day.c.day == day, _day.c.account_id.in_(part))
        found |= {AccountId(row.account_id): to_past(row) for row in fetch(session, query)}
    return found


def highs(
    session: Session, ids: Collection[AccountId], *, day: int, days: int
) -> dict[AccountId, float]:
    """The highest score of the days before, of those that can be compared with the latest: by its rubric, on its parts."""
    window = list(range(day - days, day))
    alike = [
        sa.or_(
            sa.and_(_day.c[each.value].is_(None), _now.c[each.value].is_(None)),
            sa.and_(_day.c[each.value].is_not(None), _now.c[each.value].is_not(None)),
        )
        for each in Component
    ]
    found: dict[AccountId, float] = {}
    for part in chunks(ids):
        query = (
            sa.select(_day.c.account_id, sa.func.max(_day.c.score).label("high"))
            .join(_now, sa.and_(_now.c.account_id == _day.c.account_id, _now.c.day == day))
            .where(
                _day.c.day.in_(window),
                _day.c.account_id.in_(part),
                _day.c.rubric_id == _now.c.rubric_id,
                _day.c.score.is_not(None),
                *alike,
            )
            .group_by(_day.c.account_id)
        )
        found |= {AccountId(row.account_id): row.high / 10 for row in fetch(session, query)}
    return found


def distribution(
    session: Session, day: int, csm_email: str | None = None
) -> dict[Status | None, int]:
    """How many accounts were in each status on one day, of all or of those that are a CSM's now.

    None: not enough data. What has left since is counted: it was there.
    """
    count = sa.func.count().label("n")
    query = sa.select(_day.c.status, count).where(_day.c.day == day).group_by(_day.c.status)
    if csm_email is not None:
        owned = sa.select(_account.c.id).where(_account.c.csm_email == csm_email.lower())
        query = query.where(_day.c.account_id.in_(owned))
    return {to_status(row.status): row.n for row in fetch(session, query)}


def crossed_below(session: Session, *, line: float, day: int, before_day: int) -> list[AccountId]:
    """Accounts that were at or above a line on the earlier day and are below it on the later."""
    before = _day.alias("before")
    limit = round(line * 10)
    query = (
        sa.select(_day.c.account_id)
        .join(before, sa.and_(before.c.account_id == _day.c.account_id, before.c.day == before_day))
        .where(_day.c.day == day, _day.c.score < limit, before.c.score >= limit)
        .order_by(_day.c.account_id)
    )
    return [AccountId(row.account_id) for row in fetch(session, query)]


def with_status(
    session: Session,
    status: Status,
    *,
    day: int,
    csm_email: str | None = None,
    first: WatchKind | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Standing]:
    """Accounts in a status, the ones to look at first on top: the worst, or of the healthy ones the best.

    Of equal scores the greater MRR comes first. Those on the watch list `first` come before all others.

    `day` is today: the change is against the history of seven days before.
    """
    past = _day.alias("past")
    order = _latest.c.score.desc() if status is Status.HEALTHY else _latest.c.score
    query = (
        sa.select(_account, _latest.c.score, past.c.score.label("past"))
        .join(_latest, _latest.c.account_id == _account.c.id)
        .outerjoin(past, sa.and_(past.c.day == day - 7, past.c.account_id == _account.c.id))
        .where(_latest.c.status == status, *of_csm(csm_email))
        .order_by(*_watched(first), order, _mrr().desc(), _account.c.name_norm, _account.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        Standing(
            account=to_account(row),
            score=row.score,
            change=None if row.past is None else row.score - row.past / 10,
        )
        for row in fetch(session, query)
    ]


def count_by_status(
    session: Session, csm_email: str | None = None
) -> dict[Status | None, tuple[int, dict[str, Decimal]]]:
    """How many accounts are in each status, with their MRR in minor units by currency.

    None: not enough data, or never scored. A status nobody is in is left out.
    """
    count = sa.func.count().label("n")
    mrr = sa.func.sum(_account.c.mrr_minor).label("mrr")
    query = (
        sa.select(_latest.c.status, _account.c.mrr_currency, count, mrr)
        .select_from(_account.outerjoin(_latest, _latest.c.account_id == _account.c.id))
        .where(*of_csm(csm_email))
        .group_by(_latest.c.status, _account.c.mrr_currency)
    )
    counts: dict[Status | None, int] = defaultdict(int)
    sums: dict[Status | None, dict[str, Decimal]] = defaultdict(dict)
    for row in fetch(session, query):
        counts[to_status(row.status)] += row.n
        if row.mrr_currency is not None:
            sums[to_status(row.status)][row.mrr_currency] = row.mrr
    return {status: (n, sums[status]) for status, n in counts.items()}


def count_snapshots(session: Session) -> int:
    """How many account-days the history has."""
    row = first(session, sa.select(sa.func.count().label("n")).select_from(_day))
    return row.n if row else 0


def days_in_status(session: Session, account_id: AccountId, status: Status, until_day: int) -> int:
    """For how many days on end, up to and with that day, an account has been in a status.

    A day without a row breaks nothing: the bot was down. At most 400.
    """
    window = list(range(until_day - _LONGEST_STAY_DAYS + 1, until_day + 1))
    query = (
        sa.select(_day.c.day, _day.c.status)
        .where(_day.c.account_id == account_id, _day.c.day.in_(window))
        .order_by(_day.c.day.desc())
    )
    since = None
    for row in fetch(session, query):
        if row.status != status:
            break
        since = row.day
    return 0 if since is None else until_day - since + 1


def of_csm(email: str | None) -> list[sa.ColumnElement[bool]]:
    """What narrows a query of accounts to a CSM's, None: to all, without what has left."""
    active = _account.c.churned_on.is_(None)
    return [active] if email is None else [active, _account.c.csm_email == email.lower()]


def _mrr() -> sa.ColumnElement[Any]:
    # SQLite and PostgreSQL put what is unknown at opposite ends.
    return sa.func.coalesce(_account.c.mrr_minor, 0)


def _watched(kind: WatchKind | None) -> list[sa.ColumnElement[Any]]:
    """What sorts the accounts on a watch list before the others."""
    if kind is None:
        return []
    on = sa.select(_watch.c.account_id).where(_watch.c.kind == kind, _watch.c.until_on.is_(None))
    return [sa.case((_account.c.id.in_(on), 0), else_=1)]
