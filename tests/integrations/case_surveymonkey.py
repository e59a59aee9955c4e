"""SurveyMonkey in a few lines, over hand-written fixtures in today's shapes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vendor_case import PAGE, SECRET, Case, is_bearer, load
from vendor_server import Answer, Request


@dataclass
class SurveyMonkey:
    surveys: list[Any] = field(default_factory=lambda: load("surveymonkey/surveys.json"))
    responses: dict[str, list[Any]] = field(
        default_factory=lambda: load("surveymonkey/responses.json")
    )
    page: int = PAGE
    includes_start: bool = True  # whether `start_modified_at` is among what it asks for: not said

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            return _refused(401, "1010", "The authorization token was not provided or is invalid.")
        path = request.path.strip("/").split("/")
        if path == ["surveys"]:
            assert request.one("include") == "date_modified"
            kept = ("id", "title", "nickname", "date_modified")
            rows = [{name: each[name] for name in kept} for each in self.surveys]
            return self._paged(request, rows)
        survey = next((each for each in self.surveys if each["id"] == path[1]), None)
        if survey is None:
            return _refused(404, "1020", f"There was an error retrieving the survey {path[1]}.")
        if path[2:] == ["details"]:
            return Answer.of(survey)
        assert path[2:] == ["responses", "bulk"]
        return self._answered(request, self.responses[path[1]])

    def _answered(self, request: Request, rows: list[Any]) -> Answer:
        assert int(request.one("per_page")) <= 100
        if request.one("sort_by") is not None:
            assert request.one("sort_by") == "date_modified"
            assert request.one("sort_order") == "ASC"
            assert request.one("status") == "completed"
            low = datetime.fromisoformat(request.one("start_modified_at"))
            assert low.tzinfo is None  # no offset, and UTC is meant
            low = low.replace(tzinfo=UTC)
            rows = sorted((row for row in rows if self._is_in(row, low)), key=_modified)
        return self._paged(request, rows)

    def _is_in(self, row: Any, low: datetime) -> bool:
        if row["response_status"] != "completed":
            return False
        try:
            at = _modified(row)
        except ValueError:
            return True
        return at >= low if self.includes_start else at > low

    def _paged(self, request: Request, rows: list[Any]) -> Answer:
        number = int(request.one("page") or 1)
        size = min(self.page, int(request.one("per_page") or 50))
        first = (number - 1) * size
        links = {"self": f"http://evil.example/v3?page={number}"}
        if len(rows) > first + size:
            links["next"] = f"http://evil.example/v3?page={number + 1}"
        page = {"page": number, "per_page": size, "total": len(rows), "links": links}
        return Answer.of({**page, "data": rows[first : first + size]})

    def break_one(self) -> None:
        self.responses["1001"][0]["pages"][0]["questions"][0]["answers"][0]["choice_id"] = "404"


def _modified(row: Any) -> datetime:
    at = datetime.fromisoformat(row["date_modified"])
    return at.replace(tzinfo=at.tzinfo or UTC)


def _refused(status: int, ident: str, says: str) -> Answer:
    error = {"id": ident, "name": "Error", "message": says, "http_status_code": status}
    return Answer.of({"error": error}, status)


CASE = Case(SurveyMonkey, {"access_token": SECRET, "surveys": ["1001", "1002"]}, "access_token")
