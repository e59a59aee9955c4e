"""The web server over a real socket: only what is stored is taken, and nothing that comes can hurt it."""

import http.client
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs
from worlds import pass_time, wait_for

from bot.app import build, open_deps
from bot.clock import StoryClock
from bot.config import parse_config
from bot.deps import Deps
from bot.variables import ConfigError
from bot.web import MAX_BODY_BYTES, Answer, Route, Web, routes
from integrations.registry import open_source
from sandbox.vendors.sendgrid import WEBHOOK_ID, SendGrid, signed
from storage.tables import ContactRow, RejectedRow

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATH = "/webhooks/sendgrid"
RAW = {
    "general": {"hash_key": "key"},
    "slack": {
        "bot_token": "xoxb-1",
        "app_token": "xapp-1",
        "team_channel": "C0TEAM",
        "admin_channel": "C0ADMIN",
    },
    "sources": {
        "stripe": {"api_key": "rk_test_1"},
        "sendgrid": SendGrid.settings("http://127.0.0.1:1"),
    },
    "web": {"listen": "127.0.0.1:0"},
}


class Clock:
    def now(self):
        return NOW


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def deps(db, tmp_path):
    config = parse_config(RAW, home=tmp_path, environment={})
    sources = {
        name: open_source(name, source.settings, clock=Clock(), hash_key=b"key")
        for name, source in config.sources.items()
    }
    return Deps(db=db, clock=Clock(), config=config, sources=sources, directory=None)


@contextmanager
def serving(table):
    web = Web(table, listen="127.0.0.1:0")
    web.start()
    yield web
    web.stop()


@pytest.fixture
def web(deps):
    with serving(routes(deps)) as running:
        yield running


def ask(web, method="POST", path=PATH, body=b"", headers=None):
    """The status, and what was said with it."""
    connection = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def event(number=0, **more):
    told = {"email": f"ada{number}@acme.example", "event": "open", "sg_event_id": f"e{number}"}
    return {**told, "timestamp": int(NOW.timestamp()) - 60, **more}


def post(web, *events, at=NOW):
    body = json.dumps(events).encode()
    return ask(web, body=body, headers=signed(body, at))


def stored(deps):
    query = sa.select(sa.func.count()).select_from(ContactRow.__table__)
    with deps.db.read() as session:
        return session.execute(query).scalar_one()


# What is asked of it.


def test_it_says_that_it_is_alive(web):
    status, said, headers = ask(web, "GET", "/healthz")
    assert (status, said, headers["Content-Type"]) == (200, "ok", "text/plain; charset=utf-8")


def test_signed_events_are_stored_before_they_are_answered(web, deps):
    status, said, _ = post(web, event(1), event(2))
    assert (status, said) == (204, "")
    assert stored(deps) == 2


def test_a_replay_is_taken_and_changes_nothing(web, deps):
    for _ in range(3):
        assert post(web, event())[0] == 204
    assert post(web, event(), at=NOW - timedelta(hours=24))[0] == 204
    assert stored(deps) == 1


def test_header_names_come_in_any_case(web, deps):
    body = json.dumps([event()]).encode()
    headers = {name.lower(): text for name, text in signed(body, NOW).items()}
    assert ask(web, body=body, headers=headers)[0] == 204
    assert stored(deps) == 1


def test_a_body_in_chunks_is_a_body(web, deps):
    body = json.dumps([event()]).encode()
    chunks = (body[at : at + 7] for at in range(0, len(body), 7))
    assert ask(web, body=chunks, headers=signed(body, NOW))[0] == 204
    assert stored(deps) == 1


def wrong(body):
    headers = signed(body, NOW)
    name = "X-Twilio-Email-Event-Webhook-Signature"
    return {
        "none": {},
        "of another body": signed(body + b" ", NOW),
        "malformed": headers | {name: "!!!"},
        "empty": headers | {name: ""},
        "too old": signed(body, NOW - timedelta(hours=26)),
    }


@pytest.mark.parametrize("which", wrong(b""))
def test_what_is_not_signed_well_is_refused_in_a_few_words(web, deps, which):
    body = json.dumps([event()]).encode()
    with capture_logs() as logs:
        status, said, headers = ask(web, body=body, headers=wrong(body)[which])
    assert (status, headers["Content-Type"]) == (401, "application/json")
    assert list(json.loads(said)) == ["error"]
    assert "acme" not in f"{said}{logs}"
    assert [each["log_level"] for each in logs] == ["warning"]
    assert stored(deps) == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"\xff"])
def test_signed_nonsense_is_a_bad_request(web, body):
    assert ask(web, body=body, headers=signed(body, NOW))[0] == 400


def test_one_bad_event_does_not_make_sendgrid_send_the_batch_again(web, deps):
    assert post(web, event(1), event(2, timestamp="?"))[0] == 204
    assert stored(deps) == 1
    with deps.db.read() as session:
        assert len(session.execute(sa.select(RejectedRow.__table__)).all()) == 1


@pytest.mark.parametrize(
    "path",
    ["/", "/webhooks", "/webhooks/", "/webhooks/stripe", "/webhooks/nobody", f"{PATH}/", "/../etc"],
)
def test_there_is_nothing_anywhere_else(web, path):
    for method in ("GET", "POST"):
        assert ask(web, method, path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", PATH, "POST"), ("PUT", PATH, "POST"), ("POST", "/healthz", "GET")],
)
def test_another_method_is_told_which_one_is_answered(web, method, path, allowed):
    status, _, headers = ask(web, method, path)
    assert (status, headers["Allow"]) == (405, allowed)


def test_the_query_is_nobodys(web, deps):
    body = json.dumps([event()]).encode()
    assert ask(web, path=f"{PATH}?a=b", body=body, headers=signed(body, NOW))[0] == 204


# Limits.


def raw(web, text):
    """What the server says to bytes that are no request a client would make."""
    host, port = urlsplit(web.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(4096), b"")).decode()


def test_a_large_body_is_refused_before_it_is_sent(web):
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
    assert raw(web, head.encode()).startswith("HTTP/1.1 413 ")
    assert ask(web, "GET", "/healthz")[0] == 200


def test_a_large_body_without_a_length_is_refused_too(web):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    answer = raw_or_cut(web, head + chunk * (MAX_BODY_BYTES // 0x10000 + 2))
    assert answer in {"413", "cut"}
    assert ask(web, "GET", "/healthz")[0] == 200


def raw_or_cut(web, text):
    try:
        return raw(web, text).split()[1]
    except OSError:  # it had closed before all was sent
        return "cut"


def test_the_largest_body_is_read_whole(web, deps):
    body = json.dumps([event()]).encode()
    body += b" " * (MAX_BODY_BYTES - len(body))
    assert ask(web, body=body, headers=signed(body, NOW))[0] == 204
    assert stored(deps) == 1


@pytest.mark.parametrize(
    "text",
    [b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n"],
)
def test_nonsense_does_not_stop_it(web, text):
    raw(web, text)
    assert ask(web, "GET", "/healthz")[0] == 200


def test_a_caller_who_hangs_up_half_way_leaves_nothing(web, deps):
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n[".encode()
    assert raw(web, head) == ""
    assert stored(deps) == 0


def test_many_call_at_once(web, deps):
    """As many batches as waitress has threads, and more: each is stored or asked for again."""

    def until_taken(number):
        return next(s for s in iter(lambda: post(web, event(number))[0], None) if s != 503)

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(until_taken, range(48))) == {204}
    assert stored(deps) == 48


# What cannot be stored is asked for again.


def run_sql(deps, statement):
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_broken_database_is_503_until_it_is_mended(web, deps):
    run_sql(deps, "ALTER TABLE contact RENAME TO elsewhere")
    with capture_logs() as logs:
        status, said, headers = post(web, event())
    assert (status, headers["Retry-After"]) == (503, "60")
    assert "acme" not in f"{said}{logs}"
    assert [(each["log_level"], each["error"]) for each in logs] == [
        ("warning", "OperationalError")
    ]
    run_sql(deps, "ALTER TABLE elsewhere RENAME TO contact")
    assert post(web, event())[0] == 204
    assert stored(deps) == 1


def test_a_busy_database_is_503_and_nothing_is_stored(web, deps):
    with deps.db.write() as session:
        session.connection()
        assert post(web, event())[0] == 503
    assert post(web, event())[0] == 204
    assert stored(deps) == 1


def test_a_mistake_of_ours_is_503_and_is_logged_without_what_was_sent():
    def oops(call):
        raise RuntimeError("oops")

    with serving({"/oops": Route("POST", oops)}) as web:
        with capture_logs() as logs:
            status, said, _ = ask(web, path="/oops", body=b"ada@acme.example")
        assert status == 503
        assert "oops" not in said
        assert [each["event"] for each in logs] == ["a call could not be answered"]
        assert "acme" not in repr(logs)


# How it starts and ends.


def test_stopping_lets_the_running_end_and_takes_no_more():
    inside, go_on = threading.Event(), threading.Event()

    def slow(_call):
        inside.set()
        go_on.wait(20)
        return Answer(HTTPStatus.OK, "done")

    web = Web({"/slow": Route("GET", slow)}, listen="127.0.0.1:0")
    web.start()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(ask, web, "GET", "/slow")
        assert inside.wait(20)
        stopped = pool.submit(web.stop)
        assert not stopped.done()
        go_on.set()
        assert answer.result(20)[:2] == (200, "done")
        stopped.result(20)
    with pytest.raises(ConnectionRefusedError):
        ask(web, "GET", "/slow")


def test_stopping_does_not_wait_for_who_says_nothing(deps):
    web = Web(routes(deps), listen="127.0.0.1:0")
    web.start()
    with socket.create_connection(("127.0.0.1", urlsplit(web.url).port)) as line:
        line.sendall(b"POST ")
        assert ask(web, "GET", "/healthz")[0] == 200
        web.stop()
        assert line.recv(10) == b""
    web.stop()


def test_an_address_that_is_taken_is_told_with_its_key(web):
    taken = urlsplit(web.url).netloc
    with pytest.raises(ConfigError, match=rf"web\.listen: {taken} cannot be had .* in use"):
        Web({}, listen=taken).start()


# Its section of the configuration.


def configured(**web):
    return parse_config({**RAW, "web": web}, home=None, environment={})


def test_a_source_that_is_called_needs_the_server():
    raw = {name: told for name, told in RAW.items() if name != "web"}
    with pytest.raises(
        ConfigError, match=r"\[sources.sendgrid\] is called by SendGrid: add a section \[web\]"
    ):
        parse_config(raw, home=None, environment={})


def test_without_its_section_there_is_no_server():
    raw = {**RAW, "sources": {"stripe": {"api_key": "rk_test_1"}}}
    del raw["web"]
    assert parse_config(raw, home=None, environment={}).web is None


def test_a_source_knows_where_it_is_called_from_the_public_address():
    assert configured().sources["sendgrid"].settings.webhook_url is None
    config = configured(public_url="https://b.example.com/in/")
    url = config.sources["sendgrid"].settings.webhook_url
    assert url == "https://b.example.com/in/webhooks/sendgrid"
    assert config.web.listen == "127.0.0.1:8080"


@pytest.mark.parametrize(
    "listen", ["", "8080", "host", "a b:80", "http://a:80", "a:b", "a:80/", "a:65536"]
)
def test_an_address_to_listen_on_is_a_host_and_a_port(listen):
    with pytest.raises(ConfigError, match=r"web\.listen: must be a host and a port"):
        configured(listen=listen)


@pytest.mark.parametrize(
    "url", ["", "b.example.com", "ftp://b.example.com", "https://b.example.com?a"]
)
def test_a_public_address_is_one(url):
    with pytest.raises(ConfigError, match=r"web\.public_url: must be an address like https://"):
        configured(public_url=url)


# The whole way: a vendor that calls, a bot that listens.


def test_the_sandbox_calls_and_engagement_is_known(sandbox, tmp_path):
    told = sandbox.get("/sandbox/introduction")["sources"]
    sections = {
        "sources": {name: told[name] for name in ("stripe", "sendgrid")},
        "web": {"listen": "127.0.0.1:0"},
    }
    clock = StoryClock(sandbox.now(), flowing=False, on_move=sandbox.move)
    deps = open_deps(sandbox.config(tmp_path, **sections), clock=clock)
    deps.db.upgrade()
    program = build(deps)
    program.start(ticking=False)
    try:
        change(sandbox, told["sendgrid"], url=f"{program.web.url}{PATH}", enabled=True)
        pass_time(deps, minutes=1)
        assert wait_for(lambda: stored(deps)) > 50
    finally:
        change(sandbox, told["sendgrid"], enabled=False)
        program.stop()
        wait_for(lambda: sandbox.connections() == 0)


def change(sandbox, settings, **changes):
    """Set the webhook up, as people do on SendGrid's own pages."""
    every = dict.fromkeys(("delivered", "open", "click", "processed"), True)
    line = http.client.HTTPConnection(urlsplit(settings["base_url"]).netloc, timeout=20)
    line.request(
        "PATCH",
        f"/sendgrid/v3/user/webhooks/event/settings/{WEBHOOK_ID}",
        json.dumps({**every, **changes}),
        {"Authorization": f"Bearer {settings['api_key']}"},
    )
    assert line.getresponse().status == 200
    line.close()


def test_stopping_is_safe_on_a_machine_that_takes_its_time():
    """Between knowing that it is to stop and being woken the thread once closed what woke it."""
    web = Web({}, listen="127.0.0.1:0")
    web.start()
    thread, wake = web._thread, web._server.pull_trigger

    def wake_slowly():
        thread.join(timeout=1)
        wake()

    web._server.pull_trigger = wake_slowly
    web.stop()
    assert not thread.is_alive()
