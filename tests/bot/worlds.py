"""The world the bot's tests live in: the sandbox as a process, a configuration that reaches it, and time that moves."""

import itertools
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from bot import jobs
from bot.app import Program, build, open_deps
from bot.blocks import kit
from bot.clock import StoryClock
from bot.config import Config, parse_config
from bot.delivery import EVENT_TYPE, LEASE, deliver
from bot.demo import USUAL
from bot.deps import Deps
from bot.services import speaking
from storage import claims, outbox

ROOT = Path(__file__).parents[2]
INSTALLED_AT = datetime(2026, 8, 31, 6, tzinfo=UTC)
BEGINNING = INSTALLED_AT - timedelta(days=90, hours=6)
TEAM, ADMIN, SHARED = "C0TEAM", "C0ADMIN", "C0SHARED"


def wait_for(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Poll until the condition holds, and return what it gave; fail after a deadline."""
    ticks = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if found := condition():
            return found
        ticks.wait(0.05)
    raise AssertionError("it never came true")


@dataclass
class Outside:
    """The sandbox as a process of its own. What it tells of messages begins at `mark`."""

    home: Path
    options: tuple[str, ...] = ()
    accounts: int = 40
    url: str = ""
    mark: str = ""
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "sandbox", "--home", str(self.home), "--port", port]
        command += ["--accounts", str(self.accounts), "--start", BEGINNING.isoformat()]
        self.process = subprocess.Popen(
            [*command, "--until-stdin-closes", *self.options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.url = json.loads(self.process.stdout.readline())["url"]
        if self.now() < INSTALLED_AT:
            self.move(INSTALLED_AT)

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def begin_afresh(self) -> None:
        """Another hour for another test: no faults, no modals, nothing said so far, and the channels ready for more."""
        self.post("/sandbox/faults", clear=True)
        self.post("/sandbox/modals")
        for vendor in self.get("/sandbox/vendors/counts"):
            self.break_vendor(vendor, "none")
        self.move(self.now() + timedelta(hours=1))
        self.mark = f"{self.now().timestamp():.6f}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.load(answer)

    def post(self, path: str, **body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"{}")

    def now(self) -> datetime:
        return datetime.fromisoformat(self.get("/sandbox/clock")["now"])

    def move(self, to: datetime) -> None:
        self.post("/sandbox/clock", now=to.isoformat())

    def break_(self, kind: str, **more: Any) -> None:
        self.post("/sandbox/faults", kind=kind, **more)

    def break_vendor(self, vendor: str, kind: str, **more: Any) -> None:
        self.post("/sandbox/vendors/faults", vendor=vendor, kind=kind, **more)

    def calls(self, method: str) -> int:
        return int(self.get("/sandbox/counts")["calls"].get(method, 0))

    def connections(self) -> int:
        return int(self.get("/sandbox/counts")["connections"])

    def messages(self, channel: str = TEAM) -> list[dict[str, Any]]:
        return self._since_mark("messages", "channel", channel)

    def texts(self, channel: str = TEAM) -> list[str]:
        return [message["text"] for message in self.messages(channel)]

    def whispers(self, user: str) -> list[dict[str, Any]]:
        """What was shown to one person only."""
        return self._since_mark("ephemerals", "visible_to", user)

    def modal(self, user: str) -> dict[str, Any] | None:
        return self.get(f"/sandbox/screen?user={user}")["modal"]

    def do(self, deed: str, **body: Any) -> Any:
        return self.post(f"/sandbox/do/{deed}", **body)

    def ask(self, text: str, *, user: str = "U0CSM1", channel: str = TEAM) -> dict[str, Any]:
        """Type /health TEXT, and wait for the answer that only the asker sees."""
        before = len(self.whispers(user))
        told = self.do("command", user=user, channel=channel, text=text)
        assert told == {"ok": True}, told
        return wait_for(lambda: self.whispers(user)[before:])[0]

    def click(self, message: Mapping[str, Any], action_id: str, **more: Any) -> Any:
        """Press something in a message that `messages` or `whispers` gave."""
        more = {"user": "U0CSM1", "channel": message["channel"], **more}
        return self.do("click", ts=message["ts"], action_id=action_id, **more)

    def web(self) -> WebClient:
        """A client that never sends anything twice by itself."""
        client = WebClient("xoxb-sandbox", base_url=f"{self.url}/slack/api/", timeout=20)
        client.retry_handlers = []
        return client

    def config(self, home: Path, *, database: str | None = None, **sections: Any) -> Config:
        """A configuration that reaches the sandbox, as it introduces itself. `sections` are laid over it."""
        told = self.get("/sandbox/introduction")
        every = {"every": "PT6H"}
        general = {"timezone": "Europe/Berlin", "hash_key": "k" * 32, "database": database}
        raw = {
            "general": {name: value for name, value in general.items() if value},
            "slack": told["slack"],
            "rubric": {"core_features": told["core_features"]},
            "alerts": {"hours": {"always": True}},  # the story's clock is at any hour
            "sources": {name: {**every, **told["sources"][name]} for name in USUAL},
            **sections,
        }
        return parse_config(raw, home=home, environment={})

    def _since_mark(self, kind: str, where: str, wanted: str) -> list[dict[str, Any]]:
        found = self.get("/sandbox/transcript")[kind]
        return [each for each in found if each[where] == wanted and each["ts"] >= self.mark]


def key_of(message: Mapping[str, Any]) -> str:
    """The outbox key a message carries in its metadata."""
    return str(message["metadata"]["event_payload"]["key"])


def keys(sandbox: Outside, channel: str = TEAM) -> list[str]:
    """The keys of what was posted to a channel, oldest first."""
    return [key_of(message) for message in sandbox.messages(channel)]


def words_of(message: Mapping[str, Any]) -> str:
    """Everything a message says, buttons included, as one text to look things up in."""
    return json.dumps([message["text"], message.get("blocks", [])], ensure_ascii=False)


def pass_time(deps: Deps, **span: float) -> None:
    """Let story time pass, for the bot and for the world."""
    deps.clock.wait(timedelta(**span).total_seconds())


def pending(deps: Deps) -> int:
    with deps.db.read() as session:
        return outbox.pending_count(session)


def say(deps: Deps, key: str, target: str = TEAM, **more: Any) -> None:
    """Queue a message."""
    message = kit.message(f"text of {key}", [kit.section(f"text of {key}")])
    with deps.db.write() as session:
        speaking.say(session, message, key=key, target=target, at=deps.clock.now(), **more)


def amend(deps: Deps, of: str, text: str, target: str = TEAM) -> None:
    """Queue a change of a message."""
    message = kit.message(text, [kit.section(text)])
    with deps.db.write() as session:
        at = deps.clock.now()
        speaking.amend(session, message, of=of, target=target, key=f"{of}:{text}", at=at)


def post_by_hand(client: WebClient, key: str, channel: str = TEAM) -> None:
    """What Slack took without our hearing of it."""
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
    client.chat_postMessage(channel=channel, text=f"text of {key}", metadata=metadata)


def claim(deps: Deps) -> claims.Claim | None:
    """Begin to deliver a message, and get no further."""
    with deps.db.write() as session:
        return claims.take(session, at=deps.clock.now(), lease=LEASE)


def deliver_all(deps: Deps, client: WebClient, *, seconds: int = 60) -> None:
    """Deliver second after second, until nothing waits or the seconds are over."""
    for second in itertools.count():
        deliver(deps, client)
        if not pending(deps) or second == seconds:
            return
        pass_time(deps, seconds=1)


def settle(program: Program) -> None:
    """Do every job that is due now, and deliver what it said."""
    jobs.tick(program.deps)
    jobs.work(program.deps)
    deliver_all(program.deps, program.posting)


def start(program: Program) -> None:
    """Connect, without anything that ticks."""
    program.start(ticking=False)


def own_deps(sandbox: Outside, home: Path, **sections: Any) -> Deps:
    """The bot's own on a sandbox, with a SQLite database in a folder. `sections` are laid over its configuration."""
    clock = StoryClock(sandbox.now(), flowing=False, on_move=sandbox.move)
    deps = open_deps(sandbox.config(home, **sections), clock=clock)
    deps.db.upgrade()
    return deps


@contextmanager
def own_program(sandbox: Outside, home: Path, **sections: Any) -> Iterator[Program]:
    """A connected bot with a database of its own, for several tests to share."""
    sandbox.begin_afresh()
    running = build(own_deps(sandbox, home, **sections))
    start(running)
    yield running
    running.stop()
    wait_for(lambda: sandbox.connections() == 0)
