"""A vendor on a real socket: it keeps what it was asked and answers what it was told to."""

import gzip
import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def one(self, name: str, default: str | None = None) -> str | None:
        return self.query.get(name, [default])[0]


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    says_length: int | None = None  # another Content-Length than the body has

    @classmethod
    def of(cls, value, status: int = 200, **headers: str) -> "Answer":
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(
            json.dumps(value).encode(), status, {"content-type": "application/json", **named}
        )

    @classmethod
    def gzipped(cls, body: bytes) -> "Answer":
        headers = {"content-type": "text/plain", "content-encoding": "gzip"}
        return cls(gzip.compress(body), headers=headers)


class Server:
    """`vendor` answers, unless answers are waiting in `before`; `log` is what was asked."""

    def __init__(self, vendor: Callable[[Request], Answer]) -> None:
        self.vendor = vendor
        self.before: list[Answer] = []
        self.always: Answer | None = None
        self.log: list[Request] = []
        self.url = ""

    def answer(self, request: Request) -> Answer:
        self.log.append(request)
        if self.always is not None:
            return self.always
        return self.before.pop(0) if self.before else self.vendor(request)


@contextmanager
def serving(vendor: Callable[[Request], Answer]):
    server = Server(vendor)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer costs a delayed ACK

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            size = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): text for name, text in self.headers.items()}
            body = self.rfile.read(size)
            query = parse_qs(url.query, keep_blank_values=True)
            answer = server.answer(Request(self.command, url.path, query, headers, body))
            self.send_response(answer.status)
            for name, text in answer.headers.items():
                self.send_header(name, text)
            length = len(answer.body) if answer.says_length is None else answer.says_length
            self.send_header("content-length", str(length))
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.says_length is not None:
                self.close_connection = True

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *args) -> None:
            """A test says what went wrong by itself."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    http.block_on_close = False
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
