"""How Stripe pages, filters and refuses."""

import operator
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sandbox.vendors.vendor import Call, Refusal

Row = tuple[str, Callable[[], dict[str, Any]]]  # an object's id, and how to draw it


def plain(objects: Iterable[dict[str, Any]]) -> list[Row]:
    """Rows of objects that are drawn already."""
    return [(one["id"], lambda one=one: one) for one in objects]  # type: ignore[misc]


def page(call: Call, rows: Iterable[Row]) -> dict[str, Any]:
    """One page of rows, newest first. Rows are taken and drawn only as far as the page goes."""
    limit, left = _limit(call), iter(rows)
    after = call.query.get("starting_after")
    if after and not any(number == after for number, _ in left):
        raise missing("starting_after", after)
    taken = list(islice(left, limit + 1))
    return {
        "object": "list",
        "url": call.request.url.path.removeprefix("/stripe"),
        "has_more": len(taken) > limit,
        "data": [draw() for _, draw in taken[:limit]],
    }


def _limit(call: Call) -> int:
    given = call.query.get("limit", "10")
    if not given.isdigit():
        raise bad_parameter("limit", f"Invalid integer: {given}", "parameter_invalid_integer")
    if not 1 <= int(given) <= 100:
        raise bad_parameter(
            "limit", "This value must be between 1 and 100.", "parameter_invalid_integer"
        )
    return int(given)


def expanded(call: Call) -> frozenset[str]:
    return frozenset(call.query.getlist("expand[]"))


def bound(call: Call, name: str) -> datetime | None:
    given = call.query.get(name)
    if given is None:
        return None
    if not given.isdigit():
        raise bad_parameter(name, f"Invalid integer: {given}", "parameter_invalid_integer")
    return datetime.fromtimestamp(int(given), tz=call.now.tzinfo)


def created_filter(call: Call) -> Callable[[datetime], bool]:
    """Whether something created at an instant is within `created[gte]` and its sisters."""
    tests = {"gte": operator.ge, "gt": operator.gt, "lte": operator.le, "lt": operator.lt}
    bounds = [(test, at) for name, test in tests.items() if (at := bound(call, f"created[{name}]"))]
    if not bounds:
        return lambda _created_at: True

    def wanted(created_at: datetime) -> bool:
        second = created_at.replace(microsecond=0)
        return all(test(second, at) for test, at in bounds)

    return wanted


def has_status(status: str, wanted: str) -> bool:
    return (
        status == "canceled"
        if wanted == "ended"
        else status == wanted
        if wanted
        else status != "canceled"
    )


def invalid_key(key: str) -> Refusal:
    shown = f"{key[:7]}****{key[-4:]}" if key else ""
    return Refusal(
        401,
        {
            "error": {
                "type": "invalid_request_error",
                "message": f"Invalid API Key provided: {shown}",
            }
        },
    )


def no_permission(permission: str) -> Refusal:
    message = (
        "The provided key does not have the required permissions for this endpoint. "
        f"Having the '{permission}' permission would allow this request to continue."
    )
    return Refusal(
        403,
        {
            "error": {
                "type": "invalid_request_error",
                "code": "more_permissions_required",
                "message": message,
            }
        },
    )


def bad_parameter(name: str, message: str, code: str = "parameter_unknown") -> Refusal:
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": name}
    return Refusal(400, {"error": error})


def missing(name: str, given: str) -> Refusal:
    return bad_parameter(name, f"No such object: '{given}'", "resource_missing")


def the_one(call: Call, kind: str, found: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """The object that was asked for by its id."""
    if (drawn := next(found, None)) is not None:
        return drawn
    message = f"No such {kind}: '{call.id}'"
    error = {"type": "invalid_request_error", "code": "resource_missing", "message": message}
    raise Refusal(404, {"error": error | {"param": "id"}})


def too_many(wait_s: int | None) -> Refusal:
    error = {
        "type": "rate_limit_error",
        "code": "rate_limit",
        "message": "Request rate limit exceeded.",
    }
    return Refusal(429, {"error": error}, {} if wait_s is None else {"Retry-After": str(wait_s)})
