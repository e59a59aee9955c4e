"""The demo with its page: time asked forward, an alert acted on, Ctrl-C, and on again where it stopped."""

import signal
import socket
import sqlite3
import subprocess
import urllib.error
from datetime import datetime

import pytest
from demos import launch, orphans, posted
from worlds import INSTALLED_AT, TEAM, Outside, key_of, wait_for, words_of

from bot.blocks import actions
from bot.demo import remember

pytestmark = pytest.mark.slow


class Demo:
    """A demo with its page, as a process."""

    def __init__(self, home):
        self.errors = (home.parent / "errors.txt").open("a+")
        options = ("--port", "0", "--days", "2", "--accounts", "20")
        self.process = launch(home, *options, stderr=self.errors)
        said = ""
        while "http://" not in said:
            said = self.process.stdout.readline()
            assert said, self.said()
        self.page = Outside(home, url="http://" + said.partition("http://")[2].split()[0], mark="0")

    def said(self):
        """What it wrote to stderr."""
        self.errors.seek(0)
        return self.errors.read()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        self.errors.close()
        return self.process.returncode


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
    target = datetime.fromisoformat(page.post("/sandbox/ask", days=6)["target"])
    wait_for(lambda: page.now() >= target and not page.get("/sandbox/clock")["target"], 60)
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
    again.page.post("/sandbox/ask", hours=1)
    wait_for(lambda: not again.page.get("/sandbox/clock")["target"], 30)
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
