"""Typeform's traps: pages from new to old, tokens that go with no date, scales of many kinds, links sent out as copied."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from vendor_case import SECRET, records
from vendor_server import NOW, Answer

from integrations.base import SourceDataError, SourceDownError
from integrations.http import RefusedError
from integrations.people import person_hash
from integrations.sources import typeform as module
from integrations.sources.typeform import Settings, Typeform
from scoring.records import SurveyKind, SurveyResponse

NPS_ID, CSAT_ID = "nps000000001", "rating000001"


@pytest.fixture
def one(opened):
    return opened("typeform")


def told(pages):
    return {each.id: each for each in records(pages)}


def rejected(pages):
    return [each for page in pages for each in page["rejected"]]


def asked(one):
    """Questions put to forms' responses, since the log was last cleared."""
    return [each for each in one.server.log if each.path.endswith("/responses")]


def response(token, at, score=8, **more):
    answer = {"field": {"id": NPS_ID, "ref": "recommend", "type": "nps"}, "type": "number"}
    return {
        "token": token,
        "response_id": token,
        "submitted_at": at.isoformat(),
        "hidden": {"account_id": "acme"},
        "answers": [{**answer, "number": score}],
        **more,
    }


def filled(one, count, newest=NOW, every=timedelta(hours=1)):
    """The first form with so many responses and no other form, newest first."""
    one.vendor.forms = one.vendor.forms[:1]
    one.vendor.responses["u6nXL7"] = [
        response(f"r{number}", newest - number * every) for number in range(count)
    ]
    return one.again(forms=["u6nXL7"])


def test_a_response_gives_one_record_for_nps_and_one_for_csat(one):
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    pages = told(one.pull())
    nps = SurveyResponse(
        id=f"t5:{NPS_ID}",
        account_ref="acme",
        kind=SurveyKind.NPS,
        score=9,
        answered_at=at,
        updated_at=at,
        person=person_hash(b"key", "ada@acme.example"),
        has_comment=True,
    )
    assert pages[nps.id] == nps
    csat = pages[f"t5:{CSAT_ID}"]
    assert (csat.kind, csat.score, csat.person) == (SurveyKind.CSAT, 4, nps.person)


def test_only_the_first_question_of_each_kind_counts_unless_others_are_named(one):
    assert "t5:rating000002" not in told(one.pull())
    named = told(one.again(questions=["speed", NPS_ID]).pull())
    assert set(named) == {f"t5:{NPS_ID}", f"t4:{NPS_ID}", f"t1:{NPS_ID}", "t5:rating000002"}
    assert named["t5:rating000002"].score == 5


def test_scales_are_told_apart_by_their_steps(one):
    pages = told(one.pull())
    easy, likely = pages["s1:opinion00001"], pages["s1:opinion00002"]
    assert (easy.kind, easy.score) == (SurveyKind.CSAT, 3)  # 4 of 1 to 7
    assert (likely.kind, likely.score) == (SurveyKind.NPS, 10)


@pytest.mark.parametrize(
    ("kind", "properties", "number", "score"),
    [
        ("rating", {"steps": 3}, 1, 1),
        ("rating", {"steps": 10}, 10, 5),
        ("rating", {}, 3, 3),
        ("opinion_scale", {"steps": 5, "start_at_one": True}, 2, 2),
        ("opinion_scale", {"steps": 5, "start_at_one": False}, 0, 1),
        ("opinion_scale", {"steps": 11, "start_at_one": True}, 11, 5),
        ("opinion_scale", {"steps": 8, "start_at_one": False}, 7, 5),
    ],
)
def test_a_csat_scale_of_any_length_is_brought_to_one_to_five(one, kind, properties, number, score):
    question = {"id": "q", "ref": "q", "type": kind, "properties": properties}
    one.vendor.forms = [{"id": "u6nXL7", "fields": [question]}]
    answer = {"field": {"id": "q", "type": kind}, "type": "number", "number": number}
    one.vendor.responses = {"u6nXL7": [response("a", NOW, answers=[answer])]}
    (only,) = told(one.pull()).values()
    assert (only.kind, only.score) == (SurveyKind.CSAT, score)


def test_the_account_is_the_hidden_id_else_the_company_of_the_address_else_nobody(one):
    pages = told(one.pull())
    assert pages[f"t5:{NPS_ID}"].account_ref == "acme"
    assert pages[f"t4:{NPS_ID}"].account_ref == "globex.example"  # its id is the sample link's
    assert pages[f"t3:{CSAT_ID}"].account_ref is None  # free mail
    assert pages[f"t3:{CSAT_ID}"].person is not None
    assert pages[f"t1:{NPS_ID}"].person is None


def test_other_hidden_fields_may_hold_the_id_and_the_address(one):
    one.vendor.responses["u6nXL7"][0]["hidden"] = {"tenant": "t-1", "who": "eve@initech.example"}
    pages = told(one.again(account_id_field="tenant", email_field="who").pull())
    assert pages[f"t5:{NPS_ID}"].account_ref == "t-1"
    assert pages[f"t5:{NPS_ID}"].person == person_hash(b"key", "eve@initech.example")


def test_texts_are_kept_only_when_asked_for_and_short_ones_never(one):
    pages = told(one.pull())
    assert all(each.comment is None for each in pages.values())
    assert not pages[f"t4:{NPS_ID}"].has_comment  # a short text: it asks for the name
    kept = told(one.again(comments=True).pull())
    assert kept[f"t5:{NPS_ID}"].comment == "Reports are quick."
    assert not any("Abbott" in repr(each) or "@" in repr(each) for each in kept.values())


def test_a_long_text_is_cut(one):
    one.vendor.responses["u6nXL7"][0]["answers"][4]["text"] = "x" * 50_000
    assert len(told(one.again(comments=True).pull())[f"t5:{NPS_ID}"].comment) == 2_000


def test_what_was_not_answered_or_not_sent_gives_nothing(one):
    rows = filled(one, 4).vendor.responses["u6nXL7"]
    rows[0]["submitted_at"] = "0001-01-01T00:00:00Z"
    del rows[1]["submitted_at"]
    rows[2]["answers"] = None
    one.server.before = [
        Answer.of(one.vendor.forms[0]),
        Answer.of({"total_items": 4, "items": rows}),
    ]
    pages = one.pull()
    assert set(told(pages)) == {f"r3:{NPS_ID}"}
    assert rejected(pages) == []


def test_since_and_before_are_never_sent_together(one):
    filled(one, 7).pull()
    walk = [set(each.query) for each in asked(one)]
    assert walk == [{"page_size", "since"}] + [{"page_size", "before"}] * 3


def test_later_a_form_is_read_back_to_an_hour_before_the_last_reading_and_no_further(one):
    first = filled(one, 40).pull()
    one.clock.at = later = NOW + timedelta(hours=6)
    new = [response(f"n{each}", later - each * timedelta(hours=2)) for each in range(3)]
    one.vendor.responses["u6nXL7"] = new + one.vendor.responses["u6nXL7"]
    one.server.log.clear()
    pages = one.pull(first[-1]["cursor"])
    assert {each.split(":")[0] for each in told(pages)} >= {"n0", "n1", "n2", "r0", "r1"}
    assert asked(one)[0].one("since") == "2026-11-22T11:00:00"
    # A page that is older throughout ends the walk: it may not say `since` beyond its first page.
    assert len(asked(one)) == 4
    assert pages[-1]["cursor"]["read"] == {"u6nXL7": later.isoformat()}


def test_nothing_new_is_two_requests_for_a_form(one):
    cursor = filled(one, 40, newest=NOW - timedelta(days=1)).pull()[-1]["cursor"]
    one.clock.at = NOW + timedelta(days=2)
    one.server.log.clear()
    pages = one.pull(cursor)
    assert records(pages) == []
    assert [each.path for each in one.server.log] == ["/forms/u6nXL7", "/forms/u6nXL7/responses"]


def test_a_walk_cut_short_goes_on_where_it_was_and_what_came_meanwhile_is_read_next_time(one):
    pages = filled(one, 9).pull()
    cut = pages[1]["cursor"]
    assert cut["read"] == {}  # it has moved nowhere yet
    late = response("late", NOW + timedelta(hours=2))
    one.vendor.responses["u6nXL7"].insert(0, late)
    one.clock.at = NOW + timedelta(hours=3)
    one.server.log.clear()
    rest = one.again(forms=["u6nXL7"]).pull(cut)
    assert asked(one)[0].one("before") == "r3"
    assert {each.split(":")[0] for each in told(rest)} == {f"r{each}" for each in range(4, 9)}
    assert rest[-1]["cursor"]["read"] == {"u6nXL7": NOW.isoformat()}  # when the walk began
    following = one.pull(rest[-1]["cursor"])
    assert "late" in {each.split(":")[0] for each in told(following)}


def test_a_walk_that_breaks_off_keeps_the_mark_of_the_last_whole_one(one):
    mark = filled(one, 3).pull()[-1]["cursor"]
    one.clock.at = NOW + timedelta(days=9)
    newer = [response(f"n{each}", one.clock.at - each * timedelta(hours=1)) for each in range(9)]
    one.vendor.responses["u6nXL7"] = newer + one.vendor.responses["u6nXL7"]
    for stop in range(1, 5):
        pulled = one.again(forms=["u6nXL7"]).source.pull(mark, now=one.clock.now())
        cursor = [next(pulled) for _ in range(stop)][-1].cursor
        pulled.close()
        assert cursor["read"] == mark["read"]
        rest = told(one.again(forms=["u6nXL7"]).pull(cursor))
        assert {f"n{each}:{NPS_ID}" for each in range(stop * 2, 9)} <= set(rest)


def test_a_walk_whose_token_was_deleted_begins_again(one):
    cut = filled(one, 9).pull()[1]["cursor"]
    gone = one.vendor.responses["u6nXL7"].pop(3)
    assert gone["token"] == cut["walk"]["before"]
    rest = told(one.again(forms=["u6nXL7"]).pull(cut))
    assert {each.split(":")[0] for each in rest} == {f"r{each}" for each in (0, 1, 2, *range(4, 9))}


def test_a_form_added_later_is_read_from_its_start(one):
    cursor = one.again(forms=["u6nXL7"]).pull()[-1]["cursor"]
    one.clock.at = NOW + timedelta(days=3)
    pages = one.again(forms=["u6nXL7", "scaleQ"]).pull(cursor)
    assert "s1:opinion00001" in told(pages)


def test_a_form_is_read_no_further_back_than_asked(one):
    told_since = told(one.again(backfill_days=10).pull())
    assert {each.split(":")[0] for each in told_since} == {"t5", "t4"}
    cursor = one.source.cursor_since(datetime(2026, 11, 14, tzinfo=UTC))
    assert {each.split(":")[0] for each in told(one.pull(cursor))} == {"t5", "t4"}
    assert one.pull(cursor)[-1]["cursor"]["since"] is None


def test_without_names_every_form_that_asks_is_read_and_others_only_looked_at_once(one):
    first = one.pull()
    paths = [each.path for each in one.server.log]
    assert paths.count("/forms") == 2  # two pages of forms
    assert "/forms/signup" in paths
    assert "/forms/signup/responses" not in paths
    one.server.log.clear()
    one.again().pull(first[-1]["cursor"])
    again = [each.path for each in one.server.log]
    assert [each for each in again if each.count("/") == 2] == []  # no form has changed
    one.vendor.forms[2]["last_updated_at"] = NOW.isoformat()
    one.vendor.forms[2]["fields"].append({"id": "q", "type": "nps"})
    one.again().pull(first[-1]["cursor"])
    assert "/forms/signup/responses" in [each.path for each in one.server.log]


def test_a_named_form_without_a_question_is_said_and_the_rest_is_read(one):
    pages = one.again(forms=["signup", "u6nXL7"]).pull()
    assert [each.what for each in rejected(pages)] == ["form signup"]
    assert told(pages)
    (only,) = one.again(forms=["signup"]).pull()
    assert only["progress"] == 1.0
    assert len(only["rejected"]) == 1


def test_a_named_form_that_does_not_exist_is_named(one):
    with pytest.raises(RefusedError, match="form nosuch not found"):
        one.again(forms=["nosuch"]).pull()


def test_an_account_without_forms_is_no_error(one):
    one.vendor.forms = []
    (page,) = one.pull()
    assert (page["records"], page["requests"], page["progress"]) == ((), 1, 1.0)


@pytest.mark.parametrize(
    "change",
    [
        {"submitted_at": "1970-01-01T00:00:00Z"},
        {"submitted_at": "2100-01-01T00:00:00Z"},
        {"submitted_at": "yesterday"},
        {"token": ""},
        {"token": {"lost": True}},
        {"answers": "many"},
        {"answers": [{"field": {"id": NPS_ID}, "number": -1}]},
        {"answers": [{"field": {"id": NPS_ID}, "number": "many"}]},
        {"answers": [{"field": {"id": NPS_ID}, "number": 1e308}]},
    ],
)
def test_a_response_that_cannot_be_right_is_rejected_alone(one, change):
    filled(one, 3)
    one.vendor.page = 10
    rows = copy.deepcopy(one.vendor.responses["u6nXL7"])
    rows[1] |= change
    one.server.before = [
        Answer.of(one.vendor.forms[0]),
        Answer.of({"total_items": 3, "items": [*rows, "text", None]}),
    ]
    pages = one.pull()
    assert {each.split(":")[0] for each in told(pages)} == {"r0", "r2"}
    assert len(rejected(pages)) == 3


def test_text_no_database_can_store_and_a_response_told_twice_do_no_harm(one):
    odd = response("o\x00", NOW, hidden={"account_id": "ac\x00me \ud800", "email": "\ud800@x"})
    filled(one, 1).vendor.responses["u6nXL7"] += [odd, odd]
    assert len(told(one.pull())) == 2


def test_a_page_without_any_token_to_go_on_from_is_refused(one):
    filled(one, 1)
    rows = [{"submitted_at": NOW.isoformat()}] * 3
    one.server.before = [
        Answer.of(one.vendor.forms[0]),
        Answer.of({"total_items": 9, "items": rows}),
    ]
    with pytest.raises(SourceDataError, match="without a token"):
        one.pull()


def test_pages_that_repeat_for_ever_are_noticed(one):
    filled(one, 4)
    page = {"total_items": 99, "items": one.vendor.responses["u6nXL7"][:2]}
    one.server.before = [Answer.of(one.vendor.forms[0]), *[Answer.of(page)] * 5]
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()


def test_no_more_than_two_requests_a_second_are_sent(one):
    one.pull()
    assert len(one.server.log) > 4
    assert one.clock.waits
    assert sum(one.clock.waits) >= (len(one.server.log) - 2) // 2


def test_a_limit_that_lasts_is_left_to_the_next_pull(one):
    one.server.always = Answer.of({}, 429, retry_after="3600")
    with pytest.raises(SourceDownError, match="limiting us"):
        one.pull()


def test_each_data_centre_has_its_host(clock):
    hosts = {
        region: Typeform(
            Settings(access_token=SECRET, region=region), clock=clock, hash_key=b"key"
        )._http._base
        for region in module._REGIONS
    }
    assert hosts == {
        "us": "https://api.typeform.com/",
        "eu": "https://api.eu.typeform.com/",
        "eu2": "https://api.typeform.eu/",
    }


def test_checking_a_named_form_proves_that_responses_may_be_read(one):
    assert one.again(forms=["u6nXL7"]).source.check() == "the form u6nXL7"
    assert [each.path for each in one.server.log] == ["/forms/u6nXL7/responses"]


@pytest.mark.parametrize("wrong", [{"region": "mars"}, {"backfill_days": 0}, {"form": "x"}])
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(access_token=SECRET, **wrong)
