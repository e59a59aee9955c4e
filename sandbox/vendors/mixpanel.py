"""Mixpanel's stand-in: the raw export of some days' events, a JSON object a line, and the profiles of people."""

import gzip
import json
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors.credentials import MIXPANEL_PROJECT, MIXPANEL_SECRET, MIXPANEL_USER
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.limits import Limit, Pace
from sandbox.vendors.mixpanel_lines import LATEST, lines, profiles, stray_lines
from sandbox.vendors.vendor import Call, Refusal, Vendor

_KEPT_BYTES = 256 * 1024 * 1024
_PLAIN_UP_TO = 1400  # bytes: smaller bodies are not compressed
_LONGEST = 400  # days in one request
_PROFILES = 1000  # a page
_BAD_LINE = b'{"event":7,"properties":"lost"}\n'


class Mixpanel(Vendor):
    name = "mixpanel"
    page_keys = ("results",)

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {
            "base_url": url,
            "username": MIXPANEL_USER,
            "secret": MIXPANEL_SECRET,
            "project_id": MIXPANEL_PROJECT,
        }

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._hourly, self._pace = Limit(clock, 60, 3600), Pace(clock, 3)
        self._queries = Limit(clock, 60, 3600)  # counted apart from exports
        self._packed: OrderedDict[tuple[int, frozenset[str]], bytes] = OrderedDict()
        self._packing = Lock()

    def routes(self) -> list[Route]:
        return [
            self.route("/api/2.0/export", self.export),
            self.route("/api/query/engage", self.engage, "POST"),
        ]

    def admit(self, call: Call) -> None:
        if call.basic != (MIXPANEL_USER, MIXPANEL_SECRET):
            raise _unauthorized()
        project = call.query.get("project_id")
        if project is None:
            raise Refusal(
                400,
                {
                    "error": "project_id is required when a service account is used",
                    "status": "error",
                },
            )
        if project != str(MIXPANEL_PROJECT):
            raise Refusal(
                403,
                {"error": "the service account is no member of this project", "status": "error"},
            )
        hourly = self._queries if call.request.url.path.endswith("/engage") else self._hourly
        if self._pace.take() is not None or hourly.take() is not None:
            raise _too_many()

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return Refusal(503, "upstream connect error")
        if fault.kind == "unauthorized":
            return _unauthorized()
        if fault.kind == "forbidden":
            return Refusal(403, {"error": "the service account may not export", "status": "error"})
        return _too_many({"Retry-After": str(fault.retry_after)})

    def export(self, call: Call) -> Response:
        """GET /api/2.0/export: `from_date` to `to_date`, both included, by the time of the event."""
        first, last = self._days(call)
        events = _event_filter(call)
        if first > last:  # all before the story
            return Response(b"", media_type="text/plain")
        packed: Iterator[bytes] = (
            self._halve(call, day, self._pack(day, events, call.now))
            for day in range(first, last + 1)
        )
        if call.is_faulty("malformed_record"):
            packed = iter([gzip.compress(_BAD_LINE, 1), *packed])
        if call.fault or call.query.get("limit"):
            return _whole(call, packed)
        if first == last and _accepts_gzip(call):
            return _sized(next(packed))
        return _streamed(call, packed)

    def engage(self, call: Call) -> dict[str, Any]:
        """POST /api/query/engage: profiles by the page; the first opens the session that the others need."""
        form = {name: each for name, (each, *_) in parse_qs(call.body.decode()).items()}
        page = int(form.get("page", "0"))
        session = form.get("session_id") or f"{call.now.timestamp():.0f}-people"
        if page and "session_id" not in form:
            raise Refusal(400, {"error": "session_id is required after page 0", "status": "error"})
        if not session.endswith("-people"):
            raise Refusal(400, {"error": "unknown session_id", "status": "error"})
        wanted = json.loads(form.get("output_properties", "[]"))
        people = [
            each
            for account in self.story.known(call.now)
            for each in profiles(account, wanted)
            if form.get("distinct_id", each["$distinct_id"]) == each["$distinct_id"]
        ]
        return {
            "page": page,
            "page_size": _PROFILES,
            "session_id": session,
            "status": "ok",
            "total": len(people),
            "results": people[page * _PROFILES : (page + 1) * _PROFILES],
        }

    def _days(self, call: Call) -> tuple[int, int]:
        try:
            first, last = (
                date.fromisoformat(call.query[name]) for name in ("from_date", "to_date")
            )
        except (KeyError, ValueError):
            raise Refusal(
                400, {"error": "from_date and to_date must be dates, YYYY-MM-DD", "status": "error"}
            ) from None
        if last > call.now.date():
            raise Refusal(400, {"error": "to_date cannot be later than today", "status": "error"})
        if first > last or (last - first).days > _LONGEST:
            raise Refusal(400, {"error": "from_date must be before to_date", "status": "error"})
        begin = self.story.start.date()
        return max(0, (first - begin).days), (last - begin).days

    def _halve(self, call: Call, day: int, packed: bytes) -> bytes:
        """A day's lines without every second one, from the day on which a broken release went out."""
        if not call.fault or not call.is_faulty("lossy"):
            return packed
        if self.story.midnight(day + 1) <= call.fault.armed_at:
            return packed
        return gzip.compress(b"".join(gzip.decompress(packed).splitlines(keepends=True)[::2]), 1)

    def _pack(self, day: int, events: frozenset[str], now: datetime) -> bytes:
        """A day's lines, gzipped. One that can no longer change is kept."""
        if now < self.story.midnight(day + 1) + LATEST:
            return _squeeze(self._lines(day, events, now))
        key = (day, events)
        with self._packing:
            if key in self._packed:
                self._packed.move_to_end(key)
                return self._packed[key]
            self._packed[key] = packed = _squeeze(self._lines(day, events, now))
            while sum(map(len, self._packed.values())) > _KEPT_BYTES:
                self._packed.popitem(last=False)
            return packed

    def _lines(self, day: int, events: frozenset[str], now: datetime) -> Iterator[str]:
        midnight = self.story.midnight(day)
        if day >= 0:
            yield stray_lines(day, midnight, events, now)
        for account in self.story.accounts:
            if deeds := self.story.deeds(account, day):
                yield lines(account, day, midnight, deeds, events=events, now=now)


def _unauthorized() -> Refusal:
    return Refusal(
        401, {"error": "Invalid service account credentials", "request": "/api/2.0/export"}
    )


def _too_many(headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(
        429,
        {"error": "Query rate limit exceeded: 60 queries an hour, 3 a second", "status": "error"},
        headers,
    )


def _event_filter(call: Call) -> frozenset[str]:
    """The wanted events; empty means all."""
    try:
        wanted = json.loads(call.query.get("event", "[]"))
    except ValueError:
        wanted = None
    if not isinstance(wanted, list):
        raise Refusal(400, {"error": "event must be a JSON array of names", "status": "error"})
    return frozenset(map(str, wanted))


def _accepts_gzip(call: Call) -> bool:
    return "gzip" in call.header("accept-encoding")


def _squeeze(chunks: Iterable[str]) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(chunk.encode()) for chunk in chunks), packer.flush()])


def _sized(packed: bytes) -> Response:
    plain_size = int.from_bytes(packed[-4:], "little")  # as the trailer of every gzip file says
    if plain_size <= _PLAIN_UP_TO:
        return Response(gzip.decompress(packed), media_type="text/plain")
    return Response(packed, headers={"Content-Encoding": "gzip"}, media_type="text/plain")


def _whole(call: Call, packed: Iterable[bytes]) -> Response:
    text = b"".join(map(gzip.decompress, packed))
    if (limit := call.query.get("limit", "")).isdigit():
        text = b"".join(text.splitlines(keepends=True)[: int(limit)])
    return (
        _sized(gzip.compress(text, 1))
        if _accepts_gzip(call)
        else Response(text, media_type="text/plain")
    )


def _streamed(call: Call, packed: Iterable[bytes]) -> Response:
    plain = map(gzip.decompress, packed)
    if not _accepts_gzip(call):
        return StreamingResponse(plain, media_type="text/plain")
    return StreamingResponse(
        _repack(plain), headers={"Content-Encoding": "gzip"}, media_type="text/plain"
    )


def _repack(plain: Iterable[bytes]) -> Iterator[bytes]:
    """Several days as one gzip stream: many clients read only the first member of a concatenation."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for chunk in plain:
        yield packer.compress(chunk)
    yield packer.flush()
