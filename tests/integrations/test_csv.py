"""CSV files: what each column becomes, what spreadsheets do to a file, and what is no CSV at all."""

import os
import re
import tracemalloc
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest
from case_csv import KINDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vendor_case import FIXTURES
from vendor_server import NOW

from integrations.base import SourceAuthError, SourceDataError, SourceDownError, SourceError
from integrations.csv.layouts import LAYOUTS, layout_of
from integrations.people import person_hash
from integrations.registry import SOURCES, open_source
from integrations.sources.csv import Settings, told_by
from scoring.accounts import Money
from scoring.records import (
    Kind,
    Organisation,
    Rating,
    Subscription,
    SubscriptionState,
    SurveyKind,
    SurveyResponse,
    Ticket,
)

HEADERS = {
    "accounts": "account_id,name,domains,csm_email,renews_on,parent_id,churned",
    "usage": "account_id,day,feature,count,user",
    "tickets": "id,account_id,created_at,updated_at,status,rating,escalated",
    "subscriptions": "id,account_id,status,plan,amount,currency,interval,interval_count,started_on,renews_on,cancel_requested_on,ended_on",
    "surveys": "id,account_id,email,kind,score,scale,answered_at,comment",
    "delighted": "id,person_email,survey_type,score,created_at,comment",
}
GOOD = {
    "accounts": "a{n},Name,,,,,",
    "usage": "acme,2026-11-20,Report,1,",
    "tickets": "t{n},acme,2026-11-20,,open,,",
    "subscriptions": "s{n},acme,active,,10,usd,month,,2026-01-01,,,",
    "surveys": "r{n},acme,,nps,9,,2026-11-20,",
    "delighted": "d{n},x@acme.example,nps,9,2026-05-01,",
}


@pytest.fixture
def csv(opened):
    return opened("csv")


@pytest.fixture
def only(tmp_path):
    """Reads one file of text by itself, among enough good rows that it is not refused as a whole."""

    def read(layout, *rows, header=None, padding=6, raw=None):
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        for each in folder.iterdir():
            each.unlink()
        lines = [header or HEADERS[layout], *rows]
        lines += [GOOD[layout].format(n=n) for n in range(padding)]
        data = ("\n".join(lines) + "\n").encode() if raw is None else raw
        file = folder / f"{layout}.csv"
        file.write_bytes(data)
        os.utime(file, (NOW.timestamp(), NOW.timestamp()))
        told = Settings(kinds=[LAYOUTS[layout].kind], folder=folder)
        source = open_source("csv", told, clock=None, hash_key=b"key")
        return list(map(read_out, source.pull(None, now=NOW)))

    return read


def read_out(page):
    """The page with its usage read, while it can be."""
    usage = page.usage
    page_usage = usage and (usage.days, [*chain(*usage.counts)], [*chain(*usage.users)])
    return page, page_usage


def records(pages):
    return [each for page, _ in pages for each in page.records]


def problems(pages):
    return [(each.what, each.problem) for page, _ in pages for each in page.rejected]


def one(pages):
    """The problem of the one row that was rejected; it is the first below the header."""
    ((what, problem),) = problems(pages)
    assert what.endswith(" row 2")
    return problem


def by_id(pulled):
    return {
        getattr(each, "id", None) or each.ref: each for page in pulled for each in page["records"]
    }


# What each column becomes.


def test_accounts_become_organisations_under_their_own_id(csv):
    found = by_id(csv.pull())
    assert found["acme"] == Organisation(
        ref="acme",
        name="Acme Inc",
        account_key="acme",
        domains=("acme.example", "acme.test"),
        csm_email="dana@us.example",
        renews_on=date(2027, 3, 1),
    )
    assert (found["acme-eu"].name, found["acme-eu"].parent_ref) == ("Acme Europe, GmbH", "acme")
    assert found["globex"].domains == ("globex.example",)
    assert [found["initech"].deleted, found["globex"].deleted] == [True, False]


def test_usage_adds_up_rows_of_one_day_and_feature_and_hashes_end_users(csv):
    days, counts, users = next(each["usage"] for each in csv.pull() if each["usage"])
    told = {(day - days[0], ref, feature): times for day, ref, feature, times in counts}
    assert told == {
        (0, "acme", "Report Viewed"): 5,
        (1, "acme", "Data Exported"): 1,
        (1, "globex", "Report Viewed"): 4,
        (2, "globex", "Report Viewed"): 1,
    }
    assert [(day - days[0], ref) for day, ref, _ in users].count((0, "acme")) == 2
    ann = {hashed for day, ref, hashed in users if (day - days[0], ref) == (1, "acme")}
    assert ann <= {hashed for day, ref, hashed in users if day == days[0]}, "case does not matter"


def test_a_count_of_zero_says_the_day_was_looked_at_and_nobody_was_active(only):
    pages = only("usage", "acme,2026-11-19,Report,0,u-1")
    days, counts, users = next(usage for _, usage in pages if usage)
    assert len(days) == 2
    assert {each.day for each in (*counts, *users)} == {days[1]}


def test_end_users_have_the_hash_product_analytics_give_them(only, opened):
    lines = "".join(each.read_text() for each in (FIXTURES / "mixpanel").glob("*.jsonl"))
    people = sorted(set(re.findall(r'"distinct_id": ?"?([^",$}]+)', lines)))
    mixpanel = {each[2] for page in opened("mixpanel").pull() for each in page["usage"][2]}
    pages = only("usage", *(f"acme,2026-11-20,x,1,{each}" for each in people))
    assert mixpanel
    assert mixpanel <= {each.user_hash for _, usage in pages if usage for each in usage[2]}


def test_tickets(csv):
    found = by_id(csv.pull())
    assert found["T-1"] == Ticket(
        id="T-1",
        account_ref="acme",
        is_open=False,
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        updated_at=datetime(2026, 11, 21, 8, 30, tzinfo=UTC),
        version=int(datetime(2026, 11, 21, 8, 30, tzinfo=UTC).timestamp()),
        rating=Rating.GOOD,
    )
    assert (found["T-2"].escalation, found["T-3"].escalation) == ("marked as escalated", None)
    assert (found["T-2"].is_open, found["T-3"].is_open) == (True, True)
    assert found["T-2"].updated_at == found["T-2"].created_at
    assert found["T-3"].rating is Rating.BAD


def test_subscriptions_have_their_worth_a_month_in_minor_units(csv):
    found = by_id(csv.pull())
    assert found["S-1"] == Subscription(
        id="S-1",
        account_ref="acme",
        state=SubscriptionState.ACTIVE,
        plan="Growth",
        mrr=Money(Decimal(10_000), "usd"),
        started_at=datetime(2025, 3, 1, tzinfo=UTC),
        renews_at=datetime(2027, 3, 1, tzinfo=UTC),
    )
    assert found["S-2"].mrr == Money(Decimal(5_000), "jpy"), "the yen has no cents"
    assert found["S-2"].cancel_requested_at == datetime(2026, 11, 1, tzinfo=UTC)
    ended = found["S-3"]
    assert (ended.state, ended.mrr, ended.renews_at) == (SubscriptionState.ENDED, None, None)
    assert ended.ended_at == datetime(2026, 10, 1, tzinfo=UTC)
    assert (found["S-4"].state, found["S-4"].mrr) == (SubscriptionState.TRIAL, None)


def test_three_months_in_dinars_are_a_third_each_month(only):
    row = "s,acme,active,,30.500,KWD,month,3,2026-01-01,,,"
    found = next(each for each in records(only("subscriptions", row)) if each.id == "s")
    assert (round(found.mrr.minor, 3), found.mrr.currency) == (Decimal("10166.667"), "kwd")


def test_survey_answers_come_to_one_scale_and_keep_no_text(csv):
    found = by_id(csv.pull())
    assert found["N-1"] == SurveyResponse(
        id="N-1",
        account_ref="acme",
        kind=SurveyKind.NPS,
        score=9,
        answered_at=datetime(2026, 11, 20, tzinfo=UTC),
        updated_at=datetime(2026, 11, 20, tzinfo=UTC),
        person=person_hash(b"key", "ann@acme.example"),
        has_comment=True,
    )
    assert found["N-2"].account_ref == "globex.example"
    assert [found["C-1"].score, found["C-2"].score] == [4, 5]
    assert not any(each.comment for each in found.values() if isinstance(each, SurveyResponse))


def test_texts_are_kept_where_they_are_asked_for(csv):
    found = by_id(csv.again(comments=True).pull())
    assert found["N-1"].comment == "Works well"
    assert (found["N-2"].comment, found["N-2"].has_comment) == (None, False)


def test_delighteds_export_keeps_nps_and_csat_and_counts_the_rest(csv):
    pulled = csv.pull()
    found = by_id(pulled)
    assert found["9001"].answered_at == datetime(2026, 5, 2, 15, 15, tzinfo=UTC)
    assert (found["9001"].kind, found["9001"].score) == (SurveyKind.NPS, 10)
    assert found["9001"].account_ref == "globex.example"
    assert found["9003"].account_ref is None, "a free-mail address speaks for nobody"
    assert found["9003"].person
    assert "9002" not in found
    assert not [each for page in pulled for each in page["rejected"]]
    layout = LAYOUTS["delighted"]
    with csv.source.reading(csv.vendor.folder / "delighted-2026.csv", layout, now=NOW) as reading:
        assert dict(reading.contents.left_out) == {"ces": 1}


# What is wrong in a row.


@pytest.mark.parametrize(
    ("layout", "row", "problem"),
    [
        (
            "usage",
            "acme,11/24/2026,Report,1,",
            "day: “11/24/2026” can be read in more than one way; write it like 2026-11-24",
        ),
        ("usage", "acme,2026-02-30,Report,1,", "day: “2026-02-30” is not in the calendar"),
        (
            "usage",
            "acme,yesterday,Report,1,",
            "day: “yesterday” is no date; write it like 2026-11-24",
        ),
        ("usage", "acme,1970-01-01,Report,1,", "day: the year 1970 cannot be right"),
        ("usage", "acme,2100-01-01,Report,1,", "day: the year 2100 cannot be right"),
        ("usage", "acme,2026-11-24,Report,1,", "day: “2026-11-24” is in the future"),
        (
            "usage",
            'acme,2026-11-20,Report,"1,234",',
            "count: “1,234” has separators in it; write 1234",
        ),
        (
            "usage",
            "acme,2026-11-20,Report,1.2E+03,",
            "count: “1.2E+03” was shortened by the spreadsheet; format the column as a plain number",
        ),
        ("usage", "acme,2026-11-20,Report,-3,", "count: “-3” is below 0; it must be 0 or more"),
        (
            "usage",
            "acme,2026-11-20,Report,1.5,",
            "count: “1.5” is not a whole number; write it like 42",
        ),
        (
            "usage",
            "acme,2026-11-20,Report,NaN,",
            "count: “NaN” is not a whole number; write it like 42",
        ),
        (
            "usage",
            "acme,2026-11-20,Report,٣,",
            "count: “٣” is not a whole number; write it like 42",
        ),
        (
            "usage",
            f"acme,2026-11-20,Report,{'9' * 400},",
            "count: “" + "9" * 39 + "…” is more than 1,000,000,000, which cannot be right",
        ),
        ("usage", ",2026-11-20,Report,1,", "account_id: is empty"),
        (
            "usage",
            "1.23457E+11,2026-11-20,Report,1,",
            "account_id: “1.23457E+11” is an id the spreadsheet has shortened; format the column as text",
        ),
        (
            "usage",
            "#N/A,2026-11-20,Report,1,",
            "account_id: “#N/A” is an error of the spreadsheet's; mend its formula",
        ),
        ("usage", "acme,2026-11-20,Report", "has 3 cells, the header has 5"),
        ("usage", "acme,2026-11-20,Report,1,,6", "has 6 cells, the header has 5"),
        (
            "usage",
            "acme,11/24/2026,,x,",
            "day: “11/24/2026” can be read in more than one way; write it like 2026-11-24; feature: is empty; count: “x” is not a whole number; write it like 42",
        ),
        (
            "accounts",
            "x,X,not a domain,,,,",
            "domains: “not” is no domain; write them like acme.com; acme.de",
        ),
        ("accounts", "x,X,,dana,,,", "csm_email: is no e-mail address"),
        ("accounts", "x,X,,,,,maybe", "churned: “maybe” is not one of yes, no, true, false, 1, 0"),
        (
            "tickets",
            "x,acme,2026-11-20,,opn,,",
            "status: “opn” is not one of open, pending, solved, closed (did you mean open?)",
        ),
        (
            "tickets",
            "x,acme,2026-11-20,,open,great,",
            "rating: “great” is not one of good, neutral, bad",
        ),
        (
            "tickets",
            "x,acme,2026-11-20 25:00,,open,,",
            "created_at: “2026-11-20 25:00” is no time there is",
        ),
        ("tickets", "x,acme,2026-11-20,2026-11-19,open,,", "updated_at is before created_at"),
        (
            "subscriptions",
            'x,acme,active,,"12,50",eur,month,,2026-01-01,,,',
            "amount: “12,50” has a decimal comma; write it with a point, like 1234.50",
        ),
        (
            "subscriptions",
            "x,acme,active,,-5,eur,month,,2026-01-01,,,",
            "amount: “-5” is below 0; it must be 0 or more",
        ),
        (
            "subscriptions",
            "x,acme,active,,$5,eur,month,,2026-01-01,,,",
            "amount: “$5” is not an amount; write it like 1234.50",
        ),
        (
            "subscriptions",
            "x,acme,active,,5,euro,month,,2026-01-01,,,",
            "currency: “euro” is no currency; write its three letters, like EUR",
        ),
        (
            "subscriptions",
            "x,acme,active,,5,eur,monthly,,2026-01-01,,,",
            "interval: “monthly” is not one of day, week, month, year (did you mean month?)",
        ),
        (
            "subscriptions",
            "x,acme,active,,5,eur,month,0,2026-01-01,,,",
            "interval_count: must be 1 or more",
        ),
        (
            "subscriptions",
            "x,acme,ended,,5,eur,month,,2026-01-01,,,",
            "the status says it has ended; ended_on must say when",
        ),
        (
            "subscriptions",
            "x,acme,active,,5,eur,month,,2026-01-01,,,2026-02-01",
            "ended_on is given, but the status is active; write ended",
        ),
        ("surveys", "x,acme,,nps,11,,2026-11-20,", "score: 11 is not from 0 to 10 (nps)"),
        ("surveys", "x,acme,,nps,9,5,2026-11-20,", "scale: NPS is always from 0 to 10"),
        (
            "surveys",
            "x,acme,,csat,0,,2026-11-20,",
            "score: 0 is not from 1 to 5, the scale of this CSAT",
        ),
        ("surveys", "x,acme,,csat,3,1,2026-11-20,", "scale: must be from 2 to 100"),
        (
            "surveys",
            "x,,,nps,3,,2026-11-20,",
            "neither account_id nor email says whose answer it is",
        ),
        ("surveys", "x,acme,,ces,3,,2026-11-20,", "kind: “ces” is not one of nps, csat"),
        (
            "delighted",
            "x,,nps,9,2026-05-01,",
            "neither account_id nor email says whose answer it is",
        ),
    ],
)
def test_a_bad_row_is_kept_aside_and_says_what_is_allowed(only, layout, row, problem):
    assert one(only(layout, row)) == problem


def test_a_wrong_address_is_in_no_error(only):
    pages = only("surveys", "x,,ann@@acme.example,nps,9,,2026-11-20,secret text")
    assert "ann" not in str(problems(pages))
    assert "secret" not in str([page.rejected for page, _ in pages])


def test_an_id_that_stands_twice_is_taken_as_it_stands_last_and_said(only):
    pages = only(
        "tickets",
        "5,acme,2026-11-19,,open,,",
        "6,acme,2026-11-19,,open,,",
        "5,acme,2026-11-19,,closed,,",
    )
    assert one(pages) == "id: “5” stands twice, in rows 2 and 4; the last counts"
    assert [each.is_open for each in records(pages) if each.id == "5"] == [False]


def test_spaces_around_cells_and_empty_rows_are_nothing(only):
    pages = only("tickets", " 5 , acme ,2026-11-19 ,, Open ,,", "", ",,,,,,")
    assert not problems(pages)
    assert records(pages)[0].account_ref == "acme"


def test_empty_rows_are_counted_in_row_numbers(only):
    pages = only("tickets", "", "5,acme,soon,,open,,")
    assert [what for what, _ in problems(pages)] == ["tickets.csv row 3"]


def test_cells_may_have_line_ends_and_quotes_in_them(only):
    pages = only("accounts", '5,"Acme\n""the best""",,,,,', "6,X,,,soon,,")
    assert records(pages)[0].name == 'Acme\n"the best"'
    assert [what for what, _ in problems(pages)] == ["accounts.csv row 3"]


# Headers.


def test_headers_may_be_written_in_any_case_with_spaces_and_in_any_order(only):
    rows = ["open,2026-11-20,acme,7"]
    pages = only("tickets", *rows, header="STATUS,Created At,Account-ID,Id", padding=0)
    assert [each.id for each in records(pages)] == ["7"]


def test_a_missing_column_is_named_with_the_one_that_may_be_meant(only):
    with pytest.raises(SourceDataError) as refused:
        only("tickets", header="id,acount_id,created_at,status", padding=0)
    assert str(refused.value) == (
        "tickets.csv, row 1: there is no column account_id. Is “acount_id” meant for account_id? "
        "A tickets file has: id, account_id, created_at, updated_at, status, rating, escalated."
    )


def test_surveys_need_an_account_or_an_address(only):
    with pytest.raises(SourceDataError, match="there is no column account_id or email"):
        only("surveys", header="id,kind,score,answered_at", padding=0)


def test_a_column_that_looks_like_one_of_ours_is_said(only):
    pages = only("accounts", "x,X,2027-01-01", header="account_id,name,renew_on", padding=0)
    assert problems(pages) == [
        (
            "accounts.csv column renew_on",
            "there is no such column; did you mean renews_on? It is left out",
        )
    ]


def test_other_columns_are_left_out_in_silence(only):
    pages = only("accounts", "x,X,steel,,", header="account_id,name,industry,,", padding=0)
    assert not problems(pages)


@pytest.mark.parametrize("layout", ["accounts", "delighted"])
def test_a_column_that_stands_twice_is_refused(only, layout):
    header = HEADERS[layout] + "," + HEADERS[layout].split(",")[0].upper()
    with pytest.raises(SourceDataError, match=r"row 1: the column .* stands there twice"):
        only(layout, header=header, padding=0)


# Files.

ROWS = "account_id,name\nacme,Åkme\nglobex,Globex\n"


@pytest.mark.parametrize(
    "raw",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        b"\xfe\xff" + ROWS.encode("utf-16-be"),
        ROWS.replace(",", ";").encode(),
        ROWS.replace(",", "\t").encode(),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n", "\r").encode(),
        ROWS.rstrip().encode(),
    ],
)
def test_what_spreadsheets_write_is_read(only, raw):
    assert [each.name for each in records(only("accounts", raw=raw))] == ["Åkme", "Globex"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "accounts.csv is empty: its first row must name its columns."),
        (b"\xef\xbb\xbf", "accounts.csv is empty"),
        (b"\naccount_id,name\n", "accounts.csv begins with an empty row"),
        (b"account_id,name\n", "accounts.csv has a header and no rows below it"),
        (ROWS.encode("latin-1"), "accounts.csv, row 2 is not UTF-8 text; save it as UTF-8"),
        (ROWS.encode() + b"x,\xed\xa0\x80\n", "accounts.csv, row 4 is not UTF-8 text"),
        (ROWS.encode("utf-16-le"), "accounts.csv, row 1 has NUL bytes in it"),
        (ROWS.encode("utf-16")[:-1], "accounts.csv is damaged UTF-16 text"),
        (b"\xff\xfe\x00\xd8a\x00", "accounts.csv is damaged UTF-16 text"),
        (ROWS.encode() + b"x,a\0b\n", "accounts.csv, row 4 has NUL bytes in it"),
        (
            ROWS.encode() + b'x,"never closed\n',
            "accounts.csv, row 4 opens a quote that is never closed",
        ),
        (
            ROWS.encode() + b'x,"a"b"\n',
            r"accounts.csv, row 4 has a quote in the middle of a quoted cell",
        ),
        (
            ROWS.encode() + b"x," + b"y" * 200_000 + b"\n",
            "accounts.csv, row 4 has a cell of more than 131,072",
        ),
        (
            ROWS.encode() + b"x," + b"y" * 10_000_000,
            "accounts.csv, row 4 is longer than 1,000,000 characters",
        ),
        (
            ROWS.encode() + b"x" + b',"\n"' * 400_000,
            "accounts.csv, row 4 is longer than 1,000,000 characters",
        ),
        (b"PK\x03\x04\x14\x00\x06\x00", "accounts.csv, row 1 has NUL bytes"),
    ],
)
def test_what_is_no_csv_is_refused_as_a_whole(only, raw, problem):
    with pytest.raises(SourceDataError, match=problem):
        only("accounts", raw=raw)


def test_a_line_without_an_end_takes_no_more_memory_than_a_row_may(only):
    raw = ROWS.encode() + b"x," + b"y" * 50_000_000
    tracemalloc.start()
    with pytest.raises(SourceDataError, match="longer than"):
        only("accounts", raw=raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_file_that_is_mostly_wrong_is_refused_as_a_whole(only):
    bad = ["acme,11/20/2026,Report,1,"] * 4
    with pytest.raises(
        SourceDataError,
        match=r"usage.csv: 4 of 7 rows cannot be read, .* First, row 2, day: “11/20",
    ):
        only("usage", *bad, padding=3)


def test_many_bad_rows_are_told_one_by_one_up_to_a_limit(only):
    pages = only("usage", *["acme,soon,Report,1,"] * 1_200, padding=1_300)
    assert len(problems(pages)) == 1_001
    assert problems(pages)[-1] == ("usage.csv, more rows", "200 more rows cannot be read")


def test_no_tickets_and_no_answers_can_be_true(only):
    for layout in ("tickets", "surveys"):
        assert records(only(layout, padding=0)) == []
    for layout in ("usage", "subscriptions"):
        with pytest.raises(SourceDataError, match="no rows below it, so it tells nothing"):
            only(layout, padding=0)


def test_a_large_file_comes_in_pages_and_goes_on_where_it_was_cut(only):
    pages = [page for page, _ in only("accounts", padding=12_000)]
    assert [len(page.records) for page in pages] == [5_000, 5_000, 2_000, 0, 0]
    shares = [page.progress for page in pages]
    assert shares == sorted(shares)
    assert all(not page.cursor["files"] for page in pages[:3]), "a file counts as read at its end"
    assert pages[3].cursor["files"].keys() == {"accounts.csv"}


def test_days_of_usage_come_whole(only):
    rows = [f"a{n},2026-11-{day},Report,1,u{n}" for day in (18, 19) for n in range(4_000)]
    pages = [usage for _, usage in only("usage", *rows) if usage]
    assert [len(days) for days, _, _ in pages] == [1, 2]
    assert [len(counts) for _, counts, _ in pages] == [4_000, 4_001]


def test_usage_needs_little_memory_however_long_the_file(only):
    rows = (f"a{n % 50},2026-11-{10 + n % 12},F{n % 20},1,u{n % 7}\n" for n in range(60_000))
    raw = (HEADERS["usage"] + "\n" + "".join(rows)).encode()
    tracemalloc.start()
    pages = [usage for _, usage in only("usage", raw=raw) if usage]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(each.times for _, counts, _ in pages for each in counts) == 60_000
    assert peak < 15_000_000


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_stands_in_a_file_it_is_read_or_refused_in_words(tmp_path, layout, data):
    cell = st.one_of(
        st.text(max_size=12),
        st.sampled_from(["acme", "2026-11-20", "1", "open", '"', "-1", "1e999", "nps"]),
    )
    width = HEADERS[layout].count(",") + 1
    row = st.lists(cell, min_size=width - 1, max_size=width + 1).map(",".join)
    lines = [
        HEADERS[layout],
        *data.draw(st.lists(row, max_size=4)),
        *[GOOD[layout].format(n=n) for n in range(5)],
    ]
    raw = data.draw(
        st.one_of(
            st.just("\n".join(lines).encode("utf-8", "surrogatepass")), st.binary(max_size=60)
        )
    )
    (tmp_path / f"{layout}.csv").write_bytes(raw)
    source = open_source(
        "csv", Settings(kinds=[LAYOUTS[layout].kind], folder=tmp_path), clock=None, hash_key=b"k"
    )
    with suppress(SourceError):
        pages = [read_out(page) for page in source.pull(None, now=NOW)]
        assert pages[-1][0].as_of <= NOW


# The folder.


def test_what_is_not_in_kinds_is_not_read_and_not_told(csv):
    csv.again(kinds=["accounts", "usage"])
    assert csv.source.tells == {Kind.ACCOUNTS, Kind.USAGE}
    assert {type(each) for page in csv.pull() for each in page["records"]} == {Organisation}
    assert told_by(Settings(kinds=["subscriptions"])) == {Kind.BILLING}


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("accounts.csv", "accounts"),
        ("Usage-2026-11.CSV", "usage"),
        ("delighted_export.csv", "delighted"),
        ("accounts.csv.part", None),
        (".accounts.csv", None),
        ("~$usage.csv", None),
        ("report.csv", None),
    ],
)
def test_a_file_is_known_by_its_name(tmp_path, name, layout):
    found = layout_of(tmp_path / name)
    assert (found and found.name) == layout


def test_everything_holds_for_the_kind_whose_newest_file_is_oldest(csv):
    (last,) = list(csv.source.pull(csv.pull()[-1]["cursor"], now=NOW))
    assert last.as_of == NOW - timedelta(hours=5)
    csv.vendor.write_hours_ago("surveys.csv", 1)
    (last,) = list(csv.source.pull(last.cursor, now=NOW))
    assert last.as_of == NOW - timedelta(hours=4)


def test_usage_holds_no_longer_than_the_end_of_its_newest_day(only):
    last = only("usage")[-1][0]
    assert last.as_of == datetime(2026, 11, 21, tzinfo=UTC)


def test_delighteds_file_never_grows_old_unless_there_are_newer_surveys(csv, only):
    assert only("delighted")[-1][0].as_of == NOW
    assert list(csv.source.pull(None, now=NOW))[-1].as_of == NOW - timedelta(hours=5)


def test_a_file_from_the_future_holds_for_now(csv):
    for name in KINDS:
        csv.vendor.write_hours_ago(f"{name}.csv", -5)
    assert list(csv.source.pull(None, now=NOW))[-1].as_of == NOW


def test_a_file_that_was_only_touched_is_not_read_again(csv):
    cursor = csv.pull()[-1]["cursor"]
    csv.vendor.write_hours_ago("tickets.csv", 1)
    assert [each["records"] for each in csv.pull(cursor)] == [()]


def test_a_changed_file_alone_is_read_again(csv):
    cursor = csv.pull()[-1]["cursor"]
    csv.vendor.put("tickets.csv", csv.vendor.text("tickets.csv").replace("pending", "closed"))
    told = [each for page in csv.pull(cursor) for each in page["records"]]
    assert {type(each) for each in told} == {Ticket}
    assert not next(each for each in told if each.id == "T-3").is_open


def test_of_two_files_the_newer_is_read_last(csv):
    csv.vendor.put(
        "tickets-old.csv", "id,account_id,created_at,status\nT-1,acme,2026-11-20,open\n", hours=90
    )
    tickets = [each for page in csv.pull() for each in page["records"] if isinstance(each, Ticket)]
    assert [each.is_open for each in tickets if each.id == "T-1"] == [True, False]


def test_a_kind_without_a_file_is_waited_for_by_name_and_the_rest_is_taken(csv):
    (csv.vendor.folder / "usage.csv").unlink()
    taken = []
    with pytest.raises(
        SourceDataError,
        match=r"No file of usage has been read yet. Put usage.csv into .*imports, or run `bellwether import usage.csv`; or take usage out of kinds",
    ):
        taken += csv.source.pull(None, now=NOW)
    assert len([page for page in pages_until_error(csv.source) if page.records]) == 5


def pages_until_error(source):
    pulling = source.pull(None, now=NOW)
    while True:
        try:
            yield next(pulling)
        except SourceDataError:
            return


def test_without_a_folder_files_are_waited_for(csv):
    csv.again(folder=None)
    assert "imported by hand" in csv.source.check()
    with pytest.raises(
        SourceDataError, match=r"has been read yet. Run `bellwether import accounts.csv`"
    ):
        csv.pull()


def test_a_bad_file_does_not_keep_the_others_from_being_read(csv):
    csv.vendor.put("accounts.csv", "", hours=9)
    csv.vendor.put("usage.csv", "what,is,this\n", hours=8)
    pages = list(pages_until_error(csv.source))
    assert {Ticket, Subscription, SurveyResponse} == {
        type(each) for page in pages for each in page.records
    }
    with pytest.raises(
        SourceDataError,
        match=r"accounts.csv is empty.*usage.csv, row 1: there is no column account_id",
    ):
        list(csv.source.pull(None, now=NOW))
    with pytest.raises(SourceDataError, match=r"accounts.csv is empty"):
        csv.source.check()


def test_a_file_that_is_gone_keeps_its_age(csv):
    cursor = csv.pull()[-1]["cursor"]
    for name in ("surveys.csv", "delighted-2026.csv"):
        (csv.vendor.folder / name).unlink()
    (last,) = csv.source.pull(cursor, now=NOW)
    assert last.as_of == NOW - timedelta(hours=5)
    assert "surveys.csv" not in last.cursor["files"]


def test_a_file_that_changes_while_it_is_read_does_not_count_as_read(csv):
    csv.again(kinds=["accounts"])
    pulling = csv.source.pull(None, now=NOW)
    next(pulling)
    csv.vendor.put("accounts.csv", csv.vendor.text("accounts.csv") + "new,New,,,,,\n", hours=0.1)
    with pytest.raises(SourceDownError, match=r"accounts.csv was changed while it was read"):
        next(pulling)
    assert "new" in by_id(csv.pull())


def test_what_is_no_file_is_said(csv):
    folder = csv.vendor.folder
    for each in folder.iterdir():
        each.unlink()
    csv.again(kinds=["accounts"])
    (folder / "accounts.csv").mkdir()
    with pytest.raises(SourceDataError, match=r"accounts.csv is a folder, not a file"):
        csv.pull()
    (folder / "accounts.csv").rmdir()
    (folder / "accounts.csv").symlink_to("accounts.csv")
    with pytest.raises(
        SourceDataError, match=r"accounts.csv cannot be read: Too many levels of symbolic links"
    ):
        csv.pull()
    (folder / "accounts.csv").unlink()
    os.mkfifo(folder / "accounts.csv")
    with pytest.raises(SourceDataError, match="not a plain file"):
        csv.pull()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_matter_of_permission(csv):
    (csv.vendor.folder / "usage.csv").chmod(0)
    with pytest.raises(SourceAuthError, match="may not be read"):
        csv.pull()


def test_a_folder_that_is_not_there_is_named(csv, tmp_path):
    csv.again(folder=tmp_path / "nowhere")
    for attempt in (csv.source.check, csv.pull):
        with pytest.raises(
            SourceDataError, match=r"nowhere cannot be read: No such file.*\[sources.csv\]"
        ):
            attempt()


def test_what_came_by_hand_cannot_be_asked_for_again(csv):
    (csv.vendor.folder / "usage.csv").unlink()
    with pytest.raises(SourceDataError, match=r"import usage.csv anew"):
        next(csv.source.pull(csv.source.cursor_since(NOW), now=NOW))


def test_checking_says_what_is_there_and_what_is_not(csv):
    (csv.vendor.folder / "usage.csv").unlink()
    said = csv.source.check()
    assert said.startswith("5 files of accounts, subscriptions, surveys, tickets, usage in ")
    assert said.endswith("; none yet of usage")


def test_a_week_and_a_day_is_how_old_files_may_get():
    assert SOURCES["csv"].stale_after == timedelta(days=8)


DOCS = Path(__file__).parents[2] / "docs" / "csv.md"
EXAMPLES = re.findall(r"^## (\w+)\n.*?```csv\n(.*?)```", DOCS.read_text(), re.DOTALL | re.MULTILINE)


def test_every_layout_is_documented_with_an_example():
    assert [name for name, _ in EXAMPLES] == list(LAYOUTS)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_documented_examples_are_read_without_a_word(only, name, example):
    pages = only(name, raw=example.encode())
    assert not problems(pages)
    assert sum(page.read for page, _ in pages) == example.count("\n") - 1
