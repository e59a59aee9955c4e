"""Each vendor in a few lines, over hand-written fixtures in today's shapes, paging two at a time."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from vendor_server import Answer, Request

FIXTURES = Path(__file__).parent / "fixtures"
PAGE = 2
SECRET = "s3cret-of-the-test"


NO_SUCH = {"error": {"code": "resource_missing", "message": "No such object: 'x_1'"}}


def load(path: str) -> Any:
    return json.loads((FIXTURES / path).read_text())


def records(pages: list[Any]) -> list[Any]:
    return [each for page in pages for each in page["records"]]


def is_bearer(request: Request, token: str = SECRET) -> bool:
    return request.headers.get("authorization") == f"Bearer {token}"


@dataclass
class Mixpanel:
    """Serves its days gzipped; asked for another project it refuses."""

    days: dict[str, bytes] = field(
        default_factory=lambda: {
            each.stem: each.read_bytes() for each in (FIXTURES / "mixpanel").glob("*.jsonl")
        }
    )

    def __call__(self, request: Request) -> Answer:
        expected = "Basic " + base64.b64encode(f"robot:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return Answer.of({"error": "Unauthorized"}, 401)
        assert request.path == "/api/2.0/export"
        assert request.one("project_id") == "42"
        assert request.one("from_date") == request.one("to_date")
        return Answer.gzipped(self.days.get(request.one("from_date") or "", b""))

    def break_one(self) -> None:
        self.days["2026-11-21"] += b'{"event": "Broken", "properties": {"distinct_id": "x"}}\n'


@dataclass
class Zendesk:
    organizations: list[Any] = field(default_factory=lambda: load("zendesk/organizations.json"))
    tickets: list[Any] = field(default_factory=lambda: load("zendesk/tickets.json"))
    fields: list[Any] = field(default_factory=lambda: load("zendesk/ticket_fields.json"))
    tokens: int = 0

    def __call__(self, request: Request) -> Answer:
        if request.path == "/oauth/tokens":
            return self._token(request)
        if not is_bearer(request, f"token-{self.tokens}"):
            return Answer.of({"error": "invalid_token", "error_description": "It expired."}, 401)
        name = request.path.removeprefix("/api/v2/")
        if name == "incremental/organizations":
            return self._organizations(int(request.one("start_time") or 0))
        if name == "incremental/tickets/cursor":
            return self._tickets(request)
        assert name == "ticket_fields"
        return Answer.of({"ticket_fields": self.fields, "meta": {"has_more": False}})

    def _token(self, request: Request) -> Answer:
        form = parse_qs(request.body.decode())
        if form["client_secret"] != [SECRET] or form["grant_type"] != ["client_credentials"]:
            return Answer.of({"error": "invalid_client", "error_description": "Unknown."}, 401)
        self.tokens += 1
        return Answer.of({"access_token": f"token-{self.tokens}", "token_type": "bearer"})

    def _organizations(self, start: int) -> Answer:
        """By time: a page repeats what lay on the border, and ends at the time of its last."""
        at = {each["id"]: 1_700_000_000 + 100 * n for n, each in enumerate(self.organizations)}
        found = [each for each in self.organizations if at[each["id"]] >= start]
        page = found[:PAGE]
        end = at[page[-1]["id"]] if page else start
        answer = {"organizations": page, "count": len(page), "end_time": end}
        answer["next_page"] = "http://evil.example/api/v2/incremental/organizations"
        return Answer.of({**answer, "end_of_stream": len(found) <= PAGE})

    def _tickets(self, request: Request) -> Answer:
        after, start = request.one("cursor"), int(request.one("start_time") or 0)
        if after is not None and not after.startswith("c"):
            return Answer.of({"error": "InvalidValue", "description": "Invalid cursor."}, 400)
        first = int(after[1:]) if after is not None else 0
        known = [each for each in self.tickets if each["generated_timestamp"] >= start]
        page = known[first : first + PAGE]
        more = first + PAGE < len(known)
        answer = {"tickets": page, "after_cursor": f"c{first + len(page)}"}
        answer["after_url"] = "http://evil.example/api/v2/incremental/tickets/cursor"
        return Answer.of({**answer, "before_cursor": None, "end_of_stream": not more})

    def break_one(self) -> None:
        self.tickets[0]["created_at"] = "the day before yesterday"


@dataclass
class Stripe:
    lists: dict[str, Any] = field(
        default_factory=lambda: {
            each.stem: load(f"stripe/{each.name}") for each in (FIXTURES / "stripe").glob("*.json")
        }
    )

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            return Answer.of({"error": {"message": "Invalid API Key provided: rk_***"}}, 401)
        assert request.headers["stripe-version"] == "2026-10-28.endive"
        _, name, *ident = request.path.strip("/").split("/")
        if ident:
            found = [each for each in self.lists[name] if each["id"] == ident[0]]
            return Answer.of(found[0]) if found else Answer.of(NO_SUCH, 404)
        return self._list(name, request)

    def _list(self, name: str, request: Request) -> Answer:
        rows = self.lists[name]
        if name == "subscription_items":
            rows = rows[request.one("subscription")]
        if name == "subscriptions":
            assert request.one("status") == "all"
        if status := request.one("status") if name == "invoices" else None:
            rows = [each for each in rows if each["status"] == status]
        if since := request.one("created[gte]"):
            rows = [each for each in rows if each["created"] >= int(since)]
        ids = [each["id"] for each in rows]
        after = request.one("starting_after")
        first = ids.index(after) + 1 if after in ids else 0
        page = rows[first : first + PAGE]
        more = first + PAGE < len(rows)
        return Answer.of({"object": "list", "data": page, "has_more": more, "url": request.path})

    def break_one(self) -> None:
        self.lists["customers"][0]["metadata"] = "none"


@dataclass
class HubSpot:
    objects: dict[str, list[Any]] = field(
        default_factory=lambda: {
            each.stem: load(f"hubspot/{each.name}")
            for each in (FIXTURES / "hubspot").glob("*.json")
        }
    )
    page: int = PAGE

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            return Answer.of({"status": "error", "message": "Authentication failed."}, 401)
        parts = request.path.strip("/").split("/")
        if parts[-1] == "search":
            return self._search(parts[-2], json.loads(request.body))
        rows, first = self.objects[parts[-1]], int(request.one("after") or 0)
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


@dataclass(frozen=True)
class Case:
    """A vendor and the settings that reach it; `secret` is the setting a wrong value is given to."""

    vendor: Callable[[], Any]
    settings: dict[str, Any]
    secret: str
    page_of: str  # a path of its data, which faults are tried on


CASES = {
    "hubspot": Case(HubSpot, {"access_token": SECRET}, "access_token", "crm/v3/objects/companies"),
    "mixpanel": Case(
        Mixpanel,
        {"username": "robot", "secret": SECRET, "project_id": 42, "backfill_days": 2},
        "secret",
        "api/2.0/export",
    ),
    "stripe": Case(Stripe, {"api_key": SECRET}, "api_key", "v1/customers"),
    "zendesk": Case(
        Zendesk,
        {"subdomain": "example", "client_id": "bot", "client_secret": SECRET},
        "client_secret",
        "api/v2/incremental/organizations",
    ),
}
