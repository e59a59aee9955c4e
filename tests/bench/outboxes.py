"""Outbox: how many messages a second can be queued, claimed and marked as sent, each step its own transaction."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from storage import claims, outbox
from storage.claims import Place
from storage.engine import Database
from storage.outbox import OutMessage
from storage.sql import run
from tests.bench.figures import Figure, held, timed
from tests.bench.processes import alone
from tests.bench.world import NOW, open_world

_CHANNELS = 50


def measure(folder: Path, *, messages: int) -> Iterator[Figure]:
    (few, many, bare), _ = alone(post, folder, messages)
    name, rate = "outbox: add, claim, mark", messages / few
    yield from held(f"{name}, 10 waiting", rate, "messages/s", {"3 bare commits": messages / bare})
    yield from held(
        f"{name}, {messages} waiting", messages / many, "messages/s", {"10 waiting": rate}
    )


def post(folder: Path, messages: int) -> tuple[float, float, float]:
    """Seconds for so many messages, ten at a time and all at once, and for three transactions each that write one row."""
    db = open_world(folder).db
    db.upgrade()
    by_tens = range(0, messages, 10)
    few = sum(timed(partial(_post, db, range(first, first + 10)))[0] for first in by_tens)
    many, _ = timed(lambda: _post(db, range(messages, 2 * messages)))
    bare, _ = timed(lambda: _commit(db, 3 * messages))
    return few, many, bare


def _post(db: Database, numbers: range) -> None:
    payload = {"text": "x" * 200, "blocks": [{"type": "section", "text": "x" * 1_500}]}
    for number in numbers:
        message = OutMessage(key=f"m{number}", target=f"C{number % _CHANNELS}", payload=payload)
        with db.write() as session:
            outbox.add(session, message, at=NOW)
    for number in numbers:
        with db.write() as session:
            claim = claims.take(session, at=NOW, pace=timedelta(0))
        if claim is None:
            raise RuntimeError("nothing to claim, though messages wait")
        with db.write() as session:
            claims.mark_sent(session, claim, Place(claim.message.target, f"{number}.0"), at=NOW)


def _commit(db: Database, times: int) -> None:
    with db.write() as session:
        run(session, sa.text("CREATE TABLE bare (id INTEGER PRIMARY KEY, word TEXT)"))
    for _ in range(times):
        with db.write() as session:
            run(session, sa.text("INSERT INTO bare (word) VALUES ('x')"))
