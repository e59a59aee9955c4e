"""The use cases' own world, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from service_world import World

from bot.blocks.reader import Reader, reading
from storage.engine import Database


@pytest.fixture
def world(db: Database, tmp_path) -> World:
    return World(db, tmp_path)


@pytest.fixture(autouse=True)
def seeing_money() -> Iterator[None]:
    """Whoever asks may see what customers pay; who may not has tests of their own."""
    with reading(Reader(sees_money=True)):
        yield
