"""Processes: each measurement alone in a fresh one, so that its memory is its own; and the vendor in another."""

import multiprocessing
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import parse_qs, urlsplit

from bot.logs import configure_logs

P = ParamSpec("P")
T = TypeVar("T")

SPAWN = multiprocessing.get_context("spawn")


def alone(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """What a function gives in a process of its own, and that process's peak memory in MB."""
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        return pool.submit(_with_peak, partial(work, *args, **kwargs)).result()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A vendor that exports the files `<day>.json.gz` of a folder, and nothing for other days. Gives its address."""
    ours, theirs = SPAWN.Pipe()
    server = SPAWN.Process(target=_serve, args=(folder, theirs), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        server.terminate()
        server.join()


def _with_peak(work: Callable[[], T]) -> tuple[T, float]:
    configure_logs(level="ERROR")  # what is measured is said on stdout, and nothing else
    return work(), _peak_mb()


def _peak_mb() -> float:
    """Linux counts what the parent held at the fork into ru_maxrss, but not into VmHWM."""
    status = Path("/proc/self/status")
    if status.exists():
        words = status.read_text(encoding="ascii").split()
        return int(words[words.index("VmHWM:") + 1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _serve(folder: Path, port: Connection) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            day = parse_qs(urlsplit(self.path).query)["from_date"][0]
            path = folder / f"{day}.json.gz"
            self.send_response(200)
            if path.exists():
                self.send_header("content-encoding", "gzip")
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(path.stat().st_size if path.exists() else 0))
            self.end_headers()
            if path.exists():
                with path.open("rb") as file:
                    shutil.copyfileobj(file, self.wfile, 1 << 20)

        def log_message(self, *args: object) -> None:
            """Stderr is for the table."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_port)
    server.serve_forever()
