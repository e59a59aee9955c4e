"""What every source keeps to, whichever vendor it reads."""

import gc
import gzip
import json

import pytest
from vendor_case import SECRET
from vendor_cases import CASES
from vendor_server import Answer

from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.registry import SOURCES
from scoring.records import (
    Card,
    Contact,
    Invoice,
    Kind,
    Organisation,
    Subscription,
    SurveyResponse,
    Ticket,
)

KINDS = {
    Organisation: Kind.ACCOUNTS,
    Ticket: Kind.TICKETS,
    Contact: Kind.ENGAGEMENT,
    Subscription: Kind.BILLING,
    Invoice: Kind.BILLING,
    Card: Kind.BILLING,
    SurveyResponse: Kind.SURVEYS,
}


@pytest.fixture(params=sorted(CASES))
def one(request, opened):
    return opened(request.param)


@pytest.fixture(params=sorted(name for name, case in CASES.items() if case.secret))
def asked(request, opened):
    """One that is asked over HTTP."""
    return opened(request.param)


def facts(pages):
    """What a pull says, as a set: reading an overlap again adds nothing."""
    return {each for page in pages for each in (*page["records"], *flat(page["usage"]))}


def flat(usage):
    return () if usage is None else (usage[0], *usage[1], *usage[2])


def test_every_source_has_a_case():
    assert set(CASES) == set(SOURCES)


def test_checking_reaches_the_vendor_and_says_what(one):
    assert one.source.check()
    assert one.server is None or one.server.log


def test_pulling_twice_from_the_start_tells_the_same(one):
    first = one.pull()
    assert facts(first)
    for again in (one.pull(), one.again().pull()):
        assert facts(again) == facts(first)
        assert [each["records"] for each in again] == [each["records"] for each in first]


def test_going_on_when_nothing_changed_tells_nothing_new(one):
    first = one.pull()
    again = one.pull(first[-1]["cursor"])
    assert facts(again) <= facts(first)
    assert len(again) <= len(first)


def test_reading_again_since_a_date_tells_what_happened_since(one):
    everything = facts(one.pull())
    one.again()
    cursor = one.source.cursor_since(one.clock.now() - CASES[one.name].reach)
    assert facts(one.pull(json.loads(json.dumps(cursor)))) >= everything


def test_every_cursor_is_json_and_leads_to_what_comes_after_it(one):
    pages = one.pull()
    for number, page in enumerate(pages):
        cursor = json.loads(json.dumps(page["cursor"]))
        following = facts(one.again().pull(cursor))
        assert facts(pages[number + 1 :]) <= following | facts(pages[: number + 1])
        assert facts(pages[: number + 1]) | following >= facts(pages)


def test_it_tells_only_what_it_declares(one):
    assert one.source.name == one.name
    assert one.source.tells <= SOURCES[one.name].tells
    pages = one.pull()
    said = {KINDS[type(each)] for page in pages for each in page["records"]}
    said |= {Kind.USAGE for page in pages if page["usage"]}
    assert said == one.source.tells


def test_every_request_is_counted(asked):
    pages = asked.pull()
    assert sum(page["requests"] for page in pages) == len(asked.server.log)
    assert pages[-1]["progress"] in {1.0, None}


def test_wrong_credentials_name_the_settings_and_no_secret(asked):
    asked.again(**{CASES[asked.name].secret: "wr0ng"})
    for attempt in (asked.source.check, asked.pull):
        with pytest.raises(SourceAuthError) as refused:
            attempt()
        sentence = str(refused.value)
        assert f"[sources.{asked.name}]" in sentence
        assert "401" in sentence
        assert "wr0ng" not in sentence


def test_a_missing_permission_is_named(asked):
    asked.source.check()
    error = {"message": "Having the 'rak_customer_read' permission would help. Key: " + SECRET}
    asked.server.always = Answer.of({"error": error}, 403)
    with pytest.raises(SourceAuthError, match="rak_customer_read") as refused:
        asked.pull()
    assert SECRET not in str(refused.value)


def test_an_unreachable_vendor_is_down_and_says_when_to_try_again(asked):
    asked.again(base_url="http://127.0.0.1:1")
    with pytest.raises(SourceDownError, match=r"is unreachable .* Try again after 2026-11-22"):
        asked.pull()
    assert len(asked.clock.waits) == 3


@pytest.mark.parametrize("retry_after", ["20", "Sun, 22 Nov 2026 12:00:20 GMT"])
def test_a_limited_request_waits_as_long_as_it_is_told(asked, retry_after):
    asked.server.before = [Answer.of({}, 429, retry_after=retry_after)]
    assert facts(asked.pull()) == facts(asked.again().pull())
    assert 20 in asked.clock.waits


def test_a_failing_vendor_is_asked_a_bounded_number_of_times(asked):
    asked.server.always = Answer.of({"error": "oops"}, 503)
    with pytest.raises(SourceDownError, match=SOURCES[asked.name].title):
        asked.pull()
    assert len(asked.server.log) == 4
    assert sum(asked.clock.waits) <= 7


def test_one_failure_is_got_over(asked):
    expected = facts(asked.pull())
    asked.again()
    asked.server.before = [Answer.of({}, 500), Answer.of({}, 502)]
    assert facts(asked.pull()) == expected


@pytest.mark.parametrize("seconds", ["61", "86400"])
def test_a_long_wait_is_left_to_the_next_pull(asked, seconds):
    asked.server.always = Answer.of({}, 429, retry_after=seconds)
    with pytest.raises(SourceDownError, match="limiting us"):
        asked.pull()
    assert asked.clock.waits == []


def test_a_web_page_is_not_taken_for_data(asked):
    asked.source.check()
    page = b"<!doctype html><title>Maintenance</title>"
    asked.server.always = Answer(page, headers={"content-type": "text/html; charset=utf-8"})
    with pytest.raises(SourceDataError, match="web page"):
        asked.pull()


def test_a_body_cut_short_is_read_again_and_then_refused(asked):
    asked.source.check()
    asked.server.always = Answer(b'{"data": [', headers={}, says_length=5000)
    with pytest.raises(SourceDownError, match="cut its answer short"):
        asked.pull()


def test_a_truncated_gzip_is_never_half_taken(asked):
    asked.source.check()
    whole = gzip.compress(json.dumps({"results": ["x" * 50] * 5000}).encode())
    for end in (5, len(whole) // 2, len(whole) - 1):
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        asked.server.always = Answer(whole[:end], headers=headers)
        with pytest.raises(SourceDataError):
            asked.pull()


@pytest.mark.parametrize("body", [b"", b"null", b'{"data": NaN}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_not_an_answer_is_refused(asked, body):
    if asked.name == "mixpanel" and not body:
        pytest.skip("an empty export is a day with nothing")
    asked.source.check()
    asked.server.always = Answer(body, headers={"content-type": "application/json"})
    with pytest.raises(SourceDataError):
        asked.pull()


def test_a_malformed_record_is_rejected_alone(one):
    whole = one.pull()
    one.vendor.break_one()
    broken = one.again().pull()
    rejected = [each for page in broken for each in page["rejected"]]
    assert len(rejected) == 1
    assert rejected[0].what
    assert rejected[0].problem
    assert len(facts(broken)) >= len(facts(whole)) - 2
    assert facts(broken) < facts(whole) or one.name == "mixpanel"


def test_nobody_but_the_vendor_is_asked(asked):
    """Answers carry next links to another host; they are not followed."""
    asked.pull()
    hosts = {each.headers["host"] for each in asked.server.log}
    assert hosts == {asked.server.url.removeprefix("http://")}


def test_a_pull_left_half_way_leaves_nothing_open(one):
    pages = one.source.pull(None, now=one.clock.now())
    next(pages)
    pages.close()
    gc.collect()
