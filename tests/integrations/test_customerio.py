"""Customer.io's traps: metrics that fill up later, machines that open and click, ids that are addresses."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from vendor_case import records
from vendor_server import NOW, Answer

from integrations.base import SourceAuthError, SourceDataError
from integrations.people import person_hash
from integrations.registry import SOURCES, open_source
from scoring.records import Contact


@pytest.fixture
def one(opened):
    return opened("customerio")


def at(day, hour=9, minute=0, second=0):
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


def unix(when):
    return int(when.timestamp())


def told(one, who):
    return [each for each in records(one.pull()) if each.id == who]


def read(one, **metrics):
    """What one delivery with these metrics says."""
    row = one.vendor.messages[0] | {"metrics": {"sent": unix(at(2)), **metrics}}
    one.vendor.messages = [row]
    return records(one.again().pull())


def test_a_delivery_brings_when_it_was_sent_opened_and_clicked(one):
    assert told(one, "a3000001") == [
        Contact(
            id="a3000001",
            account_ref="acme.example",
            updated_at=at(2, 10, 2),
            last_sent_at=at(2, 9, 0, 5),
            last_opened_at=at(2, 10),
            last_clicked_at=at(2, 10, 2),
        )
    ]


def test_what_only_machines_opened_and_clicked_nobody_did(one):
    old = next(each for each in told(one, "a3000002") if each.last_sent_at == at(3, 9, 0, 5))
    assert (old.last_opened_at, old.last_clicked_at) == (None, None)


def test_where_nobody_is_told_apart_opens_count_and_instant_clicks_do_not(one):
    (cy,) = told(one, person_hash(b"key", "43"))
    assert cy.last_opened_at == at(4, 12)
    assert cy.last_clicked_at is None


def test_a_number_of_people_instead_of_an_instant_takes_the_instant_of_the_open(one):
    (di,) = told(one, person_hash(b"key", "di@initech.example"))
    assert di.last_opened_at == at(5, 9, 40)
    assert di.account_ref == "initech.example"


@pytest.mark.parametrize(
    ("metrics", "opened_at"),
    [
        ({"opened": unix(at(3))}, at(3)),
        ({"opened": unix(at(3)), "human_opened": 0}, None),
        ({"opened": unix(at(3)), "prefetch_opened": 1}, None),
        ({"opened": unix(at(3)), "prefetch_opened": 0}, at(3)),
        ({"opened": unix(at(3)), "human_opened": unix(at(4)), "prefetch_opened": 2}, at(4)),
        ({"human_opened": 2}, None),
        ({"human_opened": unix(at(4))}, at(4)),
        ({}, None),
    ],
)
def test_people_and_machines_are_told_apart(one, metrics, opened_at):
    (said,) = read(one, **metrics)
    assert said.last_opened_at == opened_at
    assert said.last_sent_at == at(2)


def test_who_bounced_or_was_only_drafted_to_was_not_mailed(one):
    assert told(one, "a3000005") == []
    assert told(one, "a3000006") == []


def test_a_bounce_of_what_was_opened_was_none(one):
    (said,) = read(one, bounced=unix(at(2, 10)), opened=unix(at(3)))
    assert said.last_sent_at == at(2)


def test_other_channels_are_no_mail(one):
    one.vendor.messages = [row | {"type": "in_app"} for row in one.vendor.messages]
    assert records(one.pull()) == []


def test_a_conversion_is_no_answer(one):
    assert at(2, 11) not in {each.updated_at for each in records(one.pull())}


def test_no_address_leaves_the_adapter_even_where_it_is_the_id(one):
    for row in one.vendor.messages:
        row |= {"customer_id": row["recipient"], "customer_identifiers": None}
    said = records(one.pull())
    assert said
    assert "@" not in str(said)


def test_the_same_person_is_the_same_whatever_their_address_looks_like(one):
    row = one.vendor.messages[0] | {"customer_id": None, "customer_identifiers": None}
    one.vendor.messages = [
        row | {"recipient": each} for each in ("A@x.example", "Al <a@X.example>")
    ]
    assert len({each.id for each in records(one.pull())}) == 1


def test_the_first_reading_goes_back_as_far_as_it_is_told(one):
    one.pull()
    assert one.vendor.asked == [(unix(NOW - timedelta(days=60)), unix(NOW) + 1)]
    one.vendor.asked.clear()
    one.again(backfill_days=200).pull()
    assert one.vendor.asked == [
        (unix(NOW - timedelta(days=200)), unix(NOW - timedelta(days=110)) + 1),
        (unix(NOW - timedelta(days=110)), unix(NOW - timedelta(days=20)) + 1),
        (unix(NOW - timedelta(days=20)), unix(NOW) + 1),
    ]


def test_afterwards_a_day_is_read_again_and_once_a_day_a_fortnight(one):
    cursor = one.pull()[-1]["cursor"]
    assert cursor == {"since": "2026-11-22T12:00:00Z", "whole_at": "2026-11-22T12:00:00Z"}
    begins = []
    for _ in range(25):
        one.clock.at += timedelta(hours=1)
        one.vendor.asked.clear()
        cursor = one.again().pull(json.loads(json.dumps(cursor)))[-1]["cursor"]
        begins += [begin for begin, _ in one.vendor.asked]
    last = [NOW + timedelta(hours=hour) for hour in range(25)]
    expected = [unix(each - timedelta(days=1)) for each in last]
    expected[23] = unix(last[23] - timedelta(days=14))
    assert begins == expected


def test_an_open_that_comes_a_week_late_is_seen_the_next_day(one):
    cursor = one.pull()[-1]["cursor"]
    one.clock.at += timedelta(days=1)
    one.vendor.messages[-1]["metrics"] |= {"opened": unix(at(23)), "human_opened": unix(at(23))}
    late = records(one.again().pull(cursor))
    assert at(23) in {each.last_opened_at for each in late}


def test_reading_again_from_a_date_finds_what_was_opened_since(one):
    one.pull(one.source.cursor_since(NOW - timedelta(hours=2)))
    assert one.vendor.asked[0][0] == unix(NOW - timedelta(hours=2, days=14))


def test_a_pull_cut_short_goes_on_and_still_ends_at_when_it_began(one):
    pages = one.pull()
    one.clock.at = NOW + timedelta(hours=6)
    later = one.again().pull(json.loads(json.dumps(pages[1]["cursor"])))
    assert records(later) == records(pages[2:])
    assert later[-1]["cursor"] == pages[-1]["cursor"]


def test_a_token_that_has_aged_out_begins_the_window_again(one):
    pages = one.pull()
    one.server.before = [Answer.of({"meta": {"error": "invalid start"}}, 400)]
    assert records(one.again().pull(pages[1]["cursor"])) == records(pages)


def test_a_list_that_repeats_for_ever_is_noticed(one):
    row = one.vendor.messages[0]
    one.server.always = Answer.of({"messages": [row], "next": "t-1"})
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()
    assert len(one.server.log) == 2


def test_a_delivery_that_comes_twice_says_the_same(one):
    whole = set(records(one.pull()))
    one.vendor.messages += one.vendor.messages[-1:]
    assert set(records(one.again().pull())) == whole


@pytest.mark.parametrize(
    "spoiled",
    [
        {"metrics": {"sent": 0}},
        {"metrics": {"sent": unix(at(2)), "opened": 4_102_444_800}},
        {"metrics": {"sent": unix(at(2)), "human_opened": -1}},
        {"metrics": {"sent": unix(at(2)), "human_opened": 10**18}},
        {"metrics": {"sent": "soon"}},
        {"metrics": None},
        {"metrics": [1]},
        {"type": None},
        {"id": None},
        {"recipient": ["ada@acme.example"]},
        {"customer_identifiers": {"cio_id": "a\u0000b"}},
        {"customer_identifiers": {"cio_id": "\ud800"}},
        {"customer_identifiers": {"cio_id": "ada@acme.example"}},
        {"customer_identifiers": None, "customer_id": None, "recipient": "nobody"},
    ],
)
def test_a_delivery_that_cannot_be_read_is_rejected_alone(one, spoiled):
    whole = set(records(one.pull()))
    one.vendor.messages[0] |= spoiled
    pages = one.again().pull()
    assert len([each for page in pages for each in page["rejected"]]) == 1
    assert len(set(records(pages))) == len(whole) - 1


def test_hostile_ids_end_up_as_hashes(one):
    row = one.vendor.messages[0] | {"customer_identifiers": None, "customer_id": "a\u0000b"}
    one.vendor.messages = [row]
    (said,) = records(one.pull())
    assert len(said.id) == 32
    assert said.id.isalnum()


def test_ten_requests_a_second_are_not_exceeded(one):
    one.vendor.page = 1
    one.vendor.messages = [
        row | {"created": row["created"] + hours * 3600}
        for hours in range(4)
        for row in one.vendor.messages
    ]
    one.pull()
    assert len(one.server.log) == 28
    assert one.clock.waits == [1, 1]


def test_each_region_has_its_host(clock):
    settings = SOURCES["customerio"].settings
    for region, host in (("us", "api.customer.io"), ("eu", "api-eu.customer.io")):
        kind = settings(app_api_key="k", region=region)
        source = open_source("customerio", kind, clock=clock, hash_key=b"")
        assert source._http._base == f"https://{host}/"
    with pytest.raises(ValidationError):
        settings(app_api_key="k", region="mars")


def test_a_key_of_the_wrong_kind_is_named(one):
    one.again(app_api_key="site-id")
    with pytest.raises(SourceAuthError, match="App API"):
        one.source.check()
