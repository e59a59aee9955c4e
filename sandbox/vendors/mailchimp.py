"""Mailchimp's Marketing API: sent campaigns, what their recipients did, and batches of requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.story.campaigns import Campaign, Campaigns
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.mailchimp_shapes import campaign_row, packed, problem, recipient_row
from sandbox.vendors.vendor import Call, Refusal, Vendor

API_KEY = "5a4db0f05a4db0f05a4db0f05a4db0f0-us21"
NARROW_KEY = "5a4db0f05a4db0f05a4db0f05a4db0f1-us21"  # its user may not see reports
_MOST, _OPERATIONS_MOST, _PENDING_MOST = 1_000, 500, 500
_TAKES, _PATIENCE = timedelta(seconds=2), 2
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Batch:
    """Requests that we make to ourselves, done a little later; by a clock that stands still, when asked after again."""

    operations: list[Mapping[str, Any]]
    submitted_at: datetime
    asked_after: int = 0
    completed_at: datetime | None = None


class Mailchimp(Vendor):
    name = "mailchimp"
    page_keys = ("campaigns", "emails")

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": url, "api_key": API_KEY}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._campaigns = Campaigns(story)
        self._batches: dict[str, _Batch] = {}

    def routes(self) -> list[Route]:
        return [
            self.route("/3.0/campaigns", self.campaigns),
            self.route("/3.0/reports", self.reports),
            self.route("/3.0/reports/{id}/email-activity", self.activity),
            self.route("/3.0/batches", self.start, "POST"),
            self.route("/3.0/batches/{id}", self.status),
            self.route("/signed/{id}", self.results, open_to_all=True),
        ]

    def admit(self, call: Call) -> None:
        key = call.basic[1] if call.basic else call.bearer
        if key not in {API_KEY, NARROW_KEY}:
            raise _unauthorized()
        if key == NARROW_KEY and "/reports" in call.here:
            raise _forbidden()

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return problem(503, "Service Unavailable", "An internal error has occurred.")
        if fault.kind == "unauthorized":
            return _unauthorized()
        if fault.kind == "forbidden":
            return _forbidden()
        detail = "You have exceeded the limit of 10 simultaneous connections."
        return problem(429, "Too Many Requests", detail, {"Retry-After": str(fault.retry_after)})

    def campaigns(self, call: Call) -> Any:
        return self._sent("campaigns", call.query, call.now)

    def reports(self, call: Call) -> Any:
        return self._sent("reports", call.query, call.now)

    def activity(self, call: Call) -> Any:
        return self._activity(call.id, call.query, call.now)

    def start(self, call: Call) -> Any:
        """POST /batches: any number of requests of ours, each with an id to know its answer by."""
        pending = sum(each.completed_at is None for each in self._batches.values())
        if pending >= _PENDING_MOST:
            raise problem(429, "Too Many Requests", "You have more than 500 pending batches.")
        operations = _operations(call.body)
        name = f"b{len(self._batches):09x}"
        self._batches[name] = _Batch(operations, call.now)
        return self._told(name, call)

    def status(self, call: Call) -> Any:
        batch = self._batches.get(call.id)
        if batch is None:
            raise _not_found()
        batch.asked_after += 1
        if batch.completed_at is None and (
            batch.asked_after > _PATIENCE or call.now - batch.submitted_at >= _TAKES
        ):
            batch.completed_at = call.now
        return self._told(call.id, call)

    def results(self, call: Call) -> Response:
        """What lies elsewhere, for whoever has the address; who sends a key along has given it away."""
        batch = self._batches.get(call.id)
        if batch is None or batch.completed_at is None or call.header("authorization"):
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        results = [self._result(each, batch.completed_at) for each in batch.operations]
        return Response(packed(results), media_type="application/gzip")

    def _told(self, name: str, call: Call) -> dict[str, Any]:
        batch = self._batches[name]
        done = batch.completed_at is not None
        url = f"{call.here.partition('/3.0/')[0]}/signed/{name}?X-Amz-Expires=600"
        return {
            "id": name,
            "status": "finished" if done else "started" if batch.asked_after else "pending",
            "total_operations": len(batch.operations),
            "finished_operations": len(batch.operations) if done else 0,
            "errored_operations": 0,
            "submitted_at": batch.submitted_at.isoformat(timespec="seconds"),
            "completed_at": batch.completed_at.isoformat() if batch.completed_at else "",
            "response_body_url": url if done else "",
        }

    def _result(self, operation: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        parts = str(operation.get("path", "")).strip("/").split("/")
        try:
            if len(parts) != 3 or parts[0] != "reports" or parts[2] != "email-activity":
                raise _not_found()
            body, status = self._activity(parts[1], operation.get("params") or {}, now), 200
        except Refusal as refusal:
            body, status = refusal.body, refusal.status
        return {
            "status_code": status,
            "operation_id": str(operation.get("operation_id", "")),
            "response": json.dumps(body),
        }

    def _sent(self, key: str, query: Mapping[str, Any], now: datetime) -> Any:
        since = _instant(query.get("since_send_time")) or _BEGINNING
        rows = [campaign_row(each) for each in self._campaigns.sent(since, now)]
        first, size = _window(query)
        return {key: rows[first : first + size], "total_items": len(rows)}

    def _activity(self, name: str, query: Mapping[str, Any], now: datetime) -> Any:
        campaign = self._campaign(name, now)
        first, size = _window(query)
        since, filtered = _instant(query.get("since")), str(query.get("filter_bots")) == "true"
        rows = [
            recipient_row(each, campaign, since, now, with_machines=not filtered)
            for each in campaign.letters[first : first + size]
        ]
        return {"emails": rows, "campaign_id": name, "total_items": len(campaign.letters)}

    def _campaign(self, name: str, now: datetime) -> Campaign:
        sent = self._campaigns.sent(_BEGINNING, now)
        found = next((each for each in sent if each.id == name), None)
        if found is None:
            raise _not_found()
        return found


def _operations(body: bytes) -> list[Mapping[str, Any]]:
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    operations = asked.get("operations") if isinstance(asked, dict) else None
    if not isinstance(operations, list) or not 0 < len(operations) <= _OPERATIONS_MOST:
        raise problem(400, "Invalid Resource", "The resource submitted could not be validated.")
    return operations


def _window(query: Mapping[str, Any]) -> tuple[int, int]:
    first, size = str(query.get("offset", 0)), str(query.get("count", 10))
    if not first.isdigit() or not size.isdigit() or int(size) > _MOST:
        raise problem(400, "Invalid Resource", f"count must be at most {_MOST}.")
    return int(first), int(size)


def _instant(given: Any) -> datetime | None:
    if not given:
        return None
    try:
        return datetime.fromisoformat(str(given)).astimezone(UTC)
    except ValueError:
        raise problem(400, "Invalid Resource", "Times must be in ISO 8601 format.") from None


def _unauthorized() -> Refusal:
    detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
    return problem(401, "API Key Invalid", detail)


def _forbidden() -> Refusal:
    detail = "The API key provided does not have permission to see reports."
    return problem(403, "User action not permitted", detail)


def _not_found() -> Refusal:
    return problem(404, "Resource Not Found", "The requested resource could not be found.")
