"""The clock: the only file that reads the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock


class SystemClock:
    """The time it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the one place

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class StoryClock:
    """The time it is in a story: it flows like real time or stands still, and waiting moves it.

    `on_move` is told of every wait, so that the world the story plays in moves along.
    """

    def __init__(
        self, now: datetime, *, flowing: bool, on_move: Callable[[datetime], None]
    ) -> None:
        self._lock = Lock()
        self._flowing = flowing
        self._on_move = on_move
        self._at = now
        self._since = time.monotonic()

    def now(self) -> datetime:
        with self._lock:
            return self._now()

    def set(self, now: datetime) -> None:
        """Be at an instant; never before the one it is."""
        with self._lock:
            self._at = max(now, self._now())
            self._since = time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let story time pass at once, for us and for the world."""
        to = self.now() + timedelta(seconds=seconds)
        # Ours first: what the world sends while it moves must not come from our future.
        self.set(to)
        self._on_move(to)

    def _now(self) -> datetime:
        if not self._flowing:
            return self._at
        return self._at + timedelta(seconds=time.monotonic() - self._since)
