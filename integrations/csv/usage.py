"""Usage out of rows: added up by day, account and feature on disk, so that a large file needs little memory."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from integrations.csv.records import Values
from scoring.records import ActiveUser, FeatureCount, UsageDays

_BATCH = 10_000
_EPOCH = date(1970, 1, 1)


@dataclass(slots=True)
class Spool:
    """The rows of one file, waiting to be added up. `days` are those that stand in it, with their number of rows."""

    _file: sqlite3.Connection
    _hash_key: bytes
    days: dict[int, int] = field(default_factory=dict)
    _waiting: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, row: Values) -> None:
        day = (row["day"] - _EPOCH).days
        self.days[day] = self.days.get(day, 0) + 1
        # A count of 0 says that the day was looked at; nobody was active by it.
        if row["count"]:
            user = row.get("user")
            hashed = None if user is None else _user_hash(self._hash_key, user)
            self._waiting.append((day, row["account_id"], row["feature"], row["count"], hashed))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def settle(self) -> None:
        """Add everything up. Days can be read from now on."""
        self._flush()
        self._file.executescript(
            """
            CREATE TABLE counts AS SELECT day, account, feature, sum(n) AS n FROM rows
                GROUP BY day, account, feature ORDER BY day, account, feature;
            CREATE INDEX counts_day ON counts (day);
            CREATE TABLE users AS SELECT DISTINCT day, account, user FROM rows WHERE user IS NOT NULL
                ORDER BY day, account, user;
            CREATE INDEX users_day ON users (day);
            DROP TABLE rows;
            """
        )

    def usage(self, days: Sequence[int]) -> UsageDays:
        return UsageDays(
            days=tuple(days),
            counts=self._read("SELECT day, account, feature, n FROM counts", days, FeatureCount),
            users=self._read("SELECT day, account, user FROM users", days, ActiveUser),
        )

    def _flush(self) -> None:
        self._file.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._waiting.clear()

    def _read(self, select: str, days: Sequence[int], kind: Any) -> Iterator[list[Any]]:
        cursor = self._file.execute(
            f"{select} WHERE day BETWEEN ? AND ? ORDER BY rowid", (days[0], days[-1])
        )
        try:
            while rows := cursor.fetchmany(_BATCH):
                yield [kind(*row) for row in rows]
        finally:
            cursor.close()


@contextmanager
def spooling(hash_key: bytes) -> Iterator[Spool]:
    """A spool in a temporary folder, gone at the end."""
    with TemporaryDirectory(prefix="bellwether-") as folder:
        # A pull may be given up from another thread than the one that read.
        connection = sqlite3.connect(Path(folder) / "usage.db", check_same_thread=False)
        try:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute(
                "CREATE TABLE rows (day INTEGER, account TEXT, feature TEXT, n INTEGER, user INTEGER)"
            )
            yield Spool(connection, hash_key)
        finally:
            connection.close()


def midnight_after(day: int) -> date:
    return _EPOCH + timedelta(days=day + 1)


@lru_cache(65_536)
def _user_hash(key: bytes, user: str) -> int:
    """The first 64 bits of a keyed SHA-256, as product analytics keep their users; an address in lower case."""
    person = user.lower() if "@" in user else user
    digest = hashlib.sha256(f"{key.hex()}:{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") - 2**63
