"""Addressing: for whom something is rendered. A person sees what they may; what is posted, only what all of its readers may."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import ParamSpec, TypeVar

from bot.blocks.reader import Reader, reading
from bot.config import Config
from bot.deps import Deps
from bot.services import admitting
from scoring.members import Member, Right

P = ParamSpec("P")
T = TypeVar("T")


def reader_of(deps: Deps, member: Member) -> Reader:
    """A person, with their language and their rights."""
    return Reader(member.locale, sees_money=Right.MONEY in admitting.rights(deps, member))


def to_all(config: Config, render: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Render for whoever reads it: money only where nobody was named who alone may see it."""
    with reading(Reader(sees_money=config.access.money is None)):
        return render(*args, **kwargs)


def to_member(
    deps: Deps, member: Member, render: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Render for one person."""
    with reading(reader_of(deps, member)):
        return render(*args, **kwargs)


def to_operator() -> AbstractContextManager[None]:
    """Render for who runs the bot, at its own terminal: the database is theirs."""
    return reading(Reader(sees_money=True))
