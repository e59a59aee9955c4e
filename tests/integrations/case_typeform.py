"""Typeform in a few lines, over hand-written fixtures in today's shapes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vendor_case import PAGE, SECRET, Case, is_bearer, load
from vendor_server import Answer, Request


@dataclass
class Typeform:
    forms: list[Any] = field(default_factory=lambda: load("typeform/forms.json"))
    responses: dict[str, list[Any]] = field(default_factory=lambda: load("typeform/responses.json"))
    page: int = PAGE

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            return _refused(401, "AUTHENTICATION_FAILED", "Authentication credentials not found")
        path = request.path.strip("/").split("/")
        if path == ["forms"]:
            return self._listed(request)
        form = next((each for each in self.forms if each["id"] == path[1]), None)
        if form is None:
            return _refused(404, "FORM_NOT_FOUND", f"form {path[1]} not found")
        return self._answered(request, path[1]) if path[2:] else Answer.of(form)

    def _listed(self, request: Request) -> Answer:
        size, number = int(request.one("page_size") or 10), int(request.one("page") or 1)
        assert size in {1, 200}
        first = (number - 1) * min(size, self.page)
        rows = [{**each, "fields": None} for each in self.forms[first : first + self.page]]
        count = -(-len(self.forms) // self.page)
        link = {"self": {"href": "http://evil.example/forms/1"}}
        items = [{**each, **link} for each in rows]
        return Answer.of({"total_items": len(self.forms), "page_count": count, "items": items})

    def _answered(self, request: Request, form: str) -> Answer:
        assert int(request.one("page_size") or 25) in {1, 1000}
        before, since = request.one("before"), request.one("since")
        if before and (since or request.one("until")):
            return _refused(400, "VALIDATION_ERROR", "before cannot be combined with since")
        rows = self.responses[form]
        if before:
            place = next((n for n, each in enumerate(rows) if each["token"] == before), None)
            if place is None:
                return _refused(400, "VALIDATION_ERROR", "before: no such token")
            rows = rows[place + 1 :]
        if since:
            low = datetime.fromisoformat(since).replace(tzinfo=UTC)
            rows = [each for each in rows if _sent_at(each) >= low]
        items = rows[: self.page]
        count = -(-len(rows) // self.page)
        return Answer.of({"total_items": len(rows), "page_count": count, "items": items})

    def break_one(self) -> None:
        self.responses["u6nXL7"][0]["answers"][0]["number"] = 11


def _sent_at(row: Any) -> datetime:
    return datetime.fromisoformat(row["submitted_at"])


def _refused(status: int, code: str, says: str) -> Answer:
    return Answer.of({"code": code, "description": says}, status)


CASE = Case(Typeform, {"access_token": SECRET}, "access_token")
