"""What every source keeps to, whichever vendor it reads."""

import gc
import gzip
import json

import pytest
from vendor_cases import CASES, SECRET
from vendor_server import Answer

from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.registry import SOURCES
from scoring.records import Card, Contact, Invoice, Kind, Organisation, Subscription, Ticket

KINDS = {
    Organisation: Kind.ACCOUNTS,
    Ticket: Kind.TICKETS,
    Contact: Kind.ENGAGEMENT,
    Subscription: Kind.BILLING,
    Invoice: Kind.BILLING,
    Card: Kind.BILLING,
}


@pytest.fixture(params=sorted(SOURCES))
def one(request, opened):
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
    assert one.server.log


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


def test_every_cursor_is_json_and_leads_to_what_comes_after_it(one):
    pages = one.pull()
    for number, page in enumerate(pages):
        cursor = json.loads(json.dumps(page["cursor"]))
        following = facts(one.again().pull(cursor))
        assert facts(pages[number + 1 :]) <= following | facts(pages[: number + 1])
        assert facts(pages[: number + 1]) | following >= facts(pages)


def test_it_tells_only_what_it_declares(one):
    assert one.source.name == one.name
    assert one.source.tells == SOURCES[one.name].tells
    pages = one.pull()
    said = {KINDS[type(each)] for page in pages for each in page["records"]}
    said |= {Kind.USAGE for page in pages if page["usage"]}
    assert said == one.source.tells


def test_every_request_is_counted(one):
    pages = one.pull()
    assert sum(page["requests"] for page in pages) == len(one.server.log)
    assert pages[-1]["progress"] in {1.0, None}


def test_wrong_credentials_name_the_settings_and_no_secret(one):
    one.again(**{CASES[one.name].secret: "wr0ng"})
    for attempt in (one.source.check, one.pull):
        with pytest.raises(SourceAuthError) as refused:
            attempt()
        sentence = str(refused.value)
        assert f"[sources.{one.name}]" in sentence
        assert "401" in sentence
        assert "wr0ng" not in sentence


def test_a_missing_permission_is_named(one):
    one.source.check()
    error = {"message": "Having the 'rak_customer_read' permission would help. Key: " + SECRET}
    one.server.always = Answer.of({"error": error}, 403)
    with pytest.raises(SourceAuthError, match="rak_customer_read") as refused:
        one.pull()
    assert SECRET not in str(refused.value)


def test_an_unreachable_vendor_is_down_and_says_when_to_try_again(one):
    one.again(base_url="http://127.0.0.1:1")
    with pytest.raises(SourceDownError, match=r"is unreachable .* Try again after 2026-11-22"):
        one.pull()
    assert len(one.clock.waits) == 3


@pytest.mark.parametrize("retry_after", ["20", "Sun, 22 Nov 2026 12:00:20 GMT"])
def test_a_limited_request_waits_as_long_as_it_is_told(one, retry_after):
    one.server.before = [Answer.of({}, 429, retry_after=retry_after)]
    assert facts(one.pull()) == facts(one.again().pull())
    assert 20 in one.clock.waits


def test_a_failing_vendor_is_asked_a_bounded_number_of_times(one):
    one.server.always = Answer.of({"error": "oops"}, 503)
    with pytest.raises(SourceDownError, match=SOURCES[one.name].title):
        one.pull()
    assert len(one.server.log) == 4
    assert sum(one.clock.waits) <= 7


def test_one_failure_is_got_over(one):
    expected = facts(one.pull())
    one.again()
    one.server.before = [Answer.of({}, 500), Answer.of({}, 502)]
    assert facts(one.pull()) == expected


@pytest.mark.parametrize("seconds", ["61", "86400"])
def test_a_long_wait_is_left_to_the_next_pull(one, seconds):
    one.server.always = Answer.of({}, 429, retry_after=seconds)
    with pytest.raises(SourceDownError, match="limiting us"):
        one.pull()
    assert one.clock.waits == []


def test_a_web_page_is_not_taken_for_data(one):
    one.source.check()
    page = b"<!doctype html><title>Maintenance</title>"
    one.server.always = Answer(page, headers={"content-type": "text/html; charset=utf-8"})
    with pytest.raises(SourceDataError, match="web page"):
        one.pull()


def test_a_body_cut_short_is_read_again_and_then_refused(one):
    one.source.check()
    one.server.always = Answer(b'{"data": [', headers={}, says_length=5000)
    with pytest.raises(SourceDownError, match="cut its answer short"):
        one.pull()


def test_a_truncated_gzip_is_never_half_taken(one):
    one.source.check()
    whole = gzip.compress(json.dumps({"results": ["x" * 50] * 5000}).encode())
    for end in (5, len(whole) // 2, len(whole) - 1):
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        one.server.always = Answer(whole[:end], headers=headers)
        with pytest.raises(SourceDataError):
            one.pull()


@pytest.mark.parametrize("body", [b"", b"null", b'{"data": NaN}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_not_an_answer_is_refused(one, body):
    if one.name == "mixpanel" and not body:
        pytest.skip("an empty export is a day with nothing")
    one.source.check()
    one.server.always = Answer(body, headers={"content-type": "application/json"})
    with pytest.raises(SourceDataError):
        one.pull()


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


def test_nobody_but_the_vendor_is_asked(one):
    """Answers carry next links to another host; they are not followed."""
    one.pull()
    hosts = {each.headers["host"] for each in one.server.log}
    assert hosts == {one.server.url.removeprefix("http://")}


def test_a_pull_left_half_way_leaves_nothing_open(one):
    pages = one.source.pull(None, now=one.clock.now())
    next(pages)
    pages.close()
    gc.collect()
