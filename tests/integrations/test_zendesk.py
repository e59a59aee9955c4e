"""Zendesk's traps: tokens that expire, cursors that age, deleted tickets, borders that repeat."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from vendor_case import SECRET, records
from vendor_server import NOW, Answer

from integrations.base import SourceAuthError, SourceDataError
from integrations.people import person_hash
from integrations.sources.zendesk import SOURCE, Settings
from scoring.records import Organisation, Rating, SurveyKind, SurveyResponse, Ticket


@pytest.fixture
def one(opened):
    return opened("zendesk")


def tickets(pages):
    return {each.id: each for each in records(pages) if isinstance(each, Ticket)}


def surveys(pages):
    return {each.id[-1]: each for each in records(pages) if isinstance(each, SurveyResponse)}


def later(one, **passed):
    """With what the vendor was asked so far forgotten."""
    one.server.log.clear()
    one.clock.at += timedelta(**passed)
    return one


def spans(one):
    """The days between which surveys were asked for, from NOW on."""
    found = [
        (int(each.one("filter[created_at_start]")), int(each.one("filter[created_at_end]")))
        for each in asked(one, "survey_responses")
        if each.one("page[after]") is None
    ]
    at = NOW.timestamp()
    return [tuple(round((ms / 1000 - at) / 86400, 2) for ms in each) for each in found]


def asked(one, part):
    return [each for each in one.server.log if part in each.path]


def test_organisations_come_before_the_tickets_that_name_them(one):
    kinds = [type(each) for each in records(one.pull())]
    assert kinds == sorted(kinds, key=[Organisation, Ticket, SurveyResponse].index)
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
    assert len(one.pull(cursor)) == 3


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
    while len(asked(one, "incremental")) < 25:
        one.pull(pull[-1]["cursor"])
    assert max(one.clock.waits) <= 60
    assert sum(one.clock.waits) > 60


def test_an_api_token_is_a_second_way_in(one):
    settings = Settings(subdomain="x", email="a@b.example", api_token=SECRET)
    assert settings.client_secret is None
    for wrong in ({}, {"email": "a@b.example"}, {"client_id": "x"}):
        with pytest.raises(ValueError, match="client_id and client_secret, or email and api_token"):
            Settings(subdomain="x", **wrong)
    one.server.vendor = lambda request: Answer.of({"organizations": [], "survey_responses": []})
    one.again(client_id=None, client_secret=None, email="a@b.example", api_token=SECRET)
    assert one.source.check() == "example.zendesk.com"
    assert SOURCE.warns(settings) == (
        "It is read by an API token, which Zendesk ends on 30 April 2027: make an OAuth client."
    )
    assert SOURCE.warns(Settings(subdomain="x", client_id="a", client_secret=SECRET)) is None
    assert one.server.log[0].headers["authorization"].startswith("Basic ")


def test_a_token_that_expires_in_the_middle_of_a_pull_is_got_anew(one):
    expected = records(one.pull())
    one.again()
    one.server.log.clear()
    vendor, answered = one.server.vendor, []

    def expiring(request):
        answered.append(request.path)
        if answered.count(request.path) == 2 and "oauth" not in request.path:
            one.vendor.tokens += 1  # the token held is no longer good
        return vendor(request)

    one.server.vendor = expiring
    pages = one.pull()
    assert records(pages) == expected
    assert len(asked(one, "oauth")) == 1 + 3  # once in each of the three lists that have pages
    assert sum(each["requests"] for each in pages) == len(one.server.log)


def test_a_token_that_is_never_good_is_asked_for_once_more_and_no_further(one):
    vendor = one.server.vendor
    one.server.vendor = lambda request: (
        vendor(request) if "oauth" in request.path else Answer.of({"error": "invalid_token"}, 401)
    )
    with pytest.raises(SourceAuthError, match="401"):
        one.pull()
    assert len(asked(one, "oauth")) == 2


@pytest.mark.parametrize(
    ("score", "rating"),
    [
        ("good_with_comment", Rating.GOOD),
        ("bad_with_comment", Rating.BAD),
        ("good_without_comment", Rating.GOOD),
        ("offered", None),
        ("unoffered", None),
        ("excellent", None),
    ],
)
def test_a_rating_counts_with_and_without_a_comment(one, score, rating):
    one.vendor.tickets[0]["satisfaction_rating"] = {"score": score}
    assert tickets(one.pull())["1"].rating is rating


def test_a_merged_ticket_counts_in_the_one_it_went_up_in_and_not_twice(one):
    one.vendor.tickets[3] |= {"tags": ["billing", "closed_by_merge"]}
    found = tickets(one.pull())["4"]
    assert (found.deleted, found.is_open) == (True, False)
    assert found.account_ref == "1001"


def test_a_follow_up_that_copied_the_tag_of_a_merged_ticket_is_a_ticket(one):
    one.vendor.tickets[1] |= {"tags": ["closed_by_merge"]}  # open: nobody merged it
    one.vendor.tickets[3] |= {
        "tags": ["closed_by_merge"],
        "via": {"channel": "web", "source": {"from": {}, "rel": "follow_up"}},
    }
    found = tickets(one.pull())
    assert not found["2"].deleted
    assert not found["4"].deleted


def test_organisations_that_were_merged_are_one_deleted_and_its_tickets_moved(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.organizations[1] |= {"deleted_at": "2026-11-20T09:00:00Z"}
    one.vendor.organizations[0] |= {"domain_names": ["acme.example", "globex.example"]}
    moved = {**one.vendor.tickets[2], "organization_id": 1001, "generated_timestamp": 1793607000}
    one.vendor.tickets.append(moved)
    pages = one.pull({**cursor, "organisations_from": 1})
    organisations = {each.ref: each for each in records(pages) if isinstance(each, Organisation)}
    assert organisations["1002"].deleted
    assert organisations["1001"].domains == ("acme.example", "globex.example")
    assert tickets(pages)["3"].account_ref == "1001"


def test_a_survey_s_answer_names_its_ticket_and_nobody_s_address(one):
    assert surveys(one.pull())["1"] == SurveyResponse(
        id="01J1WB51MG6HXTYWE6Q0C93RN1",
        account_ref=None,
        kind=SurveyKind.CSAT,
        score=4,
        answered_at=datetime(2026, 11, 3, 12, tzinfo=UTC),
        updated_at=datetime(2026, 11, 3, 12, 7, tzinfo=UTC),
        person=person_hash(b"key", "4398080151295"),
        ticket_id="1",
        has_comment=True,
    )


def test_a_survey_without_an_answer_or_a_comment_has_none(one):
    found = surveys(one.pull())
    assert set(found) == {"1", "2"}
    assert (found["2"].ticket_id, found["2"].has_comment) == ("4", False)
    skipped = {**one.vendor.surveys[1]["answers"][0], "type": "skipped", "rating": None}
    one.vendor.surveys[1]["answers"] = [skipped]
    assert set(surveys(one.pull())) == {"1"}


def test_the_text_of_a_comment_is_kept_only_where_it_is_asked_for(one):
    assert surveys(one.pull())["1"].comment is None
    one.again(comments=True)
    found = surveys(one.pull())
    assert (found["1"].comment, found["2"].comment) == ("Fast and helpful.", None)
    one.vendor.surveys[0]["answers"][1]["value"] = "x" * 5000
    assert len(surveys(one.pull())["1"].comment) == 2000


@pytest.mark.parametrize(
    ("zrns", "subjects", "ticket"),
    [
        (["zen:request:7"], [], "7"),
        (["zrn:ticket:99"], [], "99"),
        ([], [{"id": 8, "type": "ticket"}], "8"),
        (["zen:conversation:7"], [{"id": "c", "type": "conversation"}], None),
        (["zen:ticket:7; drop"], [], None),
    ],
)
def test_a_survey_is_about_a_ticket_or_about_none(one, zrns, subjects, ticket):
    one.vendor.surveys[0] |= {"subject_zrns": zrns, "subjects": subjects}
    assert surveys(one.pull())["1"].ticket_id == ticket


@pytest.mark.parametrize(
    ("rating", "category", "options", "score"),
    [
        (1, "bad", 2, 1),
        (2, "good", 2, 5),
        (1, "bad", 3, 1),
        (2, "bad", 3, 3),
        (3, "good", 3, 5),
        (2, "bad", 5, 2),
        (3, "bad", 5, 3),
        (4, "good", 5, 4),
        # What the category gives away where the question keeps its options to itself.
        (1, "bad", 0, 1),
        (2, "bad", 0, 2),
        (3, "bad", 0, 3),
        (2, "good", 0, 5),
        (3, "good", 0, 5),
        (4, "good", 0, 4),
        (5, "good", 0, 5),
        (2, "neutral", 0, 3),
        (3, "neutral", 0, 3),
        (1, None, 0, 1),
        (5, None, 0, 5),
    ],
)
def test_scales_of_two_three_and_five_are_brought_to_five(one, rating, category, options, score):
    answer = one.vendor.surveys[0]["answers"][0]
    answer |= {"rating": rating, "rating_category": category}
    answer["question"]["options"] = [{"rating": n + 1} for n in range(options)]
    assert surveys(one.pull())["1"].score == score


def test_surveys_of_thirty_days_are_read_once_a_day_and_only_new_ones_between(one):
    cursor = one.pull()[-1]["cursor"]
    assert spans(one) == [(-365, 0)]
    cursor = later(one, hours=6).pull(cursor)[-1]["cursor"]
    assert spans(one) == [(-0.01, 0.25)]
    cursor = later(one, hours=18).pull(cursor)[-1]["cursor"]
    assert spans(one) == [(-29, 1)]
    cursor = later(one, minutes=15).pull(cursor)[-1]["cursor"]
    assert spans(one) == [(0.99, 1.01)]
    later(one, days=60).pull(cursor)
    assert spans(one) == [(1.0, 61.01)]


def test_an_answer_that_was_edited_is_told_the_next_day(one):
    cursor = one.pull()[-1]["cursor"]
    answer = one.vendor.surveys[0]["answers"][0]
    answer |= {"rating": 1, "rating_category": "bad", "updated_at": "2026-11-22T13:00:00Z"}
    cursor = later(one, hours=2).pull(cursor)[-1]["cursor"]
    found = surveys(later(one, days=1).pull(cursor))["1"]
    assert (found.score, found.updated_at.hour) == (1, 13)


def test_a_reading_of_surveys_that_was_cut_goes_on_with_the_same_bounds(one):
    pages = one.pull()
    cursor = json.loads(
        json.dumps(next(p["cursor"] for p in pages if p["cursor"]["surveys_after"]))
    )
    later(one, days=1).again()
    pages = one.pull(cursor)
    (request,) = asked(one, "survey_responses")
    assert request.one("page[after]") == "s2"
    assert int(request.one("filter[created_at_end]")) == NOW.timestamp() * 1000
    later(one, minutes=1).pull(pages[-1]["cursor"])
    assert spans(one) == [(-29, 1)]  # and the new day has its own reading


def test_a_page_of_surveys_that_is_no_longer_known_is_looked_for_from_the_first(one):
    cursor = {**one.pull()[0]["cursor"], "surveys_after": "aged"}
    cursor["surveys_range"] = [1_790_000_000, 1_795_000_000]
    assert set(surveys(one.again().pull(cursor))) == {"1", "2"}


@pytest.mark.parametrize("status", [402, 403, 404])
def test_an_account_without_surveys_is_asked_once_a_day_and_does_not_fail(one, status):
    one.vendor.no_surveys = status
    pages = one.pull()
    assert len(tickets(pages)) == 5
    assert pages[-1]["progress"] == 1.0
    cursor = later(one, minutes=15).pull(pages[-1]["cursor"])[-1]["cursor"]
    assert not asked(one, "survey_responses")
    one.vendor.no_surveys = None
    assert set(surveys(later(one, days=1).pull(cursor))) == {"1", "2"}
    assert spans(one) == [(-363.99, 1.01)]


def test_credentials_that_are_refused_for_the_surveys_are_still_refused(one):
    one.vendor.no_surveys = 401
    with pytest.raises(SourceAuthError, match="401"):
        one.pull()


def test_checking_says_whether_there_are_surveys(one):
    assert one.source.check() == "example.zendesk.com"
    one.vendor.no_surveys = 404
    assert one.source.check().endswith(
        "it has no CSAT surveys, or not for this user: the ratings on tickets count"
    )


def test_a_list_of_surveys_that_repeats_is_refused(one):
    vendor = one.server.vendor
    same = {"survey_responses": one.vendor.surveys, "meta": {"has_more": True, "after_cursor": "x"}}
    one.server.vendor = lambda request: (
        Answer.of(same) if "survey" in request.path else vendor(request)
    )
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()


def test_reading_again_since_a_date_takes_the_surveys_in(one):
    one.pull(one.source.cursor_since(NOW - timedelta(days=100)))
    assert spans(one) == [(-100.01, 0)]


def test_every_setting_is_described():
    properties = Settings.model_json_schema()["properties"].values()
    assert all(each.get("description") for each in properties)


BAD_ORGANISATIONS = [{"id": None}, {"id": "x"}, {"name": None}, {"domain_names": "acme.example"}]
BAD_TICKETS = [
    {"id": None},
    {"status": None},
    {"generated_timestamp": None},
    {"generated_timestamp": "soon"},
    {"created_at": "1970-01-01T00:00:00Z"},
    {"created_at": "2100-01-01T00:00:00Z"},
    {"created_at": None},
    {"created_at": "2026-11-01T08:00:00"},
    {"updated_at": 5},
    {"organization_id": "acme"},
    {"tags": "escalated"},
    {"custom_fields": [1]},
    {"satisfaction_rating": "good"},
    {"satisfaction_rating": {"score": None}},
]
GOOD_ANSWER = {
    "type": "rating_scale",
    "rating": 5,
    "rating_category": "good",
    "created_at": "2026-11-03T12:00:00Z",
    "updated_at": "2026-11-03T12:00:00Z",
}
BAD_SURVEYS = [
    {"id": None},
    {"id": ""},
    {"answers": "none"},
    {"answers": [{**GOOD_ANSWER, "rating": 0}]},
    {"answers": [{**GOOD_ANSWER, "rating": -1}]},
    {"answers": [{**GOOD_ANSWER, "rating": 6}]},
    {"answers": [{**GOOD_ANSWER, "rating": "5"}]},
    {"answers": [{**GOOD_ANSWER, "rating": True}]},
    {"answers": [{**GOOD_ANSWER, "rating": 1}]},
    {"answers": [{**GOOD_ANSWER, "rating_category": "terrific"}]},
    {"answers": [{**GOOD_ANSWER, "rating": 3, "rating_category": None}]},
    {"answers": [{**GOOD_ANSWER, "rating": 9, "question": {"options": [1, 2, 3]}}]},
    {"answers": [{**GOOD_ANSWER, "created_at": None}]},
    {"answers": [{**GOOD_ANSWER, "created_at": "1970-01-01T00:00:00Z"}]},
    {"answers": [{**GOOD_ANSWER, "updated_at": "2100-01-01T00:00:00Z"}]},
    {"responder_id": "ada@acme.example"},
    {"subject_zrns": "zen:ticket:1"},
]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("organizations", each) for each in BAD_ORGANISATIONS]
    + [("tickets", each) for each in BAD_TICKETS]
    + [("surveys", each) for each in BAD_SURVEYS],
)
def test_a_record_that_makes_no_sense_is_rejected_alone(one, kind, wrong):
    expected = len(records(one.pull()))
    spoilt = {**getattr(one.vendor, kind)[0], "id": "9" if kind == "surveys" else 9, **wrong}
    vendor, key = one.server.vendor, "survey_responses" if kind == "surveys" else kind
    one.server.vendor = lambda request: with_row(vendor(request), key, spoilt)
    pages = one.pull()
    (rejected,) = [each for page in pages for each in page["rejected"]]
    assert next(iter(wrong)) in rejected.problem
    assert len(records(pages)) == expected


def with_row(answer, key, row):
    """The answer with one more row on its last page."""
    body = json.loads(answer.body)
    is_last = body.get("end_of_stream", not body.get("meta", {}).get("has_more"))
    return Answer.of({**body, key: [*body[key], row]}) if key in body and is_last else answer


@pytest.mark.parametrize("at", [0, 5, 4_200_000_000, 10**30])
def test_a_deleted_ticket_of_an_impossible_time_is_rejected(one, at):
    gone = {"id": 9, "status": "deleted", "generated_timestamp": at}
    vendor = one.server.vendor
    one.server.vendor = lambda request: with_row(vendor(request), "tickets", gone)
    pages = one.pull()
    assert [each.what for page in pages for each in page["rejected"]] == ["ticket 9"]
    assert set(tickets(pages)) == {"1", "2", "3", "4", "5"}


def test_odd_letters_unknown_keys_and_repeated_records_do_no_harm(one):
    one.vendor.organizations[0] |= {"name": "A\x00\ud800", "new": [{}]}
    one.vendor.organizations.append(one.vendor.organizations[0])
    one.vendor.tickets[1] |= {"priority": "somewhat", "via": {"source": None}, "tags": []}
    one.vendor.surveys[0]["answers"].append(
        {"type": "matrix", "rating": 9, "question": {"sub_type": "effort"}}
    )
    pages = one.pull()
    assert [each for page in pages for each in page["rejected"]] == []
    assert tickets(pages)["2"].escalation is None
    assert surveys(pages)["1"].score == 4
