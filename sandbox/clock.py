"""The sandbox's clock: story time, which flows like real time or stands still, and can be moved forward."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock


@dataclass
class Clock:
    """Story time in UTC.

    `flowing` adds the real time that has passed since the last move; a clock
    that does not flow stands still between moves, so that a run can be repeated.
    `target` is where somebody wants time to go: whoever plays the story (the bot's
    demo) moves the clock there in steps and looks at the world at each of them.
    """

    start: datetime
    flowing: bool = False
    target: datetime | None = None
    _at: datetime = field(init=False)
    _since: float = field(init=False)
    _lock: Lock = field(init=False, default_factory=Lock)

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError(f"start must be timezone-aware: {self.start!r}")
        self._at = self.start
        self._since = time.monotonic()

    def now(self) -> datetime:
        with self._lock:
            return self._now()

    def move(self, to: datetime) -> datetime:
        """Move to an instant; going back is refused, so the clock stays where it is. Returns the time it now is."""
        with self._lock:
            self._at = max(self._now(), to)
            self._since = time.monotonic()
            if self.target is not None and self.target <= self._at:
                self.target = None
            return self._at

    def ask(self, ahead: timedelta) -> datetime:
        """Ask whoever plays the story to move time ahead. Returns the target."""
        with self._lock:
            self.target = max(self.target or self._now(), self._now()) + ahead
            return self.target

    def _now(self) -> datetime:
        if not self.flowing:
            return self._at
        return self._at + timedelta(seconds=time.monotonic() - self._since)
