"""A crew: processes that do the same work, killed, frozen and replaced while they do it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from random import Random
from typing import Any

# A server that has everything imported makes the next process in milliseconds, not seconds.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.soak.workers"])

Work = Callable[..., None]


@dataclass
class Crew:
    """`size` processes at `work`, and one more for each that is frozen: whoever watches a service starts another.

    `fell` counts those that ended by themselves, which none should.
    """

    work: Work
    args: tuple[Any, ...]
    size: int
    throws: Random
    kills: int = 0
    freezes: int = 0
    fell: int = 0
    _awake: list[BaseProcess] = field(default_factory=list)
    _frozen: BaseProcess | None = None
    _thaw: threading.Timer | None = None

    def muster(self) -> None:
        """Take back whoever goes on again, and fill the gaps."""
        if self._thaw and not self._thaw.is_alive():
            self.rest()
        ended = [process for process in self._awake if not process.is_alive()]
        for process in ended:
            self._awake.remove(process)
            process.close()
        self.fell += len(ended)
        while len(self._awake) < self.size:
            process = _FORKS.Process(target=self.work, args=self.args, daemon=True)
            process.start()
            self._awake.append(process)

    def kill(self) -> None:
        """Kill -9 for somebody; another takes the place."""
        process = self._pick()
        process.kill()
        process.join()
        process.close()
        self.kills += 1
        self.muster()

    def freeze(self, seconds: float) -> None:
        """Stop somebody where they are; they go on later as if nothing had happened. One at a time: a frozen
        one may hold a database that others wait for, and they do not wait for ever.
        """
        self.rest()
        process = self._pick()
        _signal(process, signal.SIGSTOP)
        # Not by whoever drives the crew, who may be among those that wait.
        self._thaw = threading.Timer(seconds, _signal, (process, signal.SIGCONT))
        self._thaw.start()
        self._frozen = process
        self.freezes += 1
        self.muster()

    def rest(self) -> None:
        """Wait until nobody is frozen."""
        if self._thaw and self._frozen:
            self._thaw.join()
            self._awake.append(self._frozen)
        self._thaw = self._frozen = None

    def dismiss(self) -> None:
        self.rest()
        for process in self._awake:
            process.kill()
            process.join()
            process.close()
        self._awake.clear()

    def _pick(self) -> BaseProcess:
        """Somebody who is awake."""
        self.muster()
        process = self.throws.choice(self._awake)
        self._awake.remove(process)
        return process


def _signal(process: BaseProcess, number: int) -> None:
    if process.pid is None:
        raise RuntimeError("the process was not started")
    os.kill(process.pid, number)
