"""Zendesk's traps: tokens that expire, cursors that age, deleted tickets, borders that repeat."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from vendor_cases import SECRET, records
from vendor_server import NOW, Answer

from integrations.sources.zendesk import Settings
from scoring.records import Organisation, Rating, Ticket


@pytest.fixture
def one(opened):
    return opened("zendesk")


def tickets(pages):
    return {each.id: each for each in records(pages) if isinstance(each, Ticket)}


def asked(one, part):
    return [each for each in one.server.log if part in each.path]


def test_organisations_come_before_the_tickets_that_name_them(one):
    kinds = [type(each) for each in records(one.pull())]
    assert kinds == sorted(kinds, key=[Organisation, Ticket].index)
    acme = next(each for each in records(one.pull()) if each.ref == "1001")
    assert acme == Organisation(
        ref="1001", name="Acme", account_key="acme", domains=("acme.example", "acme.test")
    )


def test_a_deleted_organisation_is_told_as_deleted(one):
    gone = {
        each.ref: each.deleted for each in records(one.pull()) if isinstance(each, Organisation)
    }
    assert gone == {"1001": False, "1002": False, "1003": True}


def test_ratings_and_sentiment_are_read_from_the_ticket(one):
    told = tickets(one.pull())
    assert (told["1"].rating, told["4"].rating, told["2"].rating) == (
        Rating.GOOD,
        Rating.BAD,
        None,
    )
    assert (told["2"].sentiment, told["1"].sentiment) == (Rating.BAD, None)


def test_a_ticket_is_escalated_only_while_it_is_open(one):
    told = tickets(one.pull())
    assert told["2"].escalation == "urgent priority"
    assert told["3"].escalation == "tag escalated"
    assert told["4"].escalation is None
    assert told["1"].escalation is None
    assert tickets(one.again(escalation_tags=("vip",)).pull())["3"].escalation is None


def test_a_deleted_ticket_is_told_although_little_is_left_of_it(one):
    gone = tickets(one.pull())["5"]
    assert gone.deleted
    assert not gone.is_open
    assert gone.version == 1793606800
    assert gone.updated_at == datetime.fromtimestamp(1793606800, UTC)


def test_the_most_recent_minutes_are_not_asked_for(one):
    one.source.check()
    one.pull()
    starts = [int(each.one("start_time")) for each in one.server.log if each.one("start_time")]
    assert starts
    assert max(starts) <= (NOW - timedelta(seconds=120)).timestamp()
    first = asked(one, "tickets/cursor")[0]
    assert int(first.one("start_time")) < (NOW - timedelta(days=365)).timestamp()
    assert first.one("include") == "metric_sets"


def test_the_end_of_the_stream_keeps_the_cursor_for_what_comes_next(one):
    cursor = one.pull()[-1]["cursor"]
    newer = {**one.vendor.tickets[0], "id": 6, "generated_timestamp": 1793607000}
    one.vendor.tickets.append(newer)
    one.server.log.clear()
    assert set(tickets(one.pull(cursor))) == {"6"}
    assert asked(one, "tickets/cursor")[0].one("start_time") is None


@pytest.mark.parametrize("status", [400, 404])
def test_a_cursor_that_aged_out_falls_back_to_the_time_it_had_reached(one, status):
    cursor = {**one.pull()[-1]["cursor"], "tickets_after": "aged"}
    one.server.log.clear()
    vendor = one.server.vendor

    def answer(request):
        if request.one("cursor") == "aged":
            return Answer.of({"error": "InvalidValue", "description": "Invalid cursor."}, status)
        return vendor(request)

    one.server.vendor = answer
    pages = one.pull(cursor)
    assert set(tickets(pages)) == {"1", "2", "3", "4", "5"}
    assert asked(one, "tickets/cursor")[1].one("start_time") == str(1793606800 - 600)
    assert pages[-1]["cursor"]["tickets_after"] == "c5"


def test_a_cursor_that_repeats_ends_the_pull(one):
    cursor = {**one.pull()[-1]["cursor"]}
    stuck = {"tickets": [], "after_cursor": cursor["tickets_after"], "end_of_stream": False}
    vendor = one.server.vendor
    one.server.vendor = lambda request: (
        Answer.of(stuck) if "cursor" in request.path else vendor(request)
    )
    assert len(one.pull(cursor)) == 2


def test_an_organisation_page_that_does_not_move_on_ends_them(one):
    vendor = one.server.vendor
    stuck = {"organizations": [], "count": 1000, "end_time": 1}
    one.server.vendor = lambda request: (
        Answer.of(stuck) if "organizations" in request.path else vendor(request)
    )
    one.pull()
    assert len(asked(one, "organizations")) == 1


def test_the_token_is_got_once_and_once_more_when_it_is_refused(one):
    one.pull()
    one.pull()
    assert len(asked(one, "oauth/tokens")) == 1
    form = parse_qs(asked(one, "oauth/tokens")[0].body.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert form["scope"] == ["read"]
    assert "authorization" not in asked(one, "oauth/tokens")[0].headers
    one.vendor.tokens += 1  # the one we hold is no longer good
    one.pull()
    assert len(asked(one, "oauth/tokens")) == 2


def test_the_sentiment_field_is_looked_up_once(one):
    one.pull()
    one.pull()
    assert len(asked(one, "ticket_fields")) == 1
    one.again(sentiment_field_id=360001)
    assert tickets(one.pull())["2"].sentiment is Rating.BAD
    assert len(asked(one, "ticket_fields")) == 1


def test_a_help_desk_without_sentiment_has_none(one):
    one.vendor.fields = one.vendor.fields[:1]
    assert {each.sentiment for each in tickets(one.pull()).values()} == {None}


def test_ten_requests_a_minute_are_kept(one):
    pull = one.pull()
    while len(one.server.log) < 25:
        one.pull(pull[-1]["cursor"])
    assert max(one.clock.waits) <= 60
    assert sum(one.clock.waits) > 60


def test_an_api_token_is_a_second_way_in(one):
    settings = Settings(subdomain="x", email="a@b.example", api_token=SECRET)
    assert settings.client_secret is None
    for wrong in ({}, {"email": "a@b.example"}, {"client_id": "x"}):
        with pytest.raises(ValueError, match="client_id and client_secret, or email and api_token"):
            Settings(subdomain="x", **wrong)
    one.server.vendor = lambda request: Answer.of({"organizations": [], "count": 0})
    one.again(client_id=None, client_secret=None, email="a@b.example", api_token=SECRET)
    one.source.check()
    assert one.server.log[0].headers["authorization"].startswith("Basic ")
