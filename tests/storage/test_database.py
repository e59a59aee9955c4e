"""Opening, reading, writing and copying a database."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, StatementError

from scoring.members import Member, MemberId
from storage import inbox, members
from storage.engine import BusyError, Database, SchemaError, open_database
from storage.sql import fetch, run
from storage.tables import MemberRow, SeenRow

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_what_is_written_is_read_back(db: Database):
    with db.write() as session:
        assert inbox.first_time(session, "evt_1", at=NOW)
    with db.write() as session:
        assert not inbox.first_time(session, "evt_1", at=NOW)


def test_a_block_that_raises_leaves_nothing_behind(db: Database):
    with suppress(RuntimeError), db.write() as session:
        inbox.first_time(session, "evt_1", at=NOW)
        raise RuntimeError
    with db.read() as session:
        assert fetch(session, sa.select(SeenRow.__table__)) == []


def test_a_reader_cannot_write(db: Database):
    with pytest.raises(DBAPIError), db.read() as session:
        inbox.first_time(session, "evt_1", at=NOW)
    with db.write() as session:
        assert inbox.first_time(session, "evt_1", at=NOW)


def test_an_instant_comes_back_in_utc(db: Database):
    there = datetime(
        2026, 11, 22, 10, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30))
    )
    with db.write() as session:
        inbox.first_time(session, "evt_1", at=there)
        (row,) = fetch(session, sa.select(SeenRow.__table__))
    assert row.at == there
    assert row.at.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(db: Database):
    with pytest.raises(StatementError, match="needs a time zone"), db.write() as session:
        inbox.first_time(session, "evt_1", at=NOW.replace(tzinfo=None))


def test_instants_are_compared_as_instants(db: Database):
    earlier = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=5)))  # 05:00 in UTC
    with db.write() as session:
        inbox.first_time(session, "evt_1", at=earlier)
        inbox.first_time(session, "evt_2", at=NOW)
        assert inbox.prune(session, before=NOW) == 1


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Ac\x00me", "Acme"),
        ("lone \ud83d surrogate", "lone ��� surrogate"),
        ("شركة النور\u200f", "شركة النور\u200f"),
        ("株式会社 🚀", "株式会社 🚀"),
        ("%_'\"\\;--", "%_'\"\\;--"),
    ],
)
def test_any_text_survives_alike_on_both_engines(db: Database, name: str, kept: str):
    with db.write() as session:
        members.upsert(session, [Member(id=MemberId("U1"), team_id="T1", name=name)], at=NOW)
        found = members.by_id(session, "U1")
    assert found is not None
    assert found.name == kept


def test_eight_threads_that_look_before_they_write_lose_nothing(db: Database):
    member = MemberRow.__table__
    with db.write() as session:
        members.upsert(session, [Member(id=MemberId("U1"), team_id="T1", name="0")], at=NOW)

    def count_up(_: int) -> None:
        for _ in range(10):
            with db.write() as session:
                (row,) = fetch(session, sa.select(member.c.name).with_for_update())
                run(session, sa.update(member).values(name=str(int(row.name) + 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(8)))
    with db.read() as session:
        assert members.everybody(session)[0].name == "80"


def test_a_database_file_is_its_owners_alone(sqlite_url: str):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.chmod(0o644)
    db = open_database(sqlite_url)
    with db.write() as session:
        inbox.first_time(session, "evt_1", at=NOW)
        modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.glob("bellwether.db*")}
    db.dispose()
    assert modes == {0o600}


def test_a_backup_is_whole_private_and_never_overwrites(sqlite_url: str, tmp_path: Path):
    db = open_database(sqlite_url)
    with db.write() as session:
        inbox.first_time(session, "evt_1", at=NOW)
    copy = tmp_path / "copy.db"
    db.backup(copy)
    with pytest.raises(FileExistsError):
        db.backup(copy)
    db.dispose()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT key FROM seen").fetchall() == [("evt_1",)]
    connection.close()


def test_postgresql_is_not_copied_by_us(postgresql_url: str, tmp_path: Path):
    db = open_database(postgresql_url)
    with pytest.raises(ValueError, match="pg_dump"):
        db.backup(tmp_path / "copy.db")
    db.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/bellwether"])
def test_a_database_that_cannot_serve_is_refused(url: str):
    with pytest.raises(ValueError, match=r"SQLite|database URL"):
        open_database(url)


def test_a_database_without_tables_asks_for_an_upgrade(empty_url: str):
    db = open_database(empty_url)
    with pytest.raises(SchemaError, match="bellwether db upgrade"):
        db.check_schema()
    db.upgrade()
    db.check_schema()
    db.dispose()


def test_a_database_of_a_newer_version_is_left_alone(db: Database):
    with db.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE alembic_version SET version_num = '2099_01_01'"
        )
    with pytest.raises(SchemaError, match="newer version"):
        db.check_schema()
    with pytest.raises(SchemaError, match="newer version"):
        db.upgrade()


def test_who_will_not_wait_is_told_that_somebody_writes(db: Database):
    if not db.is_sqlite:
        with db.write() as _, db.write(patience_s=0.05) as session:
            session.connection()  # PostgreSQL lets both
        return
    with db.write() as one:
        one.connection()
        with pytest.raises(BusyError), db.write(patience_s=0.05):
            raise AssertionError("it got in")
    with db.write(patience_s=0.05) as session:
        session.connection()


def test_who_waits_patiently_after_that_waits_as_long_as_ever(db: Database):
    with db.write(patience_s=0.05) as session:
        session.connection()
    if db.is_sqlite:
        with db.write() as session:
            (waits,) = session.connection().exec_driver_sql("PRAGMA busy_timeout").one()
        assert waits == 30_000
