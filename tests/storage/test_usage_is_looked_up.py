"""Looking up usage: the work for some accounts must not grow with all the others."""

import sqlalchemy as sa

from scoring.accounts import AccountId
from storage import usage
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


def _plans(database: Database) -> list[str]:
    """How SQLite goes about each query from now on."""
    plans: list[str] = []

    def explain(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT"):
            rows = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append("\n".join(row[-1] for row in rows))

    sa.event.listen(database.engine, "before_cursor_execute", explain)
    return plans
