"""The files somebody exports once a day: read by the adapter itself, day by day and all at once."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.registry import SOURCES, open_source
from sandbox.couriers.csv import CsvFiles
from sandbox.story import Story
from scoring.records import (
    Organisation,
    Subscription,
    SubscriptionState,
    SurveyKind,
    SurveyResponse,
    Ticket,
)

START = datetime(2026, 8, 24, tzinfo=UTC)
INSTALLED_AT = START + timedelta(days=90, hours=6)


@pytest.fixture
def story():
    return Story(40, 7, START)


@pytest.fixture
def courier(story, tmp_path):
    return CsvFiles(story, tmp_path / "csv")


def source_of(courier):
    settings = SOURCES["csv"].settings(**courier.settings())
    return open_source("csv", settings, clock=None, hash_key=b"key")


class Kept:
    """What was read, as storage keeps it: records by their key, usage by its days."""

    def __init__(self):
        self.records, self.days, self.cursor, self.rejected, self.as_of = {}, {}, None, [], None

    def read(self, source, now):
        for page in source.pull(self.cursor, now=now):
            for each in page.records:
                self.records[type(each), getattr(each, "id", None) or each.ref] = each
            if page.usage:
                self.days |= {day: set() for day in page.usage.days}
                for batch in (*page.usage.counts, *page.usage.users):
                    for row in batch:
                        self.days[row.day].add(row)
            self.cursor, self.as_of = page.cursor, page.as_of
            self.rejected += page.rejected


def of(kept, kind):
    return [each for (one, _), each in kept.records.items() if one is kind]


def test_reading_day_by_day_ends_where_a_fresh_reading_begins(story, courier, tmp_path):
    daily, fresh = Kept(), Kept()
    for day in range(8):
        now = INSTALLED_AT + timedelta(days=day)
        courier.deliver(now)
        daily.read(source_of(courier), now)
    later = CsvFiles(story, tmp_path / "later")
    later.deliver(now)
    fresh.read(source_of(later), now)
    assert daily.rejected == fresh.rejected == []
    gone = {key for key in daily.records if key not in fresh.records}
    assert {kind for kind, _ in gone} <= {Ticket, SurveyResponse}, "older than the file reaches"
    assert {key: each for key, each in daily.records.items() if key not in gone} == fresh.records
    assert {day: rows for day, rows in daily.days.items() if day in fresh.days} == fresh.days
    assert daily.as_of == fresh.as_of == now


def test_what_leaps_over_days_leaves_no_day_out(story, courier, tmp_path):
    kept, now = Kept(), INSTALLED_AT
    for leap in (0, 20, 1):
        now += timedelta(days=leap)
        courier.deliver(now)
        kept.read(source_of(courier), now)
    first, last = min(kept.days), max(kept.days)
    assert [*range(first, last + 1)] == sorted(kept.days)


def test_the_files_tell_the_story(story, courier):
    kept = Kept()
    courier.deliver(INSTALLED_AT)
    kept.read(source_of(courier), INSTALLED_AT)
    known = list(story.known(INSTALLED_AT))
    assert {each.ref for each in of(kept, Organisation)} == {each.key for each in known}
    assert len(of(kept, Subscription)) == len(known)
    assert {each.state for each in of(kept, Subscription)} >= {SubscriptionState.ACTIVE}
    acme = next(each for each in of(kept, Organisation) if each.ref == "acme")
    assert (acme.name, acme.domains) == (known[0].name, (known[0].domain,))
    assert {each.kind for each in of(kept, SurveyResponse)} == set(SurveyKind)
    assert any(each.cancel_requested_at for each in of(kept, Subscription))
    assert any(each.rating for each in of(kept, Ticket))
    assert max(each.updated_at for each in of(kept, Ticket)) <= INSTALLED_AT


def test_files_are_written_at_story_time_and_once_a_day(courier):
    courier.deliver(INSTALLED_AT)
    files = sorted(courier.home.iterdir())
    assert {each.stat().st_mtime for each in files} == {INSTALLED_AT.timestamp()}
    before = [each.stat().st_ino for each in files]
    courier.deliver(INSTALLED_AT + timedelta(hours=5))
    assert [each.stat().st_ino for each in files] == before
    assert not [each for each in files if each.suffix != ".csv"]
