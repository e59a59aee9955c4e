"""The database: how it is opened, read, written, upgraded and copied."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import Session

from storage import migrations

# How long a SQLite writer waits for another.
# A page of a million events takes some ten seconds to store, and whoever presses meanwhile waits.
_BUSY_S = 30
# What SQLite is told before each transaction. A writer takes the lock at once: one that reads first
# and writes later cannot wait for it. Foreign keys can only be switched outside a transaction.
_READ = ("PRAGMA query_only=ON", "BEGIN")
_WRITE = ("PRAGMA query_only=OFF", "BEGIN IMMEDIATE")
_MIGRATE = (
    "PRAGMA query_only=OFF",
    "PRAGMA foreign_keys=OFF",
    "PRAGMA busy_timeout=60000",
    "BEGIN IMMEDIATE",
)
_ON_CONNECT = (
    "PRAGMA synchronous=FULL",  # NORMAL may lose what was committed, for the outbox a message posted twice
    f"PRAGMA busy_timeout={_BUSY_S * 1000}",
    "PRAGMA foreign_keys=ON",
)
_UPGRADE_LOCK = 0x62656C6C  # any number of our own, so that only upgrades wait for each other


class BusyError(SQLAlchemyError):
    """Somebody else writes."""


class SchemaError(Exception):
    """The database's schema is not the one this version works with. The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database. Nobody but `write` commits; time spent inside it holds up other writers."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that cannot write."""
        reading = self.engine.execution_options(begin=_READ, postgresql_readonly=True)
        with Session(reading) as session:
            yield session

    @contextmanager
    def write(self, *, patience_s: float = _BUSY_S) -> Iterator[Session]:
        """A transaction that commits when the block ends, and is rolled back when it raises.

        Raises BusyError where somebody else writes for longer than that (on SQLite, which has one writer).
        """
        begin = (f"PRAGMA busy_timeout={round(patience_s * 1000)}", *_WRITE)
        with Session(self.engine.execution_options(begin=begin)) as session, session.begin():
            try:
                session.connection()
            except OperationalError as error:
                raise (BusyError() if _is_busy(error) else error) from error
            yield session

    def upgrade(self) -> None:
        """Bring the schema to this version's. Several may try at once: one does it, the others wait and find it done.

        Raises SchemaError when rows would be lost or left without their parent; then nothing has changed.
        """
        self.check_not_newer()
        with self._migrating() as connection:
            before = _row_counts(connection)
            migrations.upgrade(connection)
            if self.is_sqlite:
                _check_nothing_lost(connection, before)

    def check_schema(self) -> None:
        """Raise SchemaError unless the schema is exactly this version's."""
        self.check_not_newer()
        if self._revision() != migrations.HEAD:
            raise SchemaError("The database needs an upgrade. Run: bellwether db upgrade")

    def check_not_newer(self) -> None:
        """Raise SchemaError when a newer version of Bellwether has upgraded this database."""
        revision = self._revision()
        if revision not in {None, migrations.HEAD} and not migrations.knows(revision):
            raise SchemaError(
                f"The database was made by a newer version of Bellwether (schema {revision}). "
                "Install that version, then run: bellwether db upgrade"
            )

    def backup(self, path: Path) -> None:
        """Write a consistent copy of a SQLite database while it is in use.

        Raises FileExistsError rather than overwrite, ValueError on PostgreSQL (which has pg_dump).
        """
        if not self.is_sqlite:
            raise ValueError("bellwether copies SQLite only; for PostgreSQL use pg_dump")
        if path.exists():
            raise FileExistsError(f"{path} exists already; a backup never overwrites")
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        _create_private(part)
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA query_only=OFF")
            cursor.execute("VACUUM INTO ?", (str(part),))
        _settle(part)
        part.rename(path)

    def vacuum(self) -> None:
        """Write the database anew without what was deleted, which else lies in its file until it is written over.

        On SQLite nobody else may read or write meanwhile. Raises OperationalError where somebody does for too long.
        """
        if not self.is_sqlite:
            alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            with alone.connect() as connection:
                connection.exec_driver_sql("VACUUM FULL")
            return
        with closing(self.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute("PRAGMA query_only=OFF")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def dispose(self) -> None:
        self.engine.dispose()

    def _revision(self) -> str | None:
        with self.read() as session:
            connection = session.connection()
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        """A connection of its own, since its foreign keys are off; it is closed, not handed back."""
        with self.engine.execution_options(begin=_MIGRATE).connect() as connection:
            try:
                with connection.begin():
                    if not self.is_sqlite:
                        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
                    yield connection
            finally:
                connection.invalidate()


def open_database(url: str) -> Database:
    """Open the database a URL names: sqlite:///path, or postgresql://… by psycopg. Makes no table."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return Database(_open_sqlite(address))
    if address.get_backend_name() == "postgresql":
        return Database(
            sa.create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        )
    raise ValueError(
        f"a database URL begins with sqlite:/// or postgresql://, not {address.drivername}://"
    )


def _open_sqlite(address: URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise ValueError("a SQLite database needs a file: sqlite:///path/to/bellwether.db")
    _create_private(Path(address.database))
    engine = sa.create_engine(address)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not say BEGIN: _begin_sqlite does
    for pragma in _ON_CONNECT:
        connection.execute(pragma)
    _use_wal(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. Only the first connection ever has to, but several may be first at
    once, and for this one lock SQLite does not wait by itself.
    """
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _is_busy(error: OperationalError) -> bool:
    return "database is locked" in str(error.orig)


def _begin_sqlite(connection: Connection) -> None:
    for statement in connection.get_execution_options().get("begin", _WRITE):
        connection.exec_driver_sql(statement)


def _create_private(path: Path) -> None:
    """Make the file, or an older one, readable by its owner alone; SQLite gives its side files the same mode."""
    path.touch(mode=0o600)
    path.chmod(0o600)


def _settle(path: Path) -> None:
    """See that a copy is whole and on the disk."""
    with closing(sqlite3.connect(path)) as copy:
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise OSError(f"the copy is damaged: {verdict}")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _row_counts(connection: Connection) -> dict[str, int]:
    quote = connection.dialect.identifier_preparer.quote
    return {
        name: connection.exec_driver_sql(f"SELECT count(*) FROM {quote(name)}").scalar_one()  # noqa: S608
        for name in sa.inspect(connection).get_table_names()
        if name != "alembic_version"
    }


def _check_nothing_lost(connection: Connection, before: dict[str, int]) -> None:
    """A table altered in SQLite is built anew and the old one dropped, which can take rows along unnoticed."""
    after = _row_counts(connection)
    lost = [name for name, count in before.items() if name in after and after[name] < count]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if lost or orphans:
        names = ", ".join(lost or sorted({row[0] for row in orphans}))
        raise SchemaError(f"The upgrade would have lost rows of {names}; nothing was changed.")
