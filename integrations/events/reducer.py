"""Events: exported product events, reduced to counts and hashed people a day in bounded memory.

One DuckDB statement reads the spooled files, drops duplicates and groups; it lets go of the
interpreter lock and spills to disk, so a large day neither stops the bot nor fills the machine.
"""

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from integrations.base import Rejected, SourceDataError
from integrations.events.shapes import Shape
from integrations.people import account_ref_of
from scoring.records import ActiveUser, FeatureCount, UsageDays

if TYPE_CHECKING:
    import duckdb

_BATCH = 10_000
_THREADS = max(
    1, min(2, (os.cpu_count() or 2) - 1)
)  # a core is left to whoever is waiting for an answer
_FEW = 100  # in an hour with fewer events than this, most of them may well be broken

# A row that has no name or time cannot be placed; without an account it counts for nobody. Rows
# without an insert_id (old client libraries) that look the same are in doubt: once, or twice? The last
# day takes what is over: a day on the wall is 25 hours long once a year.
_REDUCE = """
CREATE OR REPLACE TABLE reduced AS
SELECT account, event, person, event IS NULL OR t IS NULL AS unreadable,
       least($first + floor((t - $since) / 86400), $last)::INTEGER AS day,
       bool_or(insert_id IS NULL AND t IS NOT NULL AND copies > 1) AS doubtful,
       sum(CASE WHEN event IS NULL OR t IS NULL THEN copies ELSE 1 END)::BIGINT AS n
FROM (
    SELECT event, person, account, t, insert_id, count(*) AS copies
    FROM ({rows}) WHERE t IS NULL OR (t >= $since AND t < $until) GROUP BY ALL
)
GROUP BY account, event, person, unreadable, day
"""

_NOTHING = """
CREATE TABLE reduced (account VARCHAR, event VARCHAR, person VARCHAR, unreadable BOOLEAN, day INTEGER,
                      doubtful BOOLEAN, n BIGINT)
"""

# Whose account is known by the person, not by the event. A profile that came twice counts once.
_NAMED_PEOPLE = """
CREATE TABLE named AS
SELECT person AS key, max(account) AS account
FROM read_json($people, format = 'newline_delimited', columns = {person: 'VARCHAR', account: 'VARCHAR'})
GROUP BY person
"""
_PLACE = """
CREATE TABLE placed AS SELECT reduced.* REPLACE (named.account AS account)
FROM reduced LEFT JOIN named ON named.key = reduced.{key}
"""

# A group may be a list: the event counts for each account in it. Nobody names an account in a novel.
_SPLIT = """
CREATE VIEW split AS
SELECT * FROM (
    SELECT day, unnest(CASE WHEN NOT starts_with(account, '[') THEN [account]
                       WHEN NOT json_valid(account) THEN [account]
                       ELSE list_distinct(json_extract_string(account, '$[*]')) END) AS ref,
           left(event, 255) AS event, person, n
    FROM placed WHERE NOT unreadable AND account IS NOT NULL
) WHERE ref <> '' AND length(ref) <= 255
"""

_COUNTS = """
SELECT day, ref, event, sum(n)::BIGINT FROM split WHERE list_contains($days, day)
GROUP BY ALL ORDER BY ALL
"""

# The first 64 bits of a keyed SHA-256, moved into the range of a signed integer. Anonymous devices are nobody yet.
_PEOPLE = """
SELECT DISTINCT day, ref,
       (('0x' || substr(sha256($key || ':' || person), 1, 16))::UBIGINT::HUGEINT
        - 9223372036854775808)::BIGINT AS hash
FROM split
WHERE person <> '' AND NOT starts_with(person, '$device:') AND list_contains($days, day) ORDER BY ALL
"""


class _Tally(NamedTuple):
    """How many events there are, and how many of them have no name or time, or no account."""

    total: int
    unreadable: int
    unplaced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days (since 1970) and the seconds they begin and end at, on the clock that the events' times are of."""

    first: int
    last: int
    since: float
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """Some UTC days of usage: on which anything happened, of how many events, and what could not be read or placed."""

    days: tuple[int, ...]
    events: int
    rejected: tuple[Rejected, ...]
    _connection: "duckdb.DuckDBPyConnection"
    _hash_key: bytes

    def usage(self, days: tuple[int, ...], *, adds: bool = False) -> UsageDays:
        """What happened on these days, to be read before the reduction's block ends."""
        return UsageDays(
            days=days,
            counts=_counts(self._connection.cursor(), days),
            users=_users(self._connection.cursor(), days, self._hash_key),
            adds=adds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reducer:
    """Reduces spooled files, gzipped ones named `.gz`, to days."""

    title: str
    shape: Shape
    hash_key: bytes
    memory_limit: str

    @contextmanager
    def reduce(
        self, files: Sequence[Path], span: Span, *, spill: Path, people: Path | None = None
    ) -> Iterator[Reduced]:
        """The days of a span; `people` is a file of lines with a `person` and their `account`, where events name none.

        What it yields can be read only inside the block. Raises SourceDataError when a file is
        cut short: then nothing of it counts.
        """
        import duckdb  # noqa: PLC0415 - heavy, and only usage needs it

        with duckdb.connect() as connection:
            _bound(connection, self.memory_limit, spill)
            try:
                self._load(connection, files, span)
                self._place(connection, people)
                tally, days = _tally(connection), _days(connection)
            except duckdb.OutOfMemoryException as error:
                raise SourceDataError(
                    f"A day of {self.title} does not fit in memory_limit = {self.memory_limit}; raise it."
                ) from error
            except duckdb.Error as error:
                raise SourceDataError(
                    f"{self.title} sent a damaged export or cut it short."
                ) from error
            yield Reduced(
                days=days,
                events=tally.total,
                rejected=self._left_out(tally, files, span.last),
                _connection=connection,
                _hash_key=self.hash_key,
            )

    def _load(
        self, connection: "duckdb.DuckDBPyConnection", files: Sequence[Path], span: Span
    ) -> None:
        if not files:
            connection.execute(_NOTHING)
            return
        given = {
            "files": [str(each) for each in files],
            "first": span.first,
            "last": span.last,
            "since": span.since,
            "until": span.until,
        }
        connection.execute(_REDUCE.format(rows=self.shape.typed), given)
        if connection.execute("SELECT count(*) FROM reduced WHERE doubtful").fetchone() != (0,):
            # Whole properties take more room: one thread keeps them under the limit.
            connection.execute("SET threads = 1")
            connection.execute(_REDUCE.format(rows=self.shape.whole), given)

    def _place(self, connection: "duckdb.DuckDBPyConnection", people: Path | None) -> None:
        """Make `placed`: what was reduced, with the account each row counts for."""
        if people is not None:
            connection.execute(_NAMED_PEOPLE, {"people": str(people)})
            connection.execute(_PLACE.format(key="person"))
        elif self.shape.by_domain:
            _name_domains(connection)
            connection.execute(_PLACE.format(key="account"))
        else:
            connection.execute("CREATE VIEW placed AS SELECT * FROM reduced")
        connection.execute(_SPLIT)

    def _left_out(self, tally: _Tally, files: Sequence[Path], day: int) -> tuple[Rejected, ...]:
        total, unreadable, unplaced = tally
        sealed = self.shape.sealed
        # A file of anything but objects has no rows at all: that is no quiet day either.
        if (unreadable or not total) and not sealed and any(_ends_broken(each) for each in files):
            raise SourceDataError(f"{self.title} cut its export short.")
        if unreadable * 2 > total and not (sealed and total < _FEW):
            raise SourceDataError(f"{self.title} sent a day (day {day}) that is mostly not events.")
        said: list[Rejected] = []
        if unreadable:
            problem = f"{unreadable:,} of {total:,} have no event name or no time (day {day})"
            said.append(Rejected(what="unreadable events", problem=problem, raw=""))
        # Some always lack it (visitors, jobs); when most do, the setting is wrong.
        if unplaced * 2 > total:
            problem = f"{unplaced:,} of {total:,} events name no account (day {day}): check {self.shape.mend}"
            what = f"events without {self.shape.lacking}"
            said.append(Rejected(what=what, problem=problem, raw=""))
        return tuple(said)


def _tally(connection: "duckdb.DuckDBPyConnection") -> _Tally:
    found = connection.execute(
        "SELECT coalesce(sum(n), 0)::BIGINT, coalesce(sum(n) FILTER (unreadable), 0)::BIGINT,"
        " coalesce(sum(n) FILTER (NOT unreadable AND coalesce(account, '') IN ('', '[]')), 0)::BIGINT"
        " FROM placed"
    ).fetchone()
    return _Tally(*found) if found else _Tally(0, 0, 0)


def _days(connection: "duckdb.DuckDBPyConnection") -> tuple[int, ...]:
    rows = connection.execute("SELECT DISTINCT day FROM split ORDER BY day").fetchall()
    return tuple(day for (day,) in rows)


def _name_domains(connection: "duckdb.DuckDBPyConnection") -> None:
    """Make `named`: the account that each host name of an address speaks for, none for free mail."""
    connection.execute("CREATE TABLE named (key VARCHAR, account VARCHAR)")
    found = connection.cursor()
    found.execute("SELECT DISTINCT account FROM reduced WHERE account IS NOT NULL")
    while rows := found.fetchmany(_BATCH):
        keys = [host for (host,) in rows]
        refs = [account_ref_of(f"somebody@{host}") for host in keys]
        connection.execute(
            "INSERT INTO named SELECT unnest($keys), unnest($refs::VARCHAR[])",
            {"keys": keys, "refs": refs},
        )


def _bound(connection: "duckdb.DuckDBPyConnection", memory_limit: str, spill: Path) -> None:
    """Hold memory and threads down, spill to our own folder, never download an extension, and be quiet."""
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET memory_limit = ?", [memory_limit])
    connection.execute("SET temp_directory = ?", [str(spill)])
    connection.execute(f"SET threads = {_THREADS}")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET autoinstall_known_extensions = false")


def _counts(
    cursor: "duckdb.DuckDBPyConnection", days: Sequence[int]
) -> Iterator[Sequence[FeatureCount]]:
    cursor.execute(_COUNTS, {"days": list(days)})
    while rows := cursor.fetchmany(_BATCH):
        yield [FeatureCount(*row) for row in rows]


def _users(
    cursor: "duckdb.DuckDBPyConnection", days: Sequence[int], key: bytes
) -> Iterator[Sequence[ActiveUser]]:
    cursor.execute(_PEOPLE, {"key": key.hex(), "days": list(days)})
    while rows := cursor.fetchmany(_BATCH):
        yield [ActiveUser(*row) for row in rows]


def _ends_broken(path: Path) -> bool:
    """Whether the last line is no JSON object: an export cut off, or Mixpanel's "terminated early"."""
    last = b""
    with _opened(path) as file:
        for line in file:
            last = line if line.strip() else last
    try:
        return not isinstance(json.loads(last or b"{}"), dict)
    except (ValueError, RecursionError):
        return True


def _opened(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
