"""Mailchimp's stand-in: campaigns of the story's mail, read directly and by batches."""

import io
import json
import tarfile
from datetime import datetime
from typing import Any

import pytest
from vendor_world import INSTALLED_AT, StoryClock, World, basic, serve

from integrations.sources.mailchimp import Mailchimp, Settings, open_source
from sandbox.vendors.mailchimp import API_KEY, NARROW_KEY
from scoring.records import Contact

world = pytest.fixture(serve)
SINCE_EVER = {"campaign_days": 200}


def ask(world: World, path: str, key: str = API_KEY, body: Any = None, **query: Any) -> Any:
    return world.ask(f"/mailchimp/3.0/{path}", headers=basic("any", key), body=body, **query)


def campaigns(world: World) -> list[Any]:
    return ask(world, "campaigns", count=1000).json["campaigns"]


def source(world: World, **settings: Any) -> Mailchimp:
    reached = {"base_url": f"{world.url}/mailchimp", "api_key": API_KEY}
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


def test_campaigns_are_those_sent_by_now(world: World):
    sent = campaigns(world)
    assert len(sent) == 90 // 4 + 1
    assert max(row["send_time"] for row in sent) <= INSTALLED_AT.isoformat()
    since = ask(world, "campaigns", count=1000, since_send_time="2026-11-12T00:00:00+00:00")
    assert since.json["campaigns"] == sent[-since.json["total_items"] :]


def test_everybody_who_was_sent_one_is_listed_whatever_they_did(world: World):
    (*_, last) = campaigns(world)
    emails = ask(world, f"reports/{last['id']}/email-activity", count=1000).json["emails"]
    assert len(emails) == last["emails_sent"]
    assert {len(each["activity"]) > 0 for each in emails} == {True, False}


def test_machines_are_left_out_on_demand_and_nobody_with_them(world: World):
    path = f"reports/{campaigns(world)[-1]['id']}/email-activity"
    everything = ask(world, path, count=1000).json["emails"]
    people = ask(world, path, count=1000, filter_bots="true").json["emails"]
    assert len(people) == len(everything)
    assert sum(len(each["activity"]) for each in people) < sum(
        len(each["activity"]) for each in everything
    )


def test_the_same_people_open_the_same_mail_as_the_crm_says(world: World):
    names = "email,hs_email_last_send_date,hs_email_last_open_date,hs_email_last_click_date"
    rows = [each["properties"] for each in world.hubspot_all("contacts", properties=names)]
    told = merged(read(world, **SINCE_EVER)[0])
    assert len(told) == sum(1 for row in rows if row["hs_email_last_send_date"])
    assert sorted(str(at and at.replace(tzinfo=None)) for _, at, _ in told.values()) == sorted(
        (row["hs_email_last_open_date"] or "None").replace("T", " ").replace(".000Z", "")
        for row in rows
        if row["hs_email_last_send_date"]
    )


def test_a_batch_takes_a_moment_and_leaves_an_archive(world: World):
    path = f"/reports/{campaigns(world)[0]['id']}/email-activity"
    operations = [
        {"method": "GET", "path": path, "operation_id": "a", "params": {"count": 5}},
        {"method": "GET", "path": "/reports/nothing/email-activity", "operation_id": "b"},
    ]
    started = ask(world, "batches", body={"operations": operations}).json
    assert (started["status"], started["response_body_url"]) == ("pending", "")
    assert ask(world, f"batches/{started['id']}").json["status"] == "started"
    world.move(seconds=2)
    finished = ask(world, f"batches/{started['id']}").json
    assert finished["status"] == "finished"
    archive = world.ask(finished["response_body_url"])
    with tarfile.open(fileobj=io.BytesIO(archive.body), mode="r:gz") as files:
        bodies = [files.extractfile(each).read() for each in files]
    assert bodies[0] == b""
    results = {each["operation_id"]: each for each in json.loads(bodies[1])}
    assert len(json.loads(results["a"]["response"])["emails"]) == 5
    assert results["b"]["status_code"] == 404
    assert world.ask(finished["response_body_url"], headers=basic("any", API_KEY)).status == 403


def test_wrong_and_narrow_keys_are_refused_apart(world: World):
    wrong = ask(world, "campaigns", key="wrong-us1")
    assert (wrong.status, wrong.json["title"]) == (401, "API Key Invalid")
    assert ask(world, "campaigns", key=NARROW_KEY).status == 200
    assert ask(world, "reports", key=NARROW_KEY).status == 403
    assert ask(world, "batches", body={"operations": []}).status == 400
    assert ask(world, "campaigns", count=1001).status == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [("down", 503), ("unauthorized", 401), ("forbidden", 403), ("ratelimited", 429)],
)
def test_it_can_be_made_to_refuse(world: World, kind: str, status: int):
    world.fault("mailchimp", kind)
    answer = ask(world, "campaigns")
    assert (answer.status, answer.json["status"]) == (status, status)
    assert ask(world, "campaigns").status == 200


def test_the_adapter_reads_it_in_a_handful_of_requests(world: World):
    assert source(world).check() == "the reports of 23 campaigns"
    before = world.vendors.counts()["mailchimp"]
    records, _ = read(world)
    assert world.vendors.counts()["mailchimp"] - before == 6
    assert {each.last_sent_at for each in records} == {
        datetime.fromisoformat(row["send_time"]) for row in campaigns(world)[-11:]
    }


def test_day_by_day_it_ends_with_what_a_fresh_reading_says(world: World):
    stored, cursor = read(world, **SINCE_EVER)
    for _ in range(9):
        world.move(days=1)
        new, cursor = read(world, json.loads(json.dumps(cursor)), **SINCE_EVER)
        stored += new
    fresh, _ = read(world, **SINCE_EVER)
    assert merged(stored) == merged(fresh)
