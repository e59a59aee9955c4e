"""Looking up: the work for some accounts, or for one message, must not grow with all the others."""

from datetime import UTC, datetime

import sqlalchemy as sa

from scoring.accounts import AccountId
from storage import claims, usage
from storage.engine import Database, open_database


def test_the_usage_of_some_accounts_is_found_by_its_key_not_by_reading_whole_days(sqlite_url: str):
    database = open_database(sqlite_url)
    plans = _plans(database)
    ids = [AccountId(1), AccountId(2)]
    with database.read() as session:
        usage.active_days(session, ids, since=1, until=60)
        usage.features_last_used(session, ids, since=1, until=60)
        usage.active_users(session, ids, since=1, until=60)
    database.dispose()
    assert len(plans) == 3
    assert all("PRIMARY KEY (day=? AND link_id=?)" in plan for plan in plans)


def test_the_next_message_is_found_among_those_that_wait_not_among_all(sqlite_url: str):
    database = open_database(sqlite_url)
    plans = _plans(database)
    with database.write() as session:
        claims.take(session, at=datetime(2026, 11, 22, tzinfo=UTC))
    database.dispose()
    (plan,) = plans
    assert "SCAN outbox USING INDEX ix_outbox_unfinished" in plan
    assert "SEARCH earlier USING INDEX ix_outbox_unfinished (line=? AND id<?)" in plan


def _plans(database: Database) -> list[str]:
    """How SQLite goes about each query from now on."""
    plans: list[str] = []

    def explain(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT"):
            rows = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append("\n".join(row[-1] for row in rows))

    sa.event.listen(database.engine, "before_cursor_execute", explain)
    return plans
