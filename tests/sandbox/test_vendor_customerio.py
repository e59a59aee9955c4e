"""Customer.io's stand-in: deliveries of the story's mail, with people and machines told apart."""

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, StoryClock, World, bearer, serve

from integrations.sources.customerio import CustomerIo, Settings, open_source
from sandbox.vendors.customerio import APP_API_KEY, NARROW_KEY
from scoring.records import Contact

world = pytest.fixture(serve)
SINCE_EVER = {"backfill_days": 200}


def ask(world: World, key: str = APP_API_KEY, **query: Any) -> Any:
    return world.ask("/customerio/v1/messages", headers=bearer(key), **query)


def everything(world: World) -> list[Any]:
    found, token = [], ""
    while True:
        page = ask(world, limit=1000, **({"start": token} if token else {})).json
        found, token = [*found, *page["messages"]], page["next"]
        if not token:
            return found


def source(world: World, **settings: Any) -> CustomerIo:
    reached = {"base_url": f"{world.url}/customerio", "app_api_key": APP_API_KEY}
    return open_source(Settings(**reached, **settings), StoryClock(world), b"key")


def read(world: World, cursor: Any = None, **settings: Any) -> tuple[list[Contact], Any]:
    pages = [*source(world, **settings).pull(cursor, now=world.clock.now())]
    return [each for page in pages for each in page.records], pages[-1].cursor


def merged(records: list[Contact]) -> dict[str, tuple[datetime | None, ...]]:
    """What is stored of them: each instant only moves forward."""
    stored: dict[str, tuple[datetime | None, ...]] = {}
    for each in records:
        mine = (each.last_sent_at, each.last_opened_at, each.last_clicked_at)
        known = stored.get(each.id, mine)
        stored[each.id] = tuple(
            max((at for at in pair if at is not None), default=None)
            for pair in zip(known, mine, strict=True)
        )
    return stored


def test_pages_cover_everything_once_newest_first(world: World):
    found = everything(world)
    assert len({each["id"] for each in found}) == len(found) > 1000
    created = [each["created"] for each in found]
    assert created == sorted(created, reverse=True)
    assert created[0] <= INSTALLED_AT.timestamp()
    assert len(ask(world).json["messages"]) == 50


def test_no_metric_comes_from_the_future(world: World):
    world.move(hours=3, minutes=1)  # a minute after mail went out
    latest = ask(world, limit=1000, start_ts=int(INSTALLED_AT.timestamp())).json["messages"]
    now = world.clock.now().timestamp()
    assert all(at <= now for each in latest for at in each["metrics"].values())


def test_people_and_machines_are_told_apart(world: World):
    metrics = [each["metrics"] for each in everything(world)]
    assert any("prefetch_opened" in each and "human_opened" not in each for each in metrics)
    assert any("prefetch_clicked" in each for each in metrics)
    assert all("opened" in each for each in metrics if "human_opened" in each)


def test_a_range_is_kept_and_cut_to_six_months(world: World):
    begin, end = INSTALLED_AT - timedelta(days=20), INSTALLED_AT - timedelta(days=10)
    asked = {"start_ts": int(begin.timestamp()), "end_ts": int(end.timestamp())}
    found = ask(world, limit=1000, **asked).json["messages"]
    assert found
    assert {asked["start_ts"] <= each["created"] <= asked["end_ts"] for each in found} == {True}
    long_ago = INSTALLED_AT - timedelta(days=300)
    before = int((long_ago + timedelta(days=100)).timestamp())
    assert ask(world, start_ts=0, end_ts=before).json == {"messages": [], "next": ""}


def test_wrong_and_narrow_keys_are_refused_apart(world: World):
    assert ask(world, key="site-id").status == 401
    assert ask(world, key=NARROW_KEY).status == 403
    for wrong in ({"limit": 1001}, {"limit": 0}, {"start": "nonsense"}, {"start_ts": "soon"}):
        assert ask(world, **wrong).status == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [("down", 503), ("unauthorized", 401), ("forbidden", 403), ("ratelimited", 429)],
)
def test_it_can_be_made_to_refuse(world: World, kind: str, status: int):
    world.fault("customerio", kind)
    assert [ask(world).status for _ in range(2)] == [status, 200]


def test_the_eleventh_request_of_a_second_is_refused_while_time_flows():
    with contextmanager(serve)(accounts=5, flowing=True) as world:
        assert 429 in [ask(world, limit=1).status for _ in range(40)]


def test_the_adapter_reads_it_by_the_thousand(world: World):
    records, cursor = read(world)
    counted = world.vendors.counts()["customerio"]
    assert counted == -(-len(records) // 1000)
    read(world, cursor)
    assert world.vendors.counts()["customerio"] == counted + 1


def test_the_same_people_open_the_same_mail_as_the_crm_says(world: World):
    names = "email,hs_email_last_send_date,hs_email_last_click_date"
    rows = [each["properties"] for each in world.hubspot_all("contacts", properties=names)]
    told = merged(read(world, **SINCE_EVER)[0])
    assert sorted(str(at and at.replace(tzinfo=None)) for *_, at in told.values()) == sorted(
        (row["hs_email_last_click_date"] or "None").replace("T", " ").replace(".000Z", "")
        for row in rows
        if row["hs_email_last_send_date"]
    )


def test_day_by_day_it_ends_with_what_a_fresh_reading_says(world: World):
    stored, cursor = read(world, **SINCE_EVER)
    for hours in (1, 5, 18, 24, 24, 3, 21, 24, 24, 24):
        world.move(hours=hours)
        new, cursor = read(world, json.loads(json.dumps(cursor)), **SINCE_EVER)
        stored += new
    assert merged(stored) == merged(read(world, **SINCE_EVER)[0])
