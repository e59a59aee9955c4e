"""The sandbox as a process of its own, and a small app in front of it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

ROOT = Path(__file__).parents[2]
BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"


@dataclass
class Sandbox:
    home: Path
    options: tuple[str, ...] = ()
    url: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        command = [sys.executable, "-m", "sandbox", "--home", str(self.home), "--accounts", "5"]
        command += [
            "--manifest",
            str(self.home / "no-manifest.yml"),
            "--until-stdin-closes",
            *self.options,
        ]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
        )
        self.url = json.loads(self.process.stdout.readline())["url"]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        self.process.stdin.close()
        self.process.stdout.close()
        return code

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.load(answer)

    def post(self, path: str, **body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"{}")

    def do(self, deed: str, **body: Any) -> Any:
        return self.post(f"/sandbox/do/{deed}", **body)

    def break_(self, kind: str, **more: Any) -> None:
        self.post("/sandbox/faults", kind=kind, **more)

    def texts(self, channel: str = "C0TEAM") -> list[str]:
        posted = self.get("/sandbox/transcript")["messages"]
        return [message["text"] for message in posted if message["channel"] == channel]

    def whispers(self, user: str) -> list[str]:
        shown = self.get("/sandbox/transcript")["ephemerals"]
        return [message["text"] for message in shown if message["visible_to"] == user]

    def web(self, token: str = BOT_TOKEN, **settings: Any) -> WebClient:
        return WebClient(token, base_url=f"{self.url}/slack/api/", timeout=20, **settings)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    box = Sandbox(tmp_path / "sandbox")
    box.start()
    yield box
    if box.process.returncode is None:
        box.stop()


@pytest.fixture
def web(sandbox: Sandbox) -> WebClient:
    """A client that never sends anything twice by itself."""
    return sandbox.web(retry_handlers=[])


@pytest.fixture
def app(sandbox: Sandbox) -> App:
    return App(client=sandbox.web(), token_verification_enabled=False)


@pytest.fixture
def connect(sandbox: Sandbox, app: App) -> Iterator[Any]:
    """Call it when the listeners are in place; it returns the handler."""
    handlers = []

    def start() -> SocketModeHandler:
        handler = SocketModeHandler(app, APP_TOKEN, ping_interval=1)
        handler.connect()
        # Closing waits until the SDK's receiver looks up from its socket: three seconds if it is not told.
        handler.client.current_session.sock.settimeout(0.1)
        handlers.append(handler)
        return handler

    yield start
    for handler in handlers:
        handler.close()
