"""Charts of many accounts: how many are in each status day by day, and whose score moved most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.blocks import limits, words
from bot.blocks.chart import (
    LABEL,
    TITLE,
    Chart,
    day_text,
    name_text,
    native,
    thinned,
    titled,
)
from bot.blocks.kit import Block
from bot.blocks.text import clip
from scoring.rubric import Rubric, Status

MOST_MOVERS = 8

STATUSES = (*sorted(Status, reverse=True), None)
"""Best first, as they are stacked from the top; None: not enough data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution(Chart):
    """How many accounts were in each status on each day. Days are UTC day numbers.

    `of`: whose accounts, such as "All accounts" or "Dana's book of business". `counts`: oldest first, a day once.
    """

    of: str
    counts: Sequence[tuple[int, Mapping[Status | None, int]]]

    @property
    def title(self) -> str:
        return titled(self.of, self._said(), words.NAME + 60)

    @property
    def alt(self) -> str:
        if not self.counts:
            return f"{name_text(self.of)}: nothing was counted yet."
        (first, then), (last, now) = self.counts[0], self.counts[-1]
        of_each = ", ".join(
            f"{words.label(each)} {words.count(now.get(each, 0))}{_since(now, then, each)}"
            for each in STATUSES
            if now.get(each, 0) or then.get(each, 0)
        )
        told = f"{words.plural(sum(now.values()), 'account')} on {day_text(last, last)}: {of_each}"
        against = f"; changes since {day_text(first, last)}" if first < last else ""
        return clip(f"{name_text(self.of)}: {told}{against}.", limits.ALT)

    @property
    def drawn(self) -> Any:
        return [
            self.of,
            [[day, [counts.get(each, 0) for each in STATUSES]] for day, counts in self.counts],
        ]

    def native(self) -> Block | None:
        """Lines, not areas: Slack does not say whether it stacks them."""
        if not self.counts:
            return None
        until = self.counts[-1][0]
        shown = [self.counts[at] for at in thinned(len(self.counts))]
        series = {
            words.label(each): [counts.get(each, 0) for _, counts in shown] for each in STATUSES
        }
        days = [day_text(day, until) for day, _ in shown]
        title = titled(self.of, self._said(short=True), TITLE)
        return native(title, "line", days, series, y_label="Accounts")

    def _said(self, *, short: bool = False) -> str:
        """How many are in trouble, and whether that are more than at first."""
        if not self.counts:
            return "no counts yet"
        (first, then), (last, now) = self.counts[0], self.counts[-1]
        low = _low(now)
        said = f"{words.count(low)} below Stable"
        if short:
            return said
        change = words.spoken(low - _low(then))
        moved = f", {change} since {day_text(first, last)}" if first < last else ""
        return f"{words.count(low)} of {words.count(sum(now.values()))} At-risk or Critical{moved}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """An account whose score moved from `before` to `now`."""

    name: str
    before: float
    now: float

    @property
    def change(self) -> int:
        """In points, between the two as they are shown."""
        return words.whole(self.now) - words.whole(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movers(Chart):
    """Whose score moved most between two days, the steepest fall first. Days are UTC day numbers."""

    of: str
    movers: Sequence[Mover]
    since: int
    until: int
    rubric: Rubric

    @property
    def shown(self) -> list[Mover]:
        """Those that moved, the steepest first; where there are too many, those that moved most."""
        moved = sorted(
            (each for each in self.movers if each.change), key=lambda each: -abs(each.change)
        )
        return sorted(moved[:MOST_MOVERS], key=lambda each: (each.change, each.name))

    @property
    def title(self) -> str:
        return titled(self.of, f"{self._said()} since {self._day(self.since)}", words.NAME + 60)

    @property
    def alt(self) -> str:
        told = [
            f"{at}. {name_text(each.name, 40)} {words.spoken(each.change)} to {self.score(each.now)}"
            for at, each in enumerate(self.shown, start=1)
        ]
        said = "; ".join(told) or "no score moved"
        between = f"from {self._day(self.since)} to {self._day(self.until)}"
        return clip(f"{name_text(self.of)} {between}: {said}.", limits.ALT)

    @property
    def drawn(self) -> Any:
        moved = [[each.name, words.whole(each.before), round(each.now, 1)] for each in self.shown]
        return [self.of, self.since, self.until, moved]

    def score(self, value: float) -> str:
        return words.score_text(value, self.rubric.status(value), self.rubric)

    def native(self) -> Block | None:
        """Both scores of each beside one another: what fell and what rose shows without a colour."""
        shown = self.shown
        if not shown:
            return None
        names = _apart([each.name for each in shown])
        series = {
            self._day(self.since): [words.whole(each.before) for each in shown],
            self._day(self.until): [words.whole(each.now) for each in shown],
        }
        return native(
            titled(self.of, self._said(), TITLE), "bar", names, series, y_label="Health score"
        )

    def _said(self) -> str:
        shown = self.shown
        down = sum(each.change < 0 for each in shown)
        return f"{down} down, {len(shown) - down} up" if shown else "no score moved"

    def _day(self, day: int) -> str:
        return day_text(day, self.until)


def _low(counts: Mapping[Status | None, int]) -> int:
    return counts.get(Status.AT_RISK, 0) + counts.get(Status.CRITICAL, 0)


def _since(
    now: Mapping[Status | None, int], then: Mapping[Status | None, int], status: Status | None
) -> str:
    change = now.get(status, 0) - then.get(status, 0)
    return f" ({words.spoken(change)})" if change else ""


def _apart(names: Sequence[str]) -> list[str]:
    """The names short enough for Slack's chart, and told apart by a number where they are alike."""
    found: list[str] = []
    for at, name in enumerate(names, start=1):
        label = name_text(name, LABEL - 2)
        found.append(label if label not in found else f"{name_text(name, LABEL - 6)} ({at})")
    return found
