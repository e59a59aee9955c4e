"""The sandbox's other way to an app: what it posts, held against Bolt's own check of signatures."""

import http.server
import json
import threading
from urllib.parse import parse_qs

import pytest
from slack_bolt import App, BoltRequest
from slack_sdk.signature import SignatureVerifier

SECRET = "s3cret"
COMMAND = {"user": "U0CSM1", "channel": "C0TEAM", "text": "acme"}


class Listener(http.server.ThreadingHTTPServer):
    """What an app sees at its request URL. `answers` are given in turn, the last for ever."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard, self.answers, self.go_on = [], [(200, "", {})], threading.Event()
        self.go_on.set()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/slack/events"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): text for name, text in self.headers.items()}
        self.server.heard.append((self.path, headers, body))
        answers = self.server.answers
        status, told, more = answers.pop(0) if len(answers) > 1 else answers[0]
        self.server.go_on.wait(20)
        self.send_response(status)
        for name, text in {"Content-Length": str(len(told)), **more}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(told.encode())

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def listener(sandbox, server):
    sandbox.post("/sandbox/request-url", url=server.url, secret=SECRET)
    return server


def wait_for(condition, seconds=10.0):
    """Poll until the condition holds; fail after a deadline."""
    ticks = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if found := condition():
            return found
        ticks.wait(0.05)
    raise AssertionError("it never came true")


def is_signed(headers, body, secret=SECRET):
    return SignatureVerifier(secret).is_valid_request(body, headers)


def test_a_command_comes_as_a_signed_form(sandbox, listener):
    assert sandbox.do("command", **COMMAND) == {"ok": True}
    ((path, headers, body),) = listener.heard
    assert path == "/slack/events"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    told = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert (told["command"], told["text"], told["user_id"]) == ("/health", "acme", "U0CSM1")
    assert is_signed(headers, body)
    assert not is_signed(headers, body, secret="another")
    assert not is_signed(headers, body + b" ")


def test_it_can_be_started_with_a_request_url(sandbox, server, tmp_path):
    options = ("--request-url", server.url, "--signing-secret", "from the start")
    box = type(sandbox)(tmp_path / "box", options=options)
    box.start()
    assert box.do("command", **COMMAND) == {"ok": True}
    box.stop()
    ((_, headers, body),) = server.heard
    assert is_signed(headers, body, secret="from the start")


def test_bolt_takes_what_it_posts(sandbox, listener):
    app = App(client=sandbox.web(), signing_secret=SECRET, token_verification_enabled=False)
    app.command("/health")(lambda ack: ack("taken"))
    sandbox.do("command", **COMMAND)
    ((_, headers, body),) = listener.heard
    answer = app.dispatch(BoltRequest(body=body.decode(), headers=headers))
    assert (answer.status, answer.body) == (200, "taken")


def test_a_press_comes_as_a_form_with_a_payload(sandbox, listener, web):
    text = {"type": "plain_text", "text": "Press"}
    block = {"type": "actions", "elements": [{"type": "button", "action_id": "x", "text": text}]}
    ts = web.chat_postMessage(channel="C0TEAM", text="x", blocks=[block])["ts"]
    click = {"user": "U0CSM1", "channel": "C0TEAM", "ts": ts, "action_id": "x"}
    assert sandbox.do("click", **click) == {"ok": True}
    ((_, headers, body),) = listener.heard
    payload = json.loads(parse_qs(body.decode())["payload"][0])
    assert (payload["type"], payload["actions"][0]["action_id"]) == ("block_actions", "x")
    assert is_signed(headers, body)


@pytest.mark.parametrize(
    ("told", "kind"),
    [('{"text": "at once"}', "application/json; charset=utf-8"), ("at once", "text/plain")],
)
def test_what_is_answered_at_once_is_shown(sandbox, listener, told, kind):
    listener.answers = [(200, told, {"Content-Type": kind})]
    sandbox.do("command", **COMMAND)
    assert sandbox.whispers("U0CSM1") == ["at once"]


@pytest.mark.parametrize("status", [302, 401, 404, 500, 503])
def test_any_other_answer_is_a_visible_failure(sandbox, listener, status):
    listener.answers = [(status, "", {})]
    assert sandbox.do("command", **COMMAND) == {"ok": False, "error": "dispatch_failed"}
    assert sandbox.whispers("U0CSM1") == ["/health failed: dispatch_failed"]


def test_an_answer_after_three_seconds_is_a_visible_failure(sandbox, listener):
    listener.go_on.clear()
    assert sandbox.do("command", **COMMAND) == {"ok": False, "error": "operation_timeout"}


def test_an_address_where_nobody_listens_is_a_visible_failure(sandbox):
    sandbox.post("/sandbox/request-url", url="http://127.0.0.1:9/slack/events", secret=SECRET)
    assert sandbox.do("command", **COMMAND)["error"] == "dispatch_failed"


def test_an_event_that_fails_comes_again_under_its_own_id_and_says_why(sandbox, listener):
    listener.answers = [(500, "", {}), (200, "", {})]
    sandbox.do("message", user="U0CSM1", channel="D0CSM1", text="hello")
    wait_for(lambda: len(listener.heard) == 2)
    (_, first, one), (_, second, two) = listener.heard
    assert json.loads(one)["event_id"] == json.loads(two)["event_id"]
    assert first["content-type"] == "application/json"
    assert "x-slack-retry-num" not in first
    assert (second["x-slack-retry-num"], second["x-slack-retry-reason"]) == ("1", "http_error")
    assert is_signed(second, two)


def test_an_app_may_ask_for_no_repetition(sandbox, listener):
    listener.answers = [(500, "", {"X-Slack-No-Retry": "1"})]
    sandbox.do("message", user="U0CSM1", channel="D0CSM1", text="hello")
    sandbox.do("command", **COMMAND)
    kinds = [headers["content-type"] for _, headers, _ in listener.heard]
    assert kinds.count("application/json") == 1


def test_the_last_post_can_be_sent_again_to_the_byte(sandbox, listener):
    assert sandbox.do("command", **COMMAND) == {"ok": True}
    listener.answers = [(200, "again", {})]
    assert sandbox.post("/sandbox/replay") == {"ok": True, "status": 200, "body": "again"}
    one, two = listener.heard
    assert one == two


def test_a_delivery_may_be_doubled_here_too(sandbox, listener):
    sandbox.break_("duplicate_delivery")
    sandbox.do("command", **COMMAND)
    one, two = (body for _, _, body in listener.heard)
    assert one == two


def test_the_way_back_to_the_socket_is_open(sandbox, listener, app, connect):
    app.command("/health")(lambda ack: ack("by socket"))
    connect()
    sandbox.post("/sandbox/request-url", url=None)
    sandbox.do("command", **COMMAND)
    assert sandbox.whispers("U0CSM1") == ["by socket"]
    assert listener.heard == []
