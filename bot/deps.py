"""What every use case is handed: the database, the clock, the configuration, the sources and the directory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.config import Config
from integrations.base import Clock, Source
from scoring.members import Member, MemberId
from storage.engine import Database


class Directory(Protocol):
    """Who is in the workspace."""

    @property
    def team_id(self) -> str: ...

    def person(self, member_id: MemberId) -> Member: ...

    def everybody(self) -> Iterator[Sequence[Member]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """The composition root fills it once; nothing in it is replaced later."""

    db: Database
    clock: Clock
    config: Config
    sources: Mapping[str, Source]
    directory: Directory


Progress = Callable[[str, float | None, int], None]
"""Told after every page: the source, the share of its pull that is done (None: unknown), records so far."""
