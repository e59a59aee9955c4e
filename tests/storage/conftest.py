"""What the tests of storage share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import pytest
from sqlmodel import Session

from storage.engine import Database


class _Undo(Exception):  # noqa: N818
    pass


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.write() as session:
        yield session


@pytest.fixture
def undone(db: Database) -> Callable[[], AbstractContextManager[Session]]:
    """A transaction whose effects are gone when its block ends, for many examples in one test."""

    @contextmanager
    def begin() -> Iterator[Session]:
        with suppress(_Undo), db.write() as session:
            yield session
            raise _Undo

    return begin
