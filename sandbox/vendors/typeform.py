"""Typeform's API: two forms, and the answers that came in through their links."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.story.surveys import Answer, answers
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.limits import Pace
from sandbox.vendors.vendor import Call, Refusal, Vendor

TYPEFORM_TOKEN = "sandbox-typeform-token"  # noqa: S105
TYPEFORM_NARROW_TOKEN = "sandbox-typeform-narrow"  # may not read responses  # noqa: S105

FORM, OTHER_FORM = "u6nXL7kR", "qR8signup"
_HIDDEN = timedelta(minutes=10)  # the newest answers are not shown at once
_MOST, _LIST_MOST = 1_000, 200
_ROUND = 1  # of the story's surveys
_DAYS_KEPT = 400
_NPS, _CSAT, _WHY = "k9nps00000Zz", "k9csat0000Zz", "k9why00000Zz"
_CHANGED = "2026-01-12T09:00:00+00:00"


class Typeform(Vendor):
    name = "typeform"
    page_keys = ("items",)

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": url, "access_token": TYPEFORM_TOKEN}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._pace = Pace(clock, 2)
        self._answers_of = lru_cache(_DAYS_KEPT)(self._drawn)

    def routes(self) -> list[Route]:
        return [
            self.route("/forms", self.forms),
            self.route("/forms/{id}", self.form),
            self.route("/forms/{id}/responses", self.responses),
        ]

    def admit(self, call: Call) -> None:
        if call.bearer not in {TYPEFORM_TOKEN, TYPEFORM_NARROW_TOKEN}:
            raise _unauthorized()
        if call.bearer == TYPEFORM_NARROW_TOKEN and call.here.endswith("/responses"):
            raise _forbidden()
        if self._pace.take() is not None:
            raise _too_many()

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return _refusal(503, "SERVICE_UNAVAILABLE", "Try again later")
        if fault.kind == "unauthorized":
            return _unauthorized()
        if fault.kind == "forbidden":
            return _forbidden()
        return _too_many({"Retry-After": str(fault.retry_after)})

    def forms(self, call: Call) -> Any:
        """GET /forms, by pages from 1."""
        size, number = _number(call, "page_size", 10, _LIST_MOST), _number(call, "page", 1, 10_000)
        rows = [{**each, "self": {"href": f"{call.here}/{each['id']}"}} for each in _FORMS]
        for each in rows:
            del each["fields"]
        page = rows[(number - 1) * size : number * size]
        return {"total_items": len(rows), "page_count": -(-len(rows) // size), "items": page}

    def form(self, call: Call) -> Any:
        return _form(call.id)

    def responses(self, call: Call) -> Any:
        """GET /forms/{id}/responses: completed ones, the newest first; `before` goes with no date."""
        _form(call.id)
        size = _number(call, "page_size", 25, _MOST)
        dates = {name for name in ("since", "until") if name in call.query}
        if "before" in call.query and dates:
            raise _invalid(f"before cannot be used together with {', '.join(sorted(dates))}")
        rows = self._rows(call) if call.id == FORM else []
        return {
            "total_items": len(rows),
            "page_count": -(-len(rows) // size),
            "items": rows[:size],
        }

    def _rows(self, call: Call) -> list[dict[str, Any]]:
        seen_at = call.now - _HIDDEN
        since, until = _instant(call, "since"), _instant(call, "until")
        first = self.story.day(since) if since else 0
        found = [
            each
            for day in range(max(0, first), self.story.day(seen_at) + 1)
            for each in self._answers_of(day)
            if each.at <= seen_at
            and (since is None or each.at >= since)
            and (until is None or each.at <= until)
        ]
        found.sort(key=lambda each: (each.at, _token(each)), reverse=True)
        rows = [_response(each) for each in found]
        if "before" not in call.query:
            return rows
        tokens = [each["token"] for each in rows]
        if call.query["before"] not in tokens:
            raise _invalid("before: there is no such token")
        return rows[tokens.index(call.query["before"]) + 1 :]

    def _drawn(self, day: int) -> tuple[Answer, ...]:
        midnight = self.story.midnight(day)
        return tuple(
            each for one in self.story.accounts for each in answers(one, day, midnight, _ROUND)
        )


def _token(one: Answer) -> str:
    return f"{one.day:05d}x{one.account.index:06d}x{one.number}"


def _response(one: Answer) -> dict[str, Any]:
    token = _token(one)
    given: list[tuple[str, str, str, Any]] = [(_NPS, "nps", "number", one.nps)]
    if one.csat is not None:
        given.append((_CSAT, "opinion_scale", "number", one.csat))
    if one.text is not None:
        given.append((_WHY, "long_text", "text", one.text))
    # A link that was sent out as it was copied carries no id.
    key = one.account.key if one.account.tagged else "xxxxx"
    return {
        "landing_id": token,
        "token": token,
        "response_id": token,
        "response_type": "completed",
        "landed_at": _stamp(one.at - timedelta(seconds=70)),
        "submitted_at": _stamp(one.at),
        "metadata": {"platform": "other", "referer": "https://northwind.typeform.example/"},
        "hidden": {"account_id": key, "email": one.contact.email},
        "calculated": {"score": 0},
        "answers": [
            {"field": {"id": ident, "ref": ident, "type": kind}, "type": name, name: value}
            for ident, kind, name, value in given
        ],
    }


def _question(ident: str, kind: str, title: str, **properties: Any) -> dict[str, Any]:
    return {"id": ident, "ref": ident, "type": kind, "title": title, "properties": properties}


_FORMS: tuple[dict[str, Any], ...] = (
    {
        "id": FORM,
        "type": "quiz",
        "title": "How do you like Northwind?",
        "created_at": _CHANGED,
        "last_updated_at": _CHANGED,
        "settings": {"is_public": True},
        "fields": [
            _question(_NPS, "nps", "Would you recommend us?"),
            _question(_CSAT, "opinion_scale", "How satisfied are you?", steps=5, start_at_one=True),
            _question(_WHY, "long_text", "Why?"),
        ],
    },
    {
        "id": OTHER_FORM,
        "type": "form",
        "title": "Subscribe to our newsletter",
        "created_at": _CHANGED,
        "last_updated_at": _CHANGED,
        "settings": {"is_public": True},
        "fields": [_question("k9mail0000Zz", "email", "Your e-mail address")],
    },
)


def _form(ident: str) -> dict[str, Any]:
    for each in _FORMS:
        if each["id"] == ident:
            return each
    raise _refusal(404, "FORM_NOT_FOUND", f"form {ident} not found")


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _instant(call: Call, name: str) -> datetime | None:
    """In seconds since 1970, or as a date and time in UTC."""
    given = call.query.get(name)
    if given is None:
        return None
    try:
        at = (
            datetime.fromtimestamp(int(given), UTC)
            if given.isdigit()
            else datetime.fromisoformat(given)
        )
    except ValueError:
        raise _invalid(f"{name} must be an ISO 8601 date or a timestamp") from None
    return at.replace(tzinfo=at.tzinfo or UTC)


def _number(call: Call, name: str, default: int, most: int) -> int:
    given = call.query.get(name, str(default))
    if not given.isdigit() or not 0 < int(given) <= most:
        raise _invalid(f"{name} must be between 1 and {most}")
    return int(given)


def _refusal(
    status: int, code: str, description: str, headers: dict[str, str] | None = None
) -> Refusal:
    return Refusal(status, {"code": code, "description": description}, headers)


def _invalid(description: str) -> Refusal:
    return _refusal(400, "VALIDATION_ERROR", description)


def _unauthorized() -> Refusal:
    return _refusal(401, "AUTHENTICATION_FAILED", "Authentication credentials not found")


def _forbidden() -> Refusal:
    return _refusal(
        403, "FORBIDDEN", "The token lacks the scope responses:read that this request needs"
    )


def _too_many(headers: dict[str, str] | None = None) -> Refusal:
    return _refusal(429, "TOO_MANY_REQUESTS", "Rate limit of 2 requests a second reached", headers)
