"""Amplitude's stand-in: hours of uploads in archives, and the adapter that reads them."""

import gzip
import io
import json
from collections import Counter
from typing import Any
from zipfile import ZipFile

import pytest
from vendor_world import INSTALLED_AT, Answer, StoryClock, World, basic, serve

from integrations.registry import SOURCES, open_source
from sandbox.vendors.amplitude import AMPLITUDE_KEY, AMPLITUDE_SECRET, Amplitude

world = pytest.fixture(lambda: (yield from serve(accounts=40)))


def export(world: World, start: str, end: str, secret: str = AMPLITUDE_SECRET) -> Answer:
    headers = basic(AMPLITUDE_KEY, secret)
    return world.ask("/amplitude/api/2/export", headers=headers, start=start, end=end)


def events(world: World, start: str, end: str) -> list[Any]:
    with ZipFile(io.BytesIO(export(world, start, end).body)) as archive:
        files = [gzip.decompress(archive.read(name)) for name in archive.namelist()]
    return [json.loads(line) for file in files for line in file.splitlines()]


class Book:
    """Usage as storage keeps it: days replaced, or added to."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.counts: Counter[tuple[int, str, str]] = Counter()
        self.users: set[Any] = set()
        self.cursor: Any = None
        self._world = world
        given = Amplitude.settings(f"{world.url}/amplitude") | {"backfill_days": 5, **settings}
        made = SOURCES["amplitude"].settings(**given)
        self.source = open_source("amplitude", made, clock=StoryClock(world), hash_key=b"key")

    def read(self, cursor: Any = None) -> "Book":
        for page in self.source.pull(cursor or self.cursor, now=self._world.clock.now()):
            self.cursor = json.loads(json.dumps(page.cursor))
            if page.usage is None:
                continue
            if not page.usage.adds:
                gone = set(page.usage.days)
                self.counts = Counter({k: n for k, n in self.counts.items() if k[0] not in gone})
                self.users = {each for each in self.users if each[0] not in gone}
            for day, ref, feature, times in (e for batch in page.usage.counts for e in batch):
                self.counts[day, ref, feature] += times
            self.users |= {tuple(each) for batch in page.usage.users for each in batch}
        return self


def test_an_event_has_the_export_s_shape(world: World):
    found = events(world, "20261119T00", "20261119T23")
    assert all(each["server_upload_time"].startswith("2026-11-19") for each in found)
    assert {"event_type", "event_time", "uuid", "$insert_id", "user_id", "groups"} <= set(found[0])
    assert len({each["uuid"] for each in found}) == len(found)
    assert any(each["event_time"] < "2026-11-19" for each in found)  # some come late
    assert any(each["user_id"] is None for each in found)
    assert any(isinstance(each["groups"]["company"], list) for each in found)


def test_hours_that_are_not_ready_are_not_there(world: World):
    world.move(hours=10)  # 16:00
    ready = {
        each["server_upload_time"][:13] for each in events(world, "20261122T00", "20261122T23")
    }
    assert max(ready) <= "2026-11-22 13"
    answer = export(world, "20261122T14", "20261122T23")
    assert (answer.status, answer.json["error"]["http_code"]) == (404, 404)


def test_an_hour_never_changes(world: World):
    before = export(world, "20261119T09", "20261119T10").body
    world.move(days=3)
    after = export(world, "20261119T09", "20261119T10").body
    names = [sorted(ZipFile(io.BytesIO(each)).namelist()) for each in (before, after)]
    assert names[0] == names[1] != []


def test_wrong_keys_and_wrong_hours_are_refused(world: World):
    assert export(world, "20261119T00", "20261119T01", secret="guess").status == 401
    assert export(world, "20261119T01", "20261119T00").status == 400
    assert export(world, "2026-11-19", "20261119T00").status == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [("down", 503), ("unauthorized", 401), ("forbidden", 403), ("ratelimited", 429)],
)
def test_it_can_be_made_to_refuse(world: World, kind: str, status: int):
    world.fault("amplitude", kind)
    assert export(world, "20261119T09", "20261119T10").status == status
    assert export(world, "20261119T09", "20261119T10").status == 200


def test_the_adapter_reads_it_in_a_request_a_day_and_then_one_a_pull(world: World):
    book = Book(world)
    assert book.source.check() == "a project with 5 kinds of events"
    before = world.vendors.counts()["amplitude"]
    book.read()
    assert world.vendors.counts()["amplitude"] - before == 6
    assert len({ref for _, ref, _ in book.counts}) > 20
    world.move(hours=1)
    book.read()
    assert world.vendors.counts()["amplitude"] - before == 7


def test_hour_by_hour_it_ends_with_what_a_fresh_reading_says(world: World):
    begin = {"from_day": "2026-11-18", "next_hour": "2026-11-18T00"}
    book = Book(world).read(begin)
    for hours in (1, 1, 5, 12, 24, 1, 30):
        world.move(hours=hours)
        book.read()
    fresh = Book(world).read(begin)
    assert book.counts == fresh.counts != {}
    assert book.users == fresh.users
    again = book.read(book.source.cursor_since(INSTALLED_AT))
    assert again.counts == fresh.counts


def test_accounts_can_be_told_by_a_property_or_an_address_as_well(world: World):
    names = {each.group for each in world.story.accounts}
    domains = {each.domain for each in world.story.accounts}
    for by, known in (("group", names), ("property", names), ("email", domains)):
        found = {ref for _, ref, _ in Book(world, account_by=by, backfill_days=1).read().counts}
        assert len(found) > 10
        assert found <= known
