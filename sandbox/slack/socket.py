"""The wire to the app: Socket Mode's tickets, hello, envelopes to one of the connections and acknowledgements.

Where the app has a request URL, what happens is posted there instead.
"""

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack import people
from sandbox.slack.errors import UndeliveredError
from sandbox.slack.faults import Faults
from sandbox.slack.passes import Passes
from sandbox.slack.request_url import RequestUrl, UnansweredError

Json = dict[str, Any]
ACK_S = 3.0
RETRIES_AFTER_S = (
    0.0,
    60.0,
    300.0,
)  # docs.slack.dev, Events API: at once, after a minute, after five
GRACE_S = 1.0  # between "warning" and "refresh_requested", and until the old connection is closed


@dataclass
class Socket:
    """The app's connections. An envelope goes to one of them; its ack may come over any.

    `turns_away` refuses every new connection, whatever its ticket.
    """

    passes: Passes
    faults: Faults
    request_url: RequestUrl | None = None
    turns_away: bool = False
    retries_after_s: tuple[float, ...] = RETRIES_AFTER_S
    _open: list[WebSocket] = field(default_factory=list)
    _next: int = 0
    _waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def connections(self) -> int:
        return len(self._open)

    async def serve(self, websocket: WebSocket) -> None:
        """Hold one connection, from its ticket to its end."""
        is_admitted = self.passes.admit(websocket.query_params.get("ticket", ""))
        if self.turns_away or not is_admitted:
            await websocket.close(code=4001, reason="this ticket was used before")
            return
        await websocket.accept()
        self._open.append(websocket)
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.send_json(self._hello())
            while True:
                self._hear(await websocket.receive_json())
        if websocket in self._open:
            self._open.remove(websocket)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.connections,
            "connection_info": {"app_id": people.APP},
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": 3600,
            },
        }

    def _hear(self, message: Json) -> None:
        waiting = self._waiting.get(str(message.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(message.get("payload") or {})

    async def deliver(self, kind: str, payload: Json, **retry: Any) -> Json:
        """Send an envelope and wait for its ack. Returns the payload that came with it.

        Raises UndeliveredError: dispatch_failed when nobody is connected or the app answers with an
        error, operation_timeout when no ack came within three seconds.
        """
        if self.request_url:
            return await self._post(self.request_url, kind, payload, **retry)
        envelope_id = str(uuid.uuid4())
        envelope: Json = {"envelope_id": envelope_id, "type": kind, "payload": payload}
        envelope |= {"accepts_response_payload": kind != "events_api", **retry}
        answer = self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await self._send(envelope)
            if self.faults.for_socket("duplicate_delivery"):
                await self._send(envelope | {"envelope_id": str(uuid.uuid4())})
            return await asyncio.wait_for(answer, ACK_S)
        except TimeoutError:
            raise UndeliveredError("operation_timeout") from None
        finally:
            del self._waiting[envelope_id]

    async def _post(self, to: RequestUrl, kind: str, payload: Json, **retry: Any) -> Json:
        answer = await to.deliver(kind, payload, **retry)
        if self.faults.for_socket("duplicate_delivery"):
            await to.deliver(kind, payload, **retry)
        return answer

    async def _send(self, envelope: Json) -> None:
        """Hand the envelope to the next connection in turn that still takes it."""
        while self._open:
            self._next += 1
            websocket = self._open[self._next % len(self._open)]
            try:
                await websocket.send_json(envelope)
            except (RuntimeError, WebSocketDisconnect):
                self._open.remove(websocket)
            else:
                return
        raise UndeliveredError("dispatch_failed")

    def raise_event(self, payload: Json) -> None:
        """Deliver an event in the background, with retries, always under the same event_id."""
        self._spawn(self._try_event(payload))

    async def _try_event(self, payload: Json) -> None:
        reason = None
        for attempt, wait in enumerate((0.0, *self.retries_after_s)):
            await asyncio.sleep(wait)
            retry = {"retry_attempt": attempt, "retry_reason": reason or ""}
            try:
                await self.deliver("events_api", payload, **retry)
            except UndeliveredError as error:
                if isinstance(error, UnansweredError) and error.is_final:
                    return
                reason = _why(error)
            else:
                return

    def refresh(self) -> None:
        """Ask every connection to be replaced, as Slack does every few hours."""
        self._spawn(self._refresh(list(self._open)))

    async def _refresh(self, old: list[WebSocket]) -> None:
        for reason in ("warning", "refresh_requested"):
            for websocket in old:
                await _try_send(
                    websocket,
                    {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}},
                )
            await asyncio.sleep(GRACE_S)
        for websocket in old:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await websocket.close()

    def drop(self) -> None:
        """Cut every connection without a word, as a lost network does."""
        for websocket in self._open:
            websocket.scope["sandbox.abort"]()
        self._open.clear()

    def mute(self) -> None:
        """Hear and say nothing more on any connection, and leave it open: a lost network that nobody told of."""
        for websocket in self._open:
            websocket.scope["sandbox.abort"].__self__.pause_reading()
        self._open.clear()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _try_send(websocket: WebSocket, message: Json) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await websocket.send_json(message)


def _why(error: UndeliveredError) -> str:
    """What a retry says of the attempt before it."""
    if isinstance(error, UnansweredError):
        return error.why
    return "timeout" if error.reason == "operation_timeout" else "connection_failed"
