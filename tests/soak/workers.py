"""The processes that are killed: one that delivers as the bot does, and two loops one would write first."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import OperationalError

from bot.app import posting_client, reading_client
from bot.clock import StoryClock
from bot.config import Config
from bot.delivery import EVENT_TYPE, Patience, deliver
from bot.deps import Deps
from bot.directory import SlackDirectory
from storage.engine import Database, open_database
from storage.outbox import Kind, State
from storage.sql import first, run
from storage.tables import OutboxRow

Moment = tuple[datetime, float]
"""What time it was in the story, and what `time.monotonic` said then, which is the same for all processes."""

# As the real ones, but short, so that many of them fit into minutes.
TIMEOUT_S = 1
PATIENCE = Patience(
    lease=timedelta(seconds=3), settle=timedelta(seconds=2), longest=timedelta(seconds=4)
)
_REST_S = 0.05  # between two looks at an outbox that has nothing due

_out = OutboxRow.__table__


def clock_of(moment: Moment) -> StoryClock:
    """A clock that flows like everybody's: real seconds since a moment all were told."""
    told, since = moment
    now = told + timedelta(seconds=time.monotonic() - since)
    return StoryClock(now, flowing=True, on_move=lambda _now: None)


def deps_of(config: Config, moment: Moment) -> Deps:
    return Deps(
        db=open_database(config.database_url),
        clock=clock_of(moment),
        config=config,
        sources={},
        directory=SlackDirectory(reading_client(config)),
    )


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def deliver_for_ever(config: Config, moment: Moment) -> None:
    """What the bot's own process does all day: where somebody holds the database, the next tick tries again."""
    deps, client = _begin(config, moment)
    while True:
        with suppress(OperationalError):
            deliver(deps, client, patience=PATIENCE)
        pause(_REST_S)


def post_then_mark(config: Config, moment: Moment) -> None:
    """The plainest loop: whoever dies between the two says it again."""
    deps, client = _begin(config, moment)
    _for_ever(deps.db, lambda row: _post(client, row) and _mark(deps.db, row))


def mark_then_post(config: Config, moment: Moment) -> None:
    """The careful one: whoever dies between the two never says it."""
    deps, client = _begin(config, moment)
    _for_ever(deps.db, lambda row: _mark(deps.db, row) and _post(client, row))


def _begin(config: Config, moment: Moment) -> tuple[Deps, WebClient]:
    """Open everything, and keep still about it: what goes wrong here is meant to."""
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    client = posting_client(config)
    client.timeout = TIMEOUT_S
    return deps_of(config, moment), client


def _for_ever(db: Database, say: Callable[[sa.Row[Any]], bool]) -> None:
    waiting = sa.select(_out).where(_out.c.state == State.PENDING).order_by(_out.c.id).limit(1)
    while True:
        with db.read() as session:
            row = first(session, waiting)
        if row is None:
            pause(_REST_S)
        elif row.kind == Kind.UPDATE:
            _mark(db, row)
        else:
            say(row)


def _mark(db: Database, row: sa.Row[Any]) -> bool:
    with db.write() as session:
        run(session, sa.update(_out).where(_out.c.id == row.id).values(state=State.SENT))
    return True


def _post(client: WebClient, row: sa.Row[Any]) -> bool:
    """Post a message as soon as Slack has room for it. False when that went wrong."""
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": row.key}}
    while True:
        try:
            client.chat_postMessage(channel=row.target, metadata=metadata, **row.payload)
        except SlackApiError as error:
            if error.response.status_code != 429:
                return False
            pause(float(error.response.headers["Retry-After"]))
        except (SlackClientError, OSError):
            return False
        else:
            return True
