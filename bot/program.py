"""The running program: what is started together, and how it ends without losing what somebody is waiting for."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import delivery, jobs
from bot.crew import Crew
from bot.deps import Deps
from bot.proving import refused
from bot.schedule import Engine
from bot.services import admitting, homing
from bot.socket_mode import WatchedSocket
from bot.tallies import Tallies
from bot.variables import ConfigError
from bot.web import Web
from integrations.registry import SOURCES

log = structlog.get_logger(__name__)

WORKERS = 3
"""Jobs at the same time, so that one long backfill does not hold up the other sources."""
HOMES_EVERY = timedelta(minutes=5)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
DRAIN_S = 10.0
"""How long listeners that run may take to end: Slack's own calls are given up after twenty seconds."""


@dataclass(slots=True)
class Program:
    """The running bot: Slack's socket (None in HTTP mode), the web server, and the clock that ticks."""

    deps: Deps
    app: App
    crew: Crew
    handler: WatchedSocket | None
    posting: WebClient
    tallies: Tallies = field(default_factory=Tallies)
    ending: threading.Event = field(default_factory=threading.Event)
    drain_s: float = DRAIN_S
    engine: Engine | None = None
    web: Web | None = None
    homes_at: datetime = LONG_AGO

    def start(self, *, ticking: bool = True) -> None:
        """Connect and, unless somebody else ticks, begin to work. Raises ConfigError when Slack lacks a scope."""
        try:
            admitting.refresh_members(self.deps)
        except SlackApiError as error:
            raise ConfigError(refused(error.response)) from error
        jobs.ensure_schedules(self.deps)
        self.deps.pictures.start(is_busy=lambda: self.crew.is_busy)
        if self.web:
            self.web.start()
        if self.handler:
            self.handler.connect()
        if ticking:
            working = {f"work-{n}": lambda: jobs.work(self.deps) for n in range(WORKERS)}
            self.engine = Engine(
                {
                    "tick": lambda: jobs.tick(self.deps),
                    "deliver": self.deliver,
                    "homes": self.refresh_homes,
                    **working,
                }
            )
            self.engine.start()
        for name, source in self.deps.config.sources.items():
            if warning := SOURCES[name].warns(source.settings):
                log.warning("a source will stop working", source=name, why=warning)
        log.info("bellwether is up", sources=sorted(self.deps.sources))

    def deliver(self) -> int:
        sent = delivery.deliver(self.deps, self.posting)
        if sent:
            self.tallies.count("deliveries", by=sent)
        return sent

    def refresh_homes(self) -> None:
        """Bring the Homes up to date that somebody looks at, every few minutes. Several processes may: equal ones are left."""
        now = self.deps.clock.now()
        if now - self.homes_at >= HOMES_EVERY:
            self.homes_at = now
            homing.refresh(self.deps)

    def stop(self) -> None:
        """Take nothing new, let everybody who asked have an answer, finish what is running, and hang up last."""
        self.ending.set()
        self._let_answer()
        if self.engine:
            self.engine.stop()
        if self.web:
            self.web.stop()
        self.deps.pictures.stop()
        if self.handler:
            self.handler.close()
        self.crew.shutdown(wait=False)
        self.deps.db.dispose()

    def _let_answer(self) -> None:
        until = time.monotonic() + self.drain_s
        if self.handler:
            self.handler.refuse()
            self.handler.drain(self.drain_s)
        if running := self.crew.drain(until - time.monotonic()):
            log.warning("listeners are cut off", running=running, after_s=self.drain_s)
