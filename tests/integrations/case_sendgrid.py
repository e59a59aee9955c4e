"""SendGrid in a few lines: its webhooks as they are set up, and the signed posts it makes."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vendor_case import SECRET, Case, is_bearer, load
from vendor_server import NOW, Answer, Request

# A key of the tests alone.
_KEY = ec.derive_private_key(0x5E9D671D_7E57, ec.SECP256R1())
PUBLIC_KEY = b64encode(
    _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


def signed(body: bytes, at: datetime | str = NOW, *, key: Any = _KEY) -> dict[str, str]:
    """The headers of a post, signed at an instant."""
    timestamp = at if isinstance(at, str) else str(int(at.timestamp()))
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: b64encode(signature).decode(), TIMESTAMP: timestamp}


def webhooks() -> list[Any]:
    found: list[Any] = load("sendgrid/webhooks.json")["webhooks"]
    return [{**each, "public_key": each["public_key"] and PUBLIC_KEY} for each in found]


@dataclass
class SendGrid:
    webhooks: list[Any] = field(default_factory=webhooks)
    events: list[Any] = field(default_factory=lambda: load("sendgrid/events.json"))

    def __call__(self, request: Request) -> Answer:
        if not is_bearer(request):
            message = "The provided authorization grant is invalid, expired, or revoked"
            return Answer.of({"errors": [{"message": message, "field": None}]}, 401)
        assert (request.method, request.path) == ("GET", "/v3/user/webhooks/event/settings/all")
        return Answer.of({"max_allowed": 2, "webhooks": self.webhooks})

    def calls(self) -> list[tuple[dict[str, str], bytes]]:
        """Everything that happened, in two batches."""
        bodies = [json.dumps(part).encode() for part in (self.events[:4], self.events[4:])]
        return [(signed(body), body) for body in bodies]

    def break_one(self) -> None:
        self.events[7]["timestamp"] = "yesterday"


SETTINGS = {"api_key": SECRET, "public_key": PUBLIC_KEY, "listening_since": "2025-01-01"}
CASE = Case(SendGrid, SETTINGS, "api_key")
