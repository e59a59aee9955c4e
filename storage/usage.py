"""Usage: per day and feature a count, per day the active end users as keyed hashes. Days are replaced whole, or added to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.records import ActiveUser, FeatureCount, UsageDays
from storage import links
from storage.sql import chunks, fetch, insert, insert_tuples, run
from storage.tables import ActiveUserRow, LinkRow, UsageDayRow
from storage.types import clean

_link = LinkRow.__table__
_count = UsageDayRow.__table__
_user = ActiveUserRow.__table__


class _Side(NamedTuple):
    """A table of days, and the temporary one in which what was read of them waits."""

    table: sa.Table
    waiting: sa.Table


def _side(table: sa.Table) -> _Side:
    columns = [
        sa.Column(each.name, each.type, primary_key=each.primary_key, autoincrement=False)
        for each in table.c
    ]
    return _Side(
        table, sa.Table(f"new_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])
    )


_COUNTS = _side(_count)
_USERS = _side(_user)


def replace_days(
    session: Session, source: str, usage: UsageDays, *, at: datetime
) -> frozenset[int]:
    """Replace what was known of whole days, or with `adds` add to it. Returns the ids of the links whose days really changed.

    Only differences are written, and memory does not grow with the number of rows. A part that is added
    twice counts twice: whoever adds commits its cursor along.
    """
    known: dict[str, int] = {}
    counts = (_count_rows(session, source, batch, known, at) for batch in usage.counts)
    with _waiting(session, _COUNTS, counts):
        changed = _take(session, _COUNTS, source, usage)
    users = (_user_rows(session, source, batch, known, at) for batch in usage.users)
    with _waiting(session, _USERS, users):
        return changed | _take(session, _USERS, source, usage)


def active_days(
    session: Session, account_ids: Collection[AccountId], *, since: int, until: int
) -> dict[AccountId, dict[int, int]]:
    """How many events each account had on each of the days it had any; `until` is the last day."""
    total = sa.func.sum(_count.c["count"]).label("total")
    found: dict[AccountId, dict[int, int]] = defaultdict(dict)
    for part in chunks(account_ids):
        query = rows_of(_count, part, since, until, _count.c.day, total).group_by(
            _link.c.account_id, _count.c.day
        )
        for row in fetch(session, query):
            found[row.account_id][row.day] = int(row.total)
    return dict(found)


def features_last_used(
    session: Session, account_ids: Collection[AccountId], *, since: int, until: int
) -> dict[AccountId, dict[str, int]]:
    """The last day in the window on which each account used each feature."""
    last = sa.func.max(_count.c.day).label("last")
    found: dict[AccountId, dict[str, int]] = defaultdict(dict)
    for part in chunks(account_ids):
        query = rows_of(_count, part, since, until, _count.c.feature, last).group_by(
            _link.c.account_id, _count.c.feature
        )
        for row in fetch(session, query):
            found[row.account_id][row.feature] = row.last
    return dict(found)


def active_users(
    session: Session, account_ids: Collection[AccountId], *, since: int, until: int
) -> dict[AccountId, int]:
    """How many distinct end users of each account were active in the window."""
    users = sa.func.count(_user.c.user_hash.distinct()).label("users")
    found: dict[AccountId, int] = {}
    for part in chunks(account_ids):
        query = rows_of(_user, part, since, until, users).group_by(_link.c.account_id)
        found |= {AccountId(row.account_id): row.users for row in fetch(session, query)}
    return found


def totals(session: Session, source: str, *, days: Collection[int]) -> dict[int, int]:
    """How many events a source told of each day, of accounts and of whom nobody knows yet; a day without any is left out."""
    total = sa.func.sum(_count.c["count"]).label("total")
    ours = sa.select(_link.c.id).where(_link.c.source == source)
    query = sa.select(_count.c.day, total).where(_count.c.day.in_(days), _count.c.link_id.in_(ours))
    return {row.day: int(row.total) for row in fetch(session, query.group_by(_count.c.day))}


def daily_of_some(
    session: Session, source: str, *, days: Collection[int], limit: int
) -> dict[int, dict[int, int]]:
    """How many events some of a source's links had on these days, by link: always the same ones, as many as `limit`."""
    total = sa.func.sum(_count.c["count"]).label("total")
    # Ids scattered by a large odd factor: neither the oldest customers nor the newest.
    some = (
        sa.select(_link.c.id)
        .where(_link.c.source == source, _link.c.account_id.is_not(None))
        .order_by(_link.c.id * 40_503 % 65_536, _link.c.id)
        .limit(limit)
    )
    query = sa.select(_count.c.link_id, _count.c.day, total).where(
        _count.c.day.in_(days), _count.c.link_id.in_(some)
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for row in fetch(session, query.group_by(_count.c.link_id, _count.c.day)):
        found[row.link_id][row.day] = int(row.total)
    return dict(found)


def prune(session: Session, *, before_day_users: int, before_day_counts: int) -> int:
    """Forget end users and counts of the days before these. Returns how many rows went."""
    return run(session, sa.delete(_user).where(_user.c.day < before_day_users)) + run(
        session, sa.delete(_count).where(_count.c.day < before_day_counts)
    )


def rows_of(
    table: sa.Table,
    account_ids: Collection[AccountId],
    since: int,
    until: int,
    *columns: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    """A query of what a table of days has of these accounts; `until` is the last day."""
    # Days and links are listed, not joined or BETWEEN: each pair is one look into the primary key. By
    # the join alone SQLite reads whole days, the more accounts there are the longer for each of them.
    ours = sa.select(_link.c.id).where(_link.c.account_id.in_(account_ids))
    return (
        sa.select(_link.c.account_id, *columns)
        .join(_link, _link.c.id == table.c.link_id)
        .where(table.c.day.in_(range(since, until + 1)), table.c.link_id.in_(ours))
    )


def _count_rows(
    session: Session,
    source: str,
    batch: Sequence[FeatureCount],
    known: dict[str, int],
    at: datetime,
) -> list[tuple[Any, ...]]:
    _learn(session, source, batch, known, at)
    names = {feature: clean(feature) for feature in {each.feature for each in batch}}
    return [(day, known[ref], names[feature], times) for day, ref, feature, times in batch]


def _user_rows(
    session: Session, source: str, batch: Sequence[ActiveUser], known: dict[str, int], at: datetime
) -> list[tuple[Any, ...]]:
    _learn(session, source, batch, known, at)
    return [(day, known[ref], user_hash) for day, ref, user_hash in batch]


def _learn(
    session: Session,
    source: str,
    batch: Sequence[FeatureCount] | Sequence[ActiveUser],
    known: dict[str, int],
    at: datetime,
) -> None:
    unknown = {each.account_ref for each in batch} - known.keys()
    known |= links.ids(session, source, unknown, at=at)


@contextmanager
def _waiting(
    session: Session, side: _Side, batches: Iterable[list[tuple[Any, ...]]]
) -> Iterator[None]:
    """While it lasts, what was read waits in the temporary table."""
    waiting = side.waiting
    waiting.create(session.connection())
    try:
        _fill(session, waiting, batches)
        yield
    finally:
        waiting.drop(session.connection())


def _take(session: Session, side: _Side, source: str, usage: UsageDays) -> frozenset[int]:
    return _add(session, side) if usage.adds else _replace(session, side, source, usage.days)


def _replace(session: Session, side: _Side, source: str, days: Sequence[int]) -> frozenset[int]:
    table, waiting = side
    new = _without_equal(waiting, table)
    ours = sa.and_(
        table.c.day.in_(days),
        table.c.link_id.in_(sa.select(_link.c.id).where(_link.c.source == source)),
    )
    gone = sa.and_(ours, ~_exists(waiting, table))
    changed = fetch(
        session,
        sa.select(waiting.c.link_id).where(new).union(sa.select(table.c.link_id).where(gone)),
    )
    if changed:
        run(session, sa.delete(table).where(gone))
        _insert(session, side, new, adds=False)
    return frozenset(row.link_id for row in changed)


def _add(session: Session, side: _Side) -> frozenset[int]:
    """Add every count; of the people, those who are new that day."""
    table, waiting = side
    news = waiting.c["count"] != 0 if "count" in waiting.c else ~_exists(table, waiting)
    changed = fetch(session, sa.select(waiting.c.link_id).where(news).distinct())
    if changed:
        _insert(session, side, news, adds=True)
    return frozenset(row.link_id for row in changed)


def _fill(session: Session, waiting: sa.Table, batches: Iterable[list[tuple[Any, ...]]]) -> None:
    statement = insert(session, waiting)
    if "count" in waiting.c:
        # A key may come twice: a batch ends inside it, or two names are one once they are clean.
        total = waiting.c["count"] + statement.excluded["count"]
        writing = statement.on_conflict_do_update(
            index_elements=list(waiting.primary_key), set_={"count": total}
        )
    else:
        writing = statement.on_conflict_do_nothing()
    for batch in batches:
        insert_tuples(session, writing, batch)


def _insert(session: Session, side: _Side, chosen: sa.ColumnElement[bool], *, adds: bool) -> None:
    """Move the chosen rows into the table: a count that is there is replaced, or added to."""
    table, waiting = side
    statement = insert(session, table).from_select(
        list(waiting.c.keys()), sa.select(waiting).where(chosen)
    )
    key = list(table.primary_key)
    rest = {
        each.name: each + statement.excluded[each.name] if adds else statement.excluded[each.name]
        for each in table.c
        if not each.primary_key
    }
    run(
        session,
        statement.on_conflict_do_update(index_elements=key, set_=rest)
        if rest
        else statement.on_conflict_do_nothing(),
    )


def _without_equal(waiting: sa.Table, table: sa.Table) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(*(table.c[each.name] == each for each in waiting.c))


def _exists(waiting: sa.Table, table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.exists().where(*(waiting.c[each.name] == each for each in table.primary_key))
