"""A SQL warehouse: whatever its tables tell, through queries of the operator's own.

Sources: PostgreSQL and whatever else SQLAlchemy has a driver for (its documentation, "Using
Server Side Cursors"), and DuckDB files through DuckDB's own package (its documentation, "Python
API"): for DuckDB 2 there is no well-kept SQLAlchemy dialect. What is counted is counted in the
warehouse; days of usage are asked for one by one and replaced whole, anything else since the last
reading and some days before it, for loads come late. Nothing is ever written there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field, SecretStr, field_validator

from integrations.base import Clock, Cursor, Page, Rejected, SourceDataError, SourceKind
from integrations.payload import read_each
from integrations.warehouse.databases import Address, Reader, connect
from integrations.warehouse.queries import FRESH_UNTIL, Query, read_queries
from integrations.warehouse.rows import SHAPES, RecordRow, check_columns
from integrations.warehouse.usage import DayOfUsage
from integrations.warehouse.values import instant_of
from scoring.records import Kind, Record, SurveyResponse, UsageDays

_DAY = timedelta(days=1)
_OVERLAP = timedelta(minutes=10)
_FROM_THE_START = datetime(2000, 1, 1, tzinfo=UTC)


class Settings(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Where the warehouse is, and what it is asked."""

    url: SecretStr = Field(
        description="The warehouse's address as an SQLAlchemy URL, such as "
        "postgresql+psycopg://reader:password@host/analytics or duckdb:///analytics.duckdb, of a user who may only read."
    )
    queries: Mapping[str, str] = Field(
        description="The queries by what they tell: accounts, usage, users, tickets, contacts, subscriptions, "
        "invoices, cards, surveys, and fresh_until for when the warehouse was last loaded. docs/warehouse.md has their columns."
    )
    backfill_days: int = Field(
        default=35, ge=1, le=400, description="How many days of usage the first pull reads."
    )
    reread_days: int = Field(
        default=3,
        ge=0,
        le=60,
        description="How many days are read again each time, because the warehouse is loaded late.",
    )
    timeout: timedelta = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="How long PostgreSQL may work on one query, as an ISO 8601 duration.",
    )
    comments: bool = Field(
        default=False,
        description="Whether the texts people wrote in surveys are kept; else only that there was one.",
    )

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, url: SecretStr) -> SecretStr:
        Address.of(url.get_secret_value())
        return url

    @field_validator("queries")
    @classmethod
    def _are_queries(cls, queries: Mapping[str, str]) -> Mapping[str, str]:
        read_queries(queries)
        return queries


def told_by(settings: Settings) -> frozenset[Kind]:
    """What the queries there are tell."""
    told = {shape.kind for name, shape in SHAPES.items() if name in settings.queries}
    return frozenset(told | ({Kind.USAGE} if "usage" in settings.queries else set()))


class Warehouse:
    name = "warehouse"

    def __init__(self, settings: Settings, *, clock: Clock, hash_key: bytes) -> None:
        self._settings, self._clock, self._hash_key = settings, clock, hash_key
        self._address = Address.of(settings.url.get_secret_value())
        self._queries = read_queries(settings.queries)
        self._kinds = [self._queries[name] for name in SHAPES if name in self._queries]
        self.tells = told_by(settings)

    @property
    def _usage_print(self) -> str:
        asked = [self._queries[name] for name in ("usage", "users") if name in self._queries]
        return "-".join(each.fingerprint for each in asked)

    def check(self) -> str:
        now = self._clock.now().astimezone(UTC)
        given = {"since": now.date(), "until": now.date(), "changed_since": now}
        with connect(self._address, timeout=self._settings.timeout) as reader:
            self._fresh_until(reader, now)
            for name, query in self._queries.items():
                if name != FRESH_UNTIL:
                    check_columns(name, reader.columns(query, given))
        queries = "1 query" if len(self._queries) == 1 else f"{len(self._queries)} queries"
        return f"{queries} on {self._address}"

    def pull(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Page]:
        now = now.astimezone(UTC)
        with connect(self._address, timeout=self._settings.timeout) as reader:
            run = _Run(reader, self._fresh_until(reader, now))
            told_until = now if run.as_of is None else run.as_of
            at = dict(cursor or {})
            days = self._days(at.get("usage"), last=told_until.date(), today=now.date())
            run.steps = len(self._kinds) + len(days)
            # What a load brings late has changed before the load: so much is read again.
            again_from = told_until - max(self._settings.reread_days * _DAY, _OVERLAP)
            for query in self._kinds:
                mark = {"query": query.fingerprint, "since": again_from.isoformat()}
                after = {**at, "kinds": {**at.get("kinds", {}), query.name: mark}}
                yield from self._told(run, query, at, after)
                at = after
            yield from self._used(run, days, at)

    def cursor_since(self, since: datetime) -> Cursor:
        since = since.astimezone(UTC)
        kinds = {
            each.name: {"query": each.fingerprint, "since": since.isoformat()}
            for each in self._kinds
        }
        usage = {"query": self._usage_print, "since": since.date().isoformat()}
        return {"kinds": kinds, "usage": usage}

    def _fresh_until(self, reader: Reader, now: datetime) -> datetime | None:
        """The instant up to which the warehouse knows what happened; None where there is no query for it."""
        if (query := self._queries.get(FRESH_UNTIL)) is None:
            return None
        rows = [row for batch in reader.read(query, {}).batches for row in batch]
        if len(rows) != 1 or len(rows[0]) != 1:
            raise SourceDataError("The query fresh_until must return one row of one column.")
        if rows[0][0] is None:
            raise SourceDataError(
                "The query fresh_until returns NULL: nothing was ever loaded, or it looks in the wrong place."
            )
        try:
            return min(instant_of(rows[0][0]), now)
        except ValueError as error:
            raise SourceDataError(f"The query fresh_until returns no instant: {error}.") from error

    def _days(self, usage: Any, *, last: date, today: date) -> list[date]:
        """The days of usage to read, oldest first, none of them later than what was loaded."""
        if "usage" not in self._queries:
            return []
        if usage is None or usage["query"] != self._usage_print:
            first = today - self._settings.backfill_days * _DAY
        elif "since" in usage:
            first = date.fromisoformat(usage["since"])
        else:
            first = date.fromisoformat(usage["read_through"]) - self._settings.reread_days * _DAY
        first = min(first, last)
        return [first + offset * _DAY for offset in range((last - first).days + 1)]

    def _told(self, run: "_Run", query: Query, at: Cursor, after: Cursor) -> Iterator[Page]:
        """The pages of one kind of record. Only its last moves the cursor: no order is known in which to go on."""
        mark = at.get("kinds", {}).get(query.name)
        is_known = mark is not None and mark["query"] == query.fingerprint
        since = datetime.fromisoformat(mark["since"]) if is_known else _FROM_THE_START
        rows = run.reader.read(query, {"changed_since": since})
        run.asked += 1
        check_columns(query.name, rows.columns)
        batch = next(rows.batches, ())
        while True:
            following = next(rows.batches, None)
            records, rejected = self._records(query.name, rows.columns, batch)
            if following is None:
                run.done += 1
            yield run.page(after if following is None else at, records=records, rejected=rejected)
            if following is None:
                return
            batch = following

    def _records(
        self, name: str, columns: Sequence[str], batch: Sequence[Sequence[Any]]
    ) -> tuple[tuple[Record, ...], tuple[Rejected, ...]]:
        shape = SHAPES[name]
        rows = [dict(zip(columns, each, strict=True)) for each in batch]
        if "id" not in columns:
            rows = [{**each, "id": each["account_id"]} for each in rows]  # what it is called by

        def tell(row: RecordRow) -> Iterator[Record]:
            for each in row.records(self._hash_key):
                if isinstance(each, SurveyResponse) and not self._settings.comments:
                    yield replace(each, comment=None)
                else:
                    yield each

        return read_each(rows, shape.row, tell, kind=shape.noun)

    def _used(self, run: "_Run", days: Sequence[date], at: Cursor) -> Iterator[Page]:
        """A page a day. What could not be read of a day is known when it has been stored, and goes with the next."""
        rejected: tuple[Rejected, ...] = ()
        for day in days:
            used = DayOfUsage(
                run.reader, self._queries["usage"], self._queries.get("users"), day, self._hash_key
            )
            run.done += 1
            run.asked += 2 if "users" in self._queries else 1
            at = {**at, "usage": {"query": self._usage_print, "read_through": day.isoformat()}}
            yield run.page(at, usage=used.usage, rejected=rejected)
            rejected = used.rejected()
        if rejected:
            yield run.page(at, rejected=rejected)


class _Run:
    """One pull as it goes on: what its pages have in common."""

    def __init__(self, reader: Reader, as_of: datetime | None) -> None:
        self.reader, self.as_of = reader, as_of
        self.steps, self.done = 0, 0
        self.asked = 0 if as_of is None else 1  # queries that no page has told of yet

    def page(
        self,
        cursor: Cursor,
        *,
        records: tuple[Record, ...] = (),
        usage: UsageDays | None = None,
        rejected: tuple[Rejected, ...] = (),
    ) -> Page:
        asked, self.asked = self.asked, 0
        return Page(
            cursor=cursor,
            records=records,
            usage=usage,
            rejected=rejected,
            requests=asked,
            progress=self.done / self.steps,
            as_of=self.as_of,
        )


def open_source(settings: Settings, clock: Clock, hash_key: bytes) -> Warehouse:
    return Warehouse(settings, clock=clock, hash_key=hash_key)


SOURCE = SourceKind(
    title="Warehouse",
    tells=frozenset({Kind.USAGE, *(shape.kind for shape in SHAPES.values())}),
    every=timedelta(hours=6),
    stale_after=timedelta(hours=36),  # most are loaded once a day
    settings=Settings,
    open=open_source,
    told_by=told_by,
)
