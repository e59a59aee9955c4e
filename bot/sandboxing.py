"""The sandbox seen from outside: a process that is started, asked over HTTP, and never outlives us."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.clock import StoryClock
from bot.variables import ConfigError

PATIENCE_S = 900
"""Time may move only when every courier is back, and a large book's files are long to write."""


def sandbox_clock(url: str) -> StoryClock:
    """The story's time, as a sandbox that runs beside us tells it; waiting moves the story on."""

    def move(to: datetime) -> None:
        _ask(f"{url}/sandbox/clock", {"now": to.isoformat()})

    now = datetime.fromisoformat(_ask(f"{url}/sandbox/clock")["now"])
    return StoryClock(now, flowing=True, on_move=move)


class Sandbox:
    """The outside world as a process of its own. It watches the pipe we hold, so it ends when we do, however we do."""

    def __init__(
        self,
        home: Path,
        *,
        accounts: int,
        seed: int,
        start: datetime,
        flowing: bool,
        port: int,
        couriers: Sequence[str] = (),
    ) -> None:
        """`couriers` are those who bring files as time passes: csv, warehouse."""
        home.mkdir(parents=True, exist_ok=True)
        self._log = (home / "sandbox.log").open("a", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "sandbox",
            "--home",
            str(home / "sandbox"),
            "--port",
            str(port),
        ]
        command += ["--accounts", str(accounts), "--seed", str(seed), "--start", start.isoformat()]
        command += ["--until-stdin-closes", *(["--flowing"] if flowing else [])]
        command += ["--couriers", *couriers]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,  # Ctrl-C is for us: we close the pipe when we are done
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise ConfigError(f"The sandbox did not start. {self._last_words()}")
        self.url = str(json.loads(line)["url"])

    def _last_words(self) -> str:
        said = Path(self._log.name).read_text(encoding="utf-8").strip().splitlines()
        if said and "Address already in use" in said[-1]:
            return "Its port is taken: choose another with --port."
        return f"{self._log.name} says why."

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET, or POST with a body, one of the sandbox's own addresses."""
        return _ask(f"{self.url}/sandbox/{path}", body)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.ask("clock")["now"])

    def target(self) -> datetime | None:
        """Where somebody wants time to go; None: nowhere."""
        target = self.ask("clock")["target"]
        return datetime.fromisoformat(target) if target else None

    def move(self, to: datetime) -> None:
        self.ask("clock", {"now": to.isoformat()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()


def _ask(url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - a process on this machine
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
    except OSError as error:  # urllib's own errors are OSErrors
        why = getattr(error, "reason", error)
        raise ConfigError(f"The sandbox at {url} does not answer: {why}.") from error
    return told
