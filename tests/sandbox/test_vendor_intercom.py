"""Intercom's stand-in: one scroll, searches by day, and our own source reading it day by day."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, Answer, StoryClock, World, bearer, serve

from integrations.base import SourceAuthError
from integrations.sources.intercom import Settings, open_source
from sandbox.vendors.intercom import INTERCOM_NARROW_TOKEN, INTERCOM_TOKEN, Intercom
from scoring.records import Contact, Organisation, Rating, Ticket


@pytest.fixture
def world() -> Iterator[World]:
    yield from serve(accounts=40)


def reader(world: World, **settings: Any):
    given = {**Intercom.settings(f"{world.url}/intercom"), **settings}
    return open_source(Settings(**given), StoryClock(world), b"key")


def ask(
    world: World, path: str, body: Any = None, token: str = INTERCOM_TOKEN, **query: Any
) -> Answer:
    return world.ask(f"/intercom/{path}", headers=bearer(token), body=body, **query)


def search(world: World, kind: str, field: str, operator: str, value: Any, **more: Any) -> Answer:
    query = {"field": field, "operator": operator, "value": value}
    return ask(world, f"{kind}/search", {"query": query, **more})


def known(records: list[Any]) -> dict[Any, Any]:
    """What is left when each later record replaces the earlier, as it does when it is stored."""
    return {(type(each), getattr(each, "ref", None) or each.id): each for each in records}


def pulled(world: World, cursor: Any = None) -> tuple[list[Any], Any]:
    pages = list(reader(world).pull(cursor, now=world.clock.now()))
    assert not [each for page in pages for each in page.rejected]
    return [each for page in pages for each in page.records], pages[-1].cursor


def test_a_second_scroll_is_refused_until_the_first_was_left_alone_for_a_minute(world: World):
    first = ask(world, "companies/scroll").json
    refused = ask(world, "companies/scroll")
    assert (refused.status, refused.json["errors"][0]["message"]) == (
        400,
        "scroll already exists for this workspace",
    )
    world.move(seconds=61)
    assert ask(world, "companies/scroll", scroll_param=first["scroll_param"]).status == 404
    assert ask(world, "companies/scroll").status == 200


def test_a_scroll_tells_every_company_once_and_then_ends(world: World):
    first = ask(world, "companies/scroll").json
    rest = ask(world, "companies/scroll", scroll_param=first["scroll_param"]).json
    assert len({each["id"] for each in first["data"]}) == len(list(world.story.known(INSTALLED_AT)))
    assert rest["data"] == []
    assert ask(world, "companies/scroll").status == 200


def test_contacts_are_searched_by_the_workspace_s_day_and_conversations_by_the_second(world: World):
    midnight = (INSTALLED_AT - timedelta(days=10)).replace(hour=8, minute=0)  # UTC-8
    noon = int((midnight + timedelta(hours=12)).timestamp())
    for kind, floor in (("contacts", midnight + timedelta(days=1)), ("conversations", None)):
        rows = search(world, kind, "updated_at", ">", noon, pagination={"per_page": 150}).json
        oldest = min(each["updated_at"] for each in rows["data" if kind == "contacts" else kind])
        assert oldest > noon
        assert floor is None or oldest >= floor.timestamp()
    assert search(world, "contacts", "updated_at", ">=", noon).status == 400


def test_a_search_is_paged_newest_first(world: World):
    found, after = [], {}
    while True:
        paging = {"per_page": 20, **after}
        sort = {"field": "updated_at", "order": "descending"}
        page = search(world, "contacts", "created_at", ">", 1, pagination=paging, sort=sort).json
        found += page["data"]
        if "next" not in page["pages"]:
            break
        after = {"starting_after": page["pages"]["next"]["starting_after"]}
    stamps = [each["updated_at"] for each in found]
    assert stamps == sorted(stamps, reverse=True)
    assert len({each["id"] for each in found}) == len(found) == page["total_count"]


def test_tokens_that_are_wrong_or_narrow_are_refused_in_its_words(world: World):
    wrong = ask(world, "companies/scroll", token="guess")
    assert (wrong.status, wrong.json["errors"][0]["code"]) == (401, "unauthorized")
    source = reader(world, access_token=INTERCOM_NARROW_TOKEN)
    with pytest.raises(SourceAuthError, match="lacks the permission to read conversations"):
        source.check()


def test_it_tells_the_story_the_other_vendors_tell(world: World):
    world.clock.move(INSTALLED_AT + timedelta(days=18))
    records, _ = pulled(world)
    acme = next(each for each in records if isinstance(each, Organisation))
    assert (acme.name, acme.account_key, acme.domains) == (
        "Acme Corporation",
        "acme",
        ("acme.example",),
    )
    tickets = [
        each
        for each in records
        if isinstance(each, Ticket) and each.account_ref in {acme.ref, "acme.example"}
    ]
    assert Rating.BAD in {each.rating for each in tickets}
    assert "marked as priority" in {each.escalation for each in tickets}
    rows = world.zendesk("incremental/tickets/cursor", start_time=0).json["tickets"]
    alive = {str(each["id"]) for each in rows if each["status"] != "deleted"}
    assert {each.id for each in records if isinstance(each, Ticket)} == alive
    mailed = [
        each for each in records if isinstance(each, Contact) and each.account_ref == acme.ref
    ]
    assert max(each.last_opened_at for each in mailed) < INSTALLED_AT + timedelta(days=5)


def test_read_day_by_day_it_tells_what_a_fresh_reading_tells(world: World):
    records, cursor = pulled(world)
    kept = known(records)
    for _ in range(8):
        for hours in (5, 19):  # the second is the first pull of a day
            world.move(hours=hours)
            records, cursor = pulled(world, cursor)
            kept |= known(records)
    fresh = known(pulled(world)[0])
    horizon = world.clock.now() - timedelta(days=60)
    assert {key: each for key, each in kept.items() if key in fresh} == fresh
    assert not [
        each for key, each in kept.items() if key not in fresh and each.updated_at > horizon
    ]


def test_a_quiet_pull_takes_two_requests_and_the_first_of_a_day_two_more(world: World):
    _, cursor = pulled(world)
    for moved, requests in (({"minutes": 30}, 2), ({"hours": 1}, 2), ({"days": 1}, 4)):
        world.move(**moved)
        before = world.vendors.counts()["intercom"]
        _, cursor = pulled(world, cursor)
        assert world.vendors.counts()["intercom"] - before == requests
