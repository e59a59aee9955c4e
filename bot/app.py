"""The composition root: a configuration in, a running bot out."""

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from slack_bolt import App, BoltContext
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from sqlalchemy.exc import SQLAlchemyError

from bot import http_mode, operating
from bot.calls import CountedClient, CountingHandler
from bot.commands.registry import WORDS
from bot.config import Config
from bot.connecting import SlackConfig
from bot.crew import Crew
from bot.deps import Deps
from bot.directory import SlackDirectory
from bot.listeners import (
    alert_forms,
    alerts,
    calls,
    erasing,
    health,
    holds,
    home,
    look_up,
    matches,
    measuring,
    mentions,
    menus,
    notes,
    once,
    sharing,
    tasks,
    unfurls,
)
from bot.listeners.door import Door
from bot.metrics import Metrics
from bot.pictures.workshop import Workshop
from bot.program import Program
from bot.proving import prove
from bot.publishing import SlackHomes
from bot.readiness import Readiness
from bot.services import outages
from bot.services.picturing import Studio
from bot.socket_mode import USUAL, Patience, WatchedSocket
from bot.tallies import Tallies
from bot.uploading import SlackFiles
from bot.web import Route, Web, routes
from integrations.base import Clock
from integrations.registry import open_source
from storage.engine import Database, open_database

__all__ = ("Program", "build", "build_app", "open_deps", "posting_client", "reading_client")

log = structlog.get_logger(__name__)

SLACK_TIMEOUT_S = 20
_ANY = re.compile("")


def open_deps(config: Config, *, clock: Clock, db: Database | None = None) -> Deps:
    """Everything the use cases need. Opens the database without touching its tables."""
    config.home.mkdir(parents=True, exist_ok=True)
    hash_key = config.general.hash_key.get_secret_value().encode()
    db = db or open_database(config.database_url)
    return Deps(
        db=db,
        clock=clock,
        config=config,
        sources={
            name: open_source(name, source.settings, clock=clock, hash_key=hash_key)
            for name, source in config.sources.items()
        },
        directory=SlackDirectory(reading_client(config)),
        pictures=Studio(
            db,
            clock,
            Workshop(config.home / "matplotlib"),
            SlackFiles(posting_client(config)),
            mode=config.slack.pictures,
        ),
        homes=SlackHomes(home_client(config), clock),
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


def home_client(config: Config) -> WebClient:
    """The client for Homes. It does not sit out a limit: the next run publishes what is left."""
    client = reading_client(config)
    client.retry_handlers = [
        each for each in client.retry_handlers if not isinstance(each, RateLimitErrorRetryHandler)
    ]
    return client


def posting_client(config: Config, tallies: Tallies | None = None) -> WebClient:
    """The client of the outbox: it never tries again by itself, for a lost answer would become a second message."""
    client = CountedClient(**_reach(config.slack), tallies=tallies or Tallies())
    client.retry_handlers = []
    return client


def slack_client(slack: SlackConfig) -> WebClient:
    """A client with the bot's token."""
    return WebClient(**_reach(slack))


def _reach(slack: SlackConfig) -> dict[str, Any]:
    token = slack.bot_token.get_secret_value()
    return {"token": token, "base_url": slack.base_url, "timeout": SLACK_TIMEOUT_S}


STORIES = (
    *(health, home, sharing),
    *(alerts, alert_forms, menus, calls, tasks, holds),
    *(matches, erasing),
    *(notes, look_up, mentions, unfurls),
)
"""Every listener there is, a file a story."""


def build(deps: Deps, *, patience: Patience = USUAL) -> Program:
    """Prove the credentials and put the bot together. Raises ConfigError with what to mend."""
    config, tallies = deps.config, Tallies()
    client = reading_client(config)
    client.retry_handlers.insert(0, CountingHandler(tallies))
    prove(client, config.slack)
    deps = replace(deps, directory=SlackDirectory(client))
    app = build_app(deps, client)
    app.event(_ANY)(_leave)  # after every story's: what is not acknowledged Slack sends again
    measuring.register(app, tallies, words=WORDS)
    crew = Crew()
    app.listener_runner.listener_executor = crew
    program = Program(
        deps,
        app,
        crew,
        _socket(deps, app, patience),
        posting_client(config, tallies),
        tallies=tallies,
    )
    if config.web:
        program.web = Web({**routes(deps), **_routes(program)}, listen=config.web.listen)
    return program


def _socket(deps: Deps, app: App, patience: Patience) -> WatchedSocket | None:
    token = deps.config.slack.app_token
    if deps.config.slack.mode == "http" or token is None:
        return None
    told = partial(_note_outage, deps)
    return WatchedSocket(app, token.get_secret_value(), on_back=told, patience=patience)


def _note_outage(deps: Deps, seconds: float) -> None:
    try:
        outages.note_outage(deps, timedelta(seconds=seconds))
    except SQLAlchemyError as error:
        log.warning("nobody is told of the outage", error=type(error).__name__)


def _routes(program: Program) -> dict[str, Route]:
    """What is answered over HTTP beside vendors' calls: operators' questions and, in HTTP mode, Slack."""
    socket, is_ending = program.handler, program.ending.is_set

    def is_connected() -> bool:
        return socket is None or socket.is_connected

    readiness = Readiness(
        deps=program.deps, is_ending=is_ending, hears=is_connected if socket else None
    )
    metrics = Metrics(program.deps, program.tallies, is_connected=is_connected)
    secret = program.deps.config.slack.signing_secret
    by_slack = (
        {}
        if socket or secret is None
        else http_mode.routes(
            program.app, secret.get_secret_value(), is_ending=is_ending, tallies=program.tallies
        )
    )
    return {**operating.routes(readiness, metrics), **by_slack}


def _leave(context: BoltContext) -> None:
    """An event that is for none of the stories: nothing is kept of it, and there may be many."""
    for each in (once.KEY, measuring.BEGAN):
        context.pop(each, None)


def build_app(deps: Deps, client: WebClient) -> App:
    """The Bolt app with every story's listeners."""
    app = App(
        client=client,
        token_verification_enabled=False,
        request_verification_enabled=False,  # http_mode does it, without telling the log what was sent
    )
    once.register(app, deps)
    door = Door(app, deps)
    for story in STORIES:
        story.register(door, deps)

    return app
