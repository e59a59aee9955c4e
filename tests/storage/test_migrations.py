"""Migrations build what the tables say, lose nothing, and stand several starters."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from scoring.alerts import AlertId, AlertState, Phase
from scoring.playbooks import WatchKind
from scoring.records import Organisation
from scoring.rules import Rule
from storage import accounts, alerts, migrations, notices, watches
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


def test_where_alerts_stood_and_who_was_told_is_carried_over(db: Database):
    """What a rule a row said is said in a row an account, and an old message still tells its alert."""
    with db._migrating() as connection:
        command.downgrade(migrations.configuration(connection), "2026_11_24_identity")
    _fill(db)
    at = "2026-11-22 09:00:00.000000"
    with db.engine.begin() as connection:
        account = connection.exec_driver_sql("SELECT id FROM account").scalar_one()
        for rule, phase, episode, announced in (
            ("critical", "ok", 0, "false"),
            ("at_risk", "firing", 3, "true"),
        ):
            connection.exec_driver_sql(
                "INSERT INTO alert_state (account_id, rule, phase, seen, episode, as_of, closed_at, announced) "
                f"VALUES ({account}, '{rule}', '{phase}', 0, {episode}, '{at}', NULL, {announced})"
            )
        connection.exec_driver_sql(
            "INSERT INTO alert (id, account_id, rule, episode, opened_at, value, before, announced) "
            f"VALUES (7, {account}, 'at_risk', 3, '{at}', 58.0, 70.0, true)"
        )
        for key in (
            "alert:7:to:C0TEAM",
            "alert:7:to:C0TEAM:at:x",
            "alert:99:to:C0TEAM",
            "baseline",
        ):
            connection.exec_driver_sql(
                "INSERT INTO outbox (key, target, line, kind, payload, urgent, state, attempts, created_at) "
                f"VALUES ('{key}', 'C0TEAM', 'C0TEAM', 'post', '{{}}', false, 'sent', 1, '{at}')"
            )
    db.upgrade()
    with db.read() as session:
        (known,) = alerts.watched(session, [account]).values()
        told = notices.of_alert(session, AlertId(7))
    assert known.rules == {
        Rule.AT_RISK: AlertState(rule=Rule.AT_RISK, phase=Phase.FIRING, episode=3, as_of=NOW)
    }
    assert [(each.target, each.message_key) for each in told] == [("C0TEAM", "alert:7:to:C0TEAM")]
    with db._migrating() as connection:
        command.downgrade(migrations.configuration(connection), "2026_11_24_identity")
        rows = connection.exec_driver_sql(
            "SELECT rule, phase, episode FROM alert_state ORDER BY rule"
        ).all()
    assert [tuple(row) for row in rows] == [
        ("at_risk", "firing", 3),
        ("critical", "ok", 0),
        ("expansion", "ok", 0),
    ]
    db.upgrade()
