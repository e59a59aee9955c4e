"""Zendesk Support: incremental exports of tickets and organizations, satisfaction ratings, CSAT surveys, OAuth."""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.story.tickets import Ticket
from sandbox.vendors import credentials
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.limits import Limit
from sandbox.vendors.vendor import Call, Refusal, Vendor
from sandbox.vendors.zendesk_doors import bad_token, forbidden, is_admin, is_known, token, too_many
from sandbox.vendors.zendesk_shapes import TICKET_FIELDS, organizations, rating, ticket
from sandbox.vendors.zendesk_surveys import surveys

_HIDDEN = timedelta(minutes=1)  # incremental exports leave out the most recent minute
_PAGE = 1000

Key = tuple[int, int]  # generated_timestamp and id: the order of the export


class Zendesk(Vendor):
    name = "zendesk"
    page_keys = ("tickets", "organizations", "satisfaction_ratings", "survey_responses")

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {
            "base_url": url,
            "subdomain": "northwind",
            "client_id": credentials.ZENDESK_CLIENT,
            "client_secret": credentials.ZENDESK_CLIENT_SECRET,
        }

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._account_wide = Limit(clock, 700, 60)
        self._incremental = Limit(clock, 10, 60)

    def routes(self) -> list[Route]:
        api = "/api/v2"
        found = [self.route("/oauth/tokens", token, "POST", open_to_all=True)]
        for path, answer in (
            ("/incremental/tickets/cursor", self.tickets),
            ("/incremental/organizations", self.organizations),
            ("/satisfaction_ratings", self.ratings),
            ("/guide/survey_responses", self.surveys),
            ("/ticket_fields", self.ticket_fields),
            ("/users/me", self.me),
        ):
            found += [self.route(f"{api}{path}{end}", answer) for end in ("", ".json")]
        return found

    def headers(self) -> dict[str, str]:
        left = str(max(0, self._account_wide.remaining))
        return {
            "X-Rate-Limit": "700",
            "X-Rate-Limit-Remaining": left,
            "ratelimit-limit": "700",
            "ratelimit-remaining": left,
            "ratelimit-reset": "60",
        }

    def admit(self, call: Call) -> None:
        if not is_known(call):
            raise Refusal(
                401,
                bad_token() if call.bearer is not None else {"error": "Couldn't authenticate you"},
            )
        if (wait := self._account_wide.take()) is not None:
            raise too_many(ceil(wait))

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return Refusal(
                503,
                {"error": "ServiceUnavailable", "description": "Maintenance"},
                {"Retry-After": "30"},
            )
        if fault.kind == "unauthorized":
            return Refusal(401, bad_token())
        return forbidden() if fault.kind == "forbidden" else too_many(fault.retry_after)

    def tickets(self, call: Call) -> Any:
        """GET /api/v2/incremental/tickets/cursor: every ticket that changed, in the order of its last change."""
        self._admit_export(call)
        size = min(_PAGE, _number(call, "per_page", _PAGE))
        after = self._after(call)
        seen_at = call.now - _HIDDEN
        changed = sorted(self._changed(after, seen_at), key=lambda pair: pair[0])
        page = changed[:size]
        cursor = _pack(page[-1][0] if page else after)
        with_metrics = "metric_sets" in call.query.get("include", "")
        kept = {"per_page": str(size)} | ({"include": "metric_sets"} if with_metrics else {})
        return {
            "tickets": [ticket(one, seen_at, with_metrics=with_metrics) for _, one in page],
            "after_cursor": cursor,
            "after_url": f"{call.here}?{urlencode({'cursor': cursor, **kept})}",
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": len(changed) <= size,
        }

    def organizations(self, call: Call) -> Any:
        """GET /api/v2/incremental/organizations: time based, so rows at the border of two pages come twice."""
        self._admit_export(call)
        since = self._start_time(call)
        rows = [
            (updated_at, row)
            for updated_at, row in organizations(self.story, call.now - _HIDDEN)
            if updated_at.timestamp() >= since
        ]
        rows.sort(key=lambda pair: (pair[0], pair[1]["id"]))
        page = rows[:_PAGE]
        end = int(page[-1][0].timestamp()) if page else since
        return {
            "organizations": [row for _, row in page],
            "count": len(page),
            "end_time": end,
            "next_page": f"{call.here}?{urlencode({'start_time': end})}",
            "end_of_stream": len(rows) <= _PAGE,
        }

    def ratings(self, call: Call) -> Any:
        """GET /api/v2/satisfaction_ratings: by when they were given, in pages that a cursor follows."""
        self._admit_admin(call)
        since, until = _number(call, "start_time", 0), _number(call, "end_time", 1 << 40)
        size = min(100, _number(call, "page[size]", 100))
        after = _unpack(call.query["page[after]"]) if "page[after]" in call.query else (0, 0)
        rows = sorted(
            (key, row)
            for key, row in self._rated(call.now)
            if key > after and since <= key[0] < until
        )  # fmt: skip
        return _paged(call, "satisfaction_ratings", rows, size)

    def surveys(self, call: Call) -> Any:
        """GET /api/v2/guide/survey_responses: by when they were offered, in milliseconds."""
        self._admit_admin(call)
        since = _number(call, "filter[created_at_start]", 0)
        until = _number(call, "filter[created_at_end]", 1 << 50)
        size = min(100, _number(call, "page[size]", 100))
        after = _unpack(call.query["page[after]"]) if "page[after]" in call.query else (0, 0)
        rows = sorted(
            ((offered_at, int(row["id"])), row)
            for offered_at, row in surveys(self.story, call.now)
            if (offered_at, int(row["id"])) > after and since <= offered_at <= until
        )
        return _paged(call, "survey_responses", rows, size)

    def ticket_fields(self, _: Call) -> Any:
        return {
            "ticket_fields": TICKET_FIELDS,
            "count": len(TICKET_FIELDS),
            "next_page": None,
            "previous_page": None,
        }

    def me(self, call: Call) -> Any:
        role = "admin" if is_admin(call) else "agent"
        return {
            "user": {
                "id": 1,
                "name": "Bellwether",
                "email": credentials.ZENDESK_EMAIL,
                "role": role,
            }
        }

    def _changed(self, after: Key, seen_at: datetime) -> Iterator[tuple[Key, Ticket]]:
        for day in range(self.story.day(seen_at) + 1):
            for one in self.story.tickets_of(day):
                if int(one.changes[-1].at.timestamp()) < after[0] or one.created_at > seen_at:
                    continue
                key = (int(one.seen_at(seen_at)[0].timestamp()), one.id)
                if key > after:
                    yield key, one

    def _rated(self, now: datetime) -> Iterator[tuple[Key, dict[str, Any]]]:
        for day in range(self.story.day(now) + 1):
            for one in self.story.tickets_of(day):
                if (row := rating(one, now)) is not None:
                    yield (int(datetime.fromisoformat(row["created_at"]).timestamp()), one.id), row

    def _after(self, call: Call) -> Key:
        if "cursor" in call.query:
            return _unpack(call.query["cursor"])
        return self._start_time(call), -1

    def _start_time(self, call: Call) -> int:
        since = _number(call, "start_time", -1)
        if since < 0:
            raise Refusal(
                400, {"error": "InvalidParameter", "description": "start_time is required"}
            )
        if since > (call.now - _HIDDEN).timestamp():
            raise Refusal(
                422,
                {
                    "error": "InvalidValue",
                    "description": "Too recent start_time. Use a start_time older than 1 minute",
                },
            )
        return since

    def _admit_export(self, call: Call) -> None:
        self._admit_admin(call)
        if (wait := self._incremental.take()) is not None:
            raise too_many(ceil(wait))

    def _admit_admin(self, call: Call) -> None:
        if not is_admin(call):
            raise forbidden()


def _paged(
    call: Call, key: str, rows: list[tuple[Key, dict[str, Any]]], size: int
) -> dict[str, Any]:
    page, more = rows[:size], len(rows) > size
    cursor = _pack(page[-1][0]) if page else None
    following = urlencode({**dict(call.query), "page[after]": cursor}) if more else None
    return {
        key: [row for _, row in page],
        "meta": {"has_more": more, "after_cursor": cursor, "before_cursor": None},
        "links": {"next": f"{call.here}?{following}" if following else None, "prev": None},
    }


def _number(call: Call, name: str, default: int) -> int:
    try:
        return int(call.query.get(name, default))
    except ValueError:
        raise Refusal(
            400, {"error": "InvalidParameter", "description": f"{name} must be an integer"}
        ) from None


def _pack(key: Key) -> str:
    return base64.urlsafe_b64encode(f"{key[0]}|{key[1]}".encode()).decode()


def _unpack(cursor: str) -> Key:
    try:
        at, _, number = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return int(at), int(number)
    except (binascii.Error, ValueError):
        raise Refusal(
            400, {"error": "InvalidCursor", "description": "The cursor is not valid"}
        ) from None
