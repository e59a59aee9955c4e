"""The warehouse's traps: other people's SQL, columns of any type, a load that is late, databases that refuse."""

import hashlib
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import psycopg
import pytest
import sqlalchemy as sa
from case_warehouse import QUERIES
from pydantic import ValidationError
from sqlalchemy.engine import make_url
from vendor_case import FIXTURES, records
from vendor_server import NOW

from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.people import person_hash
from integrations.sources.warehouse import SOURCE, Settings, open_source
from integrations.warehouse.queries import PARAMETERS, Query
from integrations.warehouse.rows import ROWS
from scoring.accounts import Money
from scoring.records import (
    Card,
    Contact,
    Invoice,
    InvoiceState,
    Kind,
    Organisation,
    Rating,
    Subscription,
    SubscriptionState,
    SurveyKind,
    SurveyResponse,
    Ticket,
)

EPOCH = date(1970, 1, 1)
USAGE = "SELECT {} AS account_id, {} AS day, {} AS feature, {} AS times WHERE :since <= :until"
NO_USERS = {name: text for name, text in QUERIES.items() if name != "users"}


def at(day, hour=10):
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def number(day):
    return (date(2026, 11, day) - EPOCH).days


def hash_of(person):
    digest = hashlib.sha256(f"{b'key'.hex()}:{person}".encode()).hexdigest()
    return int(digest[:16], 16) - 2**63


def of(kind, pages):
    return {
        getattr(each, "id", None) or each.ref: each
        for each in records(pages)
        if isinstance(each, kind)
    }


def counts(pages):
    return {each for page in pages if page["usage"] for each in page["usage"][1]}


def users(pages):
    return {each for page in pages if page["usage"] for each in page["usage"][2]}


def days(pages):
    return [page["usage"][0][0] for page in pages if page["usage"]]


def rejected(pages):
    return [each for page in pages for each in page["rejected"]]


def asking(one, **queries):
    """The same warehouse, asked these."""
    return one.again(url=one.source._settings.url, queries=queries)


@pytest.fixture
def one(opened):
    return opened("warehouse")


@pytest.fixture
def postgresql(opened, empty_postgresql_url):
    with psycopg.connect(empty_postgresql_url) as connection:
        connection.execute((FIXTURES / "warehouse" / "tables.sql").read_text())
    return opened("warehouse", url=empty_postgresql_url)


@pytest.fixture(params=["duckdb", "postgresql"])
def any_(request):
    """The same tables and the same queries on either."""
    return request.getfixturevalue("one" if request.param == "duckdb" else "postgresql")


def run(one, sql, url=None):
    if url is None:
        one.vendor.run(sql)
    else:
        with psycopg.connect(url) as connection:
            connection.execute(sql)


# What it tells


def test_an_account_brings_its_name_domain_csm_and_renewal(any_):
    told = of(Organisation, any_.pull())
    assert told["1"] == Organisation(
        ref="1",
        name="Acme",
        account_key="1",
        domains=("acme.example",),
        csm_email="maya@vendor.example",
        renews_on=date(2027, 3, 31),
    )
    assert told["2"] == Organisation(
        ref="2", name="Globex", account_key="2", domains=("globex.example",)
    )
    assert told["3"].deleted


def test_usage_is_counted_a_day_and_people_are_kept_as_hashes(any_):
    pages = any_.pull()
    assert counts(pages) == {
        (number(20), "1", "Report Viewed", 2),
        (number(20), "1", "Login", 1),
        (number(20), "2", "Login", 1),
        (number(21), "1", "Data Exported", 1),
        (number(22), "2", "Login", 1),
    }
    assert users(pages) == {
        (number(20), "1", hash_of("u1")),
        (number(20), "1", hash_of("u2")),
        (number(20), "2", hash_of("u9")),
        (number(21), "1", hash_of("u1")),
    }
    assert rejected(pages) == []


def test_every_day_has_a_page_also_one_without_usage(any_):
    assert days(any_.pull()) == [*range(number(22) - 35, number(22) + 1)]


def test_a_ticket_of_nobody_is_kept(any_):
    told = of(Ticket, any_.pull())
    assert told["11"] == Ticket(
        id="11",
        account_ref="1",
        is_open=True,
        created_at=at(19),
        updated_at=at(20),
        version=int(at(20).timestamp() * 1_000_000),
        rating=Rating.BAD,
    )
    assert told["12"].account_ref is None
    assert told["12"].rating is None


def test_an_address_for_an_id_is_kept_as_a_hash_and_speaks_for_its_domain(any_):
    told = of(Contact, any_.pull())
    assert told["p1"] == Contact(
        id="p1", account_ref="1", updated_at=at(11), last_sent_at=at(10), last_opened_at=at(11)
    )
    kim = person_hash(b"key", "kim@globex.example")
    assert told[kim] == Contact(
        id=kim, account_ref="globex.example", updated_at=at(10), last_sent_at=at(10)
    )


def test_amounts_are_brought_to_the_minor_unit_of_their_currency(any_):
    told = of(Subscription, any_.pull())
    assert told["s1"] == Subscription(
        id="s1",
        account_ref="1",
        state=SubscriptionState.ACTIVE,
        plan=None,
        mrr=Money(Decimal(125050), "usd"),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
    )
    assert told["s2"].mrr == Money(Decimal(30000), "jpy")


def test_a_survey_answer_belongs_to_whom_its_person_works_for(any_):
    told = of(SurveyResponse, any_.pull())
    assert told["a1"] == SurveyResponse(
        id="a1",
        account_ref="acme.example",
        kind=SurveyKind.NPS,
        score=9,
        answered_at=at(12),
        updated_at=at(12),
        person=person_hash(b"key", "lee@acme.example"),
    )
    assert told["a2"].account_ref is None
    assert told["a2"].person is None


def test_what_somebody_wrote_is_kept_only_where_it_is_asked_for(any_):
    surveys = (
        "SELECT 1 AS id, 1 AS account_id, 'csat' AS kind, 4 AS score, now() AS answered_at,"
        " 'Nice' AS comment"
    )
    (told,) = records(asking(any_, surveys=surveys).pull())
    assert (told.has_comment, told.comment) == (True, None)
    any_.again(url=any_.source._settings.url, queries={"surveys": surveys}, comments=True)
    (told,) = records(any_.pull())
    assert (told.has_comment, told.comment) == (True, "Nice")


def test_invoices_and_cards_can_be_told_too(any_):
    pages = asking(
        any_,
        invoices="SELECT 'i1' AS id, 7 AS account_id, 'OPEN' AS status, 10.5 AS amount, 'eur' AS currency,"
        " DATE '2026-11-01' AS finalized_at, 2 AS failed_attempts",
        cards="SELECT 7 AS account_id, DATE '2027-01-31' AS expires_on",
    ).pull()
    assert records(pages) == [
        Invoice(
            id="i1",
            account_ref="7",
            state=InvoiceState.OPEN,
            amount=Money(Decimal(1050), "eur"),
            finalized_at=at(1, 0),
            due_at=at(1, 0),
            failed_attempts=2,
        ),
        Card(account_ref="7", expires_on=date(2027, 1, 31)),
    ]


def test_an_installation_tells_what_its_queries_tell(one):
    def told(**queries):
        return SOURCE.told_by(Settings(url="duckdb:///x", queries=queries))

    assert told(usage=QUERIES["usage"]) == {Kind.USAGE}
    assert told(accounts="SELECT 1", invoices="SELECT 1") == {Kind.ACCOUNTS, Kind.BILLING}
    assert asking(one, tickets=QUERIES["tickets"]).source.tells == {Kind.TICKETS}


def test_usage_without_users_is_usage(any_):
    pages = asking(any_, usage=QUERIES["usage"]).pull()
    assert len(counts(pages)) == 5
    assert users(pages) == set()
    assert any_.source.tells == {Kind.USAGE}


def test_requests_are_the_queries_that_were_asked(one):
    pages = one.pull()
    assert sum(page["requests"] for page in pages) == 5 + 36 * 2
    assert pages[-1]["progress"] == 1.0


# Again, and from where


def test_the_next_pull_reads_some_days_again_and_what_changed_since_before_the_last(any_):
    cursor = any_.pull()[-1]["cursor"]
    any_.clock.at = NOW + timedelta(days=1)
    again = any_.pull(cursor)
    assert days(again) == [number(each) for each in (19, 20, 21, 22, 23)]
    assert set(of(Organisation, again)) == {"1"}  # changed on the 20th; the others long ago
    assert set(of(Ticket, again)) == {"11"}
    assert set(of(Contact, again)) == set(of(Contact, any_.pull()))  # asked for whole


def test_a_pull_that_was_cut_goes_on_at_the_day_it_lost_and_some_before(one):
    pages = one.pull()
    cut = next(page for page in pages if page["usage"] and days([page]) == [number(3)])
    following = one.again().pull(cut["cursor"])
    assert days(following) == [*range(number(3) - 3, number(22) + 1)]
    assert set(of(Organisation, following)) == {"1"}


def test_a_kind_that_was_cut_is_read_again_from_where_it_began(one):
    one.vendor.run(
        "CREATE TABLE many AS SELECT 'c' || i AS id, 1 AS account_id, TIMESTAMP '2026-01-01' AS last_sent_at"
        " FROM range(10001) r(i)"
    )
    asking(one, contacts="SELECT * FROM many WHERE last_sent_at >= :changed_since")
    pages = one.pull()
    assert [len(page["records"]) for page in pages] == [5000, 5000, 1]
    assert [bool(page["cursor"]) for page in pages] == [False, False, True]
    assert [page["requests"] for page in pages] == [1, 0, 0]
    assert len(records(one.pull(pages[1]["cursor"]))) == 10_001
    assert records(one.pull(pages[2]["cursor"])) == []


def test_a_query_that_was_changed_is_read_from_the_start(one):
    cursor = one.pull()[-1]["cursor"]
    changed = {**QUERIES, "accounts": QUERIES["accounts"].replace("gone", "NULL")}
    again = asking(one, **changed).pull(cursor)
    assert set(of(Organisation, again)) == {"1", "2", "3"}
    assert set(of(Ticket, again)) == {"11"}
    assert len(days(again)) == 4
    again = asking(one, **NO_USERS).pull(cursor)
    assert len(days(again)) == 36


def test_a_query_that_was_added_is_read_from_the_start(one):
    cursor = asking(one, usage=QUERIES["usage"]).pull()[-1]["cursor"]
    again = asking(one, usage=QUERIES["usage"], tickets=QUERIES["tickets"]).pull(cursor)
    assert set(of(Ticket, again)) == {"11", "12"}
    assert len(days(again)) == 4


def test_reading_again_since_a_day_begins_at_that_day(one):
    pages = one.pull(one.source.cursor_since(at(2, 3)))
    assert days(pages)[0] == number(2)
    assert set(of(Organisation, pages)) == {"1"}
    assert set(of(Ticket, pages)) == {"11", "12"}


# How fresh it is


FRESH = "SELECT max(loaded_at) FROM loads"


def loaded(one, when):
    one.vendor.run(
        f"CREATE TABLE loads AS SELECT CAST({when} AS TIMESTAMP) AS loaded_at"
        if when != "nothing"
        else "CREATE TABLE loads (loaded_at TIMESTAMP)"
    )
    return asking(one, fresh_until=FRESH, **QUERIES)


def test_a_warehouse_that_was_loaded_three_days_ago_tells_of_three_days_ago(one):
    loaded(one, "'2026-11-19 12:00:00'")
    pages = [*one.source.pull(None, now=NOW)]
    assert {page.as_of for page in pages} == {NOW - timedelta(days=3)}


def test_days_that_were_not_loaded_yet_are_not_told_as_days_without_usage(one):
    loaded(one, "'2026-11-19 12:00:00'")
    pages = one.pull()
    assert days(pages)[-1] == number(19)
    assert days(one.pull(pages[-1]["cursor"])) == [number(each) for each in (16, 17, 18, 19)]


def test_what_a_late_load_brings_is_found_though_it_changed_long_before(one):
    loaded(one, "'2026-11-19 12:00:00'")
    cursor = one.pull()[-1]["cursor"]
    one.vendor.run(
        "UPDATE loads SET loaded_at = TIMESTAMP '2026-11-22 11:00:00';"
        "INSERT INTO cases VALUES (13, 1, 'open', TIMESTAMP '2026-11-19 11:00:00', TIMESTAMP '2026-11-19 11:00:00', NULL)"
    )
    again = one.pull(cursor)
    assert "13" in of(Ticket, again)
    assert days(again)[-1] == number(22)


def test_without_the_query_the_pull_s_own_instant_holds(one):
    assert {page.as_of for page in one.source.pull(None, now=NOW)} == {None}


def test_a_load_in_the_future_is_one_of_now(one):
    loaded(one, "'2026-11-25 12:00:00'")
    assert {page.as_of for page in one.source.pull(None, now=NOW)} == {NOW}


@pytest.mark.parametrize("when", ["NULL", "nothing", "'1970-01-01'"])
def test_a_warehouse_that_does_not_say_when_it_was_loaded_is_refused(one, when):
    loaded(one, when)
    for attempt in (one.source.check, one.pull):
        with pytest.raises(SourceDataError, match="fresh_until"):
            attempt()


def test_freshness_is_one_value(one):
    asking(one, fresh_until="SELECT happened FROM events", usage=QUERIES["usage"])
    with pytest.raises(SourceDataError, match="one row of one column"):
        one.source.check()


# Values of every type


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("40001", "40001"),
        ("CAST(40001 AS DOUBLE PRECISION)", "40001"),
        ("CAST(40001 AS NUMERIC(12, 2))", "40001"),
        (
            "CAST('6f9619ff-8b86-d011-b42d-00c04fc964ff' AS UUID)",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
        ),
        ("' acme '", "acme"),
    ],
)
def test_an_id_may_have_any_type(any_, column, told):
    asking(any_, usage=USAGE.format(column, ":since", "'Login'", "1"))
    assert {each.account_ref for each in counts(any_.pull())} == {told}


@pytest.mark.parametrize("column", ["CAST(NULL AS TEXT)", "''", "'gmail.com'", "'GMail.com'"])
def test_use_by_nobody_is_left_out(any_, column):
    asking(any_, usage=USAGE.format(column, ":since", "'Login'", "1"))
    pages = any_.pull()
    assert counts(pages) == set()
    assert rejected(pages) == []


@pytest.mark.parametrize(
    "day",
    [
        "CAST(:since AS DATE)",
        "CAST(:since AS TIMESTAMP) + INTERVAL '3 hours'",
        "CAST(CAST(:since AS DATE) AS TEXT)",
        "CAST(CAST(:since AS TIMESTAMP) AS TEXT)",
        "CAST(CAST(:since AS TIMESTAMP) AS TIMESTAMP WITH TIME ZONE)",
        ":since::date",
    ],
)
def test_a_day_may_be_a_date_an_instant_or_text(any_, day):
    asking(any_, usage=USAGE.format("'a'", day, "'Login'", "1"))
    assert len(counts(any_.pull())) == 36


@pytest.mark.parametrize("times", ["CAST(3 AS NUMERIC)", "CAST(3 AS DOUBLE PRECISION)", "'3'"])
def test_a_count_may_have_any_type(any_, times):
    asking(any_, usage=USAGE.format("'a'", ":since", "'Login'", times))
    assert {each.times for each in counts(any_.pull())} == {3}


def test_no_times_is_no_use(any_):
    asking(any_, usage=USAGE.format("'a'", ":since", "'Login'", "0"))
    pages = any_.pull()
    assert counts(pages) == set()
    assert rejected(pages) == []


@pytest.mark.parametrize(
    ("account", "day", "feature", "times", "problem"),
    [
        ("'a'", ":since", "'Login'", "-1", "times: "),
        ("'a'", ":since", "'Login'", "1.5", "times: "),
        ("'a'", ":since", "'Login'", "CAST('NaN' AS DOUBLE PRECISION)", "times: "),
        ("'a'", ":since", "'Login'", "NULL", "times: "),
        ("'a'", ":since", "'Login'", "CAST(1e20 AS NUMERIC(30))", "times: "),
        ("'a'", ":since", "'Login'", "TRUE", "times: "),
        ("'a'", ":since", "CAST(NULL AS TEXT)", "1", "feature: "),
        ("'a'", "CAST(NULL AS DATE)", "'Login'", "1", "day: "),
        ("'a'", "DATE '1970-01-01'", "'Login'", "1", "day: "),
        ("'a'", "DATE '2100-01-01'", "'Login'", "1", "day: "),
        ("'a'", "DATE '2026-01-01'", "'Login'", "1", "day: 2026-01-01 is not between"),
        ("'a'", "20261120", "'Login'", "1", "day: "),
        ("TRUE", ":since", "'Login'", "1", "account_id: "),
        ("1.5", ":since", "'Login'", "1", "account_id: "),
        ("CAST('NaN' AS DOUBLE PRECISION)", ":since", "'Login'", "1", "account_id: "),
    ],
)
def test_a_bad_row_of_usage_is_told_with_the_next_page_and_the_last_after_all(
    any_, account, day, feature, times, problem
):
    asking(any_, usage=USAGE.format(account, day, feature, times))
    pages = any_.pull()
    assert counts(pages) == set()
    said = rejected(pages)
    assert len(said) == 36
    assert all(each.problem.startswith(problem) for each in said)
    assert said[-1].what == "row of usage on 2026-11-22"


def test_equal_troubles_of_a_day_are_told_once_with_their_number(one):
    usage = (
        "SELECT 'a' AS account_id, :since AS day, 'f' || i AS feature, CASE WHEN i < 5 THEN -1 ELSE 1 END AS times"
        " FROM range(20) r(i) WHERE :since = :until"
    )
    said = rejected(asking(one, usage=usage).pull())
    assert len(said) == 36
    assert said[0].problem.endswith("(5 rows)")


def test_a_day_of_mostly_bad_rows_is_refused(one):
    usage = (
        "SELECT 'a' AS account_id, :since AS day, 'f' || i AS feature, -1 AS times"
        " FROM range(20) r(i) WHERE :since = :until"
    )
    with pytest.raises(
        SourceDataError, match=r"query usage returned 20 of 20 rows for 2026-10-18.*times"
    ):
        asking(one, usage=usage).pull()


def test_a_day_mostly_without_accounts_is_reported(one):
    usage = (
        "SELECT CASE WHEN i < 5 THEN 'a' END AS account_id, :since AS day, 'f' || i AS feature, 1 AS times"
        " FROM range(20) r(i) WHERE :since = :until"
    )
    pages = asking(one, usage=usage).pull()
    assert len(counts(pages)) == 36 * 5
    assert rejected(pages)[0].problem == "15 of 20 rows have no account_id"


@pytest.mark.parametrize(
    ("name", "columns", "problem"),
    [
        ("accounts", "NULL AS account_id, 'x' AS name", "account_id"),
        ("tickets", "1 AS id, 1 AS account_id, NULL AS is_open, now() AS created_at, now() AS updated_at", "is_open"),
        ("tickets", "1 AS id, 1 AS account_id, TRUE AS is_open, now() AS created_at, 5 AS updated_at", "updated_at"),
        ("tickets", ("1 AS id, 1 AS account_id, TRUE AS is_open, now() AS created_at, now() AS updated_at,"
         " 'furious' AS rating"), "rating"),
        ("tickets", "1 AS id, 1 AS account_id, TRUE AS is_open, DATE '1970-01-01' AS created_at, now() AS updated_at", "created_at"),
        ("subscriptions", "1 AS id, NULL AS account_id, 'active' AS status, now() AS started_at", "account_id"),
        ("subscriptions", "1 AS id, 1 AS account_id, 'sleeping' AS status, now() AS started_at", "status"),
        ("subscriptions", "1 AS id, 1 AS account_id, 'active' AS status, now() AS started_at, 5 AS mrr", "currency"),
        ("subscriptions", "1 AS id, 1 AS account_id, 'active' AS status, now() AS started_at, 5 AS mrr, 'dollars' AS currency", "currency"),
        ("subscriptions", ("1 AS id, 1 AS account_id, 'active' AS status, now() AS started_at,"
         " CAST('NaN' AS DOUBLE PRECISION) AS mrr, 'usd' AS currency"), "mrr"),
        ("subscriptions", ("1 AS id, 1 AS account_id, 'active' AS status, now() AS started_at,"
         " CAST('Infinity' AS DOUBLE PRECISION) AS mrr, 'usd' AS currency"), "mrr"),
        ("surveys", "1 AS id, 1 AS account_id, 'nps' AS kind, 11 AS score, now() AS answered_at", "score"),
        ("surveys", "1 AS id, 1 AS account_id, 'ces' AS kind, 5 AS score, now() AS answered_at", "kind"),
        ("contacts", "1 AS id, 1 AS account_id, TRUE AS deleted", "updated_at"),
    ],
)  # fmt: skip
def test_a_bad_record_is_rejected_alone_naming_its_column(any_, name, columns, problem):
    asking(any_, **{name: f"SELECT {columns}"})
    pages = any_.pull()
    assert records(pages) == []
    assert [problem in each.problem for each in rejected(pages)] == [True]


def test_an_instant_keeps_its_zone_and_without_one_it_is_utc(any_):
    asking(
        any_,
        contacts="SELECT 'c' AS id, 'a' AS account_id, CAST('2026-11-20 10:00:00+02' AS TIMESTAMP WITH TIME ZONE)"
        " AS last_sent_at, '2026-11-20T10:00:00+02:00' AS last_opened_at, TIMESTAMP '2026-11-20 10:00:00' AS last_clicked_at",
    )
    (told,) = records(any_.pull())
    assert (told.last_sent_at, told.last_opened_at, told.last_clicked_at) == (
        at(20, 8),
        at(20, 8),
        at(20),
    )


def test_an_amount_in_a_float_stays_what_it_looks_like(any_):
    asking(
        any_,
        subscriptions="SELECT 1 AS id, 1 AS account_id, 'active' AS status, now() AS started_at,"
        " CAST(99.9 AS DOUBLE PRECISION) AS mrr, 'usd' AS currency",
    )
    assert records(any_.pull())[0].mrr == Money(Decimal(9990), "usd")


def test_somebody_who_was_never_mailed_is_left_out(any_):
    asking(
        any_, contacts="SELECT 1 AS id, 1 AS account_id, CAST(NULL AS TIMESTAMP) AS last_sent_at"
    )
    pages = any_.pull()
    assert (records(pages), rejected(pages)) == ([], [])


def test_the_same_id_twice_and_zero_bytes_are_told_as_they_are(one):
    asking(
        one,
        accounts="SELECT 'a' || chr(0) AS account_id, 'x' AS name UNION ALL SELECT 'b', 'y' UNION ALL SELECT 'b', 'z'",
    )
    assert [each.ref for each in records(one.pull())] == ["a\x00", "b", "b"]


def test_domains_may_come_in_a_list_or_in_a_text(any_):
    listed = "SELECT 1 AS account_id, 'x' AS name, {} AS domain"
    for column in (
        "'acme.example; www.acme.test,nonsense'",
        "ARRAY['acme.example', 'https://acme.test/x']",
    ):
        (told,) = records(asking(any_, accounts=listed.format(column)).pull())
        assert told.domains == ("acme.example", "acme.test")


# Other people's SQL


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT account, :since AS day, 'x' AS feature, 1 AS times FROM t WHERE :until = :until", "'account' that is not known; did you mean account_id"),
        ("SELECT 1 AS account_id, :since AS day, 'x' AS feature WHERE :until = :until", "query usage returns no column 'times'"),
        ("SELECT 1 AS account_id, :since AS day, 'x' AS feature, 1 AS times, 2 AS colour WHERE :until = :until", "'colour' that is not known; known are account_id"),
    ],
)  # fmt: skip
def test_a_wrong_column_is_named_with_its_query(any_, query, problem):
    asking(any_, usage=query.replace("FROM t", "FROM (SELECT 1 AS account) t"))
    for attempt in (any_.source.check, any_.pull):
        with pytest.raises(SourceDataError, match=problem.replace("(", r"\(")):
            attempt()


@pytest.mark.parametrize(
    ("queries", "problem"),
    [
        ({}, "at least one query is needed"),
        ({"fresh_until": "SELECT 1"}, "at least one query is needed"),
        ({"usages": "SELECT 1"}, "no query 'usages'; did you mean usage"),
        ({"accounts": "DELETE FROM a"}, "accounts: must begin with SELECT or WITH"),
        ({"accounts": ""}, "accounts: must begin with SELECT or WITH"),
        ({"accounts": "SELECT 1; DROP TABLE a"}, "accounts: must be one statement"),
        (
            {"accounts": "SELECT 1 WHERE x = :since"},
            "no parameter :since here; known are :changed_since",
        ),
        ({"accounts": "SELECT 1 WHERE x = :chanced_since"}, "no parameter :chanced_since here"),
        ({"fresh_until": "SELECT :since", "accounts": "SELECT 1"}, "known are none"),
        ({"usage": "SELECT 1"}, "usage: must ask for days BETWEEN :since AND :until"),
        ({"usage": "SELECT 1 WHERE day >= :since"}, "usage: must ask for days"),
        ({"users": "SELECT :since, :until"}, "users needs usage beside it"),
        ({"users": "SELECT :since, :until", "accounts": "SELECT 1"}, "users needs usage beside it"),
    ],
)
def test_settings_that_cannot_work_say_which_query_and_why(queries, problem):
    with pytest.raises(ValidationError, match=problem):
        Settings(url="duckdb:///x", queries=queries)


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "  -- mine\n/* too */ SELECT 1 ; -- the end",
        "(SELECT 1)",
        "WITH a AS (SELECT ';' AS b) SELECT b FROM a;",
    ],
)
def test_one_reading_statement_is_accepted_however_it_is_written(text):
    assert Settings(url="duckdb:///x", queries={"accounts": text})


@pytest.mark.parametrize(
    "odd",
    ["'at 10 :since'", "'it''s :until'", "'a:b'", "'12:30:00'::time", "/* :since */ 1", "'100%' || '%(x)s'", '1 AS ":x"', "(ARRAY[1, 2, 3])[:2]"],
)  # fmt: skip
def test_a_colon_or_a_percent_that_is_no_parameter_is_left_alone(any_, odd):
    column = odd if " AS " in odd else f"{odd} AS odd"
    asking(
        any_,
        usage=f"SELECT account_id, day, feature, times FROM (SELECT 1 AS account_id, :since::date AS day,"
        f" 'f' AS feature, 1 AS times, {column}) q WHERE day <= :until -- :since",
    )
    assert any_.source.check()
    assert len(counts(any_.pull())) == 36


def test_a_path_into_json_is_no_parameter():
    text = 'SELECT payload:account, "src":name FROM t WHERE d BETWEEN :since AND :until'
    assert Query("usage", text).parameters == {"since", "until"}


def test_checking_counts_the_queries_and_names_the_database(any_):
    assert any_.source.check().startswith("7 queries on ")
    assert asking(any_, tickets=QUERIES["tickets"]).source.check().startswith("1 query on ")


def test_a_query_that_fails_is_named_with_what_the_database_says(any_):
    asking(any_, tickets="SELECT * FROM nowhere")
    for attempt in (any_.source.check, any_.pull):
        with pytest.raises(SourceDataError, match=r"query tickets failed: .*nowhere") as failed:
            attempt()
        assert "\n" not in str(failed.value)


# Databases that refuse


def test_nothing_can_be_written(postgresql, empty_postgresql_url):
    wiping = (
        "CREATE FUNCTION wipe() RETURNS text LANGUAGE sql AS $$DELETE FROM companies; SELECT 'x'$$"
    )
    run(postgresql, wiping, empty_postgresql_url)
    for sneaky in (
        "SELECT 1 AS account_id, wipe() AS name",
        "WITH gone AS (DELETE FROM companies RETURNING id, name) SELECT id AS account_id, name FROM gone",
        "SELECT id AS account_id, name INTO copied FROM companies",
    ):
        with pytest.raises(SourceDataError, match="query accounts failed"):
            asking(postgresql, accounts=sneaky).pull()
    with psycopg.connect(empty_postgresql_url) as connection:
        assert connection.execute("SELECT count(*) FROM companies").fetchone() == (3,)


def test_a_query_that_takes_too_long_is_ended(postgresql):
    postgresql.again(
        url=postgresql.source._settings.url,
        timeout="PT1S",
        queries={"accounts": "SELECT 1 AS account_id, CAST(pg_sleep(20) AS TEXT) AS name"},
    )
    with pytest.raises(
        SourceDownError, match=r"query accounts took too long: .*timeout in \[sources.warehouse\]"
    ):
        postgresql.pull()


def test_a_server_that_is_away_is_down_and_named_without_its_password(one):
    one.again(url="postgresql+psycopg://reader:s3cr3t@127.0.0.1:1/analytics")
    for attempt in (one.source.check, one.pull):
        with pytest.raises(
            SourceDownError, match=r"analytics@127\.0\.0\.1 cannot be reached"
        ) as down:
            attempt()
        assert "s3cr3t" not in str(down.value)


def test_a_user_who_is_not_known_or_may_not_read_is_for_a_person_to_mend(
    postgresql, empty_postgresql_url
):
    url = make_url(empty_postgresql_url)
    stranger = url.set(username="stranger", password="s3cr3t").render_as_string(hide_password=False)
    with pytest.raises(
        SourceAuthError, match=r"refused us: .*stranger.*\[sources.warehouse\]"
    ) as refused:
        postgresql.again(url=stranger).source.check()
    assert "s3cr3t" not in str(refused.value)
    name = f"reader_{url.database}"
    run(postgresql, f"CREATE ROLE {name} LOGIN", empty_postgresql_url)
    reader = url.set(username=name).render_as_string(hide_password=False)
    try:
        with pytest.raises(SourceAuthError, match="refused the query accounts: permission denied"):
            postgresql.again(url=reader).pull()
    finally:
        run(postgresql, f"DROP ROLE {name}", empty_postgresql_url)


def test_a_connection_that_breaks_half_way_is_down(postgresql, empty_postgresql_url):
    pages = postgresql.source.pull(None, now=NOW)
    next(pages)
    run(
        postgresql,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bellwether'",
        empty_postgresql_url,
    )
    with pytest.raises(SourceDownError, match="broke off the query"):
        list(pages)


def test_no_connection_is_kept_between_pulls_nor_after_one_that_was_abandoned(
    postgresql, empty_postgresql_url
):
    def connected():
        with psycopg.connect(empty_postgresql_url) as connection:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bellwether'"
            return connection.execute(asked).fetchone()[0]

    pages = postgresql.source.pull(None, now=NOW)
    next(pages)
    assert connected() == 1
    for page in pages:
        if page.usage and next(page.usage.counts, None):
            break
    pages.close()
    assert connected() == 0
    postgresql.pull()
    assert connected() == 0


def test_usage_that_nobody_reads_does_no_harm(any_):
    assert len([*any_.source.pull(None, now=NOW)]) == 5 + 36


def test_a_file_that_is_not_there_or_no_database_is_down(one, tmp_path):
    with pytest.raises(SourceDownError, match=r"missing\.duckdb cannot be reached"):
        one.again(url=f"duckdb:///{tmp_path}/missing.duckdb").source.check()
    (tmp_path / "junk.duckdb").write_text("x" * 5000)
    with pytest.raises(SourceDownError, match="not a valid DuckDB database"):
        one.again(url=f"duckdb:///{tmp_path}/junk.duckdb").pull()


def test_the_file_can_be_replaced_between_two_pulls(one, tmp_path):
    one.pull()
    with duckdb.connect(tmp_path / "new.duckdb") as connection:
        connection.execute((FIXTURES / "warehouse" / "tables.sql").read_text())
        connection.execute("UPDATE companies SET name = 'Acme II' WHERE id = 1")
    (tmp_path / "new.duckdb").replace(one.vendor.path)
    assert of(Organisation, one.pull())["1"].name == "Acme II"


def test_duckdb_reads_files_without_a_database_of_its_own(one, tmp_path):
    (tmp_path / "accounts.csv").write_text("account_id,name\n1,Acme\n")
    one.again(
        url="duckdb:///:memory:",
        queries={"accounts": f"SELECT account_id, name FROM read_csv('{tmp_path}/accounts.csv')"},
    )
    assert [each.name for each in records(one.pull())] == ["Acme"]


def test_another_database_is_read_through_its_driver(one, tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/other.db")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE a (id, name)"))
        connection.execute(sa.text("INSERT INTO a VALUES (1, 'Acme'), (2, 'Globex')"))
    engine.dispose()
    asked = {"accounts": "SELECT id AS account_id, name FROM a WHERE :changed_since < '2027'"}
    one.again(url=f"sqlite:///{tmp_path}/other.db", queries=asked)
    assert one.source.check().startswith("1 query on ")
    assert [each.name for each in records(one.pull())] == ["Acme", "Globex"]


@pytest.mark.parametrize(
    ("url", "package"),
    [("snowflake://u:s3cr3t@account/db", "snowflake-sqlalchemy"), ("oracle+nothing://u:s3cr3t@h/db", "SQLAlchemy driver")],
)  # fmt: skip
def test_a_driver_that_is_missing_is_named(one, url, package):
    with pytest.raises(SourceDataError, match=f"no driver for .*install .*{package}") as missing:
        one.again(url=url).source.check()
    assert "s3cr3t" not in str(missing.value)


@pytest.mark.parametrize(
    "url", ["s3cr3t", "postgresql//s3cr3t", "duckdb://", "postgresql://u:s3cr3t@h:port/x"]
)
def test_an_address_that_is_none_is_refused_without_being_shown(url):
    with pytest.raises(ValidationError, match="url") as refused:
        Settings(url=url, queries=QUERIES)
    assert "s3cr3t" not in str(refused.value)
    settings = Settings(url="postgresql://u:s3cr3t@h/x", queries=QUERIES)
    assert "s3cr3t" not in repr(settings)


def test_memory_does_not_grow_with_the_rows(one):
    """Two hundred thousand rows a day go by in batches; no more than one is held."""
    usage = (
        "SELECT i % 1000 AS account_id, :since AS day, 'f' || i AS feature, 1 AS times"
        " FROM range(200000) r(i) WHERE :since = :until"
    )
    asking(one, usage=usage)
    pages = one.source.pull(None, now=NOW)
    sizes = [len(batch) for batch in next(pages).usage.counts]
    pages.close()
    assert sum(sizes) == 200_000
    assert max(sizes) == 5_000


def test_it_is_opened_by_its_settings_alone():
    settings = Settings(url="duckdb:///x", queries={"tickets": "SELECT 1"}, timeout="PT30S")
    assert settings.timeout == timedelta(seconds=30)
    clock = SimpleNamespace(now=lambda: NOW, wait=lambda seconds: None)
    assert open_source(settings, clock, b"key").tells == {Kind.TICKETS}


# The page in docs/


PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text()


def columns_in_docs(name):
    """The columns a section's table names, and those of them that are needed always."""
    section = re.search(rf"\n## {name}\n(.*?)(?=\n## )", PAGE, re.DOTALL)[1]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", section, re.MULTILINE)
    named = [(re.findall(r"`(\w+)`", cell), needed) for cell, needed in rows]
    known = {each for names, _ in named for each in names}
    return known, {each for names, needed in named for each in names if needed == "yes"}


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name != "fresh_until"])
def test_the_page_names_every_column_and_which_are_needed(name):
    fields = ROWS[name].model_fields
    needed = {each for each, field in fields.items() if field.is_required()}
    assert columns_in_docs(name) == (set(fields), needed)


def test_the_queries_of_the_page_run_as_they_stand(any_):
    section = PAGE[PAGE.index("## Queries to begin with") :]
    queries = tomllib.loads(re.search(r"```toml\n(.*?)```", section, re.DOTALL)[1])
    tables = (
        "CREATE TABLE loads AS SELECT TIMESTAMP '2026-11-22 03:00:00' AS loaded_at;"
        "CREATE TABLE accounts (id INTEGER, name TEXT, website TEXT, owner_email TEXT, renews_on DATE,"
        " churned_at TIMESTAMP, updated_at TIMESTAMP);"
        "INSERT INTO accounts VALUES (1, 'Acme', 'acme.example', NULL, NULL, NULL, TIMESTAMP '2026-11-01 00:00:00');"
        "CREATE TABLE tickets (id INTEGER, account_id INTEGER, status TEXT, priority TEXT,"
        " created_at TIMESTAMP, updated_at TIMESTAMP);"
        "INSERT INTO tickets VALUES (7, 1, 'open', 'urgent', TIMESTAMP '2026-11-01 00:00:00', TIMESTAMP '2026-11-01 00:00:00');"
        "DROP TABLE events;"
        "CREATE TABLE events (account_id INTEGER, user_id TEXT, name TEXT, happened_at TIMESTAMP);"
        "INSERT INTO events VALUES (1, 'u1', 'Login', TIMESTAMP '2026-11-20 12:00:00');"
    )
    url = any_.source._settings.url.get_secret_value()
    run(any_, tables, None if url.startswith("duckdb") else url)
    asking(any_, **queries["sources"]["warehouse"]["queries"])
    assert any_.source.check().startswith("5 queries on ")
    pages = any_.pull()
    assert [type(each).__name__ for each in records(pages)] == ["Organisation", "Ticket"]
    assert counts(pages) == {(number(20), "1", "Login", 1)}
    assert users(pages) == {(number(20), "1", hash_of("u1"))}
    assert of(Ticket, pages)["7"].escalation == "urgent priority"
