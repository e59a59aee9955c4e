"""What the bot's tests share: the sandbox in another process, and the bot on it, with time that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from slack_sdk import WebClient
from worlds import Outside, start, wait_for

from bot.app import Program, build, open_deps
from bot.clock import StoryClock
from bot.config import Config
from bot.deps import Deps
from storage.engine import Database


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Short tracebacks: the pretty ones take half a second each."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """One process for all tests; ask for `sandbox` instead, which has forgotten what was before."""
    box = Outside(tmp_path_factory.mktemp("outside"))
    box.start()
    yield box
    box.stop()


@pytest.fixture
def sandbox(outside: Outside) -> Outside:
    outside.begin_afresh()
    return outside


@pytest.fixture
def config(sandbox: Outside, tmp_path: Path, database_url: str) -> Config:
    return sandbox.config(tmp_path / "home", database=database_url)


@pytest.fixture
def deps(sandbox: Outside, config: Config, db: Database) -> Deps:
    """The bot's own, on SQLite and on PostgreSQL; a module that does not care overrides `database_url`."""
    clock = StoryClock(sandbox.now(), flowing=False, on_move=sandbox.move)
    return open_deps(config, clock=clock, db=db)


@pytest.fixture
def client(sandbox: Outside) -> WebClient:
    """The outbox's client."""
    return sandbox.web()


@pytest.fixture
def program(sandbox: Outside, deps: Deps) -> Iterator[Program]:
    """The bot, connected over Socket Mode. Nothing ticks: a test says when jobs run and messages go out."""
    running = build(deps)
    start(running)
    yield running
    running.stop()
    wait_for(lambda: sandbox.connections() == 0)
