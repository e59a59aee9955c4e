"""Once: what arrives twice has one effect, over the socket and over HTTP alike.

Slack repeats an event it believes lost, a socket may hand on an envelope twice, and whoever overheard
a signed request can send it again. Something is marked as seen when its listener is through, and not
before: what a crash interrupted is done when Slack repeats it. Until then this process remembers it.
"""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import structlog
from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.listener.listener_completion_handler import ListenerCompletionHandler
from slack_bolt.middleware import Middleware
from sqlalchemy.exc import SQLAlchemyError

from bot.deps import Deps
from storage import inbox

log = structlog.get_logger(__name__)

_MOST = 10_000
_ACK_S, _LOOK_S = 3.0, 0.01  # as Bolt waits for it itself
KEY = "once_key"


def register(app: App, deps: Deps) -> None:
    """Let nothing through to the app's listeners a second time."""
    once, runner = Once(deps), app.listener_runner
    app.use(once)
    runner.listener_completion_handler = _Marking(once, runner.listener_completion_handler)


class Once(Middleware):
    """Answers a repetition as the first time was answered, without its effect."""

    def __init__(self, deps: Deps) -> None:
        self._deps, self._lock, self._writing = deps, Lock(), Lock()
        self._done: list[str] = []
        self._acks: OrderedDict[str, Ack] = OrderedDict()

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt's signature
        next: Callable[[], BoltResponse],  # noqa: A002
    ) -> BoltResponse | None:
        key = key_of(req.body)
        if key is None:
            return next()
        if first := self._begun(key, req.context.ack):
            return _answer_of(first)
        if _comes_to_us_alone(req):
            return next()
        if self._is_done(key):
            return BoltResponse(status=200)
        req.context[KEY] = key
        return next()

    def mark(self, key: str) -> None:
        """Note for good that it is done. Whoever writes takes along what others are through with meanwhile."""
        with self._lock:
            self._done.append(key)
        while self._done and self._writing.acquire(blocking=False):
            try:
                with self._lock:
                    keys, self._done = self._done, []
                self._write(keys)
            finally:
                self._writing.release()

    def _write(self, keys: Sequence[str]) -> None:
        try:
            with self._deps.db.write() as session:
                inbox.mark(session, keys, at=self._deps.clock.now())
        except SQLAlchemyError as error:
            log.warning("not marked as seen", error=type(error).__name__)

    def _begun(self, key: str, ack: Ack) -> Ack | None:
        """How the first one of this key was acknowledged; None: this is the first."""
        with self._lock:
            if key in self._acks:
                return self._acks[key]
            self._acks[key] = ack
            if len(self._acks) > _MOST:
                self._acks.popitem(last=False)
            return None

    def _is_done(self, key: str) -> bool:
        try:
            with self._deps.db.read() as session:
                return inbox.knows(session, key)
        except SQLAlchemyError:
            with self._lock:
                self._acks.pop(key, None)
            raise


def _comes_to_us_alone(req: BoltRequest) -> bool:
    """Whether nobody can repeat it later, to this process or another: the socket is Slack's, which repeats events only."""
    return req.mode == "socket_mode" and "event" not in req.body


def _answer_of(first: Ack) -> BoltResponse:
    """What the first one is acknowledged with, as soon as it is: two may come at once, and Slack waits for either.

    Where it is not acknowledged in time, Slack asks again rather than believe that it is done.
    """
    until = time.monotonic() + _ACK_S
    while first.response is None and time.monotonic() < until:
        time.sleep(_LOOK_S)
    return first.response or BoltResponse(status=503)


class _Marking(ListenerCompletionHandler):
    """Marks what a listener is through with, before whatever else follows."""

    def __init__(self, once: Once, then: ListenerCompletionHandler) -> None:
        self._once, self._then = once, then

    def handle(self, request: BoltRequest, response: BoltResponse | None) -> None:
        if key := request.context.get(KEY):
            self._once.mark(key)
        self._then.handle(request, response)


def key_of(body: Mapping[str, Any]) -> str | None:
    """What names an occurrence, however often and by whichever way it comes. None: to answer it again is right.

    A command, a press and a form have a trigger id of their own.
    """
    if body.get("type") == "block_suggestion":
        return None
    if told := body.get("event_id") or body.get("trigger_id"):
        return f"{inbox.SLACK}{told}"
    if body.get("type") == "view_closed":
        whole = json.dumps(body, sort_keys=True).encode()
        return f"{inbox.SLACK}{hashlib.sha256(whole).hexdigest()}"
    return None
