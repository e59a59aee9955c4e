"""Intercom's API: companies by scroll, contacts and conversations by search."""

import base64
import binascii
import json
import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import Any

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.intercom_shapes import Row, companies, contacts, conversations
from sandbox.vendors.limits import Limit
from sandbox.vendors.vendor import Call, Refusal, Vendor

INTERCOM_TOKEN = "sandbox-intercom-token"  # noqa: S105
INTERCOM_NARROW_TOKEN = "sandbox-intercom-narrow"  # may not read conversations  # noqa: S105

_MOST = 150
_SCROLLED = 100
_SCROLL_LIFE = timedelta(minutes=1)
_ZONE = timezone(timedelta(hours=-8))  # of the workspace: where the days of a search begin
_SLICE_S, _SLICE_MOST = 10, 1_667
_ROWS = {"contacts": "data", "conversations": "conversations"}
_DRAWN: Mapping[str, Callable[[Story, datetime], list[Row]]] = {
    "contacts": contacts,
    "conversations": conversations,
}
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


class Intercom(Vendor):
    name = "intercom"
    page_keys = ("data", "conversations")

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": url, "access_token": INTERCOM_TOKEN}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._slice = Limit(clock, _SLICE_MOST, _SLICE_S)
        self._scroll: tuple[str, datetime, list[Row]] | None = (
            None  # its name, its end, what is left
        )
        self._scrolls = 0
        self._index: dict[str, tuple[datetime, list[Row]]] = {}
        self._drawing = Lock()

    def routes(self) -> list[Route]:
        searches = [self.route(f"/{kind}/search", self._searcher(kind), "POST") for kind in _DRAWN]
        return [self.route("/companies/scroll", self.scroll), *searches]

    def headers(self) -> dict[str, str]:
        reset = int(self.clock.now().timestamp()) + _SLICE_S
        return {
            "X-RateLimit-Limit": str(_SLICE_MOST),
            "X-RateLimit-Remaining": str(max(0, self._slice.remaining)),
            "X-RateLimit-Reset": str(reset),
            "Intercom-Version": "2.15",
        }

    def admit(self, call: Call) -> None:
        if call.bearer not in {INTERCOM_TOKEN, INTERCOM_NARROW_TOKEN}:
            raise _unauthorized()
        if call.bearer == INTERCOM_NARROW_TOKEN and "/conversations" in call.here:
            raise _forbidden()
        if self._slice.take() is not None:
            raise _too_many()

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return _refusal(503, "service_unavailable", "Sorry, the API service is unavailable")
        if fault.kind == "unauthorized":
            return _unauthorized()
        if fault.kind == "forbidden":
            return _forbidden()
        return _too_many({"Retry-After": str(fault.retry_after)})

    def scroll(self, call: Call) -> Any:
        """GET /companies/scroll: one at a time, and gone a minute after it was last used."""
        asked = call.query.get("scroll_param")
        with self._drawing:
            if self._scroll is not None and call.now >= self._scroll[1]:
                self._scroll = None
            if asked is None:
                if self._scroll is not None:
                    raise _refusal(400, "bad_request", "scroll already exists for this workspace")
                self._scrolls += 1
                name, left = f"scroll-{self._scrolls}", companies(self.story, call.now)
            elif self._scroll is None or self._scroll[0] != asked:
                raise _refusal(404, "not_found", "scroll parameter not found")
            else:
                name, left = asked, self._scroll[2]
            page, rest = left[:_SCROLLED], left[_SCROLLED:]
            self._scroll = (name, call.now + _SCROLL_LIFE, rest) if page else None
        answer = {"type": "list", "data": page, "pages": None, "total_count": None}
        return {**answer, "scroll_param": name}

    def _searcher(self, kind: str) -> Callable[[Call], Any]:
        """POST /{kind}/search: contacts by calendar day of the workspace, conversations by the second."""

        def searching(call: Call) -> Any:
            asked = _asked(call)
            size, after = _paging(asked.get("pagination") or {})
            name, is_descending = _order(asked.get("sort") or {})
            query = asked.get("query")
            rows = [
                row
                for row in self._rows(kind, call.now)
                if _matches(row, query, kind == "contacts")
            ]
            keyed = sorted(((row.get(name) or 0, row["id"]), row) for row in rows)
            ordered = keyed[::-1] if is_descending else keyed
            if after is not None:
                ordered = [
                    each
                    for each in ordered
                    if (each[0] < after if is_descending else each[0] > after)
                ]
            page, more = ordered[:size], len(ordered) > size
            pages: dict[str, Any] = {"type": "pages", "per_page": size, "total_pages": 1}
            if more:
                pages["next"] = {"per_page": size, "starting_after": _pack(page[-1][0])}
            found = {"type": "list", _ROWS[kind]: [row for _, row in page], "pages": pages}
            return {**found, "total_count": len(rows)}

        return searching

    def _rows(self, kind: str, now: datetime) -> list[Row]:
        """Everything as of the last whole minute; drawing it costs, so it is kept for that minute."""
        minute = now.replace(second=0, microsecond=0)
        with self._drawing:
            kept = self._index.get(kind)
            if kept is None or kept[0] != minute:
                self._index[kind] = kept = (minute, _DRAWN[kind](self.story, minute))
            return kept[1]


def _asked(call: Call) -> Mapping[str, Any]:
    try:
        asked = json.loads(call.body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), dict):
        raise _refusal(400, "parameter_not_found", "query is required")
    return asked


def _paging(asked: Mapping[str, Any]) -> tuple[int, tuple[int, str] | None]:
    size, after = asked.get("per_page", 50), asked.get("starting_after")
    if not isinstance(size, int) or not 0 < size <= _MOST:
        raise _refusal(400, "parameter_invalid", f"per_page must be between 1 and {_MOST}")
    return size, None if after is None else _unpack(str(after))


def _order(asked: Mapping[str, Any]) -> tuple[str, bool]:
    return str(asked.get("field", "id")), str(asked.get("order", "")).startswith("desc")


def _matches(row: Row, query: Any, by_day: bool) -> bool:  # noqa: FBT001
    if not isinstance(query, dict):
        raise _refusal(400, "parameter_invalid", "query is malformed")
    kind, value = str(query.get("operator")), query.get("value")
    if kind in {"AND", "OR"} and isinstance(value, list):
        each = [_matches(row, one, by_day) for one in value]
        return all(each) if kind == "AND" else any(each)
    name = str(query.get("field"))
    if name not in row:
        raise _refusal(400, "parameter_invalid", f"{name} is not a searchable field")
    is_date = name.endswith("_at")
    if kind not in _COMPARED or (is_date and by_day and kind == "!="):
        raise _refusal(400, "parameter_invalid", f"{kind} is not a valid operator for {name}")
    if row[name] is None or value is None:
        return False
    if is_date and by_day:
        return _COMPARED[kind](_day(row[name]), _day(int(value)))
    return _COMPARED[kind](row[name], value)


def _day(seconds: int) -> Any:
    return datetime.fromtimestamp(seconds, _ZONE).date()


def _pack(key: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _unpack(text: str) -> tuple[int, str]:
    try:
        at, ident = json.loads(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError):
        raise _refusal(400, "parameter_invalid", "starting_after is not valid") from None
    return int(at), str(ident)


def _refusal(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> Refusal:
    errors = [{"code": code, "message": message}]
    body = {"type": "error.list", "request_id": "sandbox", "errors": errors}
    return Refusal(status, body, headers)


def _unauthorized() -> Refusal:
    return _refusal(401, "unauthorized", "Access Token Invalid")


def _forbidden() -> Refusal:
    return _refusal(
        403, "token_unauthorized", "The token lacks the permission to read conversations"
    )


def _too_many(headers: dict[str, str] | None = None) -> Refusal:
    message = f"Exceeded rate limit of {_SLICE_MOST} in 10_seconds"
    return _refusal(429, "rate_limit_exceeded", message, headers)
