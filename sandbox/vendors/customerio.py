"""Customer.io's App API: the deliveries of a workspace, with the instants of what came of them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.story.campaigns import Campaign, Campaigns
from sandbox.story.letters import Letter
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.limits import Pace
from sandbox.vendors.vendor import Call, Refusal, Vendor

APP_API_KEY = "sandbox-customerio-app-key"
NARROW_KEY = "sandbox-customerio-narrow"  # may not read messages
_DEFAULT, _MOST = 50, 1_000
_SIX_MONTHS = timedelta(days=182)
_SENT_AFTER, _DELIVERED_AFTER = timedelta(seconds=1), timedelta(seconds=3)
_PROXY_AFTER, _SCANNER_AFTER = timedelta(seconds=5), timedelta(seconds=7)


class CustomerIo(Vendor):
    name = "customerio"
    page_keys = ("messages",)

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {"base_url": url, "app_api_key": APP_API_KEY}

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._campaigns, self._pace = Campaigns(story), Pace(clock, 10)

    def routes(self) -> list[Route]:
        return [self.route("/v1/messages", self.messages)]

    def admit(self, call: Call) -> None:
        if call.bearer not in {APP_API_KEY, NARROW_KEY}:
            raise _refused(401, "unauthorized")
        if call.bearer == NARROW_KEY:
            raise _refused(403, "this key may not read messages")
        if self._pace.take() is not None:
            raise _refused(429, "too many requests")

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return _refused(503, "service unavailable")
        if fault.kind == "unauthorized":
            return _refused(401, "unauthorized")
        if fault.kind == "forbidden":
            return _refused(403, "this key may not read messages")
        return _refused(429, "too many requests", {"Retry-After": str(fault.retry_after)})

    def messages(self, call: Call) -> Any:
        """GET /v1/messages: the newest first; `start` is what the page before called `next`."""
        asked = _number(call.query, "limit")
        size = _DEFAULT if asked is None else asked
        if not 0 < size <= _MOST:
            raise _refused(400, f"limit must be between 1 and {_MOST}")
        first, (since, until) = _first(call.query.get("start")), _range(call.query, call.now)
        if call.query.get("type", "email") != "email":
            return {"messages": [], "next": ""}
        found = [*self._letters(since, until)]
        page = [_message(*each, call.now) for each in found[first : first + size]]
        more = first + size < len(found)
        return {"messages": page, "next": _token(first + size) if more else ""}

    def _letters(self, since: datetime, until: datetime) -> Iterator[tuple[Campaign, Letter]]:
        for campaign in reversed([*self._campaigns.sent(since, until)]):
            yield from ((campaign, each) for each in reversed(campaign.letters))


def _message(campaign: Campaign, letter: Letter, now: datetime) -> dict[str, Any]:
    contact, created = letter.contact, int(letter.sent_at.timestamp())
    name = urlsafe_b64encode(f"{campaign.id}:{contact.id}".encode()).decode()
    known = None if contact.id % 3 else str(contact.id)  # some have no id but Customer.io's own
    return {
        "id": name,
        "deduplicate_id": f"{name}:{created}",
        "type": "email",
        "customer_id": known,
        "customer_identifiers": {
            "email": contact.email,
            "id": known,
            "cio_id": f"a3{contact.id:08x}",
        },
        "recipient": contact.email,
        "subject": f"What is new, no. {campaign.number}",
        "metrics": {
            name: int(at.timestamp())
            for name, at in _metrics(letter)
            if at is not None and at <= now
        },
        "created": created,
        "newsletter_id": campaign.number,
        "campaign_id": None,
        "broadcast_id": None,
        "failure_message": None,
        "forgotten": False,
    }


def _metrics(letter: Letter) -> Iterator[tuple[str, datetime | None]]:
    """Each stage with its instant; the plain ones are of whoever came first, a person or a machine."""
    proxy = letter.sent_at + _PROXY_AFTER if letter.opened_by_machine else None
    scanner = letter.sent_at + _SCANNER_AFTER if letter.scanned else None
    yield "created", letter.sent_at
    yield "sent", letter.sent_at + _SENT_AFTER
    yield "delivered", letter.sent_at + _DELIVERED_AFTER
    yield "opened", proxy or letter.opened_at
    yield "human_opened", letter.opened_at
    yield "prefetch_opened", proxy
    yield "clicked", scanner or letter.clicked_at
    yield "human_clicked", letter.clicked_at
    yield "prefetch_clicked", scanner


def _range(query: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    """From `start_ts` to `end_ts`, and six months of it at the most."""
    until = min(_instant(query, "end_ts") or now, now)
    return max(_instant(query, "start_ts") or until - _SIX_MONTHS, until - _SIX_MONTHS), until


def _instant(query: Mapping[str, str], name: str) -> datetime | None:
    seconds = _number(query, name)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _number(query: Mapping[str, str], name: str) -> int | None:
    given = query.get(name)
    if given is not None and not (given.isdigit() and len(given) <= 10):
        raise _refused(400, f"{name} must be a number")
    return None if given is None else int(given)


def _token(first: int) -> str:
    return urlsafe_b64encode(f"after:{first}".encode()).decode()


def _first(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(urlsafe_b64decode(token).decode().removeprefix("after:"))
    except ValueError:
        raise _refused(400, "invalid start") from None


def _refused(status: int, what: str, headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(status, {"meta": {"error": what}}, headers)
