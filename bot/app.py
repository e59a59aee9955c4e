"""The composition root: a configuration in, a running bot out."""

from dataclasses import dataclass

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

from bot import delivery, jobs
from bot.config import Config, SlackConfig
from bot.deps import Deps
from bot.directory import SlackDirectory
from bot.listeners import alert_forms, alerts, calls, health, holds, matches, menus, tasks
from bot.proving import prove, refused
from bot.schedule import Engine
from bot.services import admitting
from bot.variables import ConfigError
from bot.web import Web, routes
from integrations.base import Clock
from integrations.registry import SOURCES, open_source
from storage.engine import Database, open_database

log = structlog.get_logger(__name__)

SLACK_TIMEOUT_S = 20
WORKERS = 3
"""Jobs at the same time, so that one long backfill does not hold up the other sources."""


def open_deps(config: Config, *, clock: Clock, db: Database | None = None) -> Deps:
    """Everything the use cases need. Opens the database without touching its tables."""
    config.home.mkdir(parents=True, exist_ok=True)
    hash_key = config.general.hash_key.get_secret_value().encode()
    return Deps(
        db=db or open_database(config.database_url),
        clock=clock,
        config=config,
        sources={
            name: open_source(name, source.settings, clock=clock, hash_key=hash_key)
            for name, source in config.sources.items()
        },
        directory=SlackDirectory(reading_client(config)),
    )


def reading_client(config: Config) -> WebClient:
    """The client for calls that may be repeated: reads, updates, opening a modal."""
    client = slack_client(config.slack)
    client.retry_handlers = [
        ConnectionErrorRetryHandler(max_retry_count=2),
        RateLimitErrorRetryHandler(max_retry_count=2),
        ServerErrorRetryHandler(max_retry_count=2),
    ]
    return client


def posting_client(config: Config) -> WebClient:
    """The client of the outbox: it never tries again by itself, for a lost answer would become a second message."""
    client = slack_client(config.slack)
    client.retry_handlers = []
    return client


def slack_client(slack: SlackConfig) -> WebClient:
    """A client with the bot's token."""
    token = slack.bot_token.get_secret_value()
    return WebClient(token, base_url=slack.base_url, timeout=SLACK_TIMEOUT_S)


@dataclass(slots=True)
class Program:
    """The running bot: Slack's socket, and the clock that ticks."""

    deps: Deps
    app: App
    handler: SocketModeHandler
    posting: WebClient
    engine: Engine | None = None
    web: Web | None = None

    def start(self, *, ticking: bool = True) -> None:
        """Connect and, unless somebody else ticks, begin to work. Raises ConfigError when Slack lacks a scope."""
        try:
            admitting.refresh_members(self.deps)
        except SlackApiError as error:
            raise ConfigError(refused(error.response)) from error
        jobs.ensure_schedules(self.deps)
        if self.web:
            self.web.start()
        self.handler.connect()  # type: ignore[no-untyped-call]
        if ticking:
            working = {f"work-{n}": lambda: jobs.work(self.deps) for n in range(WORKERS)}
            self.engine = Engine(
                {"tick": lambda: jobs.tick(self.deps), "deliver": self.deliver, **working}
            )
            self.engine.start()
        for name, source in self.deps.config.sources.items():
            if warning := SOURCES[name].warns(source.settings):
                log.warning("a source will stop working", source=name, why=warning)
        log.info("bellwether is up", sources=sorted(self.deps.sources))

    def deliver(self) -> int:
        return delivery.deliver(self.deps, self.posting)

    def stop(self) -> None:
        """Take nothing new, finish what is running, then let go of the socket."""
        if self.web:
            self.web.stop()
        if self.engine:
            self.engine.stop()
        self.handler.close()  # type: ignore[no-untyped-call]
        self.deps.db.dispose()


def build(deps: Deps) -> Program:
    """Prove the credentials and put the bot together. Raises ConfigError with what to mend."""
    client = reading_client(deps.config)
    prove(client, deps.config.slack)
    app = build_app(deps, client)
    handler = SocketModeHandler(app, deps.config.slack.app_token.get_secret_value())
    web = Web(routes(deps), listen=deps.config.web.listen) if deps.config.web else None
    return Program(deps, app, handler, posting_client(deps.config), web=web)


def build_app(deps: Deps, client: WebClient) -> App:
    """The Bolt app with every story's listeners."""
    app = App(client=client, token_verification_enabled=False)
    for story in (health, alerts, alert_forms, menus, calls, tasks, holds, matches):
        story.register(app, deps)

    return app
