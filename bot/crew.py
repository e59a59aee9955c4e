"""The crew: the threads in which listeners run, and waiting until all of them are done."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any

HANDS = 64
"""Fifty people at once: each is acknowledged first, and then waits for the database or for Slack."""


class Crew(ThreadPoolExecutor):
    """A pool that knows what it has not finished. Bolt hands it every listener."""

    def __init__(self) -> None:
        super().__init__(HANDS, thread_name_prefix="listener")
        self._guard = Lock()
        self._unfinished: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        with self._guard:
            self._unfinished.add(future)
        future.add_done_callback(self._finished)
        return future

    def drain(self, seconds: float) -> int:
        """Wait until nothing runs or the time is over. Returns how much still runs."""
        until = time.monotonic() + seconds
        while (running := self._running()) and (left := until - time.monotonic()) > 0:
            wait(running, left)
        return len(running)

    @property
    def is_busy(self) -> bool:
        """Whether any listener runs or waits for a thread."""
        return bool(self._unfinished)

    def _running(self) -> set[Future[Any]]:
        with self._guard:
            return {*self._unfinished}

    def _finished(self, future: Future[Any]) -> None:
        with self._guard:
            self._unfinished.discard(future)
