"""Customer.io in a few lines, over hand-written fixtures in today's shapes."""

from dataclasses import dataclass, field
from typing import Any

from vendor_case import PAGE, SECRET, Case, is_bearer, load
from vendor_server import Answer, Request

_SIX_MONTHS_S = 182 * 86_400


@dataclass
class CustomerIo:
    messages: list[Any] = field(default_factory=lambda: load("customerio/messages.json"))
    page: int = PAGE
    asked: list[tuple[int, int]] = field(default_factory=list)  # windows

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            return Answer.of({"meta": {"error": "unauthorized"}}, 401)
        assert request.path == "/v1/messages"
        assert request.one("type") == "email"
        assert 0 < int(request.one("limit")) <= 1000
        begin = int(request.one("start_ts", "0"))
        end = int(request.one("end_ts", "9999999999"))
        if request.one("start") is None:
            self.asked.append((begin, end))
        begin = max(begin, end - _SIX_MONTHS_S)  # cut off without a word
        rows = [row for row in self.messages[::-1] if begin <= int(row["created"]) <= end]
        first = int(request.one("start", "0-0").split("-")[1])
        more = f"t-{first + self.page}" if len(rows) > first + self.page else ""
        return Answer.of(
            {
                "messages": rows[first : first + self.page],
                "next": more,
                "link": "http://evil.example",
            }
        )

    def break_one(self) -> None:
        self.messages[0]["metrics"]["opened"] = "yes"


CASE = Case(CustomerIo, {"app_api_key": SECRET}, "app_api_key")
