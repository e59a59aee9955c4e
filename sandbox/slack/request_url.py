"""The request URL: the other way to the app, by signed HTTP POST instead of a socket.

Commands and interactions come as forms, events as JSON, all signed as the platform signs
(docs.slack.dev, "Verifying requests from Slack"). What the app answers within three seconds is its ack.
"""

import asyncio
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.slack.errors import UndeliveredError

Json = dict[str, Any]
ACK_S = 3.0
AT_ONCE = 64
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class UnansweredError(UndeliveredError):
    """The app did not take what was posted. `why` is what a retry's header tells; `is_final`: it wants none."""

    def __init__(self, reason: str, why: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.why, self.is_final = why, is_final


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as it went out, to the byte."""

    headers: dict[str, str]
    body: bytes


@dataclass
class RequestUrl:
    """Where the app listens, and the secret it knows us by."""

    url: str
    secret: str
    last: Posted | None = None
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))

    async def deliver(self, kind: str, payload: Json, **retry: Any) -> Json:
        """Post it, and return what the app answered with. Raises UnansweredError."""
        self.last = sign(self.secret, *_body_of(kind, payload), _retry_headers(**retry))
        status, headers, body = await self.post(self.last)
        if status != http.HTTPStatus.OK:
            raise UnansweredError(
                "dispatch_failed", "http_error", is_final=headers.get("x-slack-no-retry") == "1"
            )
        return _answer(headers.get("content-type", ""), body)

    async def post(self, posted: Posted) -> tuple[int, dict[str, str], bytes]:
        """Send a request as it is. Raises UnansweredError when nothing comes back in time."""
        asking = asyncio.get_running_loop().run_in_executor(self._threads, self._post, posted)
        try:
            return await asyncio.wait_for(asking, ACK_S)
        except TimeoutError:
            raise UnansweredError("operation_timeout", "http_timeout") from None
        except (OSError, http.client.HTTPException):
            raise UnansweredError("dispatch_failed", "connection_failed") from None

    def _post(self, posted: Posted) -> tuple[int, dict[str, str], bytes]:
        to = urlsplit(self.url)
        line = http.client.HTTPConnection(to.netloc, timeout=ACK_S)
        try:
            line.request("POST", to.path or "/", posted.body, posted.headers)
            answer = line.getresponse()
            headers = {name.lower(): text for name, text in answer.getheaders()}
            return answer.status, headers, answer.read()
        finally:
            line.close()


def sign(secret: str, content_type: str, body: bytes, more: Mapping[str, str]) -> Posted:
    """A request with the platform's headers, signed for the second it is."""
    # The real one, whatever the story's: an app holds it against its own clock.
    at = str(int(time.time()))  # noqa: TID251
    digest = hmac.new(secret.encode(), b"v0:%b:%b" % (at.encode(), body), hashlib.sha256)
    headers = {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        **more,
    }
    return Posted(headers, body)


def _body_of(kind: str, payload: Json) -> tuple[str, bytes]:
    if kind == "events_api":
        return JSON, json.dumps(payload).encode()
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return FORM, urlencode(fields).encode()


def _retry_headers(retry_attempt: int = 0, retry_reason: str = "") -> dict[str, str]:
    if not retry_attempt:
        return {}
    return {"X-Slack-Retry-Num": str(retry_attempt), "X-Slack-Retry-Reason": retry_reason}


def _answer(content_type: str, body: bytes) -> Json:
    if not body:
        return {}
    if content_type.startswith(JSON):
        return dict(json.loads(body))
    return {"text": body.decode()}
