"""The use cases' own world, on SQLite and on PostgreSQL."""

import pytest
from service_world import World

from storage.engine import Database


@pytest.fixture
def world(db: Database, tmp_path) -> World:
    return World(db, tmp_path)
