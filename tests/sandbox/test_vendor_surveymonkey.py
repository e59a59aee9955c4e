"""SurveyMonkey's stand-in: 500 requests a day, weights that are no scores, and our own source reading it day by day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, Answer, StoryClock, World, bearer, serve

from integrations.base import SourceAuthError, SourceDownError
from integrations.sources.surveymonkey import Settings, open_source
from sandbox.vendors.surveymonkey import (
    SURVEY,
    SURVEYMONKEY_NARROW_TOKEN,
    SURVEYMONKEY_TOKEN,
    SurveyMonkey,
)
from scoring.records import SurveyKind, SurveyResponse


@pytest.fixture
def world() -> Iterator[World]:
    yield from serve(accounts=60)


def reader(world: World, **settings: Any):
    given = {**SurveyMonkey.settings(f"{world.url}/surveymonkey"), **settings}
    return open_source(Settings(**given), StoryClock(world), b"key")


def ask(world: World, path: str, token: str = SURVEYMONKEY_TOKEN, **query: Any) -> Answer:
    return world.ask(f"/surveymonkey/v3/{path}", headers=bearer(token), **query)


def bulk(world: World, **query: Any) -> Any:
    answer = ask(world, f"surveys/{SURVEY}/responses/bulk", **query)
    assert answer.status == 200, answer.body
    return answer.json


def pulled(world: World, cursor: Any = None) -> tuple[list[Any], Any, int]:
    pages = list(reader(world).pull(cursor, now=world.clock.now()))
    assert not [each for page in pages for each in page.rejected]
    told = [each for page in pages for each in page.records]
    return told, pages[-1].cursor, sum(page.requests for page in pages)


def test_pages_cover_everything_once_and_link_to_the_next(world: World):
    page, found = bulk(world, per_page=100, sort_order="ASC"), []
    while True:
        found += [each["id"] for each in page["data"]]
        if "next" not in page["links"]:
            break
        page = world.ask(page["links"]["next"], headers=bearer(SURVEYMONKEY_TOKEN)).json
    assert len(found) == len(set(found)) == page["total"] > 100


def test_what_was_modified_since_comes_in_its_order(world: World):
    since = INSTALLED_AT - timedelta(days=7)
    page = bulk(world, start_modified_at=f"{since:%Y-%m-%dT%H:%M:%S}", sort_order="ASC")
    times = [datetime.fromisoformat(each["date_modified"]) for each in page["data"]]
    assert times == sorted(times)
    assert times
    assert min(times) >= since
    assert max(times) <= INSTALLED_AT


def test_only_the_questions_asked_for_are_answered(world: World):
    rows = bulk(world, question_ids="330000001")["data"]
    assert {each["id"] for row in rows for each in row["pages"][0]["questions"]} == {"330000001"}


def test_wrong_and_narrow_tokens_are_refused_apart(world: World):
    assert ask(world, "surveys", token="wrong").json["error"]["id"] == "1010"
    narrow = ask(world, f"surveys/{SURVEY}/responses/bulk", token=SURVEYMONKEY_NARROW_TOKEN)
    assert (narrow.status, narrow.json["error"]["id"]) == (403, "1014")
    with pytest.raises(SourceAuthError, match="responses_read_detail"):
        reader(world, access_token=SURVEYMONKEY_NARROW_TOKEN).check()


def test_after_500_requests_the_day_is_over_and_our_source_does_not_ask_on(world: World):
    for _ in range(500):
        world.move(seconds=1)
        answer = ask(world, "surveys")
    assert answer.headers["X-Ratelimit-App-Global-Day-Remaining"] == "0"
    assert ask(world, "surveys").status == 429
    before = world.vendors.counts()["surveymonkey"]
    with pytest.raises(SourceDownError, match="no requests left"):
        list(reader(world).pull(None, now=world.clock.now()))
    assert world.vendors.counts()["surveymonkey"] == before + 1
    world.move(days=1)
    assert ask(world, "surveys").status == 200


def test_our_source_reads_the_numbers_and_knows_whose_they_are(world: World):
    told, _, requests = pulled(world)
    rows = bulk(world, per_page=100, sort_order="ASC")["data"]
    chosen = {
        f"{row['id']}:{each['id']}": int(each["answers"][0]["choice_id"]) - 550_000_000
        for row in rows
        for each in row["pages"][0]["questions"]
        if each["id"] == "330000001"
    }
    scores = {each.id: each.score for each in told if each.kind is SurveyKind.NPS}
    assert chosen.items() <= scores.items()
    refs = {one.key for one in world.story.accounts} | {one.domain for one in world.story.accounts}
    assert {each.account_ref for each in told} <= refs | {None}
    assert requests <= 2 + len(scores) // 90 + 1


def test_read_day_by_day_it_ends_like_a_fresh_reading_for_two_requests_a_pull(world: World):
    told, cursor, _ = pulled(world)
    known: dict[str, SurveyResponse] = {each.id: each for each in told}
    first = len(known)
    for _ in range(25):
        world.move(days=1, hours=1)
        told, cursor, requests = pulled(world, cursor)
        known |= {each.id: each for each in told}
        assert requests == 2
    fresh, _, _ = pulled(world)
    assert known == {each.id: each for each in fresh}
    assert len(known) > first


def test_a_fault_of_one_record_costs_one_record(world: World):
    told, cursor, _ = pulled(world)
    world.fault("surveymonkey", "malformed_record", times=1)
    pages = list(reader(world).pull(cursor, now=world.clock.now()))
    assert len([each for page in pages for each in page.rejected]) == 1
    assert {each.id for page in pages for each in page.records} <= {each.id for each in told}
