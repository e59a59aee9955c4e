"""The web server: who calls us is answered here, and heard out only within limits.

TLS is for a proxy in front of it. What was not stored is never answered with a 2xx, so that
whoever called calls again.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.deps import Deps
from bot.services import calling, receiving
from bot.variables import ConfigError
from integrations.webhooks import WebhookRefusedError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 2 * 1024 * 1024
"""SendGrid's batches are about 768 KB."""
_THREADS = 16
"""A thread is taken until Slack has its acknowledgement, up to three seconds."""
_QUIET_S = 30  # a connection that says nothing for so long is closed
_STOPPING_S = 10.0  # how long what is running may take to end
_LOOK_UP_S = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and what is said with it: a JSON object, or words."""

    status: HTTPStatus
    told: str | Mapping[str, Any] = ""
    headers: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Answer(HTTPStatus.NOT_FOUND, {"error": "There is nothing here."})


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody asks: header names are in lower case. `rest` is the path after that of the route."""

    headers: Mapping[str, str]
    body: bytes
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """What one path answers to, and to which method."""

    method: str
    answer: Callable[[Call], Answer]


def routes(deps: Deps) -> dict[str, Route]:
    """Every path there is: one for each source that is called, calendar files, and one that says we are alive.

    A path that ends in / answers for everything below it.
    """
    return {
        "/healthz": Route("GET", lambda _call: Answer(HTTPStatus.OK, "ok")),
        calling.CALENDAR_PATH: Route("GET", partial(_calendar, deps)),
        **{
            f"/webhooks/{name}": Route("POST", partial(_webhook, deps, name))
            for name in receiving.listeners(deps)
        },
    }


def _webhook(deps: Deps, name: str, call: Call) -> Answer:
    try:
        receiving.receive(deps, name, call.headers, call.body)
    except WebhookRefusedError as error:
        log.warning("a webhook was refused", source=name, why=str(error))
        return Answer(error.status, {"error": str(error)})
    return Answer(HTTPStatus.NO_CONTENT)


def _calendar(deps: Deps, call: Call) -> Answer:
    """The file of a planned call, to whoever has its address; anything else is not there."""
    token, _, kind = call.rest.rpartition(".")
    file = calling.calendar_file(deps, token) if kind == "ics" else None
    if file is None:
        return _NOTHING
    headers = {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": 'attachment; filename="call.ics"',
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Answer(HTTPStatus.OK, file, headers)


class Application:
    """The routes as WSGI: what goes wrong in one is an answer, and never tells what was sent."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        answer = self._answer(environ)
        is_json = not isinstance(answer.told, str)
        body = (json.dumps(answer.told) if is_json else str(answer.told)).encode()
        kind = "application/json" if is_json else "text/plain; charset=utf-8"
        headers = {"Content-Type": kind} if body else {}
        start_response(
            f"{answer.status.value} {answer.status.phrase}",
            [*{**headers, **answer.headers}.items()],
        )
        return [body] if body else []

    def _answer(self, environ: "WSGIEnvironment") -> Answer:
        path = environ["PATH_INFO"]
        above, slash, rest = path.rpartition("/")
        name = path if path in self._routes else above + slash
        route = self._routes.get(name)
        if route is None:
            return _NOTHING
        if environ["REQUEST_METHOD"] != route.method:
            told = {"error": f"Only {route.method} is answered."}
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, told, {"Allow": route.method})
        try:
            return route.answer(Call(_headers(environ), environ["wsgi.input"].read(), rest))
        except SQLAlchemyError as error:
            # Its own text quotes the rows.
            log.warning("a call could not be stored", path=name, error=type(error).__name__)
        except Exception:
            # Below a route stands what only who was told may know.
            log.exception("a call could not be answered", path=name)
        told = {"error": "It was not stored; send it again."}
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, told, {"Retry-After": "60"})


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): text
        for name, text in environ.items()
        if name.startswith("HTTP_") or name == "CONTENT_TYPE"
    }


class Web:
    """The server in a thread of its own."""

    def __init__(self, routes: Mapping[str, Route], *, listen: str) -> None:
        self._application, self._listen = Application(routes), listen
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._server: Any = None
        self._open: dict[int, Any] = {}  # waitress's connections, its own among them
        self.url = ""

    def start(self) -> None:
        """Answer from now on. Raises ConfigError when the address cannot be had."""
        from waitress.server import (  # type: ignore[import-untyped]  # noqa: PLC0415 - only who is called needs it
            create_server,
        )

        listener = _bind(self._listen)
        host, port = listener.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._server = create_server(
            self._application,
            map=self._open,
            sockets=[listener],
            threads=_THREADS,
            max_request_body_size=MAX_BODY_BYTES + 1,  # waitress refuses what is as large as this
            channel_timeout=_QUIET_S,
            asyncore_use_poll=True,
            ident="bellwether",
        )
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()
        log.info("the web server is up", url=self.url)

    def stop(self) -> None:
        """Take no new connection, let what is running end, and close."""
        if self._thread is not None:
            # In this order: once it knows that it is to stop, the thread may have closed the trigger already.
            self._server.pull_trigger()
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        from waitress import wasyncore  # type: ignore[import-untyped]  # noqa: PLC0415

        until = None
        while until is None or (self._is_busy() and time.monotonic() < until):
            wasyncore.loop(timeout=_LOOK_UP_S, use_poll=True, map=self._open, count=1)
            if until is None and self._stopping.is_set():
                self._server.accepting = False
                until = time.monotonic() + _STOPPING_S
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._open)

    def _is_busy(self) -> bool:
        channels = [*self._server.active_channels.values()]
        return any(each.requests or each.total_outbufs_len for each in channels)


def _bind(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except OSError as error:
        raise ConfigError(
            f"web.listen: {listen} cannot be had ({error.strerror}). Choose another like 127.0.0.1:8080."
        ) from error
