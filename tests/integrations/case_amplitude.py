"""Amplitude in a few lines, over hand-written fixtures in today's shapes."""

import base64
import gzip
import io
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zipfile import ZipFile

from vendor_case import FIXTURES, SECRET, Case
from vendor_server import Answer, Request

_FORMAT = "%Y%m%dT%H"
_NOT_FOUND = {"error": {"http_code": 404, "message": "Raw data files were not found."}}


def zipped(files: dict[str, bytes]) -> Answer:
    """An archive as Amplitude packs it: gzip files with the day and hour in their names."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return Answer(buffer.getvalue(), headers={"content-type": "application/zip"})


@dataclass
class Amplitude:
    """Serves what was uploaded in each hour; nothing of hours that cannot be had yet."""

    hours: dict[str, bytes] = field(
        default_factory=lambda: {
            each.stem: each.read_bytes() for each in (FIXTURES / "amplitude").glob("*.jsonl")
        }
    )

    def __call__(self, request: Request) -> Answer:
        expected = "Basic " + base64.b64encode(f"key:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return Answer.of({"error": {"http_code": 401, "message": "Unauthorized"}}, 401)
        if request.path == "/api/2/events/list":
            return Answer.of({"data": [{"name": "Report Viewed", "totals": 9}]})
        assert request.path == "/api/2/export"
        return self.export(*(request.one(each) or "" for each in ("start", "end")))

    def export(self, start: str, end: str) -> Answer:
        first, last = (datetime.strptime(each, _FORMAT) for each in (start, end))  # noqa: DTZ007
        assert first <= last < first + timedelta(days=365)
        assert last <= datetime(2026, 11, 22, 9), "an hour that cannot be had yet"  # noqa: DTZ001
        found = {
            f"555/555_{name.replace('T', '_')}#1.json.gz": gzip.compress(body)
            for name, body in sorted(self.hours.items())
            if first <= datetime.fromisoformat(name) <= last
        }
        return zipped(found) if found else Answer.of(_NOT_FOUND, 404)

    def break_one(self) -> None:
        """The only use of a feature on a day loses its name."""
        lines = [json.loads(line) for line in self.hours["2026-11-20T09"].splitlines()]
        lines[0]["event_type"] = None
        self.hours["2026-11-20T09"] = b"\n".join(json.dumps(each).encode() for each in lines)


CASE = Case(
    Amplitude,
    {"api_key": "key", "secret_key": SECRET, "backfill_days": 2},
    "secret_key",
    reach=timedelta(days=2),
)
