"""HTTP mode, over real HTTP: the sandbox posts what people do, and others post what Slack never would."""

import json
import logging
import socket
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import yaml
from slack_posts import FORM, SECRET, command, event, get, interaction, post, signed
from structlog.testing import capture_logs
from typer.testing import CliRunner
from worlds import ROOT, TEAM, Outside, own_deps, own_program, wait_for

from bot.app import build
from bot.cli import app
from bot.config import parse_config
from bot.http_mode import PATH
from bot.variables import ConfigError
from bot.web import MAX_BODY_BYTES


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """A Slack that knows no manifest: what these tests press is not the bot's own."""
    home = tmp_path_factory.mktemp("outside")
    box = Outside(home, options=("--manifest", str(home / "none.yml")))
    box.start()
    yield box
    box.stop()


class Probe:
    """Listeners of the tests' own, beside the bot's, and what they saw."""

    def __init__(self, app):
        self.seen = []
        self.go_on = threading.Event()
        self.go_on.set()
        app.action("probe.press")(self._press)
        app.action("probe.slow")(self._slow)
        app.view("probe.form")(self._submit)
        app.options("probe.menu")(self._offer)
        app.event("probe_event")(self._hear)
        # Before the one that takes every event.
        app._listeners.insert(0, app._listeners.pop())

    def _press(self, ack, body, client):
        ack()
        self.seen.append("press")
        client.views_open(trigger_id=body["trigger_id"], view=form())

    def _slow(self, ack):
        ack()
        self.seen.append("slow")
        self.go_on.wait(20)

    def _submit(self, ack, view):
        typed = view["state"]["values"]["note"]["text"]["value"]
        self.seen.append(typed)
        if typed == "bad":
            ack(response_action="errors", errors={"note": "Not this."})
        else:
            ack()

    def _offer(self, ack, payload):
        words = plain(f"{payload['value']}, found")
        ack(options=[{"text": words, "value": "1"}])

    def _hear(self, event):
        self.seen.append(event["word"])
        self.go_on.wait(20)


def plain(text):
    return {"type": "plain_text", "text": text}


def form():
    text = {"type": "plain_text_input", "action_id": "text"}
    menu = {"type": "external_select", "action_id": "probe.menu", "min_query_length": 1}
    blocks = [
        {"type": "input", "block_id": "note", "label": plain("Note"), "element": text},
        {"type": "actions", "block_id": "menu", "elements": [menu]},
    ]
    return {
        "type": "modal", "callback_id": "probe.form", "title": plain("Probe"), "submit": plain("Send"),
        "blocks": blocks,
    }  # fmt: skip


@contextmanager
def running(sandbox, home):
    """The bot in HTTP mode, with the sandbox posting to it. Its database is the home's."""
    slack = {**sandbox.get("/sandbox/introduction")["slack"], "mode": "http"}
    sections = {"slack": {**slack, "signing_secret": SECRET}, "web": {"listen": "127.0.0.1:0"}}
    program = build(own_deps(sandbox, home, **sections))
    program.start(ticking=False)
    sandbox.post("/sandbox/request-url", url=program.web.url + PATH, secret=SECRET)
    yield program
    sandbox.post("/sandbox/request-url", url=None)
    program.stop()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def program(sandbox, home):
    sandbox.begin_afresh()
    with running(sandbox, home) as bot:
        yield bot


@pytest.fixture(scope="module")
def only_probe(program):
    return Probe(program.app)


@pytest.fixture(autouse=True)
def fresh(request):
    """What other tests did is not seen."""
    if "program" in request.fixturenames:
        sandbox, program = (request.getfixturevalue(name) for name in ("sandbox", "program"))
        sandbox.begin_afresh()
        program.deps.clock.set(sandbox.now())


@pytest.fixture
def probe(only_probe):
    only_probe.seen.clear()
    return only_probe


@pytest.fixture
def web(program):
    return program.web


def button(sandbox, action_id):
    """A message with a button in the team's channel."""
    blocks = [{"type": "actions", "elements": [{"type": "button", "text": plain("Press"), "action_id": action_id}]}]  # fmt: skip
    ts = sandbox.web().chat_postMessage(channel=TEAM, text="probe", blocks=blocks)["ts"]
    return {"channel": TEAM, "ts": ts}


def opened(sandbox):
    assert sandbox.click(button(sandbox, "probe.press"), "probe.press") == {"ok": True}
    return wait_for(lambda: sandbox.modal("U0CSM1"))


# What people do arrives, and is answered.


def test_a_command_is_answered_and_no_socket_is_open(sandbox, program):
    assert "what you can type" in sandbox.ask("help")["text"]
    assert sandbox.connections() == 0


def test_both_ways_to_the_bot_lead_to_the_same_answer(sandbox, program, tmp_path):
    over_http = sandbox.ask("help")
    sandbox.post("/sandbox/request-url", url=None)
    try:
        with own_program(sandbox, tmp_path):
            over_socket = sandbox.ask("help")
    finally:
        sandbox.post("/sandbox/request-url", url=program.web.url + PATH, secret=SECRET)
    assert told(over_socket) == told(over_http)


def told(message):
    """A message without the ids that Slack gives its blocks."""
    return message["text"], [{**each, "block_id": ""} for each in message["blocks"]]


def test_a_press_opens_a_form_which_is_corrected_and_sent(sandbox, probe):
    view_id = opened(sandbox)["id"]

    def submit(text):
        values = {"note": {"text": text}}
        return sandbox.do("submit", user="U0CSM1", view_id=view_id, values=values)

    assert submit("bad")["errors"] == {"note": "Not this."}
    assert submit("good") == {"ok": True}
    assert sandbox.modal("U0CSM1") is None
    assert probe.seen == ["press", "bad", "good"]


def test_a_menu_is_filled_while_somebody_types(sandbox, probe):
    view_id = opened(sandbox)["id"]
    asked = {"user": "U0CSM1", "view_id": view_id, "action_id": "probe.menu"}
    for _ in range(2):  # the same letters again are a question again
        options = sandbox.do("suggest", **asked, value="ac")["options"]
        assert [each["text"]["text"] for each in options] == ["ac, found"]


def test_events_come_and_those_for_nobody_are_taken_too(web, probe):
    for event_id, kind in (("Ev1", "probe_event"), ("Ev2", "no_such_event")):
        body = event(event_id, type=kind, word=kind)
        assert post(web, body, signed(body, kind="application/json"))[0] == 200
    assert wait_for(lambda: probe.seen) == ["probe_event"]


def test_a_command_of_ours_that_nobody_knows_is_not_found(web):
    status, _, said = post(web, command(command="/nothing"))
    assert (status, json.loads(said)) == (404, {"error": "unhandled request"})


def test_slack_may_check_the_address_when_it_signs(web):
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    assert json.loads(post(web, body, signed(body, kind="application/json"))[2]) == {
        "challenge": "3eZbrw1a"
    }
    assert post(web, body, {"Content-Type": "application/json"})[0] == 401
    assert post(web, b"ssl_check=1&token=x")[0] == 200
    assert post(web, b"ssl_check=1&token=x", {"Content-Type": FORM})[0] == 401


# What Slack did not sign.

BODY = command("Acme Corp")
NAMES = ("X-Slack-Request-Timestamp", "X-Slack-Signature")


def hostile():
    at, signature = (signed(BODY)[name] for name in NAMES)
    now = int(at)
    return {
        "none": (None, None),
        "no time": (None, signature),
        "no signature": (at, None),
        "empty": ("", ""),
        "of another body": tuple(signed(BODY + b" ")[name] for name in NAMES),
        "by another secret": tuple(signed(BODY, secret="x")[name] for name in NAMES),
        "five minutes old": tuple(signed(BODY, at=now - 302)[name] for name in NAMES),
        "from the future": tuple(signed(BODY, at=now + 360)[name] for name in NAMES),
        "another time": (str(now - 1), signature),
        "a time that is no number": ("now", signature),
        "a time with a sign": (f"+{at}", signature),
        "a time with a fraction": (f"{at}.0", signature),
        "a time in other digits": ("١٢٣".encode(), signature),
        "an endless time": ("9" * 5000, signature),
        "a signature beyond ASCII": (at, "v0=é".encode()),
        "half a signature": (at, signature[:40]),
        "a signature in capitals": (at, signature.upper()),
        "a signature of version 1": (at, "v1" + signature[2:]),
        "two signatures": (at, f"{signature}, {signature}"),
    }


@pytest.mark.parametrize("which", hostile())
def test_what_is_not_signed_is_refused_and_nothing_of_it_is_told(web, probe, caplog, capfd, which):
    wrong = zip(NAMES, hostile()[which], strict=True)
    headers = {"Content-Type": FORM, **{name: text for name, text in wrong if text is not None}}
    with capture_logs() as logs, caplog.at_level(logging.DEBUG):
        status, _, said = post(web, BODY, headers)
    assert (status, json.loads(said)) == (401, {"error": "This is not signed by Slack."})
    assert logs == []
    told = f"{caplog.text}{capfd.readouterr()}"
    assert "Acme" not in told
    assert "v0=" not in told


def test_a_body_that_is_no_text_is_refused(web):
    assert post(web, b"\xff\xfe")[0] == 401


@pytest.mark.parametrize(
    ("body", "kind"), [(b"{", "application/json"), (b"payload=%7B", FORM), (b"", FORM)]
)
def test_signed_nonsense_is_a_bad_request(web, body, kind):
    assert post(web, body, signed(body, kind=kind))[0] in {400, 404}


def test_what_is_too_large_is_not_read(web):
    body = b"x" * (MAX_BODY_BYTES + 1)
    headers = [f"{name}: {text}" for name, text in signed(body).items()]
    head = [f"POST {PATH} HTTP/1.1", "Host: x", *headers, f"Content-Length: {len(body)}", "", ""]
    with socket.create_connection(("127.0.0.1", urlsplit(web.url).port), timeout=20) as line:
        line.sendall("\r\n".join(head).encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_bodies_that_never_come_hold_up_nobody(sandbox, web):
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx".encode()
    at = ("127.0.0.1", urlsplit(web.url).port)
    lines = [socket.create_connection(at, timeout=20) for _ in range(40)]
    try:
        for line in lines:
            line.sendall(head)
        assert "what you can type" in sandbox.ask("help")["text"]
    finally:
        for line in lines:
            line.close()


# What comes twice.


def test_a_request_that_somebody_overheard_has_no_second_effect(sandbox, program):
    sandbox.ask("help")
    again = sandbox.post("/sandbox/replay")
    assert (again["status"], again["body"]) == (200, "")
    program.crew.drain(20)
    assert len(sandbox.whispers("U0CSM1")) == 1


def test_a_form_sent_again_is_answered_as_at_first(sandbox, probe):
    view_id = opened(sandbox)["id"]
    sandbox.do("submit", user="U0CSM1", view_id=view_id, values={"note": {"text": "bad"}})
    again = sandbox.post("/sandbox/replay")
    assert json.loads(again["body"]) == {"response_action": "errors", "errors": {"note": "Not this."}}  # fmt: skip
    assert probe.seen == ["press", "bad"]


def test_what_was_done_is_remembered_over_a_restart(sandbox, program, probe, home):
    old, new = (event(name, word=name) for name in ("Ev5", "Ev6"))
    headers = signed(old, kind="application/json")
    assert post(program.web, old, headers)[0] == 200
    program.crew.drain(20)
    with running(sandbox, home) as restarted:
        heard = Probe(restarted.app).seen
        assert post(restarted.web, old, headers)[0::2] == (200, "")
        assert post(restarted.web, new, signed(new, kind="application/json"))[0] == 200
        assert restarted.crew.drain(20) == 0
    assert (probe.seen, heard) == (["Ev5"], ["Ev6"])
    sandbox.post("/sandbox/request-url", url=program.web.url + PATH, secret=SECRET)


def test_what_a_crash_interrupted_is_done_when_slack_repeats_it(sandbox, program, probe, home):
    probe.go_on.clear()
    body = event("Ev7", word="Ev7")
    headers = signed(body, kind="application/json")
    assert post(program.web, body, headers)[0] == 200  # and its listener never comes to an end
    with running(sandbox, home) as restarted:
        heard = Probe(restarted.app).seen
        assert post(restarted.web, body, headers)[0] == 200
        assert restarted.crew.drain(20) == 0
    assert heard == ["Ev7"]
    probe.go_on.set()
    assert program.crew.drain(20) == 0
    sandbox.post("/sandbox/request-url", url=program.web.url + PATH, secret=SECRET)


def test_a_repeated_event_that_nobody_heard_before_is_heard(web, probe):
    body = event("Ev3", word="late")
    retry = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    for _ in range(3):
        assert post(web, body, signed(body, kind="application/json", **retry))[0] == 200
    assert wait_for(lambda: probe.seen) == ["late"]


def test_an_event_is_not_heard_again_while_it_is_worked_on(web, probe, program):
    probe.go_on.clear()
    body = event("Ev4", word="slow")
    for number in range(3):
        retry = {"X-Slack-Retry-Num": str(number)}
        assert post(web, body, signed(body, kind="application/json", **retry))[0] == 200
    probe.go_on.set()
    assert program.crew.drain(20) == 0
    assert probe.seen == ["slow"]


# Many at once.


def test_fifty_people_at_once_are_all_answered_in_time(sandbox, program):
    def ask(_number):
        began = time.monotonic()
        told = sandbox.do("command", user="U0CSM1", channel=TEAM, text="help")
        return told, time.monotonic() - began

    with ThreadPoolExecutor(50) as pool:
        answers = [*pool.map(ask, range(50))]
    assert [told for told, _ in answers] == [{"ok": True}] * 50
    assert max(seconds for _, seconds in answers) < 3
    assert program.crew.drain(20) == 0
    assert len(sandbox.whispers("U0CSM1")) == 50


def test_whoever_takes_long_after_the_acknowledgement_holds_up_nobody(sandbox, web, probe, program):
    probe.go_on.clear()
    actions = [{"action_id": "probe.slow", "block_id": "b", "type": "button", "action_ts": "1"}]
    for _ in range(24):  # more than the server has threads
        assert post(web, interaction("block_actions", actions=actions))[0] == 200
    wait_for(lambda: len(probe.seen) == 24)
    assert get(web, "/healthz")[0] == 200
    assert "what you can type" in sandbox.ask("help")["text"]
    probe.go_on.set()
    assert program.crew.drain(20) == 0


# Its settings.

RAW = {
    "general": {"hash_key": "key"},
    "slack": {"bot_token": "xoxb-1", "team_channel": "C0TEAM", "admin_channel": "C0ADMIN"},
    "sources": {"stripe": {"api_key": "rk_test_1"}},
}


def configured(web=True, **slack):
    sections = {"web": {}} if web else {}
    return parse_config({**RAW, **sections, "slack": {**RAW["slack"], **slack}}, home=None, environment={})  # fmt: skip


def test_http_mode_needs_no_app_token():
    slack = configured(mode="http", signing_secret=SECRET).slack
    assert slack.app_token is None
    assert SECRET not in repr(slack)


def test_socket_mode_needs_no_signing_secret_and_is_what_nobody_has_to_choose():
    assert configured(web=False, app_token="xapp-1").slack.mode == "socket"


@pytest.mark.parametrize(
    ("slack", "told"),
    [
        ({}, "slack.app_token is missing: set it."),
        ({"mode": "socket", "signing_secret": SECRET}, "slack.app_token is missing: set it."),
        ({"mode": "http"}, 'slack.signing_secret: is missing: slack.mode = "http" needs it. Copy it'),
        ({"mode": "http", "signing_secret": ""}, "slack.signing_secret: is missing: slack.mode"),
        ({"mode": "https"}, "slack.mode: Input should be 'socket' or 'http'"),
    ],
)  # fmt: skip
def test_a_mode_without_its_secret_is_refused(slack, told):
    with pytest.raises(ConfigError) as caught:
        configured(**slack)
    assert str(caught.value).startswith(told)


def test_http_mode_without_the_server_says_what_to_add():
    with pytest.raises(ConfigError, match=r'slack.mode is "http", so Slack calls us: add a section \[web\]'):  # fmt: skip
        configured(web=False, mode="http", signing_secret=SECRET)


def test_init_asks_for_the_secret_of_the_mode_that_is_configured(sandbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    told = sandbox.get("/sandbox/introduction")
    stripe = told["sources"]["stripe"]
    lines = ["[slack]", 'mode = "http"', f'base_url = "{told["slack"]["base_url"]}"']
    lines += ["[web]", "[sandbox]", f'url = "{sandbox.url}"']
    lines += ["[sources.stripe]", f'base_url = "{stripe["base_url"]}"']
    (tmp_path / "bellwether.toml").write_text("\n".join(lines))
    given = [told["slack"]["bot_token"], SECRET, TEAM, "C0ADMIN", "n", "stripe", stripe["api_key"]]
    ran = CliRunner().invoke(app, ["init"], input="\n".join(["y", "UTC", *given, ""]))
    assert ran.exit_code == 0, ran.output
    assert "app-level token" not in ran.output
    assert "Undefined" not in ran.output
    secrets = dict(line.split("=", 1) for line in (tmp_path / "bellwether.env").read_text().split())
    environment = {name: text.strip("'") for name, text in secrets.items()}
    written = tomllib.loads((tmp_path / "bellwether.toml").read_text())
    slack = parse_config(written, home=tmp_path, environment=environment).slack
    assert (slack.mode, slack.signing_secret.get_secret_value()) == ("http", SECRET)


def test_the_two_manifests_differ_in_how_slack_reaches_the_bot_and_in_nothing_else():
    by_socket, by_http = (
        yaml.safe_load((ROOT / name).read_text("utf-8"))
        for name in ("manifest.yml", "manifest.http.yml")
    )
    settings, url = by_http["settings"], by_http["settings"]["interactivity"]["request_url"]
    assert url.endswith(PATH)
    assert not settings.pop("socket_mode_enabled")
    assert by_socket["settings"].pop("socket_mode_enabled")
    told = [each.pop("url") for each in by_http["features"]["slash_commands"]]
    told += [settings["interactivity"].pop(name) for name in ("request_url", "message_menu_options_url")]  # fmt: skip
    if "event_subscriptions" in settings:
        told.append(settings["event_subscriptions"].pop("request_url"))
    assert set(told) == {url}
    assert by_http == by_socket
