"""The few statements every noun needs: read rows, run one, upsert many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

# Rows, or ids in an IN list, that go into one statement: SQLite takes 32,766 parameters.
CHUNK = 2_000

T = TypeVar("T")
_EPOCH = date(1970, 1, 1)


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


def day_of(instant: datetime) -> int:
    """The UTC day of an instant, in days since 1970-01-01."""
    return (instant.astimezone(UTC).date() - _EPOCH).days


def date_of(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def fetch(
    session: Session, statement: sa.Executable, told: Mapping[str, Any] | None = None
) -> Sequence[sa.Row[Any]]:
    """The rows. A statement that is built once, with its parameters `told`, costs a fifth of one that is built anew."""
    return session.connection().execute(statement, told).all()


def first(session: Session, statement: sa.Executable) -> sa.Row[Any] | None:
    return session.connection().execute(statement).first()


def run(session: Session, statement: sa.Executable, rows: Sequence[Mapping[str, Any]] = ()) -> int:
    """Run a writing statement, once or once a row. Returns how many rows it touched."""
    result = session.connection().execute(statement, rows or None)
    return result.rowcount


def insert_tuples(
    session: Session, statement: sqlite.Insert | postgresql.Insert, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Run an INSERT once a row, for hundreds of thousands of them: `run` takes twice as long.

    A row has every column of the table in its order, as the driver wants it: no column type sees it.
    """
    dialect: Any = session.get_bind().dialect
    style = "format" if dialect.name == "postgresql" else "qmark"
    text = str(statement.compile(dialect=type(dialect)(paramstyle=style)))
    for part in chunks(rows, 10_000):
        session.connection().exec_driver_sql(text, part)


def insert(session: Session, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT in the engine's own dialect: both spell ON CONFLICT the same way."""
    return _insert(_dialect(session), table)


def add_new(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that are not there yet. Returns how many that were."""
    primary = next(iter(table.primary_key))
    statement = insert(session, table).on_conflict_do_nothing().returning(primary)
    return sum(len(session.connection().execute(statement, part).all()) for part in chunks(rows))


def upsert(
    session: Session,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
    untold: Sequence[str] = (),
    newest: str | None = None,
) -> int:
    """Insert rows, overwriting by `key` those that differ. Returns how many were really written.

    `keep` columns are written on insert only; a difference in `untold` columns alone writes
    nothing. With `newest`, a row whose stored value of that column is greater stays as it is.
    No two rows may have one key, and all must have the same columns.
    """
    if not rows:
        return 0
    columns = frozenset(rows[0].keys() - set(keep))
    statement = _upsert(
        _dialect(session), table, columns, key=tuple(key), untold=tuple(untold), newest=newest
    )
    counted = statement.execution_options(preserve_rowcount=True)
    return sum(run(session, counted, part) for part in chunks(rows, 10_000))


def upsert_returning(
    session: Session,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *returning: str,
    key: Sequence[str],
    keep: Sequence[str] = (),
    newest: str | None = None,
    latest: Sequence[str] = (),
) -> list[sa.Row[Any]]:
    """`upsert`, with these columns of the rows that were really written. Takes several times as long.

    `latest` columns hold instants that only move forward, whichever row is newer.
    """
    if not rows:
        return []
    columns = frozenset(rows[0].keys() - set(keep))
    statement = _upsert(
        _dialect(session), table, columns, key=tuple(key), newest=newest, latest=tuple(latest)
    )
    telling = statement.returning(*(table.c[name] for name in returning))
    written: list[sa.Row[Any]] = []
    for part in chunks(rows):
        written += session.connection().execute(telling, part).all()
    return written


# Building the statement takes longer than writing one row, and there are few that differ.
@cache
def _upsert(
    dialect: str,
    table: sa.Table,
    columns: frozenset[str],
    *,
    key: tuple[str, ...],
    untold: tuple[str, ...] = (),
    newest: str | None,
    latest: tuple[str, ...] = (),
) -> sqlite.Insert | postgresql.Insert:
    statement = _insert(dialect, table)
    read = statement.excluded
    newer = sa.true() if newest is None else _is_newer(table.c[newest], read[newest])
    values: dict[str, sa.ColumnElement[Any]] = {
        each.name: read[each.name] for each in table.c if each.name in columns - set(key)
    }
    if latest:
        # A part of the row may be news although the row is not: no whole row is passed over.
        values = {
            name: _later(table.c[name], value)
            if name in latest
            else sa.case((newer, value), else_=table.c[name])
            for name, value in values.items()
        }
        newer = sa.true()
    if not values:
        return statement.on_conflict_do_nothing()
    differs = sa.or_(
        *(
            table.c[name].is_distinct_from(value)
            for name, value in values.items()
            if name not in untold
        )
    )
    return statement.on_conflict_do_update(
        index_elements=list(key), set_=values, where=sa.and_(differs, newer)
    )


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def _later(known: sa.ColumnElement[Any], read: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.case((sa.or_(known.is_(None), read > known), read), else_=known)


def _is_newer(known: sa.ColumnElement[Any], read: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return sa.or_(known.is_(None), read >= known)
