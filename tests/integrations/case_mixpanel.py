"""Mixpanel in a few lines, over hand-written fixtures in today's shapes."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from vendor_case import FIXTURES, PAGE, SECRET, Case, load
from vendor_server import Answer, Request


@dataclass
class Mixpanel:
    """Serves its days gzipped; asked for another project it refuses."""

    days: dict[str, bytes] = field(
        default_factory=lambda: {
            each.stem: each.read_bytes() for each in (FIXTURES / "mixpanel").glob("*.jsonl")
        }
    )
    profiles: list[Any] = field(default_factory=lambda: load("mixpanel/profiles.json"))

    def __call__(self, request: Request) -> Answer:
        expected = "Basic " + base64.b64encode(f"robot:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return Answer.of({"error": "Unauthorized"}, 401)
        assert request.one("project_id") == "42"
        if request.path == "/api/query/engage":
            return self._engage(
                {name: each for name, (each,) in parse_qs(request.body.decode()).items()}
            )
        assert request.path == "/api/2.0/export"
        assert request.one("from_date") == request.one("to_date")
        return Answer.gzipped(self.days.get(request.one("from_date") or "", b""))

    def _engage(self, form: dict[str, str]) -> Answer:
        """Two at a time; a page after the first needs the session of the first."""
        assert json.loads(form["output_properties"])[-1] == "$email"
        page = int(form.get("page", 0))
        if page and form.get("session_id") != "s-1":
            return Answer.of({"error": "session_id is required", "status": "error"}, 400)
        rows = self.profiles if "distinct_id" not in form else []
        answer = {"page": page, "page_size": PAGE, "session_id": "s-1", "total": len(rows)}
        return Answer.of(
            {**answer, "status": "ok", "results": rows[page * PAGE : (page + 1) * PAGE]}
        )

    def break_one(self) -> None:
        self.days["2026-11-21"] += b'{"event": "Broken", "properties": {"distinct_id": "x"}}\n'


CASE = Case(
    Mixpanel,
    {"username": "robot", "secret": SECRET, "project_id": 42, "backfill_days": 2},
    "secret",
    reach=timedelta(days=2),
)
