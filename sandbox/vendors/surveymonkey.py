"""SurveyMonkey's API: a survey, its design, and its responses in bulk."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.story.surveys import Answer, answers
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.limits import Limit
from sandbox.vendors.surveymonkey_shapes import SURVEYS, response
from sandbox.vendors.vendor import Call, Refusal, Vendor

SURVEYMONKEY_TOKEN = "sandbox-surveymonkey-token"  # noqa: S105
SURVEYMONKEY_NARROW_TOKEN = "sandbox-surveymonkey-narrow"  # may not read details  # noqa: S105

SURVEY = SURVEYS[0]["id"]
_MOST, _LIST_MOST = 100, 1_000
_MINUTE_MOST, _DAY_MOST = 120, 500
_ROUND = 2  # of the story's surveys
_DAYS_KEPT = 400
_LISTED = ("id", "title", "nickname", "href")


class SurveyMonkey(Vendor):
    name = "surveymonkey"
    page_keys = ("data",)

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": f"{url}/v3", "access_token": SURVEYMONKEY_TOKEN, "surveys": [SURVEY]}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._minute = Limit(clock, _MINUTE_MOST, 60)
        self._today: tuple[int, int] = (0, 0)  # the day, and the requests of it
        self._answers_of = lru_cache(_DAYS_KEPT)(self._drawn)

    def routes(self) -> list[Route]:
        return [
            self.route("/v3/surveys", self.surveys),
            self.route("/v3/surveys/{id}/details", self.details),
            self.route("/v3/surveys/{id}/responses/bulk", self.bulk),
        ]

    def headers(self) -> dict[str, str]:
        now = self.clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        day, used = self._today
        left = _DAY_MOST - (used if day == now.toordinal() else 0)
        name = "X-Ratelimit-App-Global"
        return {
            f"{name}-Minute-Limit": str(_MINUTE_MOST),
            f"{name}-Minute-Remaining": str(max(0, self._minute.remaining)),
            f"{name}-Minute-Reset": "60",
            f"{name}-Day-Limit": str(_DAY_MOST),
            f"{name}-Day-Remaining": str(max(0, left)),
            f"{name}-Day-Reset": str(int((midnight - now).total_seconds())),
        }

    def admit(self, call: Call) -> None:
        if call.bearer not in {SURVEYMONKEY_TOKEN, SURVEYMONKEY_NARROW_TOKEN}:
            raise _unauthorized()
        if call.bearer == SURVEYMONKEY_NARROW_TOKEN and call.here.endswith("/bulk"):
            raise _forbidden()
        day, used = self._today
        used = used if day == call.now.toordinal() else 0
        if used >= _DAY_MOST or self._minute.take() is not None:
            raise _too_many()
        self._today = (call.now.toordinal(), used + 1)

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return _refusal(503, "1051", "Service Unreachable", "Try again later.")
        if fault.kind == "unauthorized":
            return _unauthorized()
        if fault.kind == "forbidden":
            return _forbidden()
        return _too_many({"Retry-After": str(fault.retry_after)})

    def surveys(self, call: Call) -> Any:
        """GET /surveys: what they are called, and more only where it is asked for."""
        more = call.query.get("include", "").split(",")
        wanted = {*_LISTED, *(each for each in more if each == "date_modified")}
        rows = [{name: each[name] for name in each if name in wanted} for each in SURVEYS]
        return _paged(call, rows, 50, _LIST_MOST)

    def details(self, call: Call) -> Any:
        return _survey(call.id)

    def bulk(self, call: Call) -> Any:
        """GET /surveys/{id}/responses/bulk, the oldest first, or the latest when it is asked for."""
        _survey(call.id)
        start, end = _instant(call, "start_modified_at"), _instant(call, "end_modified_at")
        first = self.story.day(start) - 1 if start else 0
        days = range(max(0, first), self.story.day(call.now) + 1)
        found = [each for day in days for each in self._answers_of(day) if each.at <= call.now]
        asked = call.query.get("question_ids", "")
        rows = [
            response(
                each, f"{call.here.removesuffix('/bulk')}", asked.split(",") if asked else None
            )
            for each in sorted(found, key=lambda each: (each.at, each.account.index, each.number))
            if (start is None or each.at >= start) and (end is None or each.at <= end)
        ]
        if call.query.get("status", "completed") != "completed":
            rows = []
        if call.query.get("sort_order", "DESC") == "DESC":
            rows.reverse()
        return _paged(call, rows, 50, _MOST)

    def _drawn(self, day: int) -> tuple[Answer, ...]:
        midnight = self.story.midnight(day)
        return tuple(
            each for one in self.story.accounts for each in answers(one, day, midnight, _ROUND)
        )


def _survey(ident: str) -> dict[str, Any]:
    for each in SURVEYS:
        if each["id"] == ident:
            return each
    raise _refusal(
        404, "1020", "Resource Not Found", f"There was an error retrieving the survey {ident}."
    )


def _paged(call: Call, rows: list[dict[str, Any]], default: int, most: int) -> dict[str, Any]:
    size, number = _number(call, "per_page", default, most), _number(call, "page", 1, 100_000)
    end = number * size
    links = {"self": _link(call, number, size)}
    if len(rows) > end:
        links["next"] = _link(call, number + 1, size)
    return {
        "data": rows[end - size : end],
        "per_page": size,
        "page": number,
        "total": len(rows),
        "links": links,
    }


def _link(call: Call, number: int, size: int) -> str:
    kept = {name: text for name, text in call.query.items() if name not in {"page", "per_page"}}
    return f"{call.here}?{urlencode({**kept, 'page': number, 'per_page': size})}"


def _instant(call: Call, name: str) -> datetime | None:
    given = call.query.get(name)
    try:
        at = None if given is None else datetime.fromisoformat(given)
    except ValueError:
        raise _invalid(f"{name} must be a date string") from None
    return None if at is None else at.replace(tzinfo=at.tzinfo or UTC)


def _number(call: Call, name: str, default: int, most: int) -> int:
    given = call.query.get(name, str(default))
    if not given.isdigit() or not 0 < int(given) <= most:
        raise _invalid(f"{name} must be between 1 and {most}")
    return int(given)


def _refusal(
    status: int, ident: str, name: str, message: str, headers: dict[str, str] | None = None
) -> Refusal:
    docs = "https://developer.surveymonkey.com/api/v3/#error-codes"
    error = {"id": ident, "name": name, "docs": docs, "message": message}
    return Refusal(status, {"error": {**error, "http_status_code": status}}, headers)


def _invalid(message: str) -> Refusal:
    return _refusal(400, "1004", "Bad Request", message)


def _unauthorized() -> Refusal:
    message = "The authorization token was not provided or is invalid."
    return _refusal(401, "1010", "Authorization Error", message)


def _forbidden() -> Refusal:
    message = (
        "Permission has not been granted by the user to make this request: responses_read_detail."
    )
    return _refusal(403, "1014", "Permission Error", message)


def _too_many(headers: dict[str, str] | None = None) -> Refusal:
    message = "Too many requests were made, try again later."
    return _refusal(429, "1040", "Rate limit reached", message, headers)
