"""Zendesk's stand-in: incremental exports, ratings, and who may read them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, StoryClock, World, basic, serve

from integrations.sources.zendesk import Settings, open_source
from sandbox.vendors import credentials
from sandbox.vendors.zendesk import Zendesk
from scoring.records import Rating, SurveyResponse, Ticket

world = pytest.fixture(serve)
LEGACY = basic(f"{credentials.ZENDESK_EMAIL}/token", credentials.ZENDESK_API_TOKEN)


def tickets(world: World, **query: Any) -> tuple[list[Any], str]:
    """All pages from a start or a cursor, and the cursor after the last."""
    found: list[Any] = []
    page = world.zendesk("incremental/tickets/cursor", headers=LEGACY, **query).json
    while True:
        found += page["tickets"]
        if page["end_of_stream"]:
            return found, page["after_cursor"]
        world.move(seconds=10)
        page = world.ask(page["after_url"], headers=LEGACY).json


def test_pages_cover_every_ticket_once_in_the_order_of_change(world: World):
    found, _ = tickets(world, start_time=0, per_page=20)
    assert len(found) > 60
    assert len({one["id"] for one in found}) == len(found)
    stamps = [one["generated_timestamp"] for one in found]
    assert stamps == sorted(stamps)


def test_a_cursor_gives_only_what_changed_since(world: World):
    first, cursor = tickets(world, start_time=0)
    again, same = tickets(world, cursor=cursor)
    assert (again, same) == ([], cursor)
    world.move(days=3)
    changed, _ = tickets(world, cursor=cursor)
    last = max(one["generated_timestamp"] for one in first)
    assert changed
    assert all(one["generated_timestamp"] > last for one in changed)


def test_tickets_end_as_the_story_has_them(world: World):
    found, _ = tickets(world, start_time=0)
    seen_at = world.clock.now() - timedelta(minutes=1)
    expected = [
        one for day in range(91) for one in world.story.tickets_of(day) if one.created_at <= seen_at
    ]
    assert {one["id"]: one["status"] for one in found} == {
        one.id: one.seen_at(seen_at)[1]["status"] for one in expected
    }


def test_acme_gets_a_bad_rating_and_then_an_escalated_ticket(world: World):
    world.clock.move(INSTALLED_AT + timedelta(days=18))
    found, _ = tickets(world, start_time=int((INSTALLED_AT - timedelta(days=1)).timestamp()))
    acme = [one for one in found if one.get("organization_id") == 900_000_000]
    assert "bad" in {one["satisfaction_rating"]["score"] for one in acme}
    assert [one for one in acme if one["status"] == "open" and one["priority"] == "urgent"]


def test_sentiment_is_a_custom_field_that_the_field_list_names(world: World):
    fields = world.zendesk("ticket_fields").json["ticket_fields"]
    sentiment = next(one for one in fields if one["title"] == "Sentiment")
    options = {option["value"] for option in sentiment["custom_field_options"]}
    found, _ = tickets(world, start_time=0)
    said = {
        field["value"]
        for one in found
        for field in one["custom_fields"]
        if field["id"] == sentiment["id"]
    }
    assert "sentiment__neutral" in said
    assert said - {None} <= options


def test_metric_sets_come_when_asked_for(world: World):
    plain, _ = tickets(world, start_time=0)
    rich, _ = tickets(world, start_time=0, include="metric_sets")
    assert not any("metric_set" in one for one in plain)
    assert any(
        one["metric_set"]["reply_time_in_minutes"]["calendar"]
        for one in rich
        if "metric_set" in one
    )


def test_the_export_needs_a_start_at_least_a_minute_old(world: World):
    recent = int(world.clock.now().timestamp()) - 30
    assert world.zendesk("incremental/tickets/cursor", start_time=recent).status == 422
    assert world.zendesk("incremental/tickets/cursor").status == 400
    assert world.zendesk("incremental/tickets/cursor", cursor="???").status == 400


def test_the_eleventh_export_of_a_minute_is_refused_and_a_minute_later_welcome(world: World):
    statuses = [
        world.zendesk("incremental/tickets/cursor", headers=LEGACY, start_time=0).status
        for _ in range(10)
    ]
    refused = world.zendesk("incremental/organizations", headers=LEGACY, start_time=0)
    assert (set(statuses), refused.status) == ({200}, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    world.move(minutes=1)
    assert world.zendesk("incremental/organizations", headers=LEGACY, start_time=0).status == 200


def test_organizations_changed_since_a_start_are_few(world: World):
    everything = world.zendesk("incremental/organizations", start_time=0).json
    later = world.zendesk("incremental/organizations", start_time=everything["end_time"] + 1).json
    assert everything["count"] == len(everything["organizations"]) > 50
    assert everything["end_of_stream"]
    assert later["count"] == 0


def test_some_organizations_have_no_external_id_but_a_domain(world: World):
    rows = world.zendesk("incremental/organizations", start_time=0).json["organizations"]
    silent = [one for one in rows if one["external_id"] is None]
    assert 0 < len(silent) < len(rows) / 2
    assert sum(1 for one in silent if one["domain_names"]) >= len(silent) - 1


def test_ratings_are_paged_and_each_was_given(world: World):
    since = int((INSTALLED_AT - timedelta(days=90)).timestamp())
    found: list[Any] = []
    page = world.zendesk("satisfaction_ratings", start_time=since, **{"page[size]": 5}).json
    found += page["satisfaction_ratings"]
    while page["links"]["next"]:
        page = world.ask(page["links"]["next"], headers=LEGACY).json
        found += page["satisfaction_ratings"]
    assert len({one["id"] for one in found}) == len(found) > 5
    assert {one["score"] for one in found} <= {"good", "bad"}
    assert all(datetime.fromisoformat(one["created_at"]) <= INSTALLED_AT for one in found)


def test_a_token_lasts_thirty_minutes_of_the_story(world: World):
    headers = world.token()
    assert world.zendesk("users/me", headers=headers).status == 200
    world.move(minutes=31)
    answer = world.zendesk("users/me", headers=headers)
    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert world.zendesk("users/me", headers=world.token()).status == 200


def test_wrong_credentials_are_refused_in_zendesk_s_words(world: World):
    wrong = world.zendesk("users/me", headers=basic("somebody/token", "guess"))
    assert (wrong.status, wrong.json) == (401, {"error": "Couldn't authenticate you"})
    body = {
        "grant_type": "client_credentials",
        "client_id": "bellwether_sandbox",
        "client_secret": "guess",
    }
    refused = world.ask("/zendesk/oauth/tokens", body=body)
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")


def test_who_is_no_admin_may_not_export(world: World):
    agent = world.token(credentials.ZENDESK_AGENT_CLIENT)
    assert world.zendesk("users/me", headers=agent).json["user"]["role"] == "agent"
    answer = world.zendesk("incremental/tickets/cursor", headers=agent, start_time=0)
    assert (answer.status, answer.json["error"]["title"]) == (403, "Forbidden")


def pulled(world: World, cursor: Any = None) -> tuple[list[Any], Any]:
    settings = Settings(**Zendesk.settings(f"{world.url}/zendesk"))
    source = open_source(settings, StoryClock(world), b"key")
    pages = list(source.pull(cursor, now=world.clock.now()))
    assert not [each for page in pages for each in page.rejected]
    return [each for page in pages for each in page.records], pages[-1].cursor


def known(records: list[Any]) -> dict[Any, Any]:
    """What is left when each later record replaces the earlier, as it does when it is stored."""
    return {(type(each), getattr(each, "ref", None) or each.id): each for each in records}


def test_a_part_of_the_accounts_answers_surveys_that_say_what_the_tickets_say(world: World):
    records, _ = pulled(world)
    answers = [each for each in records if isinstance(each, SurveyResponse)]
    tickets = {each.id: each for each in records if isinstance(each, Ticket)}
    assert len({each.id for each in answers}) == len(answers) > 5
    for each in answers:
        assert tickets[each.ticket_id].rating is (Rating.GOOD if each.score > 3 else Rating.BAD)
        assert tickets[each.ticket_id].account_ref != "900000000"  # Acme rates by thumb


def test_surveys_are_asked_for_in_milliseconds_and_paged(world: World):
    found: list[Any] = []
    page = world.zendesk("guide/survey_responses", **{"page[size]": 5}).json
    while True:
        found += page["survey_responses"]
        if not page["meta"]["has_more"]:
            break
        page = world.ask(page["links"]["next"], headers=LEGACY).json
    assert len({each["id"] for each in found}) == len(found) > 20
    assert [] in [each["answers"] for each in found]
    since = int((INSTALLED_AT - timedelta(days=10)).timestamp() * 1000)
    later = world.zendesk("guide/survey_responses", **{"filter[created_at_start]": since}).json
    assert 0 < len(later["survey_responses"]) < len(found)


def test_read_day_by_day_it_tells_what_a_fresh_reading_tells(world: World):
    records, cursor = pulled(world)
    kept = known(records)
    for _ in range(8):
        for hours in (6, 18):
            world.move(hours=hours)
            records, cursor = pulled(world, cursor)
            kept |= known(records)
    fresh = known(pulled(world)[0])
    # A ticket that was scrubbed keeps the organization it had with us.
    assert {key: each for key, each in kept.items() if not getattr(each, "deleted", False)} == {
        key: each for key, each in fresh.items() if not getattr(each, "deleted", False)
    }


def test_a_quiet_pull_takes_three_requests_and_a_token(world: World):
    _, cursor = pulled(world)
    world.move(minutes=15)
    before = world.vendors.counts()["zendesk"]
    pulled(world, cursor)
    # organizations, tickets, surveys; a token and the ticket fields are for having been opened anew
    assert world.vendors.counts()["zendesk"] - before == 3 + 2
