"""Intercom in a few lines, over hand-written fixtures in today's shapes."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from vendor_case import PAGE, SECRET, Case, is_bearer, load
from vendor_server import Answer, Request

DATES = {
    "created_at",
    "updated_at",
    "last_contacted_at",
    "last_email_opened_at",
    "last_email_clicked_at",
    "last_replied_at",
}
ZONE = timezone(timedelta(hours=-8))  # of the workspace, which nobody tells us


@dataclass
class Intercom:
    companies: list[Any] = field(default_factory=lambda: load("intercom/companies.json"))
    contacts: list[Any] = field(default_factory=lambda: load("intercom/contacts.json"))
    conversations: list[Any] = field(default_factory=lambda: load("intercom/conversations.json"))
    scroll_is_taken: bool = False
    known: set[str] = field(default_factory=set)  # the pages that searches may go on at
    sorts: bool = True

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            return refusal("unauthorized", "Access Token Invalid", 401)
        assert request.headers["intercom-version"] == "2.15"
        if request.path == "/companies/scroll":
            return self._scroll(request.one("scroll_param"))
        kind = request.path.split("/")[1]
        assert request.path == f"/{kind}/search"
        assert request.method == "POST"
        return self._search(kind, json.loads(request.body))

    def _scroll(self, param: str | None) -> Answer:
        if self.scroll_is_taken:
            return refusal("bad_request", "scroll already exists for this workspace", 400)
        first = int(param.removeprefix("s")) if param else 0
        rows = self.companies[first : first + PAGE]
        answer = {"type": "list", "data": rows, "pages": None, "total_count": None}
        return Answer.of({**answer, "scroll_param": f"s{first + PAGE}"})

    def _search(self, kind: str, body: Any) -> Answer:
        assert body["sort"] == {"field": "updated_at", "order": "descending"}
        paging = body["pagination"]
        assert paging["per_page"] <= 150
        after = paging.get("starting_after")
        if after is not None and after not in self.known:
            return refusal("parameter_invalid", "starting_after is not valid", 400)
        rows = [each for each in getattr(self, kind) if matches(kind, each, body["query"])]
        if self.sorts:
            rows.sort(key=lambda each: each["updated_at"], reverse=True)
        first, size = int(after or 0), min(PAGE, paging["per_page"])
        pages = {"type": "pages", "page": first // PAGE + 1, "per_page": size, "total_pages": 9}
        if first + size < len(rows):
            self.known.add(str(first + size))
            pages["next"] = {"per_page": size, "starting_after": str(first + size)}
            pages["link"] = "http://evil.example/next"
        name = "data" if kind == "contacts" else kind
        found = {"type": "list", name: rows[first : first + size], "pages": pages}
        return Answer.of({**found, "total_count": len(rows)})

    def break_one(self) -> None:
        self.conversations[0]["created_at"] = "last week"


def matches(kind: str, row: Any, query: Any) -> bool:
    if query["operator"] == "OR":
        assert len(query["value"]) <= 15
        return any(matches(kind, row, each) for each in query["value"])
    assert query["operator"] == ">"  # all that a search by date knows, but for = and <
    assert query["field"] in DATES
    value = row.get(query["field"])
    if value is None:
        return False
    if kind == "conversations" or not isinstance(value, int):
        return not isinstance(value, int) or value > query["value"]
    return day(value) > day(query["value"])


def day(seconds: int) -> Any:
    return datetime.fromtimestamp(seconds, ZONE).date()


def refusal(code: str, message: str, status: int) -> Answer:
    errors = [{"code": code, "message": message}]
    return Answer.of({"type": "error.list", "request_id": "b1", "errors": errors}, status)


CASE = Case(Intercom, {"access_token": SECRET}, "access_token")
