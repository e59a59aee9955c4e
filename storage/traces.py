"""Traces of use: on which days a feature was used, and who of an account's end users is busy."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.signs import People
from storage.sql import chunks, fetch
from storage.tables import ActiveUserRow, LinkRow, UsageDayRow
from storage.types import clean
from storage.usage import rows_of

_link = LinkRow.__table__
_count = UsageDayRow.__table__
_user = ActiveUserRow.__table__

FEATURE_DAYS = 63
"""As many days as a signed 64-bit number has bits to spare."""
_MONTH = 28


def feature_days(
    session: Session,
    account_ids: Collection[AccountId],
    features: Collection[str],
    *,
    until: int,
) -> dict[AccountId, dict[str, frozenset[int]]]:
    """The days on which each account used each of these features, of the 63 that end with `until`."""
    # A day is a bit and they are added up by the database: a row a feature, not one a day.
    bit = sa.literal(1, sa.BigInteger).op("<<")(sa.literal(until, sa.Integer) - _count.c.day)
    mask = sa.func.sum(bit.distinct()).label("mask")
    names = {clean(each): each for each in features}
    found: dict[AccountId, dict[str, frozenset[int]]] = defaultdict(dict)
    for part in chunks(account_ids):
        query = rows_of(_count, part, until - FEATURE_DAYS + 1, until, _count.c.feature, mask)
        wanted = query.where(_count.c.feature.in_(names), _count.c["count"] > 0)
        for row in fetch(session, wanted.group_by(_link.c.account_id, _count.c.feature)):
            found[row.account_id][names[row.feature]] = _days_of(int(row.mask), until)
    return dict(found)


def people(
    session: Session, account_ids: Collection[AccountId], *, until: int, silent_days: int
) -> dict[AccountId, People]:
    """How many end users were active in 28 days and in the 28 before, and who was busiest before the silent days."""
    month = until - _MONTH
    of_each, base = _of_each_user(until - silent_days, month)
    found: dict[AccountId, People] = {}
    for part in chunks(account_ids):
        users = rows_of(_user, part, until - 2 * _MONTH + 1, until, _user.c.user_hash, *of_each)
        each = users.group_by(_link.c.account_id, _user.c.user_hash).subquery()
        order = (each.c[base.name].desc(), each.c.user_hash)
        place = sa.func.row_number().over(partition_by=each.c.account_id, order_by=order)
        ranked = sa.select(each, place.label("place")).subquery()
        for row in fetch(session, _of_all_users(ranked, month)):
            found[row.account_id] = People(
                now=int(row.now),
                before=int(row.before),
                first_day=row.first_day,
                champion_days=row.champion_days,
                champion_last=row.champion_last if row.champion_days else None,
                runner_up_days=row.runner_up_days or 0,
            )
    return found


def _of_each_user(base_until: int, month: int) -> tuple[list[sa.ColumnElement[Any]], sa.Label[int]]:
    """What is asked of each end user, and of it the days he was active before he may have fallen silent."""
    day = _user.c.day
    base = sa.func.count(sa.case((day <= base_until, day)).distinct()).label("base")
    last = sa.func.max(day).label("last")
    before = sa.func.max(sa.case((day <= month, day))).label("before")
    return [base, last, before, sa.func.min(day).label("first")], base


def _of_all_users(ranked: sa.Subquery, month: int) -> sa.Select[Any]:
    of = ranked.c
    return sa.select(
        of.account_id,
        sa.func.sum(sa.case((of.last > month, 1), else_=0)).label("now"),
        sa.func.count(of.before).label("before"),
        sa.func.min(of.first).label("first_day"),
        sa.func.max(sa.case((of.place == 1, of.base))).label("champion_days"),
        sa.func.max(sa.case((of.place == 1, of.last))).label("champion_last"),
        sa.func.max(sa.case((of.place == 2, of.base))).label("runner_up_days"),
    ).group_by(of.account_id)


def _days_of(mask: int, until: int) -> frozenset[int]:
    return frozenset(until - back for back in range(FEATURE_DAYS) if mask >> back & 1)
