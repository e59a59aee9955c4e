"""What all stand-in vendors share: counting requests, meeting faults, refusing, answering in JSON."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors.faults import Fault, Faults

_MAINTENANCE = "<!doctype html><title>Maintenance</title><h1>We will be right back</h1>"


class Refusal(Exception):  # noqa: N818  # it is an answer, not an error of ours
    """A vendor says no, in its own words."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body, self.headers = status, body, headers or {}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with its body read and the time it was made."""

    request: Request
    body: bytes
    now: datetime
    fault: Fault | None

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    def header(self, name: str) -> str:
        return self.request.headers.get(name, "")

    @property
    def bearer(self) -> str | None:
        kind, _, token = self.header("authorization").partition(" ")
        return token if kind.lower() == "bearer" else None

    @property
    def basic(self) -> tuple[str, str] | None:
        kind, _, encoded = self.header("authorization").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user, password

    @property
    def id(self) -> str:
        """The object the address names."""
        return str(self.request.path_params["id"])

    @property
    def here(self) -> str:
        """The address this request was made to, without its query."""
        url = self.request.url
        return f"{url.scheme}://{url.netloc}{url.path}"

    def is_faulty(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind


Answer = Callable[[Call], Any]


class Vendor:
    """A vendor's API. Subclasses say who may come in (`admit`) and how they refuse (`refusal`)."""

    name: str
    page_keys: Sequence[str] = ()  # where a page keeps its records

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        self.story, self.clock, self.faults = story, clock, faults
        self.requests = 0
        self._lock = Lock()

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        """What the vendor's section of a configuration says to reach it at `url`."""
        raise NotImplementedError

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def admit(self, call: Call) -> None:
        """Raises Refusal for wrong credentials and for too many requests."""
        raise NotImplementedError

    def deliver(self, now: datetime) -> None:
        """Tell whoever asked to be told what happened until now; most vendors wait to be asked."""

    def refusal(self, fault: Fault) -> Refusal:
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        """What every answer carries."""
        return {}

    def route(
        self, path: str, answer: Answer, method: str = "GET", *, open_to_all: bool = False
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            return await run_in_threadpool(self._answer, request, body, answer, open_to_all)

        return Route(path, endpoint, methods=[method])

    def _answer(self, request: Request, body: bytes, answer: Answer, open_to_all: bool) -> Response:  # noqa: FBT001
        with self._lock:
            self.requests += 1
        now = self.clock.now()
        # A fault is meant for the data; who only fetches a token does not use it up.
        fault = None if open_to_all else self.faults.take(self.name, now)
        call = Call(request, body, now, fault)
        try:
            if call.fault and call.fault.kind in {
                "down",
                "unauthorized",
                "forbidden",
                "ratelimited",
            }:
                raise self.refusal(call.fault)
            if call.is_faulty("html"):
                return HTMLResponse(_MAINTENANCE)
            if not open_to_all:
                self.admit(call)
            response = self._respond(call, answer(call))
        except Refusal as refusal:
            return _as_response(refusal.body, refusal.status, self.headers() | refusal.headers)
        return _cut(response) if call.is_faulty("truncated") else response

    def _respond(self, call: Call, payload: Any) -> Response:
        if isinstance(payload, Response):
            return payload
        if call.is_faulty("malformed_record"):
            for key in self.page_keys:
                if key in payload:
                    payload = payload | {key: [{"id": {"lost": True}}, *payload[key]]}
        return _as_response(payload, 200, self.headers())


def _as_response(body: Any, status: int, headers: dict[str, str]) -> Response:
    if isinstance(body, str):
        return Response(body, status, headers, media_type="text/plain")
    return JSONResponse(body, status, headers)


def _cut(response: Response) -> Response:
    """Half of the body, with a length that says it were all."""
    half = bytes(response.body)[: len(response.body) // 2]
    headers = {key: value for key, value in response.headers.items() if key != "content-length"}
    return Response(half, response.status_code, headers)
