"""Mixpanel's stand-in: days of events, as they arrived."""

import gzip
import json
import urllib.error
import urllib.parse
import urllib.request
import zlib
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from vendor_world import START, Answer, StoryClock, World, basic, serve

from integrations.registry import SOURCES, open_source
from sandbox.story import CORE_FEATURES
from sandbox.vendors import credentials
from sandbox.vendors.mixpanel import Mixpanel

world = pytest.fixture(serve)


def keys(events: list) -> list[str]:
    return [str(sorted(event["properties"].items(), key=str)) for event in events]


def test_an_event_has_the_export_s_shape(world: World):
    events = world.events("2026-11-10", "2026-11-10")
    typical = [event for event in events if len(event["properties"]) >= 25]
    assert len(typical) > len(events) * 0.9
    one = typical[0]
    assert set(one) == {"event", "properties"}
    assert isinstance(one["properties"]["time"], int)
    assert {"distinct_id", "$insert_id", "mp_processing_time_ms", "company_id"} <= set(
        one["properties"]
    )


def test_a_day_holds_the_events_of_that_utc_day_only(world: World):
    begin = START + timedelta(days=78)
    times = [event["properties"]["time"] for event in world.events(begin.date(), begin.date())]
    assert begin.timestamp() <= min(times) <= max(times) < (begin + timedelta(days=1)).timestamp()


def test_several_days_are_the_days_one_after_the_other(world: World):
    days = [world.events(day, day) for day in ("2026-11-09", "2026-11-10", "2026-11-11")]
    assert world.events("2026-11-09", "2026-11-11") == [event for day in days for event in day]


def test_several_days_are_one_gzip_member(world: World):
    unpacker = zlib.decompressobj(31)
    unpacker.decompress(world.mixpanel("2026-11-09", "2026-11-11").body)
    assert unpacker.eof
    assert unpacker.unused_data == b""


def test_only_the_wanted_events_come(world: World):
    events = world.events("2026-11-10", "2026-11-10", event='["Report Viewed", "Data Exported"]')
    assert {event["event"] for event in events} == {"Report Viewed", "Data Exported"}


def test_all_core_features_are_used(world: World):
    assert set(CORE_FEATURES) <= {
        event["event"] for event in world.events("2026-11-09", "2026-11-13")
    }


def test_late_events_show_up_inside_a_past_day_and_then_no_more(world: World):
    day = "2026-11-20"
    sizes = []
    for _ in range(7):
        sizes.append(len(world.events(day, day)))
        world.move(days=1)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    assert sizes[-3] == sizes[-2] == sizes[-1]


def test_some_rows_are_doubled_and_some_lack_an_id_or_a_group(world: World):
    events = world.events("2026-11-02", "2026-11-06")
    assert len(set(keys(events))) < len(events)
    assert any("$insert_id" not in event["properties"] for event in events)
    assert any("company_id" not in event["properties"] for event in events)


def test_some_group_keys_are_numbers(world: World):
    groups = [
        event["properties"].get("company_id") for event in world.events("2026-11-02", "2026-11-06")
    ]
    assert any(isinstance(group, int) for group in groups)


def test_an_empty_day_is_an_empty_body(world: World):
    assert world.mixpanel("2026-08-01", "2026-08-02").body == b""


def test_without_gzip_the_lines_come_plain(world: World):
    headers = basic(credentials.MIXPANEL_USER, credentials.MIXPANEL_SECRET) | {
        "Accept-Encoding": "identity"
    }
    query = {"project_id": 3187, "from_date": "2026-11-10", "to_date": "2026-11-10"}
    plain = world.ask("/mixpanel/api/2.0/export", headers=headers, **query)
    assert plain.headers["Content-Encoding"] is None
    assert plain.body == gzip.decompress(world.mixpanel("2026-11-10", "2026-11-10").body)


def test_a_limit_cuts_the_lines(world: World):
    assert len(world.events("2026-11-10", "2026-11-10", limit=5)) == 5


def test_a_date_in_the_future_is_refused_by_name(world: World):
    tomorrow = date(2026, 11, 23)
    answer = world.mixpanel("2026-11-20", tomorrow)
    assert answer.status == 400
    assert "to_date" in answer.json["error"]


def test_a_wrong_secret_or_project_is_refused(world: World):
    assert world.mixpanel("2026-11-10", "2026-11-10", secret="guess").status == 401
    assert world.mixpanel("2026-11-10", "2026-11-10", project_id=1).status == 403


def test_the_sixty_first_request_of_an_hour_is_refused_and_an_hour_later_welcome(world: World):
    for _ in range(60):
        assert world.mixpanel("2026-08-01", "2026-08-01").status == 200
    assert world.mixpanel("2026-08-01", "2026-08-01").status == 429
    world.move(hours=1)
    assert world.mixpanel("2026-08-01", "2026-08-01").status == 200


def test_a_flowing_clock_holds_to_three_requests_a_second():
    with contextmanager(serve)(accounts=3, flowing=True) as world:
        assert 429 in [world.mixpanel("2026-08-01", "2026-08-01").status for _ in range(30)]


def engage(world: World, **form: object) -> Answer:
    headers = basic(credentials.MIXPANEL_USER, credentials.MIXPANEL_SECRET)
    url = f"{world.url}/mixpanel/api/query/engage?project_id=3187"
    body = urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def test_profiles_come_by_the_page_and_need_their_session(world: World):
    wanted = json.dumps(["company_id", "$email"])
    first = engage(world, output_properties=wanted).json
    assert first["total"] > first["page_size"] == len(first["results"]) == 1000
    assert engage(world, page=1).status == 400
    session = first["session_id"]
    second = engage(world, page=1, session_id=session, output_properties=wanted).json
    ids = {each["$distinct_id"] for page in (first, second) for each in page["results"]}
    assert len(ids) == len(first["results"]) + len(second["results"])
    told = [set(each["$properties"]) for each in first["results"]]
    assert {"$email"} in told
    assert {"$email", "company_id"} in told


def test_profiles_have_a_limit_of_their_own(world: World):
    for _ in range(60):
        assert engage(world, distinct_id="nobody").json["results"] == []
    assert engage(world).status == 429
    assert world.mixpanel("2026-08-01", "2026-08-01").status == 200


def test_the_adapter_reads_accounts_from_profiles(world: World):
    settings = Mixpanel.settings(f"{world.url}/mixpanel")
    found = {}
    for account_from in ("event", "profile"):
        made = SOURCES["mixpanel"].settings(
            **settings, account_from=account_from, backfill_days=2, reread_days=0
        )
        source = open_source("mixpanel", made, clock=StoryClock(world), hash_key=b"key")
        assert source.check()
        pages = source.pull(None, now=world.clock.now())
        found[account_from] = {
            each.account_ref for page in pages for batch in page.usage.counts for each in batch
        }
    known = {each.group for each in world.story.accounts}
    assert len(found["profile"] & known) > 20
    assert found["profile"] & known <= found["event"]
    assert found["profile"] - known <= {each.domain for each in world.story.accounts}
