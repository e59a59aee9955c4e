"""The demo: a story played through against the sandbox, with the same jobs, listeners and delivery as ever.

Story time belongs to the sandbox. Somebody asks it to go ahead (the page's buttons, or a headless
run); the player moves both clocks from one due thing to the next and does what is due there, so
that a week passes in seconds and every day of it is lived through.
"""

import json
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import tomli_w

from bot import jobs
from bot.app import Program, build, open_deps
from bot.clock import StoryClock
from bot.config import parse_config
from bot.deps import Progress
from bot.sandboxing import Sandbox
from bot.schedule import Engine
from bot.variables import ConfigError
from integrations.registry import SOURCES
from storage import accounts as account_rows
from storage import alerts, notices, outbox, schedules, scores, sources

SEED = 7
LARGE_BOOK = 500
USUAL = ("stripe", "hubspot", "zendesk", "mixpanel")
SENDGRID_WEBHOOK = "7b2f9c1e-0000-4000-8000-5e9d671d0001"
RECORDS = ("stripe", "hubspot", "csv", "zendesk", "intercom")
"""Who decides which accounts there are: the first of these that is read."""
COURIERS = frozenset({"csv", "warehouse"})
"""Sources that are read from files: somebody has to bring them."""
PAST_DAYS = 90
"""How much of the story lies before the day the bot is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Which story is played. `installed_at` is kept with it: a restart goes on with the same one."""

    home: Path
    accounts: int
    installed_at: datetime
    flowing: bool
    sources: tuple[str, ...]
    port: int = 0


class Player:
    """Lives through the story: does what is due, then moves time to the next thing that is."""

    def __init__(
        self, program: Program, sandbox: Sandbox, clock: StoryClock, on_progress: Progress
    ) -> None:
        self.program = program
        self._sandbox = sandbox
        self._clock = clock
        self._on_progress = on_progress

    def play(self, until: datetime) -> None:
        """Live until an instant, from one due thing to the next."""
        self.settle()
        while (now := self._clock.now()) < until:
            self._move(min([until, *self._coming(now)]))
            self.settle()

    def follow(self) -> None:
        """Do what is due now, and go where somebody asked time to go."""
        self._clock.set(self._sandbox.now())
        target = self._sandbox.target()
        if target:
            self.play(target)
        else:
            self.settle()

    def settle(self) -> None:
        """Work until nothing is due at this instant."""
        deps = self.program.deps
        done = 1
        while done:
            jobs.tick(deps)
            done = jobs.work(deps, on_progress=self._on_progress) + self.program.deliver()
        self.program.refresh_homes()

    def _move(self, to: datetime) -> None:
        # Ours first: what the world sends while it moves must not come from our future.
        self._clock.set(to)
        self._sandbox.move(to)

    def _coming(self, now: datetime) -> list[datetime]:
        with self.program.deps.db.read() as session:
            # What waits in the outbox can go out a second later at the soonest, unless it is held back.
            waits = outbox.waits_until(session)
            soon = max(waits, now + timedelta(seconds=1)) if waits else None
            coming = (schedules.next_event(session), notices.next_due(session), soon)
            return [each for each in coming if each and each > now]


@contextmanager
def open_story(story: Story, *, on_progress: Progress) -> Iterator[tuple[Player, Sandbox]]:
    """Start the sandbox and the bot on it; ends both."""
    start = story.installed_at.replace(hour=0) - timedelta(days=PAST_DAYS)
    with Sandbox(
        story.home,
        accounts=story.accounts,
        seed=SEED,
        start=start,
        flowing=story.flowing,
        port=story.port,
        couriers=sorted(COURIERS & set(story.sources)),
    ) as sandbox:
        if sandbox.now() < story.installed_at:
            sandbox.move(story.installed_at)
        clock = StoryClock(sandbox.now(), flowing=story.flowing, on_move=sandbox.move)
        raw = _raw(story, sandbox)
        # So that any other command can be tried beside the running demo.
        (story.home / "bellwether.toml").write_text(tomli_w.dumps(raw), encoding="utf-8")
        deps = open_deps(parse_config(raw, home=story.home), clock=clock)
        deps.db.upgrade()
        program = build(deps)
        program.start(ticking=False)
        if program.web and "sendgrid" in story.sources:
            _switch_on_webhook(raw["sources"]["sendgrid"], program.web.url)
        try:
            yield Player(program, sandbox, clock, on_progress), sandbox
        finally:
            program.stop()


def run_headless(story: Story, *, days: int, on_progress: Progress) -> dict[str, Any]:
    """Play the story to `days` after the installation at full speed. Returns what came of it."""
    began = time.monotonic()
    with open_story(story, on_progress=on_progress) as (player, _sandbox):
        player.play(story.installed_at + timedelta(days=days))
        return {**_outcome(player), "seconds": round(time.monotonic() - began, 1)}


def run_with_page(
    story: Story,
    *,
    days: int,
    on_progress: Progress,
    ready: Callable[[str], None],
    wait: Callable[[], None],
) -> None:
    """Play the first days, then hand time over to the people on the page until `wait` returns."""
    with open_story(story, on_progress=on_progress) as (player, sandbox):
        player.play(story.installed_at + timedelta(days=days))
        engine = Engine({"follow": player.follow})
        engine.start()
        ready(sandbox.url)
        try:
            wait()
        finally:
            engine.stop()


def choose(names: str) -> tuple[str, ...]:
    """The sources that "a,b" names; "" means the usual four, "all" all of them. Raises ConfigError."""
    if names == "all":
        return tuple(SOURCES)
    chosen = tuple(each.strip() for each in names.split(",") if each.strip()) or USUAL
    for each in chosen:
        if each not in SOURCES:
            raise ConfigError(f"There is no source called {each}. There are: {', '.join(SOURCES)}.")
    if not _records(chosen):
        raise ConfigError(f"None of these makes accounts. Name one of {', '.join(RECORDS)} too.")
    return chosen


def _records(names: Sequence[str]) -> list[str]:
    return [each for each in RECORDS if each in names]


def remember(
    home: Path,
    *,
    accounts: int,
    installed_at: datetime,
    flowing: bool,
    sources: tuple[str, ...] = USUAL,
    port: int = 0,
) -> Story:
    """The story that is kept in a folder, or a new one. Raises ConfigError when it holds another."""
    file = home / "story.json"
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["accounts"] != accounts:
            raise ConfigError(
                f"{home} holds a story of {kept['accounts']} accounts. Add --fresh to begin a new one, "
                "or set BELLWETHER_HOME to another folder."
            )
        known = kept.get("sources", USUAL)  # an older story does not say
        if set(known) != set(sources):
            raise ConfigError(
                f"{home} holds a story read from {', '.join(known)}. Add --fresh to begin a new one."
            )
        installed_at = datetime.fromisoformat(kept["installed_at"])
    else:
        home.mkdir(parents=True, exist_ok=True)
        told = {
            "accounts": accounts,
            "installed_at": installed_at.isoformat(),
            "sources": sources,
            "hash_key": secrets.token_hex(16),
        }
        file.write_text(json.dumps(told), encoding="utf-8")
    return Story(
        home=home,
        accounts=accounts,
        installed_at=installed_at,
        flowing=flowing,
        sources=sources,
        port=port,
    )


def _raw(story: Story, sandbox: Sandbox) -> dict[str, Any]:
    """A configuration that reaches the sandbox, as the sandbox introduces itself."""
    told = sandbox.ask("introduction")
    kept: Mapping[str, Any] = json.loads((story.home / "story.json").read_text(encoding="utf-8"))
    # A large book is read twice a day of the story, so that a month of it is played in minutes.
    every = {"every": "PT6H" if story.accounts <= LARGE_BOOK else "PT12H"}
    sources = {name: {**every, **told["sources"][name]} for name in story.sources}
    if {"stripe", "csv"} <= set(sources):
        # The story's CSV files tell of the same subscriptions, and two who tell of one bill it twice.
        kinds = [each for each in sources["csv"]["kinds"] if each != "subscriptions"]
        sources["csv"]["kinds"] = kinds
    return {
        "general": {
            "timezone": "Europe/Berlin",
            "hash_key": kept["hash_key"],
            "system_of_record": _records(story.sources)[0],
            "database": f"sqlite:///{story.home / 'bellwether.db'}",
        },
        "slack": told["slack"],
        "rubric": {"core_features": told["core_features"], "plans": told["plans"]},
        "alerts": {
            "fallback": told["manager"],
            "escalation": {"manager": told["manager"]},
        },
        "sources": sources,
        "sandbox": {"url": sandbox.url},
        # A source that calls needs an address; another command beside the demo listens to nobody.
        **({"web": {"listen": "127.0.0.1:0"}} if "sendgrid" in story.sources else {}),
    }


def _switch_on_webhook(settings: Mapping[str, Any], url: str) -> None:
    """Do what a person does at SendGrid's: let it call us."""
    request = urllib.request.Request(  # noqa: S310 - the sandbox
        f"{settings['base_url']}/v3/user/webhooks/event/settings/{SENDGRID_WEBHOOK}",
        data=json.dumps(
            {
                "url": f"{url}/webhooks/sendgrid",
                "enabled": True,
                "delivered": True,
                "open": True,
                "click": True,
            }
        ).encode(),
        headers={"Authorization": f"Bearer {settings['api_key']}"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=20).close()  # noqa: S310


def _outcome(player: Player) -> dict[str, Any]:
    with player.program.deps.db.read() as session:
        totals = sources.totals(session)
        return {
            "accounts": account_rows.count(session),
            "records": {name: total.records for name, total in totals.items()},
            "snapshots": scores.count_snapshots(session),
            "alerts": {
                rule.value: count for rule, count in alerts.count_announced(session).items()
            },
            "messages": outbox.count_posted(session),
            "requests": {name: total.requests for name, total in totals.items()},
        }
