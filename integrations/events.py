"""Events: a day of exported product events, reduced to counts and hashed people in bounded memory.

One DuckDB statement reads the spooled files, drops duplicates and groups; it lets go of the
interpreter lock and spills to disk, so a large day neither stops the bot nor fills the machine.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from integrations.base import Rejected, SourceDataError
from scoring.records import ActiveUser, FeatureCount, UsageDays

if TYPE_CHECKING:
    import duckdb

_BATCH = 10_000
_THREADS = 2

# A row that has no name or time cannot be placed; without an account it counts for nobody. Rows
# without $insert_id (old client libraries) that look the same are in doubt: once, or twice?
_REDUCE = """
CREATE OR REPLACE TABLE reduced AS
SELECT account, event, person, event IS NULL OR t IS NULL AS unreadable,
       bool_or(insert_id IS NULL AND t IS NOT NULL AND copies > 1) AS doubtful,
       sum(CASE WHEN event IS NULL OR t IS NULL THEN copies ELSE 1 END)::BIGINT AS n
FROM (
    SELECT event, person, account, t, insert_id, count(*) AS copies
    FROM ({rows}) WHERE t IS NULL OR (t >= $since AND t < $until) GROUP BY ALL
)
GROUP BY account, event, person, unreadable
"""

# The few properties we need, read while the line is parsed: fast, and little memory.
_TYPED_ROWS = """
SELECT event, properties.time AS t, properties.distinct_id AS person,
       properties."$insert_id" AS insert_id, properties.{name} AS account
FROM read_json($files, format = 'newline_delimited', ignore_errors = true, columns = {{
    event: 'VARCHAR',
    properties: 'STRUCT("time" DOUBLE, distinct_id VARCHAR, "$insert_id" VARCHAR, {name_in_type} VARCHAR)'}})
"""

# The whole of the properties, so that what has no $insert_id is told apart by everything it says.
_WHOLE_ROWS = """
SELECT event, TRY_CAST(p[1] AS DOUBLE) AS t, p[2] AS person,
       coalesce(p[3], md5(properties)) AS insert_id, p[4] AS account
FROM (SELECT event, properties, json_extract_string(
          properties, ['/time', '/distinct_id', '/$insert_id', {pointer}]) AS p
      FROM read_json($files, format = 'newline_delimited', ignore_errors = true,
                     columns = {{event: 'VARCHAR', properties: 'JSON'}}))
"""

# A group key may hold a list: the event counts for each account in it.
_SPLIT = """
CREATE VIEW split AS
SELECT * FROM (
    SELECT unnest(CASE WHEN NOT starts_with(account, '[') THEN [account]
                       WHEN NOT json_valid(account) THEN [account]
                       ELSE list_distinct(json_extract_string(account, '$[*]')) END) AS ref,
           event, person, n
    FROM reduced WHERE NOT unreadable AND account IS NOT NULL
) WHERE ref <> ''
"""

_COUNTS = "SELECT ref, event, sum(n)::BIGINT FROM split GROUP BY ALL ORDER BY ALL"

# The first 64 bits of a keyed SHA-256, moved into the range of a signed integer. Anonymous devices are nobody yet.
_PEOPLE = """
SELECT DISTINCT ref,
       (('0x' || substr(sha256($key || ':' || person), 1, 16))::UBIGINT::HUGEINT
        - 9223372036854775808)::BIGINT AS hash
FROM split WHERE person <> '' AND NOT starts_with(person, '$device:') ORDER BY ALL
"""


class _Tally(NamedTuple):
    """How many events a day has, and how many of them have no name or time, or no account."""

    total: int
    unreadable: int
    unplaced: int


@dataclass(frozen=True, slots=True)
class Reduced:
    """One UTC day of usage, of how many events it was made, and what of it could not be read or placed."""

    usage: UsageDays
    events: int
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reducer:
    """Reduces spooled files, gzipped ones named `.gz`, to one day."""

    title: str
    account_property: str
    hash_key: bytes
    memory_limit: str

    @contextmanager
    def reduce(
        self, files: Sequence[Path], *, day: int, since: float, until: float, spill: Path
    ) -> Iterator[Reduced]:
        """The day (in days since 1970), of the events whose `time` is in [since, until).

        What it yields can be read only inside the block. Raises SourceDataError when a file is
        cut short: then nothing of it counts.
        """
        import duckdb  # noqa: PLC0415 - heavy, and only usage needs it

        with duckdb.connect() as connection:
            _bound(connection, self.memory_limit, spill)
            try:
                self._load(connection, files, since, until)
            except duckdb.OutOfMemoryException as error:
                raise SourceDataError(
                    f"A day of {self.title} does not fit in memory_limit = {self.memory_limit}; raise it."
                ) from error
            except duckdb.Error as error:
                raise SourceDataError(
                    f"{self.title} sent a damaged export or cut it short."
                ) from error
            tally = _tally(connection)
            usage = UsageDays(
                days=(day,),
                counts=_counts(connection.cursor(), day),
                users=_users(connection.cursor(), day, self.hash_key),
            )
            yield Reduced(usage, tally.total, self._left_out(tally, files, day))

    def _load(
        self,
        connection: "duckdb.DuckDBPyConnection",
        files: Sequence[Path],
        since: float,
        until: float,
    ) -> None:
        name = self.account_property
        given = {"files": [str(each) for each in files], "since": since, "until": until}
        typed = _TYPED_ROWS.format(
            name=_quoted(name), name_in_type=_quoted(name).replace("'", "''")
        )
        connection.execute(_REDUCE.format(rows=typed), given)
        if connection.execute("SELECT count(*) FROM reduced WHERE doubtful").fetchone() != (0,):
            # Whole properties take more room: one thread keeps them under the limit.
            connection.execute("SET threads = 1")
            whole = _WHOLE_ROWS.format(pointer=_literal(_pointer(name)))
            connection.execute(_REDUCE.format(rows=whole), given)
        connection.execute(_SPLIT)

    def _left_out(self, tally: _Tally, files: Sequence[Path], day: int) -> tuple[Rejected, ...]:
        total, unreadable, unplaced = tally
        if unreadable and any(_ends_broken(each) for each in files):
            raise SourceDataError(f"{self.title} cut its export short.")
        if unreadable * 2 > total:
            raise SourceDataError(f"{self.title} sent a day (day {day}) that is mostly not events.")
        said: list[Rejected] = []
        if unreadable:
            problem = f"{unreadable:,} of {total:,} have no event name or no time (day {day})"
            said.append(Rejected(what="unreadable events", problem=problem, raw=""))
        # Some always lack it (visitors, jobs); when most do, the setting is wrong.
        if unplaced * 2 > total:
            problem = f"{unplaced:,} of {total:,} events name no account (day {day}): check account_property"
            what = f"events without {self.account_property}"
            said.append(Rejected(what=what, problem=problem, raw=""))
        return tuple(said)


def _tally(connection: "duckdb.DuckDBPyConnection") -> _Tally:
    found = connection.execute(
        "SELECT coalesce(sum(n), 0)::BIGINT, coalesce(sum(n) FILTER (unreadable), 0)::BIGINT,"
        " coalesce(sum(n) FILTER (NOT unreadable AND coalesce(account, '') IN ('', '[]')), 0)::BIGINT"
        " FROM reduced"
    ).fetchone()
    return _Tally(*found) if found else _Tally(0, 0, 0)


def _bound(connection: "duckdb.DuckDBPyConnection", memory_limit: str, spill: Path) -> None:
    """Hold memory and threads down, spill to our own folder, and never download an extension."""
    connection.execute("SET memory_limit = ?", [memory_limit])
    connection.execute("SET temp_directory = ?", [str(spill)])
    connection.execute(f"SET threads = {_THREADS}")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET autoinstall_known_extensions = false")


def _counts(cursor: "duckdb.DuckDBPyConnection", day: int) -> Iterator[Sequence[FeatureCount]]:
    cursor.execute(_COUNTS)
    while rows := cursor.fetchmany(_BATCH):
        yield [FeatureCount(day, ref, feature, count) for ref, feature, count in rows]


def _users(
    cursor: "duckdb.DuckDBPyConnection", day: int, key: bytes
) -> Iterator[Sequence[ActiveUser]]:
    cursor.execute(_PEOPLE, {"key": key.hex()})
    while rows := cursor.fetchmany(_BATCH):
        yield [ActiveUser(day, ref, user_hash) for ref, user_hash in rows]


def _pointer(name: str) -> str:
    """A property's name as a JSON pointer (RFC 6901), whatever characters are in it."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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
