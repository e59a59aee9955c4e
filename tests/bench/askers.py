"""Askers: `/health acme` from the key that is pressed to the answer on the screen, through the sandbox's Slack.

Fifty people ask at once, again and again, while a day of events is read by the same bot. The sandbox,
the bot and the people are three processes on the same machine.
"""

import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from bot.app import build, open_deps
from bot.clock import StoryClock
from bot.config import Config
from bot.deps import Deps
from bot.services import syncing
from scoring.health import HealthScore, Part
from scoring.rubric import LEVELS, Component, Rubric
from storage import accounts, links, rubrics, scores, sources
from tests.bench import exports
from tests.bench.figures import Figure, held, p50, p99, timed
from tests.bench.processes import SPAWN, alone, serving
from tests.bench.world import DAY, NOW, config_of, make_accounts, name

PEOPLE = ("U0CSM1", "U0CSM2", "U0CSM3", "U0HEAD", "U0OPS")
AT_ONCE = 50
PAST_DAYS = 14
FEW = 1_000
TEAM = "C0TEAM"


def measure(folder: Path, *, events: int, accounts: int, rounds: int) -> Iterator[Figure]:
    """As many accounts as wanted, held against a thousand, or half of them, in the same run."""
    fewer = min(FEW, accounts // 2)
    vendor = folder / "vendor"
    vendor.mkdir()
    alone(exports.write, vendor, events=events, accounts=accounts)
    with serving(vendor) as url:
        few = _ask_all(folder / "few", url, fewer, rounds)
        many = _ask_all(folder / "many", url, accounts, rounds)
    for what in ("one at a time", "50 at once", "50 at once during a sync"):
        for kind, of in (("p50", p50), ("p99", p99)):
            title = f"/health acme, {what}, {kind}"
            yield from held(title, of(many[what]), "ms", {f"{fewer:,} accounts": of(few[what])})


def _ask_all(home: Path, vendor: str, accounts_: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each answer, by how it was asked for."""
    with sandbox(home / "slack") as slack, _bot(home / "bot", slack, vendor, accounts_) as bot:
        dice = random.Random(5)
        names = [name(dice.randrange(accounts_)) for _ in range(AT_ONCE * rounds)]
        found = {"one at a time": [_ask(slack, each, n) for n, each in enumerate(names[:AT_ONCE])]}
        found["50 at once"] = _rounds(slack, names)
        bot.send("sync")
        found["50 at once during a sync"] = _rounds(slack, names, while_=lambda: not bot.poll())
        error = bot.recv()
        if error:
            raise RuntimeError(f"the sync failed: {error}")
    return found


def _rounds(slack: str, names: list[str], *, while_: object = None) -> list[float]:
    """Everybody presses Enter at the same moment; the next round begins when all were answered."""
    times: list[float] = []
    with ThreadPoolExecutor(AT_ONCE) as people:
        for start in range(0, len(names), AT_ONCE):
            if times and callable(while_) and not while_():
                break
            asked = names[start : start + AT_ONCE]
            times += people.map(lambda pair: _ask(slack, pair[1], pair[0]), enumerate(asked))
    return times


def _ask(slack: str, text: str, number: int) -> float:
    """Milliseconds from the command to its answer."""
    wanted = {"user": PEOPLE[number % len(PEOPLE)], "channel": TEAM, "text": text, "wait": True}
    seconds, answer = timed(lambda: _post(f"{slack}/sandbox/do/command", wanted))
    if not answer["ok"]:
        raise RuntimeError(f"nobody answered: {answer}")
    return seconds * 1000


def _post(url: str, body: dict[str, object]) -> dict[str, object]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        told: dict[str, object] = json.load(answer)
        return told


@contextmanager
def sandbox(home: Path) -> Iterator[str]:
    """The sandbox in a process of its own. Gives its address."""
    home.mkdir(parents=True)
    start = (NOW - 90 * DAY).isoformat()
    command = [sys.executable, "-m", "sandbox", "--home", str(home), "--port", "0"]
    command += ["--accounts", "5", "--start", start, "--until-stdin-closes"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        url = str(json.loads(process.stdout.readline())["url"])
        _post(f"{url}/sandbox/clock", {"now": NOW.isoformat()})
        yield url
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


@contextmanager
def _bot(home: Path, slack: str, vendor: str, count: int) -> Iterator[Connection]:
    """The bot in a process of its own, connected. It reads its source when it is told so, and says when it has."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_run_bot, args=(home, slack, vendor, count, theirs))
    process.start()
    try:
        if ours.recv() != "up":
            raise RuntimeError("the bot did not come up")
        yield ours
        ours.send("stop")
        process.join(30)
    finally:
        process.kill()


def _run_bot(home: Path, slack: str, vendor: str, count: int, told: Connection) -> None:
    from bot.logs import configure_logs

    configure_logs(level="ERROR")
    deps = open_deps(
        _config(home, slack, vendor), clock=StoryClock(NOW, flowing=False, on_move=lambda _to: None)
    )
    deps.db.upgrade()
    _populate(deps, count)
    program = build(deps)
    program.start(ticking=False)
    told.send("up")
    while told.recv() == "sync":
        run = syncing.sync(program.deps, "mixpanel")
        told.send(run.error)
    program.stop()


def _config(home: Path, slack: str, vendor: str) -> Config:
    config = config_of(home, mixpanel=vendor)
    near = config.slack.model_copy(
        update={"base_url": f"{slack}/slack/api/", "team_channel": TEAM, "admin_channel": "C0ADMIN"}
    )
    return replace(config, slack=near)


def _populate(deps: Deps, count: int) -> None:
    """Accounts with two weeks of scores, each source having just answered."""
    with deps.db.write() as session:
        known = make_accounts(session, count)
        links.see(session, "mixpanel", known, at=NOW)
        for source in deps.config.sources:
            sources.succeeded(session, source, at=NOW)
        rubric_id = rubrics.id_of(session, deps.config.rubric, at=NOW)
        ids = sorted(accounts.by_key(session).values())
    dice = random.Random(11)
    for back in range(PAST_DAYS, -1, -1):
        at = NOW - back * DAY
        scored = [(each, _score(dice.uniform(20, 100), at, deps.config.rubric)) for each in ids]
        with deps.db.write() as session:
            scores.save(session, scored, rubric_id=rubric_id, at=at)


def _score(value: float, at: object, rubric: Rubric) -> HealthScore:
    parts = tuple(
        Part(
            component=each,
            level=next(iter(LEVELS[each])),
            points=rubric.weight(each) * value / 100,
            share=rubric.weight(each) * value / 100,
            evidence="active 3 of the last 7 days, was 6",
            as_of=at,  # type: ignore[arg-type]
        )
        for each in Component
    )
    return HealthScore(
        value=value, status=rubric.status(value), coverage=1.0, parts=parts, scored_at=at
    )  # type: ignore[arg-type]
