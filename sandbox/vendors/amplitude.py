"""Amplitude's stand-in: the export of raw events by the hour of their upload."""

import gzip
import io
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zipfile import ZipFile

from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import CORE_FEATURES, Story
from sandbox.vendors.amplitude_lines import LATEST_DAYS, lines_by_hour
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.vendor import Call, Refusal, Vendor

AMPLITUDE_KEY = "sandbox-amplitude-key"
AMPLITUDE_SECRET = "sandbox-amplitude-secret"  # noqa: S105

_FORMAT = "%Y%m%dT%H"
_HOUR = timedelta(hours=1)
_READY_AFTER = timedelta(hours=3)  # an hour can be had two hours after its end
_LONGEST = timedelta(days=365)
_DAYS_KEPT = 12
_BAD_LINE = b'{"event_type":null,"event_time":"lost"}\n'


class Amplitude(Vendor):
    name = "amplitude"

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": url, "api_key": AMPLITUDE_KEY, "secret_key": AMPLITUDE_SECRET}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._packed = lru_cache(_DAYS_KEPT)(self._pack)

    def routes(self) -> list[Route]:
        return [
            self.route("/api/2/export", self.export),
            self.route("/api/2/events/list", self.events),
        ]

    def admit(self, call: Call) -> None:
        if call.basic != (AMPLITUDE_KEY, AMPLITUDE_SECRET):
            raise _refusal(401, "Unauthorized: the API key or the secret key is invalid")

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return Refusal(503, "upstream connect error")
        if fault.kind == "unauthorized":
            return _refusal(401, "Unauthorized: the API key or the secret key is invalid")
        if fault.kind == "forbidden":
            return _refusal(403, "this project may not be exported")
        return _refusal(429, "Too many requests", {"Retry-After": str(fault.retry_after)})

    def events(self, _call: Call) -> dict[str, Any]:
        """GET /api/2/events/list: the kinds of events there are."""
        return {"data": [{"name": each, "value": each, "hidden": False} for each in CORE_FEATURES]}

    def export(self, call: Call) -> Response:
        """GET /api/2/export: `start` to `end`, hours of upload, both included, as far as they are ready."""
        first, last = (_hour(call, name) for name in ("start", "end"))
        if first > last or last - first >= _LONGEST:
            raise _refusal(400, "start must be before end, and within 365 days of it")
        files: list[tuple[str, bytes]] = []
        while first <= min(last, call.now - _READY_AFTER):
            files += self._files(first)
            first += _HOUR
        if not files:
            raise _refusal(404, "Raw data files were not found.")
        if call.is_faulty("malformed_record"):
            files.append(("555/bad.json.gz", gzip.compress(_BAD_LINE)))
        return Response(_zipped(files), media_type="application/zip")

    def _files(self, hour: datetime) -> list[tuple[str, bytes]]:
        """What was uploaded in an hour: of that day, and of those just before it."""
        day, found = self.story.day(hour), []
        for ago in range(LATEST_DAYS + 1):
            since = hour - self.story.midnight(day - ago)
            if packed := self._packed(day - ago).get(since // _HOUR):
                found.append((f"555/555_{hour:%Y-%m-%d_%H}#{ago}.json.gz", packed))
        return found

    def _pack(self, day: int) -> dict[int, bytes]:
        """A day's lines by the hour of their upload, counted from its midnight; none before the story."""
        hours: defaultdict[int, list[str]] = defaultdict(list)
        for account in self.story.accounts if day >= 0 else ():
            if deeds := self.story.deeds(account, day):
                told = lines_by_hour(account, day, self.story.midnight(day), deeds)
                for hour, lines in told.items():
                    hours[hour] += lines
        return {
            hour: gzip.compress("".join(lines).encode(), 1, mtime=0)
            for hour, lines in hours.items()
        }


def _refusal(status: int, message: str, headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(status, {"error": {"http_code": status, "message": message}}, headers)


def _hour(call: Call, name: str) -> datetime:
    try:
        return datetime.strptime(call.query[name], _FORMAT).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        raise _refusal(400, f"{name} must be an hour, YYYYMMDDTHH") from None


def _zipped(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, packed in files:
            archive.writestr(name, packed)
    return buffer.getvalue()
