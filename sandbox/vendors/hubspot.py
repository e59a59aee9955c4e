"""HubSpot's CRM: companies, contacts and owners, by list and by search."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors import credentials
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.hubspot_shapes import DEFAULTS, Properties, companies, contacts, owners
from sandbox.vendors.limits import Limit, Pace
from sandbox.vendors.vendor import Call, Refusal, Vendor

_LIST_MOST, _SEARCH_MOST, _SEARCH_DEPTH = 100, 200, 10_000
_MODIFIED = {"companies": "hs_lastmodifieddate", "contacts": "lastmodifieddate"}
_SCOPES = {kind: f"crm.objects.{kind}.read" for kind in _MODIFIED}


class HubSpot(Vendor):
    name = "hubspot"
    page_keys = ("results",)

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": url, "access_token": credentials.HUBSPOT_TOKEN}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._burst, self._searches = Limit(clock, 190, 10), Pace(clock, 5)
        self._index: dict[str, tuple[datetime, list[Properties]]] = {}
        self._indexing = Lock()

    def routes(self) -> list[Route]:
        found = [
            self.route("/crm/v3/owners", self.owners),
            self.route("/crm/v3/owners/", self.owners),
        ]
        for kind in _MODIFIED:
            found.append(self.route(f"/crm/v3/objects/{kind}", self._lister(kind)))
            found.append(self.route(f"/crm/v3/objects/{kind}/search", self._searcher(kind), "POST"))
        return found

    def headers(self) -> dict[str, str]:
        return {
            "X-HubSpot-RateLimit-Max": "190",
            "X-HubSpot-RateLimit-Remaining": str(max(0, self._burst.remaining)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "650000",
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, 650_000 - self.requests)),
        }

    def admit(self, call: Call) -> None:
        if call.bearer not in {credentials.HUBSPOT_TOKEN, credentials.HUBSPOT_NARROW_TOKEN}:
            raise _unauthorized()
        if call.bearer == credentials.HUBSPOT_NARROW_TOKEN and "/contacts" in call.here:
            raise _missing_scope("contacts")
        if self._burst.take() is not None:
            raise _too_many("TEN_SECONDLY_ROLLING")
        if call.here.endswith("/search") and self._searches.take() is not None:
            raise _too_many("SECONDLY")

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return Refusal(503, {"status": "error", "message": "Service temporarily unavailable"})
        if fault.kind == "unauthorized":
            return _unauthorized()
        if fault.kind == "forbidden":
            return _missing_scope("contacts")
        return _too_many("TEN_SECONDLY_ROLLING", {"Retry-After": str(fault.retry_after)})

    def owners(self, _: Call) -> Any:
        return {"results": owners(self.story)}

    def _lister(self, kind: str) -> Callable[[Call], Any]:
        """GET /crm/v3/objects/{kind}: all of them by id; `after` is the last id seen."""

        def listing(call: Call) -> Any:
            size = _size(call.query.get("limit", "10"), _LIST_MOST)
            after = _number(call.query.get("after") or "0", "after")
            # Nobody ever deletes anything in this story.
            living = [] if _is_true(call.query.get("archived")) else self._rows(kind, call.now)
            rows = [row for row in living if int(row["hs_object_id"] or 0) > after]
            wanted = [
                name for names in call.query.getlist("properties") for name in names.split(",")
            ]
            linked = kind == "contacts" and "companies" in call.query.get("associations", "")
            page = rows[:size]
            answer: dict[str, Any] = {
                "results": [_record(kind, row, wanted, linked=linked) for row in page]
            }
            return answer | (
                _next(call, page[-1]["hs_object_id"] or "") if len(rows) > size else {}
            )

        return listing

    def _searcher(self, kind: str) -> Callable[[Call], Any]:
        """POST /crm/v3/objects/{kind}/search: the index lags, so it shows the last whole minute."""

        def searching(call: Call) -> Any:
            asked = _asked(call)
            size = _size(str(asked.get("limit", 10)), _SEARCH_MOST)
            begin = _number(str(asked.get("after") or 0), "after")
            if begin + size > _SEARCH_DEPTH:
                raise _invalid(f"The maximum number of results is {_SEARCH_DEPTH}")
            rows = [
                row
                for row in self._rows(kind, call.now)
                if _matches(row, asked.get("filterGroups") or [])
            ]
            for order in reversed(asked.get("sorts") or []):
                rows.sort(
                    key=lambda row: _rank(row.get(order["propertyName"])),
                    reverse=order.get("direction") == "DESCENDING",
                )
            wanted = [str(name) for name in asked.get("properties") or []]
            answer: dict[str, Any] = {
                "total": len(rows),
                "results": [
                    _record(kind, row, wanted, linked=False) for row in rows[begin : begin + size]
                ],
            }
            return answer | (
                {"paging": {"next": {"after": str(begin + size)}}}
                if begin + size < len(rows)
                else {}
            )

        return searching

    def _rows(self, kind: str, now: datetime) -> list[Properties]:
        """Every object as of the last whole minute, by id. Drawing them costs, so they are kept for that minute."""
        minute = now.replace(second=0, microsecond=0)
        with self._indexing:
            kept = self._index.get(kind)
            if kept is None or kept[0] != minute:
                draw = companies if kind == "companies" else contacts
                self._index[kind] = kept = (minute, draw(self.story, minute))
            return kept[1]


def _record(kind: str, row: Properties, wanted: Sequence[str], *, linked: bool) -> dict[str, Any]:
    names = dict.fromkeys([*DEFAULTS[kind], *wanted])
    record: dict[str, Any] = {
        "id": row["hs_object_id"],
        "properties": {name: row.get(name) for name in names},
        "createdAt": row["createdate"],
        "updatedAt": row[_MODIFIED[kind]],
        "archived": False,
    }
    if linked and row["associatedcompanyid"]:
        link = {"id": row["associatedcompanyid"], "type": "contact_to_company"}
        record["associations"] = {"companies": {"results": [link]}}
    return record


def _next(call: Call, after: str) -> dict[str, Any]:
    query = [(name, value) for name, value in call.query.multi_items() if name != "after"]
    return {
        "paging": {
            "next": {"after": after, "link": f"{call.here}?{urlencode([*query, ('after', after)])}"}
        }
    }


def _asked(call: Call) -> Mapping[str, Any]:
    try:
        asked = json.loads(call.body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise _invalid("Invalid input JSON")
    return asked


def _is_true(given: str | None) -> bool:
    if given not in {None, "true", "false"}:
        raise _invalid("archived must be true or false")
    return given == "true"


def _number(given: str, name: str) -> int:
    if not given.isdigit():
        raise _invalid(f"{name} must be a number")
    return int(given)


def _size(given: str, most: int) -> int:
    size = _number(given, "limit")
    if not 0 < size <= most:
        raise _invalid(f"limit must be between 1 and {most}")
    return size


def _matches(row: Properties, groups: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every filter of any group holds; no group at all lets everything through."""
    return not groups or any(
        all(_holds(row, one) for one in group.get("filters", [])) for group in groups
    )


def _holds(row: Properties, one: Mapping[str, Any]) -> bool:
    value, operator = row.get(str(one["propertyName"])), str(one["operator"])
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        return bool(value) == (operator == "HAS_PROPERTY")
    if not value:
        return operator == "NEQ"
    if operator == "IN":
        return value in {str(each) for each in one.get("values", [])}
    mine, given = _rank(value), _rank(str(one.get("value", "")))
    comparisons = {
        "EQ": mine == given,
        "NEQ": mine != given,
        "GT": mine > given,
        "GTE": mine >= given,
        "LT": mine < given,
        "LTE": mine <= given,
    }
    if operator == "BETWEEN":
        return given <= mine <= _rank(str(one.get("highValue", "")))
    if operator not in comparisons:
        raise _invalid(f"Invalid operator: {operator}")
    return comparisons[operator]


def _rank(value: str | None) -> tuple[float, str]:
    """How values compare: instants and numbers by size (instants in ms), the rest as text."""
    if not value:
        return (float("-inf"), "")
    if value.lstrip("-").isdigit():
        return (float(value), "")
    if value[:4].isdigit() and value.endswith("Z"):
        return (datetime.fromisoformat(value).timestamp() * 1000, "")
    return (float("inf"), value)


def _error(category: str, message: str, **more: Any) -> dict[str, Any]:
    return {
        "status": "error",
        "category": category,
        "message": message,
        "correlationId": "5a4db0f0-0000-4000-8000-5a4db0f05a4d",
        **more,
    }


def _invalid(message: str) -> Refusal:
    return Refusal(400, _error("VALIDATION_ERROR", message))


def _unauthorized() -> Refusal:
    return Refusal(401, _error("INVALID_AUTHENTICATION", "Authentication credentials not found."))


def _missing_scope(kind: str) -> Refusal:
    errors = [
        {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": [_SCOPES[kind]]},
        }
    ]
    return Refusal(
        403,
        _error(
            "MISSING_SCOPES", "This app hasn't been granted all required scopes.", errors=errors
        ),
    )


def _too_many(policy: str, headers: dict[str, str] | None = None) -> Refusal:
    message = "You have reached your ten_secondly_rolling limit."
    return Refusal(
        429,
        {**_error("RATE_LIMITS", message), "errorType": "RATE_LIMIT", "policyName": policy},
        headers,
    )
