"""HubSpot in a few lines, over hand-written fixtures in today's shapes."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vendor_case import FIXTURES, PAGE, SECRET, Case, is_bearer, load
from vendor_server import Answer, Request


@dataclass
class HubSpot:
    objects: dict[str, list[Any]] = field(
        default_factory=lambda: {
            each.stem: load(f"hubspot/{each.name}")
            for each in (FIXTURES / "hubspot").glob("*.json")
        }
    )
    archived: dict[str, list[Any]] = field(
        default_factory=lambda: {"companies": [], "contacts": []}
    )
    page: int = PAGE

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            return Answer.of({"status": "error", "message": "Authentication failed."}, 401)
        parts = request.path.strip("/").split("/")
        if parts[-1] == "search":
            return self._search(parts[-2], json.loads(request.body))
        gone = request.one("archived") == "true"
        rows = (self.archived if gone else self.objects)[parts[-1]]
        first = int(request.one("after") or 0)
        return self._paged(rows[first:], self.page, str(first + self.page))

    def _search(self, kind: str, body: Any) -> Answer:
        rows = self.objects[kind]
        for each in body["filterGroups"][0]["filters"]:
            name, low = each["propertyName"], float(each["value"])
            if each["operator"] == "GT":
                rows = [row for row in rows if float(row["id"]) > low]
            else:
                wanted = {"companies": "hs_lastmodifieddate", "contacts": "lastmodifieddate"}
                assert name == wanted[kind]
                rows = [row for row in rows if _ms(row["properties"][name]) >= low]
        rows = sorted(rows, key=lambda row: int(row["id"]))
        # The real one says 400 to an `after` of 10,000 and more; ours is never to ask for one.
        assert "after" not in body
        return self._paged(rows, min(self.page, body["limit"]), str(body["limit"]))

    def _paged(self, rows: list[Any], size: int, after: str) -> Answer:
        link = "http://evil.example/next"
        more = {"paging": {"next": {"after": after, "link": link}}} if len(rows) > size else {}
        return Answer.of({"total": len(rows), "results": rows[:size], **more})

    def break_one(self) -> None:
        self.objects["companies"][0]["properties"]["renewal_date"] = "next spring"


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


CASE = Case(HubSpot, {"access_token": SECRET}, "access_token")
