"""Blocks are looked at as somebody sees them who may see everything; who may not has tests of their own."""

from collections.abc import Iterator

import pytest

from bot.blocks.reader import Reader, reading

SEES_ALL = Reader(sees_money=True)

# What these modules show is rendered when they are collected.
_collecting = reading(SEES_ALL)
_collecting.__enter__()


def pytest_collection_finish() -> None:
    _collecting.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def seeing_money() -> Iterator[None]:
    with reading(SEES_ALL):
        yield
