"""The demo with its page: time asked forward, an alert acted on, Ctrl-C, and on again where it stopped."""

import socket
import sqlite3
import subprocess
import urllib.error

import pytest
from demos import Demo, launch, orphans, posted
from worlds import INSTALLED_AT, TEAM, key_of, wait_for, words_of

from bot.blocks import actions
from bot.demo import remember

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path):
    return tmp_path / "page"


@pytest.fixture
def demo(home):
    running = Demo(home)
    yield running
    if running.process.poll() is None:
        running.end()


def test_on_the_page_time_is_asked_forward_and_an_alert_is_acted_on(demo, home):
    page = demo.page
    demo.go(days=6)
    alerts = [each for each in page.messages(TEAM) if key_of(each).startswith("alert:")]
    assert alerts
    assert page.click(alerts[0], actions.ALERT_ACKNOWLEDGE) == {"ok": True}
    wait_for(lambda: "Acknowledged by <@U0CSM1>" in words_of(page.messages(TEAM)[1]))
    assert "Acme" in page.ask("acme")["text"]
    assert demo.end() == 0
    with pytest.raises(urllib.error.URLError):
        page.now()
    assert orphans(home) == []
    goes_on_where_it_stopped(home)


def goes_on_where_it_stopped(home):
    """A second start doubles nothing, and still answers."""
    before = posted(home)
    assert set(before.values()) == {1}
    again = Demo(home)
    again.go(hours=1)
    assert "Acme" in again.page.ask("acme")["text"]
    assert posted(home) == before
    assert again.end() == 0


def test_an_error_of_ours_has_a_reference_in_the_log_and_no_secret(demo, home):
    with sqlite3.connect(home / "demo" / "bellwether.db") as database:
        database.execute("ALTER TABLE account_score RENAME TO hidden")
        shown = demo.page.ask("acme")["text"]
        database.execute("ALTER TABLE hidden RENAME TO account_score")
    ref = shown.partition("(ref ")[2].partition(")")[0]
    wait_for(lambda: ref in demo.said())
    told = demo.page.get("/sandbox/introduction")
    secrets = [
        told["slack"]["bot_token"],
        told["slack"]["app_token"],
        told["sources"]["stripe"]["api_key"],
    ]
    assert not [secret for secret in secrets if secret in demo.said()]
    assert "Acme" in demo.page.ask("acme")["text"]


def test_another_story_in_the_same_folder_is_refused_with_what_to_do(home):
    remember(home / "demo", accounts=20, installed_at=INSTALLED_AT, flowing=True)
    asked = launch(home, "--port", "0", "--accounts", "41", stderr=subprocess.PIPE)
    _, said = asked.communicate(timeout=30)
    assert asked.returncode == 2
    assert "holds a story of 20 accounts" in said
    assert "--fresh" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        demo = launch(tmp_path, "--port", port, stderr=subprocess.PIPE)
        _, told = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert told == "The sandbox did not start. Its port is taken: choose another with --port.\n"
