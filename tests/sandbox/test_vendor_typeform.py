"""Typeform's stand-in: pages from new to old, and our own source reading it day by day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, Answer, StoryClock, World, bearer, serve

from integrations.base import SourceAuthError
from integrations.sources.typeform import Settings, open_source
from sandbox.vendors.typeform import (
    FORM,
    OTHER_FORM,
    TYPEFORM_NARROW_TOKEN,
    TYPEFORM_TOKEN,
    Typeform,
)
from scoring.records import SurveyKind, SurveyResponse


@pytest.fixture
def world() -> Iterator[World]:
    yield from serve(accounts=60)


def reader(world: World, **settings: Any):
    given = {**Typeform.settings(f"{world.url}/typeform"), **settings}
    return open_source(Settings(**given), StoryClock(world), b"key")


def ask(world: World, path: str, token: str = TYPEFORM_TOKEN, **query: Any) -> Answer:
    return world.ask(f"/typeform/{path}", headers=bearer(token), **query)


def answers(world: World, **query: Any) -> list[Any]:
    answer = ask(world, f"forms/{FORM}/responses", **query)
    assert answer.status == 200, answer.body
    return answer.json["items"]


def pulled(world: World, cursor: Any = None, **settings: Any) -> tuple[list[Any], Any, int]:
    pages = list(reader(world, **settings).pull(cursor, now=world.clock.now()))
    assert not [each for page in pages for each in page.rejected]
    told = [each for page in pages for each in page.records]
    return told, pages[-1].cursor, sum(page.requests for page in pages)


def test_going_back_by_token_covers_everything_once(world: World):
    everything = [each["token"] for each in answers(world, page_size=1000)]
    assert len(everything) > 100
    found = [each["token"] for each in answers(world, page_size=60)]
    while page := answers(world, page_size=60, before=found[-1]):
        found += [each["token"] for each in page]
    assert found == everything


def test_a_token_goes_with_no_date(world: World):
    token = answers(world, page_size=1)[0]["token"]
    refused = ask(world, f"forms/{FORM}/responses", before=token, since="2026-09-01T00:00:00")
    assert (refused.status, refused.json["code"]) == (400, "VALIDATION_ERROR")


def test_answers_since_a_date_are_the_newest_first_and_the_last_minutes_are_hidden(world: World):
    since = INSTALLED_AT - timedelta(days=7)
    found = answers(world, page_size=1000, since=f"{since:%Y-%m-%dT%H:%M:%S}")
    times = [datetime.fromisoformat(each["submitted_at"]) for each in found]
    assert times == sorted(times, reverse=True)
    assert times
    assert min(times) >= since
    assert max(times) <= INSTALLED_AT - timedelta(minutes=10)


def test_wrong_and_narrow_tokens_are_refused_apart(world: World):
    assert ask(world, "forms", token="tfp_wrong").status == 401
    narrow = ask(world, f"forms/{FORM}/responses", token=TYPEFORM_NARROW_TOKEN)
    assert narrow.status == 403
    assert "responses:read" in narrow.json["description"]
    with pytest.raises(SourceAuthError, match="responses:read"):
        list(reader(world, access_token=TYPEFORM_NARROW_TOKEN).pull(None, now=world.clock.now()))


def test_the_third_request_of_a_second_is_refused_while_time_flows():
    for world in serve(accounts=3, flowing=True):
        statuses = [ask(world, "forms").status for _ in range(8)]
        assert 429 in statuses


def test_an_unknown_form_is_not_found(world: World):
    assert ask(world, "forms/nosuch").json["code"] == "FORM_NOT_FOUND"


def test_our_source_reads_both_kinds_and_knows_whose_they_are(world: World):
    told, cursor, requests = pulled(world)
    assert {each.kind for each in told} == {SurveyKind.NPS, SurveyKind.CSAT}
    refs = {one.key for one in world.story.accounts} | {one.domain for one in world.story.accounts}
    assert {each.account_ref for each in told} <= refs
    assert all(each.person and each.comment is None for each in told)
    assert requests == 4  # the forms, what two of them ask, and one page
    assert set(cursor["read"]) == {FORM}
    assert set(cursor["known"]) == {FORM, OTHER_FORM}


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
    told, _, _ = pulled(world, forms=[FORM])
    source = reader(world, forms=[FORM])
    world.fault("typeform", "malformed_record", times=2)
    pages = list(source.pull(None, now=world.clock.now()))
    assert len([each for page in pages for each in page.records]) == len(told)
    assert len([each for page in pages for each in page.rejected]) == 1
