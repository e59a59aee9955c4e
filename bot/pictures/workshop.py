"""The workshop: an easel in a process of its own, so that drawing holds up nobody who waits for an answer.

Drawing is all computing. In a thread it would have the interpreter's lock most of the time, and an
answer, which lets go of it at every look into the database, would wait for it at each.
"""

import multiprocessing
import os
import signal
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from bot.blocks.chart import Chart
from bot.pictures.easel import Easel

_SPAWN = multiprocessing.get_context("spawn")
_POLITE = 10  # how far it steps back for whoever else wants the processor
_LONGEST_S = 30.0
_STOPPING_S = 5.0


@dataclass(slots=True)
class Workshop:
    """`folder` is the easel's. The process begins with the first picture, and anew after it has died."""

    folder: Path
    _line: Connection | None = None
    _lock: Lock = field(default_factory=Lock)

    def warm_up(self) -> None:
        """Begin, and make everything ready that takes time once."""
        self._ask(None)

    def draw(self, chart: Chart) -> bytes:
        """The chart as a PNG. Raises what drawing it raised, or RuntimeError when the process died of it."""
        return self._ask(chart)

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, chart: Chart | None) -> bytes:
        with self._lock:
            line = self._line = self._line or self._begin()
            try:
                line.send(chart)
                told = (
                    line.recv() if line.poll(_LONGEST_S) else TimeoutError("it draws for too long")
                )
            except (EOFError, OSError):
                told = RuntimeError("the process that draws has died")
            if isinstance(told, RuntimeError | TimeoutError):
                self._end()
        if isinstance(told, Exception):
            raise told
        return bytes(told)

    def _begin(self) -> Connection:
        ours, theirs = _SPAWN.Pipe()
        _SPAWN.Process(
            target=_work, args=(self.folder, theirs), name="workshop", daemon=True
        ).start()
        theirs.close()  # or nobody would notice when the other end goes
        return ours

    def _end(self) -> None:
        if self._line:
            self._line.close()  # which is its sign to go
            self._line = None


def _work(folder: Path, line: Connection) -> None:
    """Draw what is asked for, until nobody is there to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks
    if hasattr(os, "nice"):
        os.nice(_POLITE)
    easel = Easel(folder)
    while True:
        try:
            chart = line.recv()
        except (EOFError, OSError):
            return
        try:
            told: object = _answer(easel, chart)
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            told = error
        line.send(told)


def _answer(easel: Easel, chart: Chart | None) -> bytes:
    if chart is not None:
        return easel.draw(chart)
    easel.warm_up()
    return b""
