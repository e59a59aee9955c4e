"""The reader: for whom something is rendered. Their language's way with numbers, and whether they see money.

It is no argument, as a locale never is: whoever answers somebody says so once, around everything
that is rendered for them. Where nobody said it, no money is shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """`locale` as Slack says it, like en-US."""

    locale: str = "en-US"
    sees_money: bool = False


NOBODY = Reader()
_reader: ContextVar[Reader] = ContextVar("reader", default=NOBODY)


def reader() -> Reader:
    return _reader.get()


@contextmanager
def reading(who: Reader) -> Iterator[None]:
    """Render for somebody, until the end of the block."""
    token = _reader.set(who)
    try:
        yield
    finally:
        _reader.reset(token)
