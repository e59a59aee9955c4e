"""Heap's tables, through the queries docs/warehouse.md gives for them: the page is read here, so it cannot rot."""

import hashlib
import re
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from integrations.base import SourceDataError
from sandbox.couriers.warehouse import QUERIES as OF_THE_SANDBOX

PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text()
HEAP = PAGE[PAGE.index("## Heap Connect") :]
QUERIES = tomllib.loads(re.search(r"```toml\n(.*?)```", HEAP, re.DOTALL)[1])["sources"][
    "warehouse"
]["queries"]
ALL_EVENTS = re.search(r"```sql\n(.*?)```", HEAP, re.DOTALL)[1]
EPOCH = date(1970, 1, 1)

EVENTS = re.findall(r"FROM (\w+)\s+WHERE time", QUERIES["usage"])
TABLES = """
CREATE TABLE users (user_id BIGINT, identity TEXT, email TEXT, account_id TEXT, joindate TIMESTAMP, last_modified TIMESTAMP);
CREATE TABLE user_migrations (from_user_id BIGINT, to_user_id BIGINT, time TIMESTAMP);
CREATE TABLE sessions (session_id BIGINT, user_id BIGINT, time TIMESTAMP, platform TEXT);
CREATE TABLE loads (loaded_at TIMESTAMP);
CREATE TABLE all_events (event_id BIGINT, user_id BIGINT, session_id BIGINT, time TIMESTAMP, event_table_name TEXT);
INSERT INTO loads VALUES (TIMESTAMP '2026-11-21 03:00:00'), (TIMESTAMP '2026-11-22 03:00:00');
INSERT INTO users VALUES
    (1, 'ann', 'Ann@Acme.example', 'acme', NULL, NULL),
    (101, NULL, NULL, NULL, NULL, NULL),
    (2, 'bob', NULL, '', NULL, NULL),
    (102, NULL, 'bob@Globex.example', NULL, NULL, NULL),
    (3, 'cid', 'cid@gmail.com', NULL, NULL, NULL),
    (4, NULL, NULL, NULL, NULL, NULL),
    (5, 'eve', 'eve@elsewhere.example', 'acme', NULL, NULL);
INSERT INTO user_migrations VALUES
    (101, 1, NULL), (102, 2, NULL), (102, 2, NULL);
"""
# Who, what, when: 101 is Ann before she signed in, 102 is Bob on another machine, 4 is nobody.
DEEDS = [
    (1, "report_viewed", "2026-11-20 09:00:00"),
    (101, "pageviews", "2026-11-20 08:00:00"),
    (101, "pageviews", "2026-11-20 08:01:00"),
    (1, "pageviews", "2026-11-20 09:01:00"),
    (5, "pageviews", "2026-11-20 23:59:59"),
    (102, "data_exported", "2026-11-20 10:00:00"),
    (3, "pageviews", "2026-11-20 10:00:00"),
    (4, "pageviews", "2026-11-20 10:00:00"),
    (77, "pageviews", "2026-11-20 10:00:00"),
    (1, "dashboard_created", "2026-11-21 00:00:00"),
    (2, "report_viewed", "2026-11-22 02:00:00"),
]


def script():
    columns = "(event_id BIGINT, user_id BIGINT, session_id BIGINT, time TIMESTAMP)"
    yield TABLES
    for table in EVENTS:
        yield f"CREATE TABLE {table} {columns};"
    begun = set()
    for number, (user, table, at) in enumerate(DEEDS):
        yield f"INSERT INTO {table} VALUES ({number}, {user}, {user}, TIMESTAMP '{at}');"
        yield f"INSERT INTO all_events VALUES ({number}, {user}, {user}, TIMESTAMP '{at}', '{table}');"
        if (user, at[:10]) not in begun:
            yield f"INSERT INTO sessions VALUES ({number}, {user}, TIMESTAMP '{at}', 'web');"
        begun.add((user, at[:10]))


@pytest.fixture(params=["duckdb", "postgresql"])
def heap(request, opened):
    """Opens a warehouse that Heap Connect filled, with these queries."""
    sql = "\n".join(script())
    one = opened("warehouse")
    if request.param == "duckdb":
        one.vendor.run(sql)
        return lambda queries: one.again(queries=queries)
    url = request.getfixturevalue("empty_postgresql_url")
    with psycopg.connect(url) as connection:
        connection.execute(sql)
    return lambda queries: one.again(url=url, queries=queries)


def number(day):
    return (date(2026, 11, day) - EPOCH).days


def hash_of(user):
    digest = hashlib.sha256(f"{b'key'.hex()}:{user}".encode()).hexdigest()
    return int(digest[:16], 16) - 2**63


def usage(pages, side):
    return {each for page in pages if page["usage"] for each in page["usage"][side]}


def test_the_documented_queries_count_for_the_account_whoever_somebody_was_before(heap):
    pages = heap(QUERIES).pull()
    assert usage(pages, 1) == {
        (number(20), "acme", "Page Viewed", 4),
        (number(20), "acme", "Report Viewed", 1),
        (number(20), "globex.example", "Data Exported", 1),
        (number(21), "acme", "Dashboard Created", 1),
        (number(22), "globex.example", "Report Viewed", 1),
    }


def test_somebody_who_was_merged_is_one_person_and_nobody_is_none(heap):
    pages = heap(QUERIES).pull()
    assert usage(pages, 2) == {
        (number(20), "acme", hash_of(1)),
        (number(20), "acme", hash_of(5)),
        (number(20), "globex.example", hash_of(2)),
        (number(21), "acme", hash_of(1)),
        (number(22), "globex.example", hash_of(2)),
    }
    assert [each for page in pages for each in page["rejected"]] == []


def test_it_tells_as_of_the_last_load(heap):
    one = heap(QUERIES)
    assert one.source.check().startswith("3 queries on ")
    (as_of,) = {page.as_of for page in one.source.pull(None, now=one.clock.now())}
    assert as_of == datetime.fromisoformat("2026-11-22T03:00:00Z")


def test_without_the_migrations_somebody_would_be_two_people(heap):
    """Proof that the migrations do something: where Heap applied them, there are none left to apply."""
    blind = {
        name: text.replace("FROM user_migrations", "FROM user_migrations WHERE from_user_id < 0")
        for name, text in QUERIES.items()
    }
    pages = heap(blind).pull()
    assert (number(20), "acme", "Page Viewed", 2) in usage(pages, 1)
    assert (number(22), "globex.example", "Report Viewed", 1) not in usage(pages, 1)


def test_the_shorter_query_over_all_events_tells_the_same_under_the_tables_names(heap):
    deeds = re.search(r"deeds AS \(\n(.*?)\n\)\nSELECT", QUERIES["usage"], re.DOTALL)[1]
    shorter = QUERIES["usage"].replace(deeds, ALL_EVENTS)
    assert shorter != QUERIES["usage"]
    told = usage(heap({"usage": shorter}).pull(), 1)
    expected = {
        (day, ref, feature.lower().replace(" ", "_").replace("page_viewed", "pageviews"), times)
        for day, ref, feature, times in usage(heap({"usage": QUERIES["usage"]}).pull(), 1)
    }
    assert told == expected


def test_the_sandbox_is_read_by_the_queries_of_the_page():
    def words(queries):
        return {name: "".join(text.split()) for name, text in queries.items()}

    assert words(OF_THE_SANDBOX) == words(QUERIES)


def test_an_event_that_is_no_longer_synced_is_named(heap):
    gone = {"usage": QUERIES["usage"].replace("FROM data_exported", "FROM data_imported")}
    with pytest.raises(SourceDataError, match=r"query usage failed: .*data_imported"):
        heap(gone).source.check()


def test_somebody_identified_within_the_days_read_again_moves_to_their_account(heap):
    one = heap(QUERIES)
    cursor = one.pull()[-1]["cursor"]
    one.clock.at += timedelta(hours=6)
    again = one.pull(cursor)
    assert {page["usage"][0][0] for page in again if page["usage"]} == {
        number(each) for each in (19, 20, 21, 22)
    }
