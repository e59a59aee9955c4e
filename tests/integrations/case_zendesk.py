"""Zendesk in a few lines, over hand-written fixtures in today's shapes."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from vendor_case import PAGE, SECRET, Case, is_bearer, load
from vendor_server import Answer, Request


@dataclass
class Zendesk:
    organizations: list[Any] = field(default_factory=lambda: load("zendesk/organizations.json"))
    tickets: list[Any] = field(default_factory=lambda: load("zendesk/tickets.json"))
    fields: list[Any] = field(default_factory=lambda: load("zendesk/ticket_fields.json"))
    surveys: list[Any] = field(default_factory=lambda: load("zendesk/survey_responses.json"))
    offered: dict[str, int] = field(default_factory=dict)  # when, in milliseconds, by id
    no_surveys: int | None = None  # the status of an account without them
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
        if name == "guide/survey_responses":
            return self._surveys(request)
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

    def _surveys(self, request: Request) -> Answer:
        """By when a survey was offered, in milliseconds; nobody can ask for what was answered since."""
        if self.no_surveys is not None:
            return Answer.of({"error": {"title": "No", "message": "Not here"}}, self.no_surveys)
        start = int(request.one("filter[created_at_start]") or 0)
        end = int(request.one("filter[created_at_end]") or 0)
        assert start > 10**12, "these are seconds, not milliseconds"
        after, size = request.one("page[after]"), int(request.one("page[size]") or 0)
        assert 0 < size <= 100
        if after is not None and not after.startswith("s"):
            return Answer.of({"error": "InvalidValue", "description": "Invalid cursor."}, 400)
        found = [each for each in self.surveys if start <= self._offered(each) <= end]
        first = int(after[1:]) if after is not None else 0
        page, more = found[first : first + PAGE], len(found) > first + PAGE
        meta = {"has_more": more, "after_cursor": f"s{first + PAGE}" if page else None}
        links = {"next": "http://evil.example/api/v2/guide/survey_responses"} if more else {}
        return Answer.of({"survey_responses": page, "meta": meta, "links": links})

    def _offered(self, survey: Any) -> int:
        return (
            self.offered.get(survey["id"], 1_793_700_000_000)
            if isinstance(survey, dict)
            else 1_793_700_000_000
        )

    def break_one(self) -> None:
        self.tickets[0]["created_at"] = "the day before yesterday"


CASE = Case(
    Zendesk,
    {"subdomain": "example", "client_id": "bot", "client_secret": SECRET},
    "client_secret",
)
