"""HubSpot's stand-in: companies, contacts and owners, listed and searched."""

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, World, serve

from integrations.sources.hubspot import SOURCE
from sandbox.vendors import credentials
from sandbox.vendors.hubspot import HubSpot

world = pytest.fixture(serve)
COUNTERS = "hs_email_delivered,hs_email_open,hs_email_click,hs_sales_email_last_replied,hs_email_last_open_date"


def search(world: World, kind: str, since: datetime, **more: Any) -> Any:
    name = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    value = str(int(since.timestamp() * 1000))
    body = {
        "filterGroups": [{"filters": [{"propertyName": name, "operator": "GTE", "value": value}]}],
        "sorts": [{"propertyName": name, "direction": "ASCENDING"}],
        "limit": 200,
        **more,
    }
    return world.hubspot(f"objects/{kind}/search", body=body)


@pytest.mark.parametrize("kind", ["companies", "contacts"])
def test_pages_cover_everything_once(kind: str):
    with contextmanager(serve)(accounts=150) as world:
        found = world.hubspot_all(kind)
        assert len({one["id"] for one in found}) == len(found) > 100


def test_the_next_page_has_a_link(world: World):
    page = world.hubspot("objects/contacts", limit=10, properties="email").json
    link = page["paging"]["next"]["link"]
    following = world.ask(
        link, headers={"Authorization": f"Bearer {credentials.HUBSPOT_TOKEN}"}
    ).json
    assert not {one["id"] for one in page["results"]} & {one["id"] for one in following["results"]}


def test_values_are_strings_and_nothing_is_empty_or_null(world: World):
    for one in world.hubspot_all("contacts", properties=COUNTERS):
        assert all(value is None or isinstance(value, str) for value in one["properties"].values())
    companies = world.hubspot_all(
        "companies", properties="hubspot_owner_id,renewal_date,unheard_of"
    )
    assert {one["properties"]["unheard_of"] for one in companies} == {None}
    assert "" in {one["properties"]["hubspot_owner_id"] for one in companies}


def test_a_contact_names_its_company(world: World):
    companies = {one["id"] for one in world.hubspot_all("companies")}
    for one in world.hubspot_all(
        "contacts", properties="associatedcompanyid", associations="companies"
    ):
        linked = one["associations"]["companies"]["results"][0]["id"]
        assert linked == one["properties"]["associatedcompanyid"]
        assert linked in companies


def test_some_contacts_use_free_mail(world: World):
    mails = [one["properties"]["email"] for one in world.hubspot_all("contacts")]
    free = [mail for mail in mails if mail.endswith("@gmail.com")]
    assert 0 < len(free) < len(mails) / 5


def test_a_search_gives_what_changed_since_and_nothing_else(world: World):
    since = INSTALLED_AT - timedelta(hours=1)
    assert search(world, "contacts", since).json["total"] == 0
    world.move(days=5)
    found = search(world, "contacts", since).json
    assert found["total"] > 0
    stamps = [one["properties"]["lastmodifieddate"] for one in found["results"]]
    assert stamps == sorted(stamps)
    assert all(datetime.fromisoformat(stamp) >= since for stamp in stamps)


def test_a_search_can_be_paged(world: World):
    begin = INSTALLED_AT - timedelta(days=90)
    found, after = [], 0
    while after is not None:
        page = search(world, "contacts", begin, limit=50, after=str(after)).json
        found += [one["id"] for one in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert len(found) == len(set(found)) == page["total"]


def test_counters_only_ever_grow(world: World):
    def counts() -> dict[str, list[int]]:
        names = COUNTERS.split(",")[:3]
        rows = world.hubspot_all("contacts", properties=COUNTERS)
        return {one["id"]: [int(one["properties"][name]) for name in names] for one in rows}

    before = counts()
    world.move(days=10)
    after = counts()
    assert all(a >= b for key, row in before.items() for a, b in zip(after[key], row, strict=True))
    assert sum(row[0] for row in after.values()) > sum(row[0] for row in before.values())


def test_acme_s_mail_goes_cold(world: World):
    world.move(days=20)
    rows = world.hubspot_all("contacts", properties=f"associatedcompanyid,{COUNTERS}")
    acme = [
        one["properties"] for one in rows if one["properties"]["associatedcompanyid"] == "300000000"
    ]
    opened = [one["hs_email_last_open_date"] for one in acme]
    assert max(opened) < f"{INSTALLED_AT + timedelta(days=5):%Y-%m-%d}"


def test_no_search_goes_deeper_than_ten_thousand(world: World):
    answer = search(world, "contacts", INSTALLED_AT, after="9900", limit=200)
    assert (answer.status, answer.json["category"]) == (400, "VALIDATION_ERROR")


def test_the_four_csms_are_the_owners(world: World):
    owners = world.hubspot("owners").json["results"]
    assert [f"{one['firstName']} {one['lastName']}" for one in owners] == [
        one.name for one in world.story.owners
    ]


def test_wrong_and_narrow_tokens_are_refused_apart(world: World):
    wrong = world.hubspot("objects/companies", token="pat-wrong")
    assert (wrong.status, wrong.json["category"]) == (401, "INVALID_AUTHENTICATION")
    narrow = world.hubspot("objects/contacts", token=credentials.HUBSPOT_NARROW_TOKEN)
    assert (narrow.status, narrow.json["category"]) == (403, "MISSING_SCOPES")
    needed = narrow.json["errors"][0]["context"]["requiredGranularScopes"]
    assert needed == ["crm.objects.contacts.read"]
    assert world.hubspot("objects/companies", token=credentials.HUBSPOT_NARROW_TOKEN).status == 200


def test_the_191st_request_of_ten_seconds_is_refused(world: World):
    statuses = [world.hubspot("owners").status for _ in range(191)]
    assert 429 in statuses
    world.move(seconds=10)
    answer = world.hubspot("owners")
    assert answer.status == 200
    assert answer.headers["X-HubSpot-RateLimit-Max"] == "190"


def test_nobody_is_archived_in_this_story(world: World):
    assert world.hubspot("objects/companies", archived="true").json == {"results": []}
    assert world.hubspot("objects/companies", archived="maybe").status == 400


class Waiting:
    """The sandbox's clock, which waiting moves."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.clock.now()

    def wait(self, seconds: float) -> None:
        self._world.move(seconds=seconds)


def opened(world: World) -> Any:
    settings = SOURCE.settings(**HubSpot.settings(f"{world.url}/hubspot"))
    return SOURCE.open(settings, Waiting(world), b"key")


def test_the_adapter_read_day_by_day_ends_with_what_a_fresh_reading_tells():
    with contextmanager(serve)(accounts=40) as world:
        cursor, told, requests = None, {}, []
        for _ in range(5):
            pages = list(opened(world).pull(cursor, now=world.clock.now()))
            cursor = pages[-1].cursor
            requests.append(sum(page.requests for page in pages))
            for page in pages:
                told |= {
                    (type(each), getattr(each, "ref", None) or each.id): each
                    for each in page.records
                }
            world.move(days=1)
        world.move(days=-1)
        fresh = [
            each
            for page in opened(world).pull(None, now=world.clock.now())
            for each in page.records
        ]
        assert set(told.values()) == set(fresh)
        # A day: the owners, a search of each kind, and the archived of each kind.
        assert max(requests[1:]) <= 5 + 1
