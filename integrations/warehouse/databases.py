"""Warehouse databases: DuckDB natively, any other through SQLAlchemy; read only, in batches, in words when they fail."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from integrations.base import SourceAuthError, SourceDataError, SourceDownError, SourceError
from integrations.warehouse.queries import Query

if TYPE_CHECKING:
    import duckdb
    import sqlalchemy as sa

BATCH = 5_000
_MEMORY, _THREADS = "1GB", 2  # of DuckDB: it runs inside the bot
_MEND = "Check url in [sources.warehouse], and that its user may read what the queries name."
_DRIVERS = {
    "bigquery": "sqlalchemy-bigquery",
    "databricks": "databricks-sqlalchemy",
    "mysql": "pymysql",
    "postgresql": "psycopg[binary]",
    "redshift": "sqlalchemy-redshift redshift_connector",
    "snowflake": "snowflake-sqlalchemy",
}
# What libpq needs to notice a server that is gone while it waits for an answer.
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "bellwether",
}
_REFUSED = re.compile(
    r"permission denied|access denied|insufficient privilege|not authorized|unauthorized",
    re.IGNORECASE,
)
_UNKNOWN_USER = re.compile(
    r"password|authentication|incorrect username|no pg_hba\.conf entry|role .* does not exist",
    re.IGNORECASE,
)
_SECRET_OPTION = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)
_SLOW = "57014"
_GONE = ("08", "40", "53", "57")  # classes of SQLSTATE: connection, rollback, resources, operator


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query returns: its columns in lower case, and its rows in batches that can be read once."""

    columns: tuple[str, ...]
    batches: Iterator[Sequence[Sequence[Any]]]


class Reader(Protocol):
    """An open connection. Reading the next query ends the one before."""

    def read(self, query: Query, given: Mapping[str, Any]) -> Rows: ...

    def columns(self, query: Query, given: Mapping[str, Any]) -> tuple[str, ...]:
        """The columns a query returns; the database plans it and reads as little as it can."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the warehouse is, and what of that must never be shown."""

    url: "sa.URL"

    @classmethod
    def of(cls, text: str) -> "Address":
        """Raises ValueError, which does not say what the text was."""
        from sqlalchemy.engine import make_url  # noqa: PLC0415 - only those with a warehouse need it
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise ValueError(
                "is not a database URL like postgresql+psycopg://reader@host/analytics"
            ) from None
        if url.get_backend_name() == "duckdb" and not url.database:
            raise ValueError("needs the path of a file: duckdb:///analytics.duckdb")
        return cls(url)

    @property
    def backend(self) -> str:
        return self.url.get_backend_name()

    def __str__(self) -> str:
        if self.backend == "duckdb" or not (self.url.host or self.url.database):
            return self.url.database or self.backend
        return f"{self.url.database or self.backend}@{self.url.host or 'localhost'}"

    def clean(self, text: str) -> str:
        """The text's first line, without the password or anything else of the URL that is secret."""
        line = next(iter(text.strip().splitlines()), "").strip()
        given = self.url.query.items()
        secrets = [str(value) for name, value in given if _SECRET_OPTION.search(name)]
        for each in (str(self.url.password or ""), *secrets):
            line = line.replace(each, "***") if each else line
        return line.removesuffix(".")


def connect(address: Address, *, timeout: timedelta) -> AbstractContextManager[Reader]:
    """A connection that reads. Raises a SourceError, as everything that is done with it does."""
    if address.backend == "duckdb":
        return _duckdb(address)
    return _sqlalchemy(address, timeout)


@contextmanager
def _duckdb(address: Address) -> Iterator[Reader]:
    import duckdb  # noqa: PLC0415 - heavy, and only few need it here

    path = str(address.url.database)
    try:
        # In memory nothing can be written that lasts: for queries over files of their own.
        connection = duckdb.connect(path, read_only=path != ":memory:")
    except duckdb.Error as error:
        raise _unreachable(address, str(error)) from error
    with connection:
        for name, value in (
            ("memory_limit", _MEMORY),
            ("threads", _THREADS),
            ("TimeZone", "UTC"),
            ("autoinstall_known_extensions", "false"),
            ("enable_progress_bar", "false"),
        ):
            connection.execute(f"SET {name} = '{value}'")
        yield _DuckDb(connection, address)


class _DuckDb:
    def __init__(self, connection: "duckdb.DuckDBPyConnection", address: Address) -> None:
        self._connection, self._address = connection, address

    def columns(self, query: Query, given: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(name.lower() for name, _ in self._described(query, given))

    def read(self, query: Query, given: Mapping[str, Any]) -> Rows:
        described = self._described(query, given)
        # Instants with a time zone would need a module we do not have; the session's zone is UTC.
        zoned = [name for name, kind in described if str(kind) == "TIMESTAMP WITH TIME ZONE"]
        casts = [f"CAST({_quoted(name)} AS TIMESTAMP) AS {_quoted(name)}" for name in zoned]
        chosen = f"* REPLACE ({', '.join(casts)})" if casts else "*"
        sql = f"SELECT {chosen} FROM (\n{query.for_duckdb()}\n)"  # noqa: S608 - the operator's own
        self._run(sql, query, given)
        return Rows(tuple(name.lower() for name, _ in described), self._batches(query))

    def _described(self, query: Query, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        sql = f"SELECT * FROM (\n{query.for_duckdb()}\n) LIMIT 0"  # noqa: S608 - the operator's own
        self._run(sql, query, given)
        return [(each[0], each[1]) for each in self._connection.description or ()]

    def _run(self, sql: str, query: Query, given: Mapping[str, Any]) -> None:
        with self._in_words(query):
            self._connection.execute(sql, {name: given[name] for name in query.parameters})

    def _batches(self, query: Query) -> Iterator[Sequence[Sequence[Any]]]:
        while True:
            with self._in_words(query):
                rows = self._connection.fetchmany(BATCH)
            if not rows:
                return
            yield rows

    @contextmanager
    def _in_words(self, query: Query) -> Iterator[None]:
        import duckdb  # noqa: PLC0415

        try:
            yield
        except duckdb.Error as error:
            raise _failed(self._address, query, str(error), state=None) from error


@contextmanager
def _sqlalchemy(address: Address, timeout: timedelta) -> Iterator[Reader]:
    import sqlalchemy as sa  # noqa: PLC0415 - only those with a warehouse need it
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError  # noqa: PLC0415

    is_libpq = address.backend == "postgresql" and "psycopg" in address.url.drivername
    is_libpq |= address.url.drivername == "postgresql"  # psycopg is SQLAlchemy's own choice
    try:
        engine = sa.create_engine(
            address.url, poolclass=sa.pool.NullPool, connect_args=_PATIENCE if is_libpq else {}
        )
    except (NoSuchModuleError, ImportError) as error:
        raise _no_driver(address, error) from error
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        raise _unreachable(address, str(getattr(error, "orig", error))) from error
    reader = _SqlAlchemy(connection, address, timeout)
    try:
        yield reader
    finally:
        with suppress(SQLAlchemyError):  # a connection that broke cannot be ended in good order
            reader.end()
            connection.close()
        engine.dispose()


class _SqlAlchemy:
    def __init__(self, connection: "sa.Connection", address: Address, timeout: timedelta) -> None:
        self._connection, self._address = connection, address
        self._prelude: tuple[str, ...] = ()
        if address.backend == "postgresql":
            self._prelude = (
                "SET TRANSACTION READ ONLY",
                f"SET LOCAL statement_timeout = {int(timeout.total_seconds() * 1000)}",
                "SET LOCAL TIME ZONE 'UTC'",
            )
        self._close: Callable[[], None] | None = None

    def columns(self, query: Query, given: Mapping[str, Any]) -> tuple[str, ...]:
        sql = f"SELECT * FROM (\n{query.for_sqlalchemy()}\n) q WHERE 1 = 0"  # noqa: S608 - the operator's own
        return self._run(sql, query, given).columns

    def read(self, query: Query, given: Mapping[str, Any]) -> Rows:
        return self._run(query.for_sqlalchemy(), query, given)

    def end(self) -> None:
        """End what was read, and its transaction: none stays open between two queries."""
        if self._close is not None:
            self._close()
        self._close = None
        self._connection.rollback()

    def _run(self, sql: str, query: Query, given: Mapping[str, Any]) -> Rows:
        import sqlalchemy as sa  # noqa: PLC0415

        statement = sa.text(sql).bindparams(**{name: given[name] for name in query.parameters})
        with self._in_words(query):
            self.end()
            for each in self._prelude:
                self._connection.exec_driver_sql(each)
            # Batches out of a cursor on the server, where there is such a thing.
            result = self._connection.execute(statement, execution_options={"yield_per": BATCH})
            self._close = result.close
            columns = tuple(name.lower() for name in result.keys())  # noqa: SIM118 - no mapping
        return Rows(columns, self._batches(result, query))

    def _batches(
        self, result: "sa.CursorResult[Any]", query: Query
    ) -> Iterator[Sequence[Sequence[Any]]]:
        batches = result.partitions()
        while True:
            with self._in_words(query):
                rows = next(batches, None)
            if rows is None:
                return
            yield rows

    @contextmanager
    def _in_words(self, query: Query) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError  # noqa: PLC0415

        try:
            yield
        except DBAPIError as error:
            said = str(error.orig)
            state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
            if error.connection_invalidated:
                state = "08000"
            raise _failed(self._address, query, said, state=state) from error
        except SQLAlchemyError as error:
            raise _failed(self._address, query, str(error), state=None) from error


def _unreachable(address: Address, said: str) -> SourceError:
    """Why no connection came about. A refused one only a person can mend."""
    words = address.clean(said)
    if _REFUSED.search(said) or _UNKNOWN_USER.search(said):
        return SourceAuthError(f"The warehouse {address} refused us: {words}. {_MEND}")
    return SourceDownError(f"The warehouse {address} cannot be reached: {words}.")


def _failed(address: Address, query: Query, said: str, *, state: str | None) -> SourceError:
    """Why a query was not answered; `state` is the SQLSTATE, where the driver tells it."""
    words, name = address.clean(said), query.name
    if state == "42501" or (state is None and _REFUSED.search(said)):
        return SourceAuthError(
            f"The warehouse {address} refused the query {name}: {words}. {_MEND}"
        )
    if state == _SLOW:
        return SourceDownError(
            f"The query {name} took too long: {words}. Raise timeout in [sources.warehouse], "
            "or let the query read less."
        )
    if state is not None and state.startswith(_GONE):
        return SourceDownError(f"The warehouse {address} broke off the query {name}: {words}.")
    return SourceDataError(f"The query {name} failed: {words}.")


def _no_driver(address: Address, error: Exception) -> SourceDataError:
    drivername = address.url.drivername
    package = _DRIVERS.get(address.backend)
    mend = f"install {package}" if package else "install its SQLAlchemy driver"
    return SourceDataError(
        f"There is no driver for {drivername}:// here ({address.clean(str(error))}): {mend} beside Bellwether."
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
