"""HTTP mode: Slack posts what people do to us, and nothing that it did not sign reaches a listener."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import Clock, SignatureVerifier

from bot.clock import SystemClock
from bot.tallies import Tallies
from bot.web import Answer, Call, Route

PATH = "/slack/events"
"""Commands, presses, forms, options and events all come here."""

_AT = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_now = SystemClock().now
_REFUSED = Answer(HTTPStatus.UNAUTHORIZED, {"error": "This is not signed by Slack."})
_ENDING = Answer(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "30"})


def routes(
    app: App,
    secret: str,
    *,
    is_ending: Callable[[], bool],
    tallies: Tallies,
    now: Callable[[], datetime] = _now,
) -> dict[str, Route]:
    """The request URL. `now` is the real time, also in a story: Slack signs with it."""
    verifier = SignatureVerifier(secret, _Seconds(now))

    def answer(call: Call) -> Answer:
        # Not a word to the log: what is not Slack's may be anybody's, and as much as they like.
        if not is_signed(verifier, call.headers, call.body):
            tallies.count("refused")
            return _REFUSED
        if is_ending():
            return _ENDING
        return _dispatch(app, call)

    return {PATH: Route("POST", answer)}


def is_signed(verifier: SignatureVerifier, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether Slack signed this, within the last five minutes. Header names are in lower case.

    The SDK's own check raises for a time that is no number, and for letters beyond ASCII.
    """
    at = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    if not (_AT.fullmatch(at) and _SIGNATURE.fullmatch(signature)):
        return False
    try:
        return bool(verifier.is_valid(body, at, signature))
    except UnicodeDecodeError:
        return False


def _dispatch(app: App, call: Call) -> Answer:
    try:
        request = BoltRequest(body=call.body.decode(), headers=dict(call.headers))
    except ValueError:
        return Answer(HTTPStatus.BAD_REQUEST, {"error": "This cannot be read."})
    return _to_answer(app.dispatch(request))


def _to_answer(told: BoltResponse) -> Answer:
    kind, *_ = told.headers.get("content-type") or [""]
    headers = {"Content-Type": kind} if told.body else {}
    return Answer(HTTPStatus(told.status), told.body or "", headers)


class _Seconds(Clock):
    """The clock as the SDK wants it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now().timestamp()
