"""A warehouse in a DuckDB file, out of a few tables written by hand."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from vendor_case import FIXTURES, Case

QUERIES = {
    "accounts": "SELECT id AS account_id, name, website AS domain, owner AS csm_email, renews AS renews_on,"
    " gone AS churned FROM companies WHERE changed >= :changed_since ORDER BY id",
    "tickets": "SELECT id, company AS account_id, state = 'open' AS is_open, opened AS created_at,"
    " changed AS updated_at, mood AS rating FROM cases WHERE changed >= :changed_since ORDER BY id;",
    "contacts": "SELECT person AS id, company AS account_id, sent AS last_sent_at, opened AS last_opened_at"
    " FROM mail ORDER BY person",
    "subscriptions": "SELECT id, company AS account_id, state AS status, price AS mrr, currency, began AS started_at"
    " FROM plans ORDER BY id",
    "surveys": "SELECT id, NULL AS account_id, 'nps' AS kind, score, answered AS answered_at, person"
    " FROM answers ORDER BY id",
    "usage": "SELECT company AS account_id, CAST(happened AS date) AS day, what AS feature, count(*) AS times"
    " FROM events WHERE happened >= :since AND happened < :until + INTERVAL '1 day' GROUP BY 1, 2, 3 ORDER BY 1, 3",
    "users": "SELECT DISTINCT company AS account_id, CAST(happened AS date) AS day, person AS user_id"
    " FROM events WHERE happened >= :since AND happened < :until + INTERVAL '1 day' ORDER BY 1, 3",
}


class Warehouse:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "analytics.duckdb"
        self.run((FIXTURES / "warehouse" / "tables.sql").read_text())

    @property
    def settings(self) -> dict[str, Any]:
        return {"url": f"duckdb:///{self.path}"}

    def run(self, sql: str) -> None:
        with duckdb.connect(self.path) as connection:
            connection.execute(sql)

    def break_one(self) -> None:
        self.run("UPDATE plans SET price = -1 WHERE id = 's1'")


CASE = Case(Warehouse, {"queries": QUERIES}, reach=timedelta(days=60))
