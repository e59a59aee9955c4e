"""What every use case is handed: the database, the clock, the configuration, the sources and the directory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.blocks.chart import Chart
from bot.blocks.kit import Block
from bot.config import Config
from integrations.base import Clock, Source
from scoring.members import Member, MemberId
from storage.engine import Database


class Directory(Protocol):
    """Who is in the workspace, and in its user groups."""

    @property
    def team_id(self) -> str: ...

    def person(self, member_id: MemberId) -> Member: ...

    def everybody(self) -> Iterator[Sequence[Member]]: ...

    def group(self, group_id: str) -> Sequence[MemberId]: ...


class Pictures(Protocol):
    """Where charts become pictures, in their own time."""

    def ready(self, chart: Chart) -> str | None:
        """The file that shows the chart, where there is one that Slack can show now."""

    def order(
        self, chart: Chart, then: Callable[[Block | None], None], *, takes_native: bool = True
    ) -> None:
        """Have the chart drawn, and call back: with a picture, else Slack's own chart, else None."""

    def forget(self, chart: Chart, file_id: str) -> None:
        """Slack does not show this file any more."""

    def start(self, *, is_busy: Callable[[], bool] = ...) -> None:
        """Begin; while `is_busy`, answers go first."""

    def stop(self) -> None: ...


class NoPictures:
    """Nobody draws."""

    def ready(self, chart: Chart) -> str | None:  # noqa: ARG002
        return None

    def order(
        self,
        chart: Chart,  # noqa: ARG002
        then: Callable[[Block | None], None],
        *,
        takes_native: bool = True,  # noqa: ARG002
    ) -> None:
        then(None)

    def forget(self, chart: Chart, file_id: str) -> None: ...

    def start(self, *, is_busy: Callable[[], bool] = lambda: False) -> None: ...

    def stop(self) -> None: ...


class Homes(Protocol):
    """Where a member's Home is published."""

    def publish(self, member_id: MemberId, view: Mapping[str, Any], *, view_hash: str = "") -> None:
        """Show it from now on. With `view_hash`, only in the place of the Home of this hash.

        Raises what bot/services/homing.py says.
        """


class NoHomes:
    """Nobody has a Home."""

    def publish(
        self, member_id: MemberId, view: Mapping[str, Any], *, view_hash: str = ""
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """The composition root fills it once; nothing in it is replaced later."""

    db: Database
    clock: Clock
    config: Config
    sources: Mapping[str, Source]
    directory: Directory
    pictures: Pictures = field(default_factory=NoPictures)
    homes: Homes = field(default_factory=NoHomes)


Progress = Callable[[str, float | None, int], None]
"""Told after every page: the source, the share of its pull that is done (None: unknown), records so far."""
