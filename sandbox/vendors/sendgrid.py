"""SendGrid: the Event Webhook, how it is set up, and the signed events it posts as story time passes."""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.story import Story
from sandbox.vendors.faults import Fault, Faults
from sandbox.vendors.limits import Limit
from sandbox.vendors.sendgrid_events import Event, events
from sandbox.vendors.vendor import Call, Refusal, Vendor

API_KEY = "SG.sandbox-bellwether"
NARROW_KEY = "SG.sandbox-narrow"  # may send mail, and not look at webhooks
WEBHOOK_ID = "7b2f9c1e-0000-4000-8000-5e9d671d0001"
# A key of tests and the demo alone: anybody can sign with it. Its public half stands below it.
_PRIVATE_NUMBER = 0xBE113E7E4E505A9DB0C5
PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGFzGYEfMVA0oKNg4P+hVU0u1PYchtMhY3VMdnBL3KWwK"
    "1opWJKDpXXgkjdBe66VYvob/hvkJw/qsLL4HAZX4Ew=="
)
_SETTINGS = "/v3/user/webhooks/event/settings"
_KINDS = (
    "processed delivered deferred bounce dropped open click spam_report unsubscribe "
    "group_unsubscribe group_resubscribe"
).split()
_BATCH = 1_000
_REMEMBERED = timedelta(
    days=30
)  # how far back the first call tells: the demo has a past to know of
_TRIED_FOR = timedelta(hours=24)
_PATIENCE_S = 5.0
_A_MINUTE = 600


class SendGrid(Vendor):
    name = "sendgrid"
    page_keys = ("webhooks",)

    @classmethod
    def settings(cls, url: str) -> dict[str, Any]:
        return {
            "base_url": url,
            "api_key": API_KEY,
            "public_key": PUBLIC_KEY,
            "listening_since": "2020-01-01",  # its first call tells of what was before
        }

    def __init__(self, story: Story, clock: Clock, faults: Faults) -> None:
        super().__init__(story, clock, faults)
        self._pace = Limit(clock, _A_MINUTE, 60)
        self._webhook: dict[str, Any] = {
            "enabled": False,
            "url": "",
            **dict.fromkeys(_KINDS, False),
            "friendly_name": "",
            "id": WEBHOOK_ID,
            "public_key": PUBLIC_KEY,
        }
        self._told_until: datetime | None = None
        self._waiting: list[tuple[datetime, Sequence[Event]]] = []  # with when it was first due
        self._delivering = Lock()

    def routes(self) -> list[Route]:
        return [
            self.route(f"{_SETTINGS}/all", self.show),
            self.route(f"{_SETTINGS}/signed/{{id}}", self.sign, "PATCH"),
            self.route(f"{_SETTINGS}/{{id}}", self.change, "PATCH"),
        ]

    def headers(self) -> dict[str, str]:
        reset = int(self.clock.now().timestamp()) + 60
        left = max(0, self._pace.remaining)
        return {
            "X-RateLimit-Limit": str(_A_MINUTE),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(reset),
        }

    def admit(self, call: Call) -> None:
        if call.bearer not in {API_KEY, NARROW_KEY}:
            raise _unauthorized()
        if call.bearer == NARROW_KEY:
            raise _forbidden()
        if self._pace.take() is not None:
            raise _too_many()

    def refusal(self, fault: Fault) -> Refusal:
        if fault.kind == "down":
            return Refusal(503, _errors("service unavailable"))
        if fault.kind == "unauthorized":
            return _unauthorized()
        if fault.kind == "forbidden":
            return _forbidden()
        return _too_many({"Retry-After": str(fault.retry_after)})

    def show(self, _: Call) -> Any:
        return {"max_allowed": 1, "webhooks": [self._webhook]}

    def change(self, call: Call) -> Any:
        """PATCH: what is not named stays as it is."""
        asked = self._asked(call)
        url = str(asked.get("url", self._webhook["url"]))
        if asked.get("enabled", self._webhook["enabled"]) and not urlsplit(url).netloc:
            raise Refusal(400, _errors("url must be a valid url", field="url"))
        for name in ("enabled", "url", "friendly_name", *_KINDS):
            if name in asked:
                self._webhook[name] = asked[name]
        return self._webhook

    def sign(self, call: Call) -> Any:
        """Switch signing on, with the same key as ever, or off."""
        self._webhook["public_key"] = PUBLIC_KEY if self._asked(call).get("enabled") else ""
        return {"id": WEBHOOK_ID, "public_key": self._webhook["public_key"]}

    def _asked(self, call: Call) -> Mapping[str, Any]:
        if call.id != WEBHOOK_ID:
            raise Refusal(404, _errors("webhook not found"))
        try:
            asked = json.loads(call.body)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            raise Refusal(400, _errors("invalid JSON"))
        return asked

    def deliver(self, now: datetime) -> None:
        """Post what happened since, once somebody said where to. What got no 2xx is posted again the next time."""
        with self._delivering:
            if not self._webhook["enabled"]:
                return
            since = self._told_until or now - _REMEMBERED
            self._told_until = max(now, since)
            told = [each for each in events(self.story, since, now) if self._is_wanted(each)]
            batches = (told[first : first + _BATCH] for first in range(0, len(told), _BATCH))
            self._waiting = [each for each in self._waiting if now - each[0] <= _TRIED_FOR]
            self._waiting += [(now, batch) for batch in batches]
            while self._waiting and self._post(self._waiting[0][1], now):
                self._waiting.pop(0)

    def _is_wanted(self, event: Event) -> bool:
        return bool(
            self._webhook["spam_report" if event["event"] == "spamreport" else event["event"]]
        )

    def _post(self, batch: Sequence[Event], now: datetime) -> bool:
        body = json.dumps(batch).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "SendGrid Event API"}
        if self._webhook["public_key"]:
            headers |= signed(body, now)
        request = urllib.request.Request(self._webhook["url"], body, headers)  # noqa: S310 - where we were told to
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S):  # noqa: S310
                return True
        except (OSError, ValueError):  # urllib's own errors are OSErrors
            return False


def signed(body: bytes, at: datetime) -> dict[str, str]:
    """The headers that prove a body to be ours."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - slow to import, and seldom needed
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    timestamp = str(int(at.timestamp()))
    key = ec.derive_private_key(_PRIVATE_NUMBER, ec.SECP256R1())
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def _errors(message: str, field: str | None = None) -> dict[str, Any]:
    return {"errors": [{"message": message, "field": field, "help": None}]}


def _unauthorized() -> Refusal:
    return Refusal(401, _errors("The provided authorization grant is invalid, expired, or revoked"))


def _forbidden() -> Refusal:
    return Refusal(403, _errors("access forbidden"))


def _too_many(headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(429, _errors("too many requests"), headers)
