"""SurveyMonkey's traps: weights that are no scores, 500 requests a day, pages that shift while they are read."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from vendor_case import SECRET, records
from vendor_server import NOW, Answer

from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.http import RefusedError
from integrations.people import person_hash
from integrations.sources import surveymonkey as module
from integrations.sources.surveymonkey import Settings, SurveyMonkey
from scoring.records import SurveyKind, SurveyResponse

NPS_ID, CSAT_ID, EASY_ID = "302", "305", "310"


@pytest.fixture
def one(opened):
    return opened("surveymonkey")


def told(pages):
    return {each.id: each for each in records(pages)}


def rejected(pages):
    return [each for page in pages for each in page["rejected"]]


def bulk(one):
    return [each for each in one.server.log if each.path.endswith("/bulk")]


def paths(one):
    return [each.path for each in one.server.log]


def response(ident, at, choice="9008", **more):
    answers = [{"id": NPS_ID, "answers": [{"row_id": "70", "choice_id": choice}]}]
    return {
        "id": ident,
        "response_status": "completed",
        "collection_mode": "default",
        "date_created": at.isoformat(),
        "date_modified": at.isoformat(),
        "custom_variables": {"account_id": "acme"},
        "metadata": {},
        "pages": [{"id": "5001", "questions": answers}],
        **more,
    }


def filled(one, rows):
    """One survey with these responses."""
    one.vendor.responses["1001"] = rows
    return one.again(surveys=["1001"])


def hourly(count, newest=NOW):
    return [
        response(f"r{each}", newest - (count - each) * timedelta(hours=2)) for each in range(count)
    ]


def test_a_response_gives_one_record_for_nps_and_one_for_csat(one):
    pages = told(one.pull())
    assert pages[f"r2:{NPS_ID}"] == SurveyResponse(
        id=f"r2:{NPS_ID}",
        account_ref="globex.example",
        kind=SurveyKind.NPS,
        score=0,
        answered_at=datetime(2026, 11, 2, 10, tzinfo=UTC),
        updated_at=datetime(2026, 11, 2, 10, 5, tzinfo=UTC),
        person=person_hash(b"key", "bruno@www.globex.example"),
        has_comment=True,
    )
    assert (pages[f"r1:{CSAT_ID}"].kind, pages[f"r1:{CSAT_ID}"].score) == (SurveyKind.CSAT, 5)


def test_the_nps_score_is_what_the_choice_says_and_not_its_weight(one):
    """The weights of an NPS question are -100, 0 and 100: detractor, passive, promoter."""
    pages = told(one.pull())
    scores = {each: pages[f"{each}:{NPS_ID}"].score for each in ("r1", "r2", "r6")}
    assert scores == {"r1": 7, "r2": 0, "r6": 10}


@pytest.mark.parametrize(
    ("texts", "score"),
    [
        (lambda place: "", 3),
        (lambda place: f"grade {place} of 10", 3),
        (lambda place: "0", 3),
        (lambda place: str(10 - place), 7),
        (lambda place: str(place + 1), 3),
    ],
    ids=["no texts", "two numbers", "all the same", "best first", "one to eleven"],
)
def test_an_nps_choice_without_a_number_of_its_own_counts_by_its_place(one, texts, score):
    question = one.vendor.surveys[0]["pages"][0]["questions"][1]
    for place, choice in enumerate(question["answers"]["choices"]):
        choice["text"] = texts(place)
    question["answers"]["choices"].reverse()  # how they are listed does not matter
    filled(one, [response("a", NOW, "9003")])
    assert told(one.pull())[f"a:{NPS_ID}"].score == score


def test_a_csat_scale_of_any_length_is_brought_to_one_to_five_by_its_weights(one):
    """The seven choices of this one run from best to worst."""
    assert told(one.pull())[f"o1:{EASY_ID}"].score == 5


def test_equal_weights_order_nothing_and_places_do(one):
    for choice in one.vendor.surveys[1]["pages"][0]["questions"][0]["answers"]["choices"]:
        choice["weight"] = 1
    assert told(one.pull())[f"o1:{EASY_ID}"].score == 1


def test_not_applicable_is_no_answer(one):
    pages = one.pull()
    assert f"r3:{CSAT_ID}" not in told(pages)
    assert rejected(pages) == []


def test_what_was_not_completed_or_was_the_author_looking_is_no_answer(one):
    answered = {each.split(":")[0] for each in told(one.pull())}
    assert answered == {"r1", "r2", "r6", "o1"}


@pytest.mark.parametrize("status", ["partial", "overquota", "disqualified", "something new"])
def test_a_status_other_than_completed_is_not_told_even_when_it_is_sent(one, status):
    filled(one, [])
    rows = [response("a", NOW, response_status=status), response("b", NOW)]
    design = [Answer.of({"data": [], "links": {}}), Answer.of(one.vendor.surveys[0])]
    one.server.before = [*design, Answer.of({"data": rows, "links": {}})]
    assert set(told(one.pull())) == {f"b:{NPS_ID}"}


def test_only_scales_with_one_row_count_and_others_can_be_named(one):
    pages = told(one.pull())
    assert {each.split(":")[1] for each in pages} == {NPS_ID, CSAT_ID, EASY_ID}
    named = told(one.again(questions=[CSAT_ID, EASY_ID]).pull())
    assert {each.split(":")[1] for each in named} == {CSAT_ID, EASY_ID}


def test_only_the_questions_that_are_used_are_asked_for(one):
    one.again(surveys=["1001"]).pull()
    assert {each.one("question_ids") for each in bulk(one)} == {f"{NPS_ID},{CSAT_ID},303"}


def test_the_account_is_the_variable_else_the_company_of_the_address_else_nobody(one):
    pages = told(one.pull())
    assert pages[f"r1:{NPS_ID}"].account_ref == "acme"
    assert pages[f"r1:{NPS_ID}"].person is None
    assert pages[f"r6:{NPS_ID}"].account_ref is None  # free mail
    assert pages[f"r6:{NPS_ID}"].person == person_hash(b"key", "chloe@gmail.com")


def test_another_variable_may_carry_the_id_and_the_address_may_be_plain(one):
    more = {
        "custom_variables": {"tenant": "t-1"},
        "metadata": {"contact": {"email": "a@b.example"}},
    }
    pages = told(filled(one, [response("a", NOW, **more)]).pull())
    assert pages[f"a:{NPS_ID}"].account_ref == "b.example"
    renamed = one.again(surveys=["1001"], account_id_variable="tenant")
    assert told(renamed.pull())[f"a:{NPS_ID}"].account_ref == "t-1"


def test_texts_are_kept_only_when_asked_for_and_a_line_of_text_never(one):
    pages = told(one.pull())
    assert all(each.comment is None for each in pages.values())
    assert not pages[f"r6:{NPS_ID}"].has_comment  # a line of text: it asks for the name
    kept = told(one.again(comments=True).pull())
    assert kept[f"r2:{NPS_ID}"].comment == "Slow."
    assert not any("Bruno" in repr(each) or "@" in repr(each) for each in kept.values())


def test_designs_are_read_once_and_again_only_when_a_survey_was_modified(one):
    cursor = one.pull()[-1]["cursor"]
    one.server.log.clear()
    cursor = one.again().pull(cursor)[-1]["cursor"]
    assert paths(one) == [
        "/surveys",
        "/surveys/1001/responses/bulk",
        "/surveys/1002/responses/bulk",
    ]
    one.vendor.surveys[1]["date_modified"] = "2026-11-22T11:00:00"
    one.server.log.clear()
    one.again().pull(cursor)
    assert [each for each in paths(one) if each.endswith("details")] == ["/surveys/1002/details"]


def test_a_survey_that_is_not_listed_is_looked_into_each_time(one):
    """One that is shared with the account, or beyond what is listed."""
    cursor = one.pull()[-1]["cursor"]
    one.server.log.clear()
    one.server.before = [Answer.of({"data": [], "links": {}})]
    assert told(one.again().pull(cursor))
    assert len([each for each in paths(one) if each.endswith("details")]) == 2


@pytest.mark.parametrize("includes_start", [True, False])
def test_pages_are_gone_through_by_time_whether_or_not_the_start_is_included(one, includes_start):
    one.vendor.includes_start = includes_start
    assert len(told(filled(one, hourly(9)).pull())) == 9
    assert {each.one("page") for each in bulk(one)} == {"1"}


@pytest.mark.parametrize("includes_start", [True, False])
def test_more_than_a_page_within_one_second_is_gone_through_by_numbers(one, includes_start):
    one.vendor.includes_start = includes_start
    rows = [response(f"s{each}", NOW - timedelta(days=1)) for each in range(7)]
    rows += [response(f"l{each}", NOW - timedelta(hours=5 - each)) for each in range(3)]
    assert len(told(filled(one, rows).pull())) == 10


def test_a_response_changed_while_pages_are_read_takes_no_other_ones_place(one):
    pulled = filled(one, hourly(9)).source.pull(None, now=NOW)
    found = [each.id for _ in range(2) for each in next(pulled).records]
    one.vendor.responses["1001"][0]["date_modified"] = NOW.isoformat()
    found += [each.id for page in pulled for each in page.records]
    assert {each.split(":")[0] for each in found} == {f"r{each}" for each in range(9)}


def test_a_pull_cut_anywhere_goes_on_without_loss(one):
    rows = hourly(5) + [response(f"s{each}", NOW - timedelta(minutes=9)) for each in range(5)]
    pages = filled(one, rows).pull()
    for number, page in enumerate(pages):
        rest = told(one.again(surveys=["1001"]).pull(page["cursor"]))
        assert {**told(pages[: number + 1]), **rest} == told(pages)


def test_a_changed_answer_is_told_again_with_its_new_time(one):
    cursor = filled(one, hourly(5)).pull()[-1]["cursor"]
    changed = one.vendor.responses["1001"][0]
    changed["date_modified"] = (NOW + timedelta(hours=2)).isoformat()
    changed["pages"][0]["questions"][0]["answers"][0]["choice_id"] = "9001"
    one.clock.at = NOW + timedelta(hours=6)
    again = told(one.again(surveys=["1001"]).pull(cursor))
    assert again[f"r0:{NPS_ID}"].score == 1
    assert again[f"r0:{NPS_ID}"].updated_at == NOW + timedelta(hours=2)


def test_an_hour_is_read_again_and_then_it_rests_there(one):
    cursor = filled(one, hourly(5)).pull()[-1]["cursor"]
    for _ in range(3):
        one.server.log.clear()
        cursor = one.again(surveys=["1001"]).pull(cursor)[-1]["cursor"]
        assert [each.one("start_modified_at") for each in bulk(one)] == ["2026-11-22T09:00:00"]


def test_a_time_to_come_does_not_stop_the_reading_for_years(one):
    rows = [*hourly(3), response("late", datetime(2099, 1, 1, tzinfo=UTC))]
    cursor = filled(one, rows).pull()[-1]["cursor"]
    assert cursor["asks"]["1001"]["from"] < NOW.isoformat()
    one.vendor.responses["1001"].append(response("new", NOW))
    assert f"new:{NPS_ID}" in told(one.again(surveys=["1001"]).pull(cursor))


def test_a_survey_is_read_no_further_back_than_asked_and_one_added_later_from_its_start(one):
    narrow = one.again(surveys=["1001"], backfill_days=17).pull()
    assert {each.split(":")[0] for each in told(narrow)} == {"r6"}
    later = one.again().pull(narrow[-1]["cursor"])
    assert f"o1:{EASY_ID}" in told(later)
    since = one.source.cursor_since(datetime(2026, 11, 6, tzinfo=UTC))
    again = one.again().pull(since)
    assert {each.split(":")[0] for each in told(again)} == {"r6", "o1"}
    assert again[-1]["cursor"]["since"] is None


def test_a_survey_without_a_question_is_said_and_the_rest_is_read(one):
    one.vendor.surveys[0]["pages"] = []
    pages = one.pull()
    assert [each.what for each in rejected(pages)] == ["survey 1001"]
    assert f"o1:{EASY_ID}" in told(pages)
    (only,) = one.again(surveys=["1001"]).pull()
    assert (len(only["rejected"]), only["progress"]) == (1, 1.0)


def test_a_survey_that_does_not_exist_is_named(one):
    with pytest.raises(RefusedError, match="the survey 404"):
        one.again(surveys=["404"]).pull()


def test_a_plan_without_the_details_names_it(one):
    one.source.check()
    error = {
        "id": "1014",
        "message": "Permission has not been granted by the user to make this request.",
    }
    one.server.always = Answer.of({"error": error}, 403)
    with pytest.raises(SourceAuthError, match=r"has not been granted.*responses_read_detail"):
        one.source.check()


def test_when_the_day_s_requests_are_used_up_the_next_pull_goes_on(one):
    day = {"x_ratelimit_app_global_day_remaining": "0", "x_ratelimit_app_global_day_reset": "43200"}
    one.server.before = [
        Answer.of({"data": [], "links": {}}),
        Answer.of(one.vendor.surveys[0]),
        Answer.of(one.vendor.surveys[1], **day),
    ]
    with pytest.raises(SourceDownError, match=r"no requests left .* after 2026-11-23 00:00"):
        one.pull()
    assert one.clock.waits == []
    assert len(one.server.log) == 3


def test_no_more_than_the_day_allows_are_sent(one):
    filled(one, hourly(30))
    one.again(surveys=["1001"], requests_a_day=10)
    pages = []
    with pytest.raises(SourceDownError, match="no requests left"):
        pages.extend(one.source.pull(None, now=NOW))
    assert len(one.server.log) == 10


@pytest.mark.parametrize(
    "change",
    [
        {"date_modified": "1970-01-17T19:07:34+00:00"},
        {"date_modified": "2100-01-01T00:00:00+00:00"},
        {"date_created": "soon"},
        {"id": ""},
        {"id": {"lost": True}},
        {"pages": "many"},
        {"custom_variables": ["acme"]},
        {"pages": [{"questions": [{"id": NPS_ID, "answers": [{"choice_id": "404"}]}]}]},
        {"pages": [{"questions": [{"id": NPS_ID, "answers": [{"choice_id": ["9001"]}]}]}]},
    ],
)
def test_a_response_that_cannot_be_right_is_rejected_alone(one, change):
    rows = hourly(3)
    rows[1] = {**copy.deepcopy(rows[1]), **change}
    one.server.before = [
        Answer.of({"data": [], "links": {}}),
        Answer.of(one.vendor.surveys[0]),
        Answer.of({"data": [*rows, "text", None], "links": {}}),
    ]
    pages = one.again(surveys=["1001"]).pull()
    assert {each.split(":")[0] for each in told(pages)} == {"r0", "r2"}
    assert len(rejected(pages)) == 3


def test_ids_may_come_as_numbers_and_times_without_an_offset(one):
    row = response(77, NOW, date_created="2026-11-22T11:00:00", date_modified="2026-11-22T11:05:00")
    row["pages"][0]["questions"][0] = {"id": 302, "answers": [{"row_id": 70, "choice_id": 9008}]}
    (only,) = told(filled(one, [row]).pull()).values()
    assert (only.id, only.score) == ("77:302", 8)
    assert only.answered_at == datetime(2026, 11, 22, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "answers",
    [None, {"rows": [], "choices": []}, {"rows": [{"id": "70"}], "choices": [{"id": "1"}] * 11}],
)
def test_a_question_that_is_no_scale_is_passed_over(one, answers):
    one.vendor.surveys[0]["pages"][0]["questions"][1]["answers"] = answers
    assert NPS_ID not in {each.split(":")[1] for each in told(one.pull())}


def test_text_no_database_can_store_and_a_response_told_twice_do_no_harm(one):
    more = {
        "custom_variables": {"account_id": "ac\x00me \ud800"},
        "metadata": {"contact": "\ud800"},
    }
    odd = response("o\x00", NOW, **more)
    assert len(told(filled(one, [odd, odd]).pull())) == 1


def test_pages_that_repeat_for_ever_are_noticed(one):
    page = {"data": hourly(2), "links": {"next": "http://evil.example/"}}
    one.server.before = [
        Answer.of({"data": [], "links": {}}),
        Answer.of(one.vendor.surveys[0]),
        *[Answer.of(page)] * 9,
    ]
    with pytest.raises(SourceDataError, match="again and again"):
        one.again(surveys=["1001"]).pull()
    assert len(one.server.log) <= 5


def test_each_region_has_its_host(clock):
    hosts = {
        region: SurveyMonkey(
            Settings(access_token=SECRET, surveys=("1",), region=region), clock=clock, hash_key=b""
        )._http._base
        for region in module._REGIONS
    }
    assert hosts == {
        "us": "https://api.surveymonkey.com/v3/",
        "eu": "https://api.eu.surveymonkey.com/v3/",
        "ca": "https://api.surveymonkey.ca/v3/",
    }


@pytest.mark.parametrize("wrong", [{"surveys": []}, {"region": "mars"}, {"requests_a_day": 0}])
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**{"access_token": SECRET, "surveys": ["1"], **wrong})
