"""Stripe in a few lines, over hand-written fixtures in today's shapes."""

from dataclasses import dataclass, field
from typing import Any

from vendor_case import FIXTURES, PAGE, SECRET, Case, is_bearer, load
from vendor_server import Answer, Request

NO_SUCH = {"error": {"code": "resource_missing", "message": "No such object: 'x_1'"}}


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


CASE = Case(Stripe, {"api_key": SECRET}, "api_key")
