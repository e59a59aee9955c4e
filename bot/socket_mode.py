"""Socket Mode, watched: Slack's socket is opened with a deadline, kept open, and closed last.

What slack_sdk's own client does not do, each seen with version 3.47: `connect` returns without a word
when the handshake is refused; a connection that Slack or the network has closed is noticed after five
pings, and read from in a loop until then that takes a whole core; one that says nothing any more is
noticed after four; a token that was withdrawn is a line in the log every ten seconds, for ever; and
`close` does not wait for acknowledgements that are still to be sent.
"""

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin.client import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.answers import code_of
from bot.proving import refused
from bot.variables import ConfigError

log = structlog.get_logger(__name__)

# The other end has hung up; only Linux tells.
_HUNG_UP = getattr(select, "POLLRDHUP", 0)
_MANY_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: between pings, of silence until the connection counts as lost, between two looks at it, for the
    first connection, and between attempts at most.
    """

    ping: float = 10.0
    silence: float = 30.0
    look: float = 1.0
    first: float = 30.0
    longest_wait: float = 30.0


USUAL = Patience()


class WatchedSocket(SocketModeHandler):
    """Bolt's end of the socket. `on_back` is told how many seconds an outage took, once it is over."""

    def __init__(
        self,
        app: App,
        app_token: str,
        *,
        on_back: Callable[[float], None],
        patience: Patience = USUAL,
    ) -> None:
        super().__init__(
            app,
            app_token,
            logger=_silence(),
            auto_reconnect_enabled=False,  # the watch does it, and knows why it fails
            ping_interval=patience.ping,
            concurrency=_MANY_AT_ONCE,
        )
        self._on_back, self._patience = on_back, patience
        self._ending, self._refusing = threading.Event(), threading.Event()
        self._idle, self._in_hand = threading.Condition(), 0
        self._thread = threading.Thread(target=self._watch, name="socket-watch", daemon=True)
        self._hearing = _Hearing()
        self._lost_at: float | None = None
        self._told: set[str] = set()
        self.client.on_message_listeners.append(self._hearing.heard)

    @property
    def is_connected(self) -> bool:
        """Whether Slack was heard on the connection, and since then not missed."""
        return self._lost_at is None and self._hearing.is_heard

    def connect(self) -> None:
        """Connect, and stay connected. Raises ConfigError with what to mend when that cannot be had."""
        failed: list[Exception] = []
        threading.Thread(target=self._first, args=[failed], daemon=True).start()
        until = time.monotonic() + self._patience.first
        while not (self._hears() or failed) and time.monotonic() < until:
            self._ending.wait(0.05)
        if failed or not self._hearing.is_heard:
            self.close()
            raise ConfigError(_trouble(failed[0] if failed else None, self._patience.first))
        self._thread.start()

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Hand an envelope to Bolt and send back what it acknowledges. While it ends, it leaves them to Slack."""
        with self._taking() as taken:
            if not taken:
                return
            try:
                super().handle(client, req)
            except SlackClientNotConnectedError:
                log.warning("an acknowledgement did not reach Slack", kind=req.type)

    def refuse(self) -> None:
        """Take nothing new: what is not acknowledged Slack offers to somebody else, or says that it failed."""
        self._refusing.set()

    def drain(self, seconds: float) -> bool:
        """Wait until everything taken is acknowledged. False: the time is over first."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._in_hand, seconds)

    def close(self) -> None:
        self.refuse()
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(self._patience.longest_wait)
        _wake(self.client)
        super().close()  # type: ignore[no-untyped-call]

    @contextlib.contextmanager
    def _taking(self) -> Iterator[bool]:
        with self._idle:
            is_taken = not self._refusing.is_set()
            self._in_hand += is_taken
        try:
            yield is_taken
        finally:
            with self._idle:
                self._in_hand -= is_taken
                self._idle.notify_all()

    def _first(self, failed: list[Exception]) -> None:
        try:
            self._renew()
        except Exception as error:  # noqa: BLE001 - it is raised again by whoever waits
            failed.append(error)

    def _renew(self) -> None:
        """Open a new connection with a new ticket: a ticket is good for one."""
        answer = self.client.web_client.apps_connections_open(app_token=self.app_token)
        with self.client.connect_operation_lock:
            if not self._ending.is_set():
                self.client.wss_uri = str(answer["url"])
                self.client.connect()

    def _hears(self) -> bool:
        if session := self.client.current_session:
            self._hearing.look_at(session)
        return self._hearing.is_heard

    def _watch(self) -> None:
        attempts, wait = 0, self._patience.look
        suspected: str | None = None
        while not self._ending.wait(wait):
            before, suspected = suspected, self._reason()
            # At the second look: by then what came last is read, and the SDK may just be renewing it as Slack asked.
            if suspected and suspected == before:
                attempts += 1
                self._lose(suspected)
                self._try_again()
            elif self._lost_at is not None and self._hearing.is_heard:
                attempts = 0
                self._note_back(self._lost_at)
            wait = self._wait(attempts)

    def _wait(self, attempts: int) -> float:
        if self.client.is_connected():
            return self._patience.look
        return min(self._patience.look * float(2 ** min(attempts, 10)), self._patience.longest_wait)

    def _reason(self) -> str | None:
        """Why the connection is of no use; None: it is, or too new to tell."""
        session = self.client.current_session
        if session is None or not session.is_active():
            return "closed"
        self._hearing.look_at(session)
        if _is_hung_up(session.sock):
            return "hung up"
        if self._hearing.silent_for() > self._patience.silence:
            return "silent"
        return None

    def _lose(self, reason: str) -> None:
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            self._told = {reason}
            log.warning("Slack's socket is lost", reason=reason)
        self._hearing.forget()

    def _try_again(self) -> None:
        try:
            self._renew()
        except SlackApiError as error:
            self._tell(code_of(error))
        except Exception as error:  # noqa: BLE001 - the SDK closes what another thread has just closed; the watch must live
            self._tell(type(error).__name__)

    def _tell(self, reason: str) -> None:
        """Say why it cannot be opened again, each reason once in an outage."""
        if reason not in self._told:
            self._told.add(reason)
            log.error("Slack's socket cannot be opened again", reason=reason)

    def _note_back(self, lost_at: float) -> None:
        seconds = time.monotonic() - lost_at
        self._lost_at = None
        log.info("Slack's socket is back", seconds=round(seconds, 1))
        self._on_back(seconds)


class _Hearing:
    """When Slack was heard last: with a message, or with the answer to a ping."""

    def __init__(self) -> None:
        self.is_heard = False
        self._at = time.monotonic()
        self._session = ""
        self._pong: float | None = None

    def heard(self, _message: str = "") -> None:
        self.is_heard, self._at = True, time.monotonic()

    def forget(self) -> None:
        self.is_heard, self._at = False, time.monotonic()

    def silent_for(self) -> float:
        return time.monotonic() - self._at

    def look_at(self, session: Connection) -> None:
        """A pong shows in the session's own book; a new session has time to be heard."""
        if session.session_id != self._session:
            self._session, self._pong = session.session_id, None
            self._at = time.monotonic()
        if session.last_ping_pong_time != self._pong:
            self._pong = session.last_ping_pong_time
            self.heard()


def _is_hung_up(sock: socket.socket | None) -> bool:
    if sock is None or not hasattr(select, "poll"):
        return False
    poll = select.poll()
    try:
        poll.register(sock, _HUNG_UP)
        return bool(poll.poll(0))
    except (OSError, ValueError):  # it was closed meanwhile
        return True


def _wake(client: SocketModeClient) -> None:
    """Whoever reads from the socket or the queue looks up now, not after seconds."""
    session = client.current_session
    if session is not None and session.sock is not None:
        with contextlib.suppress(OSError):
            session.sock.shutdown(socket.SHUT_RDWR)
    client.message_queue.put(None)


def _silence() -> logging.Logger:
    """The SDK says the same thing again and again, with addresses that hold tickets; the watch says it once."""
    quiet = logging.getLogger("slack_sdk.socket_mode.watched")
    quiet.setLevel(logging.CRITICAL + 1)
    return quiet


def _trouble(error: Exception | None, seconds: float) -> str:
    if isinstance(error, SlackApiError):
        return refused(error.response)
    if error is not None:
        return f"Slack's socket cannot be opened: {error}."
    return (
        f"Slack's socket does not open within {seconds:.0f} s, although Slack answers otherwise: let wss://*.slack.com "
        'through the firewall or proxy, or set slack.mode = "http" (docs/operations.md).'
    )
