"""The warehouse that is loaded once a day: read by the adapter itself, day by day and all at once."""

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from integrations.registry import SOURCES, open_source
from sandbox.couriers.warehouse import EVENT_TABLES, Warehouse
from sandbox.story import Story

START = datetime(2026, 8, 24, tzinfo=UTC)
INSTALLED_AT = START + timedelta(days=90, hours=6)
EPOCH = date(1970, 1, 1)


class Clock:
    def now(self):
        return INSTALLED_AT


@pytest.fixture
def story():
    return Story(40, 7, START)


@pytest.fixture
def courier(story, tmp_path):
    return Warehouse(story, tmp_path / "warehouse")


def source_of(courier):
    settings = SOURCES["warehouse"].settings(**courier.settings())
    return open_source("warehouse", settings, clock=Clock(), hash_key=b"key")


class Kept:
    """What was read, as storage keeps it: usage by its days."""

    def __init__(self):
        self.counts, self.users, self.cursor, self.as_of = {}, {}, None, None
        self.requests = 0

    def read(self, source, now):
        for page in source.pull(self.cursor, now=now):
            assert page.rejected == ()
            (day,) = page.usage.days
            self.counts[day] = {each for batch in page.usage.counts for each in batch}
            self.users[day] = {each for batch in page.usage.users for each in batch}
            self.cursor, self.as_of = page.cursor, page.as_of
            self.requests += page.requests


def number(at):
    return (at.date() - EPOCH).days


def test_reading_day_by_day_ends_where_a_fresh_reading_begins(story, courier, tmp_path):
    daily, fresh = Kept(), Kept()
    for day in range(8):
        now = INSTALLED_AT + timedelta(days=day)
        courier.deliver(now)
        daily.read(source_of(courier), now)
    later = Warehouse(story, tmp_path / "later")
    later.deliver(now)
    fresh.read(source_of(later), now)
    assert any(fresh.counts.values())
    shared = [day for day in fresh.counts if day > number(now) - 35]
    assert {day: daily.counts[day] for day in shared} == {day: fresh.counts[day] for day in shared}
    assert {day: daily.users[day] for day in shared} == {day: fresh.users[day] for day in shared}
    assert daily.as_of == fresh.as_of == now
    assert fresh.requests == 1 + 2 * 36
    assert daily.requests == 1 + 2 * 36 + 7 * (1 + 2 * 5)


def test_it_tells_what_the_story_does_under_the_ids_product_analytics_uses(story, courier):
    kept = Kept()
    courier.deliver(INSTALLED_AT)
    kept.read(source_of(courier), INSTALLED_AT)
    groups = {account.group: account for account in story.accounts}
    for back in range(1, 15):
        day = story.day(INSTALLED_AT) - back
        told = number(story.midnight(day))
        for group, account in groups.items():
            deeds = story.deeds(account, day)
            counts = {
                each.feature: each.times for each in kept.counts[told] if each.account_ref == group
            }
            assert sum(counts.values()) == len(deeds)
            for name in EVENT_TABLES:
                assert counts.get(name, 0) == sum(deed.event == name for deed in deeds)
            people = [each for each in kept.users[told] if each.account_ref == group]
            assert len(people) == len({deed.user for deed in deeds})
        assert {each.account_ref for each in kept.counts[told]} <= groups.keys()


def test_some_people_were_somebody_else_before_and_some_are_nobody(courier):
    courier.deliver(INSTALLED_AT)
    with duckdb.connect(courier.path, read_only=True) as connection:

        def one(sql):
            return connection.execute(sql).fetchone()[0]

        assert one("SELECT count(*) FROM user_migrations") > 20
        assert one("SELECT count(*) FROM users WHERE email IS NULL") > 35
        assert one("SELECT count(*) - count(DISTINCT user_id) FROM users") == 0
        assert one("SELECT max(time) FROM sessions") <= INSTALLED_AT.replace(tzinfo=None)


def test_it_is_loaded_once_a_day_and_a_file_that_is_being_read_stays_whole(courier):
    courier.deliver(INSTALLED_AT)
    before = courier.path.stat().st_ino
    courier.deliver(INSTALLED_AT + timedelta(hours=5))
    assert courier.path.stat().st_ino == before
    pages = source_of(courier).pull(None, now=INSTALLED_AT)
    next(pages)
    courier.deliver(INSTALLED_AT + timedelta(days=1))
    assert courier.path.stat().st_ino != before
    assert any(batch for page in pages for batch in page.usage.counts)
    assert [each.name for each in courier.home.iterdir()] == ["warehouse.duckdb"]


def test_a_leap_of_weeks_leaves_no_day_out(story, courier):
    kept, now = Kept(), INSTALLED_AT
    for leap in (0, 20, 1):
        now += timedelta(days=leap)
        courier.deliver(now)
        kept.read(source_of(courier), now)
    assert sorted(kept.counts) == [*range(number(INSTALLED_AT) - 35, number(now) + 1)]
    weekdays = [day for day in kept.counts if (EPOCH + timedelta(days=day)).weekday() < 5]
    assert all(kept.counts[day] for day in weekdays if day < number(now))


def test_the_adapter_accepts_what_the_sandbox_says_of_it(courier):
    courier.deliver(INSTALLED_AT)
    assert source_of(courier).check().startswith("3 queries on ")
