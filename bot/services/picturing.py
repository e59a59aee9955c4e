"""Picturing: charts drawn and uploaded in the background, once each. No answer ever waits for a picture."""

from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Condition, Event, Thread
from typing import Literal, Protocol

import structlog

from bot.blocks.chart import Chart
from bot.blocks.kit import Block
from integrations.base import Clock
from storage import pictures
from storage.engine import Database

log = structlog.get_logger(__name__)

Mode = Literal["png", "native", "none"]
Then = Callable[[Block | None], None]
"""What is done with a picture: it gets an image block, else Slack's own chart, else None: go without.

It raises PictureRefusedError where Slack does not take the block (`invalid_blocks`), and gets the next.
"""

MOST_WAITING = 50  # pictures
CLOSED_FOR = timedelta(hours=1)
"""So long nothing is uploaded after Slack said a word that only people can mend: a scope, or a rule of the workspace."""
BUSY_FOR = timedelta(minutes=1)
"""And so long after anything else."""

_FOR_EVER = datetime.max.replace(tzinfo=UTC)
_PATIENCE_S, _LOOK_S = 2.0, 0.05
_STOPPING_S = 25.0  # a call to Slack that is on its way may take 20


class PictureUnavailableError(Exception):
    """No picture can be uploaded. `lasting`: until somebody mends something; the words are Slack's."""

    def __init__(self, why: str, *, lasting: bool) -> None:
        super().__init__(why)
        self.lasting = lasting


class PictureRefusedError(Exception):
    """Slack does not take the block in this message."""


class Uploader(Protocol):
    """Where pictures are kept. Both raise PictureUnavailableError."""

    def upload(self, png: bytes, *, name: str) -> str:
        """Returns the id of the file."""

    def is_usable(self, file_id: str, *, pause: Callable[[float], bool]) -> bool:
        """Wait a little until it can be shown; False: it cannot yet."""


class Painter(Protocol):
    """What draws, one picture at a time."""

    def warm_up(self) -> None:
        """Do what takes long only once."""

    def draw(self, chart: Chart) -> bytes:
        """The chart as a PNG."""

    def stop(self) -> None:
        """Let go of what was needed."""


@dataclass(frozen=True, slots=True)
class _Order:
    chart: Chart
    then: Then
    takes_native: bool
    context: Context  # for whom it is rendered


@dataclass
class Studio:
    """Draws what is ordered, in one thread of its own. `mode` is what people get to see: pictures, Slack's charts, nothing."""

    db: Database
    clock: Clock
    painter: Painter
    uploader: Uploader
    mode: Mode = "png"
    _orders: dict[str, list[_Order]] = field(default_factory=dict)  # by digest, the first first
    _changed: Condition = field(default_factory=Condition)
    _stopping: Event = field(default_factory=Event)
    _closed_until: datetime | None = None
    _native_refused: bool = False
    _thread: Thread | None = None
    _is_busy: Callable[[], bool] = field(default=lambda: False)

    def start(self, *, is_busy: Callable[[], bool] = lambda: False) -> None:
        """Begin to draw what is ordered, unless nobody wants pictures.

        While `is_busy`, answers are under way: a picture lets them go first, though not for ever.
        """
        self._is_busy = is_busy
        if self.mode == "png":
            self._thread = Thread(target=self._run, name="studio", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Finish what is being drawn; what waits is left undone, and nobody called back."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread:
            self._thread.join(_STOPPING_S)
        self.painter.stop()

    def ready(self, chart: Chart) -> str | None:
        """The file that shows the chart, where there is one that Slack can show now. Takes one look into the database."""
        if self.mode != "png":
            return None
        with self.db.read() as session:
            known = pictures.get(session, chart.digest)
        return known.file_id if known and known.is_ready else None

    def order(self, chart: Chart, then: Then, *, takes_native: bool = True) -> None:
        """Have the chart drawn, and call back from another thread, unless the program stops first.

        Without pictures it calls back at once; when too many wait, it goes without: then there is enough to do. `takes_native`: whether what it
        is for may show Slack's own chart, which messages may and a Home may not.
        """
        order = _Order(chart, then, takes_native, copy_context())
        if self._thread is None:
            self._finish(order, None)
        elif not self._enqueue(order):
            then(None)

    def forget(self, chart: Chart, file_id: str) -> None:
        """Slack does not show this file any more: the next order uploads another."""
        with self.db.write() as session:
            pictures.forget(session, chart.digest, file_id)

    def _enqueue(self, order: _Order) -> bool:
        """False where too many wait. Those who want the same picture wait for one."""
        digest = order.chart.digest
        with self._changed:
            if digest not in self._orders and len(self._orders) >= MOST_WAITING:
                return False
            self._orders.setdefault(digest, []).append(order)
            self._changed.notify_all()
        return True

    def _run(self) -> None:
        self._wait()  # what draws takes a second to load, and memory: not before somebody wants a picture
        try:
            self.painter.warm_up()
        except Exception:
            # A machine that lacks what drawing needs still shows Slack's charts.
            log.exception("no pictures can be drawn here")
            self._closed_until = _FOR_EVER
        while digest := self._next():
            self._serve(digest)

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._orders or self._stopping.is_set())

    def _next(self) -> str | None:
        """The digest of what is drawn next; None: the program stops."""
        self._wait()
        for _ in range(round(_PATIENCE_S / _LOOK_S)):
            if not self._is_busy() or self._stopping.wait(_LOOK_S):
                break
        with self._changed:
            return None if self._stopping.is_set() else next(iter(self._orders))

    def _serve(self, digest: str) -> None:
        try:
            file_id = self._file(self._orders[digest][0].chart)
        except Exception:
            # One picture that fails must not take the others along.
            log.exception("a picture failed")
            file_id = None
        with self._changed:
            orders = self._orders.pop(digest)
        for order in orders if not self._stopping.is_set() else ():
            self._finish(order, file_id)

    def _file(self, chart: Chart) -> str | None:
        """The chart as a file that Slack can show, drawn and uploaded where it has to be; None: not now."""
        with self.db.read() as session:
            known = pictures.get(session, chart.digest)
        if known and known.is_ready:
            return known.file_id
        if self._closed_until and self.clock.now() < self._closed_until:
            return None
        try:
            file_id = known.file_id if known else self._upload(chart)
            if self.uploader.is_usable(file_id, pause=self._stopping.wait):
                with self.db.write() as session:
                    pictures.mark_ready(session, chart.digest, file_id, at=self.clock.now())
                return file_id
        except PictureUnavailableError as error:
            self._close(error)
            return None
        if known and not self._stopping.is_set():
            self.forget(chart, file_id)  # it had its time
        return None

    def _upload(self, chart: Chart) -> str:
        png = self.painter.draw(chart)
        name = f"{type(chart).__name__.lower()}.png"
        file_id = self.uploader.upload(png, name=name)
        with self.db.write() as session:
            pictures.remember(session, chart.digest, file_id, at=self.clock.now())
        return file_id

    def _close(self, error: PictureUnavailableError) -> None:
        """Upload nothing for a while, rather than have everybody wait for the same refusal."""
        self._closed_until = self.clock.now() + (CLOSED_FOR if error.lasting else BUSY_FOR)
        if error.lasting:
            log.error("Slack takes no pictures: mend the app's scopes", reason=str(error))
        else:
            log.warning("a picture could not be uploaded", reason=str(error))

    def _finish(self, order: _Order, file_id: str | None) -> None:
        """Call back, as the one who ordered: what is said beside the picture is theirs."""
        try:
            order.context.run(self._hand_over, order, file_id)
        except Exception:
            log.exception("a picture could not be shown")

    def _hand_over(self, order: _Order, file_id: str | None) -> None:
        if file_id:
            try:
                return order.then(order.chart.image(file_id))
            except PictureRefusedError:
                log.warning("Slack refuses a picture it had", file=file_id)
                self.forget(order.chart, file_id)
        native = order.chart.native() if self._may_show_native(order) else None
        if native:
            try:
                return order.then(native)
            except PictureRefusedError:
                # This workspace has not got them yet, and will not while we run.
                log.warning("Slack takes no charts of its own here")
                self._native_refused = True
        return order.then(None)

    def _may_show_native(self, order: _Order) -> bool:
        return order.takes_native and self.mode != "none" and not self._native_refused
