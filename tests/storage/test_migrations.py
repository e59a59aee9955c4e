"""Migrations build what the tables say, lose nothing, and stand several starters."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from scoring.playbooks import WatchKind
from scoring.records import Organisation
from storage import accounts, migrations, watches
from storage.engine import Database, SchemaError, open_database

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_migrations_build_exactly_the_tables(db: Database):
    with db.engine.begin() as connection:
        command.check(migrations.configuration(connection))


def test_the_head_that_is_checked_at_start_is_the_newest_migration():
    assert ScriptDirectory.from_config(migrations.configuration()).get_heads() == [migrations.HEAD]


def test_a_downgrade_takes_everything_away_again(db: Database):
    with db._migrating() as connection:
        command.downgrade(migrations.configuration(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    db.upgrade()
    db.check_schema()


def test_several_may_upgrade_at_once(empty_url: str):
    databases = [open_database(empty_url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Database.upgrade, databases))
    for database in databases:
        database.check_schema()
        database.dispose()


def _fill(db: Database) -> None:
    with db.write() as session:
        acme = Organisation(ref="cus_1", name="Acme", domains=("acme.com",))
        accounts.create_or_update(session, [acme], source="stripe", at=NOW)
        watches.begin(
            session,
            accounts.by_key(session)["cus_1"],
            WatchKind.WEEKLY_REVIEW,
            on=date(2026, 11, 22),
        )


def _alter_account(connection: sa.Connection) -> None:
    with Operations(MigrationContext.configure(connection)).batch_alter_table(
        "account", recreate="always"
    ) as batch:
        batch.add_column(sa.Column("segment", sa.Text(), nullable=True))


def _children(db: Database) -> tuple[int, int]:
    with db.read() as session:
        return accounts.count_active(session), len(
            watches.watched(session, WatchKind.WEEKLY_REVIEW)
        )


def test_a_table_built_anew_keeps_every_child_row(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    db = open_database(sqlite_url)
    _fill(db)
    monkeypatch.setattr(migrations, "upgrade", _alter_account)
    db.upgrade()
    assert _children(db) == (1, 1)
    with pytest.raises(sa.exc.IntegrityError), db.write() as session:  # foreign keys are on again
        session.connection().exec_driver_sql(
            "INSERT INTO watch VALUES (99, 'weekly_review', '2026-11-22', NULL)"
        )
    db.dispose()


def test_an_upgrade_that_would_lose_rows_is_undone(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
):
    db = open_database(sqlite_url)
    _fill(db)
    monkeypatch.setattr(migrations, "upgrade", lambda it: it.exec_driver_sql("DELETE FROM watch"))
    with pytest.raises(SchemaError, match="lost rows of watch"):
        db.upgrade()
    monkeypatch.setattr(migrations, "upgrade", lambda it: it.exec_driver_sql("DELETE FROM account"))
    with pytest.raises(SchemaError, match="lost rows of account"):
        db.upgrade()
    assert _children(db) == (1, 1)
    db.dispose()
