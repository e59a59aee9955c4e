"""The socket, watched: whatever becomes of it, it is opened again, said once, and what is asked meanwhile is not lost."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from slack_posts import get
from structlog.testing import capture_logs
from worlds import ADMIN, TEAM, Outside, deliver_all, own_deps, wait_for, words_of

from bot.app import build
from bot.services import outages
from bot.socket_mode import Patience
from bot.variables import ConfigError

# The SDK leaves the sockets of lost connections to the garbage collector, which says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

QUICK = Patience(ping=0.5, silence=1.0, look=0.1, first=2.0, longest_wait=0.4)
LOST, BACK, SHUT = (
    "Slack's socket is lost", "Slack's socket is back", "Slack's socket cannot be opened again",
)  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """A Slack that knows no manifest: what these tests press is not the bot's own."""
    home = tmp_path_factory.mktemp("outside")
    box = Outside(home, options=("--manifest", str(home / "none.yml")))
    box.start()
    yield box
    box.stop()


@contextmanager
def built(sandbox, home, patience=QUICK):
    """A bot with a server, not started."""
    sandbox.begin_afresh()
    program = build(own_deps(sandbox, home, web={"listen": "127.0.0.1:0"}), patience=patience)
    try:
        yield program
    finally:
        sandbox.post("/sandbox/socket", turns_away=False)
        program.stop()
        wait_for(lambda: sandbox.connections() == 0)


@pytest.fixture
def program(sandbox, tmp_path):
    with built(sandbox, tmp_path) as running:
        running.start(ticking=False)
        yield running


def readiness(program):
    status, _, said = get(program.web, "/readyz")
    return status, json.loads(said)["checks"]["slack"]


def said(logs, event):
    return [each for each in logs if each["event"] == event]


def lose_and_find(sandbox, program, lose):
    """What was logged until the socket was there again and a command was answered."""
    with capture_logs() as logs:
        lose()
        wait_for(lambda: said(logs, BACK))
        assert "what you can type" in sandbox.ask("help")["text"]
        return logs


# How it begins.


def test_a_wrong_app_token_is_told_with_its_key(sandbox, tmp_path):
    with built(sandbox, tmp_path) as program:
        sandbox.break_("error:invalid_auth", method="apps.connections.open", times=100)
        with pytest.raises(ConfigError, match=r"Slack refused slack\.app_token \(invalid_auth\)"):
            program.start(ticking=False)


def test_a_socket_that_nobody_opens_is_not_waited_for_for_ever(sandbox, tmp_path):
    with built(sandbox, tmp_path) as program:
        sandbox.post("/sandbox/socket", turns_away=True)
        with pytest.raises(ConfigError, match=r"does not open within 2 s.* slack\.mode = \"http\""):
            program.start(ticking=False)


def test_a_slack_that_says_wait_is_not_waited_for_for_ever(sandbox, tmp_path):
    with built(sandbox, tmp_path) as program:
        sandbox.break_("ratelimited", method="apps.connections.open", times=9, retry_after=3)
        with pytest.raises(ConfigError, match="does not open within 2 s"):
            program.start(ticking=False)


# What becomes of it.


def test_a_cut_connection_is_noticed_at_once_and_opened_again(sandbox, program):
    began = time.process_time()
    logs = lose_and_find(sandbox, program, lambda: sandbox.break_("drop_socket"))
    assert len(said(logs, LOST)) == len(said(logs, BACK)) == 1
    # Left to itself the SDK reads from what is cut until five pings have failed: a whole core.
    assert time.process_time() - began < 1.5


def test_a_connection_that_says_nothing_any_more_is_given_up(sandbox, program):
    logs = lose_and_find(sandbox, program, lambda: sandbox.post("/sandbox/socket", mute=True))
    assert [each["reason"] for each in said(logs, LOST)] == ["silent"]


def test_a_connection_that_never_says_anything_is_given_up(sandbox, tmp_path):
    with built(sandbox, tmp_path, Patience(ping=60, silence=1.0, look=0.1)) as program:
        program.start(ticking=False)
        lose_and_find(sandbox, program, lambda: sandbox.post("/sandbox/socket", mute=True))


def test_a_refused_connection_is_tried_again_with_another_ticket(sandbox, program):
    opened = sandbox.calls("apps.connections.open")

    def lose():
        sandbox.post("/sandbox/socket", turns_away=True)
        sandbox.break_("drop_socket")
        wait_for(lambda: sandbox.calls("apps.connections.open") > opened + 2)
        assert readiness(program) == (503, {"ok": False, "told": "the socket is not connected"})
        assert "bellwether_slack_connected 0.0" in get(program.web, "/metrics")[2]
        sandbox.post("/sandbox/socket", turns_away=False)

    logs = lose_and_find(sandbox, program, lose)
    assert len(said(logs, LOST)) == len(said(logs, BACK)) == 1
    assert readiness(program) == (200, {"ok": True, "told": "the socket is connected"})
    assert "bellwether_slack_connected 1.0" in get(program.web, "/metrics")[2]


def test_a_token_that_was_withdrawn_is_told_once_however_often_it_is_tried(sandbox, program):
    opened = sandbox.calls("apps.connections.open")

    def lose():
        sandbox.break_("error:token_revoked", method="apps.connections.open", times=10_000)
        sandbox.break_("drop_socket")
        wait_for(lambda: sandbox.calls("apps.connections.open") > opened + 3)
        sandbox.post("/sandbox/faults", clear=True)

    logs = lose_and_find(sandbox, program, lose)
    assert [each["reason"] for each in said(logs, SHUT)] == ["token_revoked"]


def test_a_connection_that_slack_replaces_is_not_missed(sandbox, program):
    opened = sandbox.calls("apps.connections.open")
    with capture_logs() as logs:
        sandbox.break_("disconnect")
        while sandbox.calls("apps.connections.open") < opened + 2:
            assert "what you can type" in sandbox.ask("help")["text"]
    assert said(logs, LOST) == []
    assert readiness(program)[0] == 200


# What operators are told.


def test_a_long_outage_is_told_to_the_operators_once_and_a_short_one_to_nobody(sandbox, program):
    deps = program.deps
    assert not outages.note_outage(deps, timedelta(minutes=9))
    assert outages.note_outage(deps, timedelta(minutes=23))
    assert not outages.note_outage(deps, timedelta(minutes=23))
    deliver_all(deps, program.posting)
    (told,) = sandbox.messages(ADMIN)
    assert told["text"] == "I could not hear Slack for 23 min; now I can again"
    assert "do it once more" in words_of(told)


# How it ends.


class Slow:
    """A press that takes as long as a test wants, and a form that is acknowledged only then."""

    def __init__(self, program, sandbox):
        self.inside, self.go_on, self.answered = (threading.Event() for _ in range(3))
        self._sandbox = sandbox
        program.app.action("slow.press")(self._press)
        program.app.action("slow.ack")(self._ack)

    def press(self, action_id):
        words = {"type": "plain_text", "text": "Press"}
        button = {"type": "button", "text": words, "action_id": action_id}
        blocks = [{"type": "actions", "elements": [button]}]
        ts = self._sandbox.web().chat_postMessage(channel=TEAM, text="slow", blocks=blocks)["ts"]
        return self._sandbox.click({"channel": TEAM, "ts": ts}, action_id)

    def _press(self, ack, respond):
        ack()
        self.inside.set()
        self.go_on.wait(20)
        respond("answered", replace_original=False)

    def _ack(self, ack):
        self.inside.set()
        self.go_on.wait(20)
        ack()
        self.answered.set()


@pytest.fixture
def slow(program, sandbox):
    return Slow(program, sandbox)


def test_whoever_waits_for_an_answer_still_has_it(sandbox, program, slow):
    with ThreadPoolExecutor(2) as pool:
        assert slow.press("slow.press") == {"ok": True}
        assert slow.inside.wait(20)
        stopped = pool.submit(program.stop)
        assert program.ending.wait(20)
        slow.go_on.set()
        stopped.result(20)
    assert [each["text"] for each in sandbox.whispers("U0CSM1")] == ["answered"]


def test_an_acknowledgement_is_sent_before_the_socket_is_closed(program, slow):
    with ThreadPoolExecutor(2) as pool:
        pressed = pool.submit(slow.press, "slow.ack")
        assert slow.inside.wait(20)
        stopped = pool.submit(program.stop)
        assert program.ending.wait(20)
        slow.go_on.set()
        assert pressed.result(20) == {"ok": True}
        stopped.result(20)


def test_while_it_ends_it_says_so_and_takes_nothing_new(sandbox, program, slow):
    with ThreadPoolExecutor(2) as pool:
        slow.press("slow.press")
        assert slow.inside.wait(20)
        stopped = pool.submit(program.stop)
        assert program.ending.wait(20)
        status, _, told = get(program.web, "/readyz")
        assert (status, json.loads(told)["ready"]) == (503, False)
        assert get(program.web, "/healthz")[0] == 200
        refused = sandbox.do("command", user="U0CSM1", channel=TEAM, text="help")
        assert refused == {"ok": False, "error": "operation_timeout"}
        slow.go_on.set()
        stopped.result(20)


def test_what_never_ends_is_not_waited_for_for_ever(program, slow):
    program.drain_s = 0.2
    slow.press("slow.press")
    assert slow.inside.wait(20)
    with capture_logs() as logs:
        program.stop()
    slow.go_on.set()
    assert [each["running"] for each in said(logs, "listeners are cut off")] == [1]


def test_ending_takes_no_longer_than_it_must(program):
    began = time.monotonic()
    program.stop()
    assert time.monotonic() - began < 2
