"""The vendors together: one story, nothing from the future, the same bytes again, faults."""

import gzip
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from vendor_world import INSTALLED_AT, World, serve

world = pytest.fixture(serve)


def test_one_account_is_the_same_in_all_four_vendors(world: World):
    customer = next(
        c for c in world.stripe_all("customers") if c["metadata"].get("account_id") == "acme"
    )
    organizations = world.zendesk("incremental/organizations", start_time=0).json["organizations"]
    companies = world.hubspot_all("companies", properties="account_id,hubspot_owner_id")
    groups = [
        event["properties"].get("company_id") for event in world.events("2026-11-20", "2026-11-20")
    ]
    assert customer["name"] == "Acme Corporation"
    assert [
        (one["name"], one["domain_names"]) for one in organizations if one["external_id"] == "acme"
    ] == [("Acme Corporation", ["acme.example"])]
    acme = next(one["properties"] for one in companies if one["properties"]["account_id"] == "acme")
    assert acme["domain"] == "acme.example"
    assert acme["hubspot_owner_id"] in {
        owner["id"] for owner in world.hubspot("owners").json["results"]
    }
    assert "acme" in groups


def test_some_things_match_nothing_at_all(world: World):
    domains = {account.domain for account in world.story.accounts}
    organizations = world.zendesk("incremental/organizations", start_time=0).json["organizations"]
    strays = [one for one in organizations if not domains.intersection(one["domain_names"])]
    assert len(strays) == 2
    assert [one["properties"]["domain"] for one in world.hubspot_all("companies")].count(
        "gmail.com"
    ) == 1
    groups = [
        event["properties"].get("company_id") for event in world.events("2026-11-20", "2026-11-20")
    ]
    assert "staging-tenant" in groups
    assert any(isinstance(group, list) for group in groups)


def test_no_record_comes_from_the_future(world: World):
    now = int(INSTALLED_AT.timestamp())
    events = world.events("2026-11-18", "2026-11-22")
    assert max(event["properties"]["mp_processing_time_ms"] for event in events) <= now * 1000
    tickets = world.zendesk("incremental/tickets/cursor", start_time=0).json["tickets"]
    assert max(ticket["generated_timestamp"] for ticket in tickets) <= now - 60
    for path in ("customers", "invoices", "events"):
        assert max(row["created"] for row in world.stripe_all(path)) <= now
    for contact in world.hubspot_all("contacts", properties="hs_email_last_open_date"):
        assert datetime.fromisoformat(contact["updatedAt"]) <= INSTALLED_AT


def test_the_same_seed_gives_the_same_bytes(world: World):
    def told(by: World) -> list[bytes]:
        return [
            by.mixpanel("2026-11-10", "2026-11-11").body,
            by.zendesk("incremental/tickets/cursor", start_time=0).body.replace(
                by.url.encode(), b""
            ),
            by.stripe("subscriptions", limit=100, status="all").body,
            by.hubspot("objects/contacts", limit=100).body.replace(by.url.encode(), b""),
        ]

    with contextmanager(serve)() as again, contextmanager(serve)(seed=8) as other:
        assert told(again) == told(world)
        assert told(other)[0] != told(world)[0]


def test_requests_are_counted_by_vendor(world: World):
    world.stripe("prices")
    world.stripe("coupons")
    world.hubspot("owners")
    counts = world.ask("/sandbox/vendors/counts").json
    assert {name: count for name, count in counts.items() if count} == {"stripe": 2, "hubspot": 1}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("down", 503), ("unauthorized", 401), ("forbidden", 403), ("ratelimited", 429)],
)
def test_every_vendor_can_be_made_to_refuse_and_then_recovers(world: World, kind: str, status: int):
    asks = {
        "mixpanel": lambda: world.mixpanel("2026-11-01", "2026-11-01"),
        "zendesk": lambda: world.zendesk("incremental/tickets/cursor", start_time=0),
        "stripe": lambda: world.stripe("customers"),
        "hubspot": lambda: world.hubspot("objects/companies"),
    }
    for vendor, ask in asks.items():
        assert world.fault(vendor, kind, times=2).json == {"ok": True}
        assert [ask().status for _ in range(3)] == [status, status, 200]


def test_a_fault_can_last_for_some_time_of_the_story(world: World):
    world.fault("stripe", "down", seconds=3600)
    assert [world.stripe("prices").status for _ in range(3)] == [503, 503, 503]
    world.move(hours=1)
    assert world.stripe("prices").status == 200


def test_a_limited_vendor_says_how_long_to_wait(world: World):
    world.fault("hubspot", "ratelimited", retry_after=3)
    answer = world.hubspot("owners")
    assert answer.headers["Retry-After"] == "3"
    assert answer.json["policyName"] == "TEN_SECONDLY_ROLLING"


def test_a_cut_export_ends_cleanly_in_the_middle_of_its_gzip_body(world: World):
    world.fault("mixpanel", "truncated")
    answer = world.mixpanel("2026-11-10", "2026-11-10")
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    with pytest.raises(EOFError):
        gzip.decompress(answer.body)
    assert world.events("2026-11-10", "2026-11-10")


def test_a_maintenance_page_comes_as_200(world: World):
    world.fault("zendesk", "html")
    answer = world.zendesk("incremental/organizations", start_time=0)
    assert answer.status == 200
    assert answer.body.startswith(b"<!doctype html>")


def test_one_record_of_a_page_can_be_malformed(world: World):
    for vendor, ask, key in (
        ("zendesk", lambda: world.zendesk("incremental/tickets/cursor", start_time=0), "tickets"),
        ("stripe", lambda: world.stripe("customers"), "data"),
        ("hubspot", lambda: world.hubspot("objects/contacts"), "results"),
    ):
        world.fault(vendor, "malformed_record")
        spoiled, sound = ask().json[key], ask().json[key]
        assert spoiled == [{"id": {"lost": True}}, *sound]
    world.fault("mixpanel", "malformed_record")
    assert world.events("2026-11-10", "2026-11-10")[0] == {"event": 7, "properties": "lost"}


def test_an_unknown_fault_is_refused(world: World):
    assert world.fault("stripe", "earthquake").status == 400
    assert world.fault("salesforce", "down").status == 400


def test_an_account_that_signs_up_later_is_not_known_before(world: World):
    late = next(one for one in world.story.accounts if one.joined > 90)
    ahead = timedelta(days=late.joined - 90 + 1)

    def names() -> set[str]:
        rows = world.stripe_all("customers")
        companies = world.hubspot_all("companies")
        organizations = world.zendesk("incremental/organizations", start_time=0).json[
            "organizations"
        ]
        return {
            *(row["name"] for row in rows),
            *(row["properties"]["name"] for row in companies),
            *(row["name"] for row in organizations),
        }

    assert late.name not in names()
    world.clock.move(INSTALLED_AT + ahead)
    assert late.name in names()
