"""Rate limits by the sandbox's clock."""

import time
from collections import deque
from threading import Lock

from sandbox.clock import Clock


class Limit:
    """At most `most` requests within a sliding window.

    A clock that stands still would never let a waiting client in again, so real time
    counts too while it stands.
    """

    def __init__(self, clock: Clock, most: int, within_s: float) -> None:
        self.most = most
        self._clock, self._within_s = clock, within_s
        self._taken: deque[float] = deque()
        self._lock = Lock()

    def take(self) -> float | None:
        """Count a request. None if it may pass, else the seconds after which one may."""
        with self._lock:
            now = self._forget()
            if len(self._taken) >= self.most:
                return self._taken[0] + self._within_s - now
            self._taken.append(now)
            return None

    @property
    def remaining(self) -> int:
        with self._lock:
            self._forget()
            return self.most - len(self._taken)

    def _forget(self) -> float:
        now = self._clock.now().timestamp() + (0 if self._clock.flowing else time.monotonic())
        while self._taken and self._taken[0] <= now - self._within_s:
            self._taken.popleft()
        return now


class Pace(Limit):
    """A limit per second. It holds only while the clock flows: a story played in leaps has no seconds to count."""

    def __init__(self, clock: Clock, a_second: int) -> None:
        super().__init__(clock, a_second, 1.0)

    def take(self) -> float | None:
        return super().take() if self._clock.flowing else None
