"""A warehouse, as Heap Connect's tables lie in one: a DuckDB file, once a day of the story copied, added to and put in place."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.couriers.courier import Courier
from sandbox.story import CORE_FEATURES, Account, Deed, Story
from sandbox.story.dice import mix

if TYPE_CHECKING:
    import duckdb

FIRST_DAYS = 35
EVENT_TABLES: Mapping[str, str] = {name: name.lower().replace(" ", "_") for name in CORE_FEATURES}
_FIRST_USER, _FIRST_ANONYMOUS, _VISITOR = 7_000_000_000, 8_000_000_000, 9_000_000_000
_USERS_OF_AN_ACCOUNT = 1_000
_TABLES = (
    "CREATE TABLE users (user_id BIGINT PRIMARY KEY, identity VARCHAR, email VARCHAR, account_id VARCHAR, joindate TIMESTAMP)",
    "CREATE TABLE user_migrations (from_user_id BIGINT PRIMARY KEY, to_user_id BIGINT, time TIMESTAMP)",
    "CREATE TABLE sessions (session_id BIGINT, user_id BIGINT, time TIMESTAMP)",
    "CREATE TABLE loads (loaded_at TIMESTAMP)",
    *(
        f"CREATE TABLE {table} (event_id BIGINT, session_id BIGINT, user_id BIGINT, time TIMESTAMP)"
        for table in ("pageviews", *EVENT_TABLES.values())
    ),
)

# As docs/warehouse.md has them for Heap Connect; a test holds the two together.
_PEOPLE = """moved AS (
    SELECT from_user_id, max(to_user_id) AS to_user_id FROM user_migrations GROUP BY 1
), people AS (
    SELECT coalesce(m.to_user_id, u.user_id) AS user_id,
           coalesce(max(nullif(u.account_id, '')), max(nullif(lower(split_part(u.email, '@', 2)), ''))) AS account_id
    FROM users u LEFT JOIN moved m ON m.from_user_id = u.user_id
    GROUP BY 1
)"""
_DAYS = "WHERE time >= :since AND time < :until + INTERVAL '1 day'"
_DEEDS = "\n    UNION ALL\n".join(
    f"    SELECT user_id, time, '{feature}'{naming} FROM {table}\n    {_DAYS}"  # noqa: S608 - our own names
    for feature, table, naming in (
        ("Page Viewed", "pageviews", " AS feature"),
        *((feature, table, "") for feature, table in EVENT_TABLES.items()),
    )
)
QUERIES: Mapping[str, str] = {
    "fresh_until": "SELECT max(loaded_at) FROM loads",
    "usage": f"""WITH {_PEOPLE}, deeds AS (
{_DEEDS}
)
SELECT p.account_id, CAST(d.time AS date) AS day, d.feature, count(*) AS times
FROM deeds d
LEFT JOIN moved m ON m.from_user_id = d.user_id
JOIN people p ON p.user_id = coalesce(m.to_user_id, d.user_id)
WHERE p.account_id IS NOT NULL
GROUP BY 1, 2, 3""",  # noqa: S608 - our own names
    "users": f"""WITH {_PEOPLE}
SELECT DISTINCT p.account_id, CAST(s.time AS date) AS day, p.user_id
FROM sessions s
LEFT JOIN moved m ON m.from_user_id = s.user_id
JOIN people p ON p.user_id = coalesce(m.to_user_id, s.user_id)
WHERE p.account_id IS NOT NULL AND s.time >= :since AND s.time < :until + INTERVAL '1 day'""",  # noqa: S608 - our own names
}

Row = tuple[Any, ...]


class Warehouse(Courier):
    name = "warehouse"

    def __init__(self, story: Story, home: Path) -> None:
        super().__init__(story, home)
        self._delivered: datetime | None = None

    @property
    def path(self) -> Path:
        return self.home.resolve() / "warehouse.duckdb"

    def settings(self) -> dict[str, Any]:
        return {"url": f"duckdb:///{self.path}", "queries": dict(QUERIES)}

    def deliver(self, now: datetime) -> None:
        last = self._delivered
        if last is not None and self.story.day(last) == self.story.day(now):
            return
        self.home.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.unlink(missing_ok=True)
        if last is not None:
            shutil.copyfile(self.path, new)
        self._load(new, last, now)
        # A file that somebody has open for writing cannot be read; one that is put in place can.
        new.replace(self.path)
        self._delivered = now

    def _load(self, path: Path, last: datetime | None, now: datetime) -> None:
        import duckdb  # noqa: PLC0415 - heavy, and only this courier needs it

        rows = _Rows()
        first = self.story.day(now) - FIRST_DAYS if last is None else self.story.day(last)
        for day in range(first, self.story.day(now) + 1):
            midnight = self.story.midnight(day)
            rows.visit(day, midnight, last, now)
            for account in self.story.accounts:
                rows.add(account, midnight, self.story.deeds(account, day), last, now)
        with duckdb.connect(path) as connection:
            for statement in _TABLES if last is None else ():
                connection.execute(statement)
            for table, found in rows.all().items():
                _insert(connection, table, found)
            _insert(connection, "loads", [(_naive(now),)])


class _Rows:
    """What is new in each table between two loads."""

    def __init__(self) -> None:
        self._users: dict[int, Row] = {}
        self._moves: dict[int, Row] = {}
        self._deeds: dict[str, list[Row]] = {
            table: [] for table in ("sessions", "pageviews", *EVENT_TABLES.values())
        }

    def all(self) -> Mapping[str, Sequence[Row]]:
        people = {"users": [*self._users.values()], "user_migrations": [*self._moves.values()]}
        return {**people, **self._deeds}

    def add(
        self,
        account: Account,
        midnight: datetime,
        deeds: Sequence[Deed],
        last: datetime | None,
        now: datetime,
    ) -> None:
        """An account's day. Some people are anonymous at first: what they did then carries another id."""
        begun: set[int] = set()
        for number, deed in enumerate(sorted(deeds, key=lambda each: each.second)):
            at = midnight + timedelta(seconds=deed.second)
            is_first = deed.user not in begun
            begun.add(deed.user)
            if at > now or (last is not None and at <= last):
                continue
            user = _FIRST_USER + account.index * _USERS_OF_AN_ACCOUNT + deed.user
            acting = self._identify(account, deed.user, user, at, is_first=is_first)
            session = mix(account.seed, deed.user, int(midnight.timestamp())) >> 2
            if is_first:
                self._deeds["sessions"].append((session, acting, _naive(at)))
            table = EVENT_TABLES.get(deed.event, "pageviews")
            event = mix(session, number) >> 2
            self._deeds[table].append((event, session, acting, _naive(at)))

    def _identify(
        self, account: Account, number: int, user: int, at: datetime, *, is_first: bool
    ) -> int:
        """Who Heap thinks acts: the person, or on the first deed of a day of every fifth their anonymous self."""
        email, key = f"user{number}@{account.domain}", account.key if account.tagged else None
        self._know(user, f"u-{account.index}-{number}", email, key, at)
        if number % 5 or not is_first:
            return user
        anonymous = _FIRST_ANONYMOUS + user - _FIRST_USER
        self._know(anonymous, None, None, None, at)
        self._moves.setdefault(anonymous, (anonymous, user, _naive(at)))
        return anonymous

    def _know(
        self, user: int, identity: str | None, email: str | None, key: str | None, at: datetime
    ) -> None:
        self._users.setdefault(user, (user, identity, email, key, _naive(at)))

    def visit(self, day: int, midnight: datetime, last: datetime | None, now: datetime) -> None:
        """Somebody looks at the pricing page and is never heard of again."""
        at = midnight + timedelta(hours=5, minutes=mix(day, 63) % 60)
        if at > now or (last is not None and at <= last):
            return
        who = _VISITOR + day
        self._know(who, None, None, None, at)
        self._deeds["sessions"].append((who, who, _naive(at)))
        self._deeds["pageviews"].append((who, who, who, _naive(at)))


def _insert(connection: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[Row]) -> None:
    """Column by column: DuckDB takes a list at once, and a row at a time only slowly."""
    known = "OR IGNORE " if table in {"users", "user_migrations"} else ""
    for part in _parts(rows):
        columns = [list(column) for column in zip(*part, strict=True)]
        marks = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"INSERT {known}INTO {table} SELECT {marks}", columns)


def _parts(rows: Sequence[Row], size: int = 100_000) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
