"""The story played without a page: the same whenever it is played, however often it is killed."""

import json
import random
import subprocess
import threading
from contextlib import suppress

import pytest
from demos import journal, launch, posted

pytestmark = pytest.mark.slow

DAYS, ACCOUNTS = 8, 20
KEYS = ["accounts", "records", "snapshots", "alerts", "messages", "requests", "seconds"]


def headless(home, *, accounts=ACCOUNTS, days=DAYS):
    options = ("--headless", "--json", "--days", str(days), "--accounts", str(accounts))
    return launch(home, *options)


def outcome(process):
    """The JSON of its last line."""
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(printed.splitlines()[-1])


def test_a_story_is_the_same_whenever_it_is_played_and_posts_each_message_once(tmp_path):
    one, two = map(outcome, [headless(tmp_path / "one"), headless(tmp_path / "two")])
    assert one | {"seconds": 0} == two | {"seconds": 0}
    assert list(one) == KEYS
    assert one["accounts"] > 0.9 * ACCOUNTS
    assert one["snapshots"] >= one["accounts"] * DAYS
    assert (
        set(one["records"]) == set(one["requests"]) == {"stripe", "hubspot", "zendesk", "mixpanel"}
    )
    assert sum(one["alerts"].values()) > 0
    counted = posted(tmp_path / "one")
    assert set(counted.values()) == {1}
    assert counted.total() == one["messages"] > 1


def test_twice_the_accounts_ask_the_vendors_far_less_than_twice_as_often(tmp_path):
    played = [headless(tmp_path / str(n), accounts=n * ACCOUNTS, days=1) for n in (1, 2)]
    small, big = map(outcome, played)
    assert big["accounts"] > 1.8 * small["accounts"]
    assert sum(big["requests"].values()) < 1.5 * sum(small["requests"].values())


def test_a_story_that_is_killed_again_and_again_ends_like_one_that_is_not(tmp_path):
    home, moments = tmp_path / "killed", random.Random(7)
    whole = headless(tmp_path / "whole")
    for _ in range(2):
        kill_after(headless(home), moments.uniform(1.2, 3.0))
    for _ in range(2):
        kill_at_the_next_message(headless(home), home)
    told, expected = outcome(headless(home)), outcome(whole)
    for name in ("accounts", "snapshots", "alerts", "messages"):
        assert told[name] == expected[name]
    assert posted(home) == posted(tmp_path / "whole")


def kill_after(process, seconds):
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    process.kill()
    process.communicate()


def kill_at_the_next_message(process, home):
    """Kill the bot the moment Slack has taken a message, before or while it notes that down."""
    said, ticks = len(journal(home)), threading.Event()
    while process.poll() is None and len(journal(home)) == said:
        ticks.wait(0.002)
    process.kill()
    process.communicate()
