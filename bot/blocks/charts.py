"""The trend: an account's health score over the last days, in words, as Slack's own chart and as an image block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from bot.blocks import limits, words
from bot.blocks.chart import TITLE, Chart, day_text, has_amount, name_text, native, thinned, titled
from bot.blocks.kit import Block
from bot.blocks.text import clip, plain
from scoring.rubric import Rubric, Status

_LISTED = 6  # days that a kind of marker is told of


class MarkerKind(StrEnum):
    """What happened on a day, in the order of the legend."""

    ALERT = "alert"
    OUTREACH = "outreach"
    PLAN = "plan change"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """`day` is a UTC day number. `label` says more in `alt`; one with an amount in it is left out."""

    day: int
    kind: MarkerKind
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Chart):
    """An account's health score over the last days. Days are UTC day numbers.

    `points`: (day, score from 0 to 100), oldest first, a day once; one that is missing had no score.
    `until`: the last day shown; `days`: how many are.
    """

    name: str
    points: Sequence[tuple[int, float]]
    until: int
    rubric: Rubric
    markers: Sequence[Marker] = ()
    days: int = 90

    @property
    def since(self) -> int:
        return self.until - self.days + 1

    @property
    def shown(self) -> list[tuple[int, float]]:
        """The points within the days."""
        return [point for point in self.points if self.since <= point[0] <= self.until]

    @property
    def marked(self) -> list[Marker]:
        """The markers within the days, oldest first."""
        inside = [each for each in self.markers if self.since <= each.day <= self.until]
        return sorted(inside, key=lambda each: (each.day, list(MarkerKind).index(each.kind)))

    @property
    def stretches(self) -> list[list[tuple[int, float]]]:
        """The points without a day missing between them, each stretch on its own."""
        found: list[list[tuple[int, float]]] = []
        for point in self.shown:
            if not found or found[-1][-1][0] + 1 < point[0]:
                found.append([])
            found[-1].append(point)
        return found

    @property
    def lines(self) -> Mapping[Status, float]:
        """The score from which on a status holds, best first."""
        return {
            Status.HEALTHY: self.rubric.healthy,
            Status.STABLE: self.rubric.stable,
            Status.AT_RISK: self.rubric.at_risk,
        }

    def score(self, value: float) -> str:
        """A score as it is said everywhere: whole, unless that were on the other side of a line."""
        return words.score_text(value, self.rubric.status(value), self.rubric)

    @property
    def title(self) -> str:
        shown = self.shown
        if not shown:
            return f"{name_text(self.name)} · no health score yet"
        (first, then), (last, now) = shown[0], shown[-1]
        on = "" if last == self.until else f" on {self.day(last)}"
        moved = f", {_moved(now, then)} since {self.day(first)}" if first < last else ""
        return f"{name_text(self.name)} · health score {self.score(now)}{on}{moved}"

    @property
    def alt(self) -> str:
        parts = [
            self._course(),
            *self._extremes(),
            *self._crossings(),
            *self._gaps(),
            *self._told(),
        ]
        return clip(f"{name_text(self.name)}: {'; '.join(parts)}.", limits.ALT)

    @property
    def drawn(self) -> Any:
        points = [(day, round(value, 1)) for day, value in self.shown]
        markers = [(each.day, each.kind) for each in self.marked]
        return [self.since, self.until, list(self.lines.values()), points, markers]

    def native(self) -> Block | None:
        points = _thinned(self.shown)
        if not points:
            return None
        series: dict[str, Sequence[float]] = {
            "Health score": [words.whole(value) for _, value in points]
        }
        for status, line in self.lines.items():
            series[f"{status.label} from {words.number(line)}"] = [line] * len(points)
        days = [self.day(day) for day, _ in points]
        (_, then), (_, now) = points[0], points[-1]
        title = titled(self.name, f"{self.score(now)}, {_moved(now, then)}", TITLE)
        return native(title, "line", days, series, y_label="Health score")

    def day(self, day: int) -> str:
        """4 Mar, with the year where it is another than that of the last day."""
        return day_text(day, self.until)

    def _course(self) -> str:
        shown = self.shown
        if not shown:
            return f"no health score from {self.day(self.since)} to {self.day(self.until)}"
        (first, then), (last, now) = shown[0], shown[-1]
        started = f"health score {self.score(then)} on {self.day(first)}"
        if first == last:
            return started
        return f"{started}, {self.score(now)} on {self.day(last)} ({_moved(now, then)})"

    def _extremes(self) -> list[str]:
        """The lowest and the highest day, where they are not the first or the last."""
        shown = self.shown
        found = []
        for word, pick in (("lowest", min), ("highest", max)):
            at = pick(shown, key=lambda point: point[1], default=None)
            if at and at[1] not in {shown[0][1], shown[-1][1]}:
                found.append(f"{word} {self.score(at[1])} on {self.day(at[0])}")
        return found

    def _crossings(self) -> list[str]:
        """The last three times that it came over a line."""
        shown = self.shown
        found = []
        for (_, then), (day, now) in pairwise(shown):
            before, after = self.rubric.status(then), self.rubric.status(now)
            if after < before:
                line = words.number(self.lines[Status(after + 1)])
                found.append(f"fell below {line} on {self.day(day)}")
            elif after > before:
                line = words.number(self.lines[after])
                found.append(f"rose to {line} or more on {self.day(day)}")
        return found[-3:]

    def _gaps(self) -> list[str]:
        shown = self.shown
        missing = shown[-1][0] - shown[0][0] + 1 - len(shown) if shown else 0
        return [f"no score on {words.plural(missing, 'day')} in between"] if missing else []

    def _told(self) -> list[str]:
        """The markers of each kind, the newest of them."""
        return [
            f"{_PLURALS[kind]} on {_days(told)}"
            for kind in MarkerKind
            if (told := [self._marker(each) for each in self.marked if each.kind is kind])
        ]

    def _marker(self, marker: Marker) -> str:
        label = plain(marker.label, 60)
        shown = label and not has_amount(label)
        return f"{self.day(marker.day)} ({label})" if shown else self.day(marker.day)


_PLURALS = {
    MarkerKind.ALERT: "alerts",
    MarkerKind.OUTREACH: "outreach",
    MarkerKind.PLAN: "plan changes",
    MarkerKind.NOTE: "notes",
}


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Few enough points for Slack's chart; the first, the last, the lowest and the highest stay."""
    if not points:
        return []
    values = [value for _, value in points]
    keep = (values.index(min(values)), values.index(max(values)))
    return [points[at] for at in thinned(len(points), keep)]


def _days(told: list[str]) -> str:
    """The last few, oldest first, with how many there are before them."""
    left = len(told) - _LISTED
    earlier = f" and {left} earlier" if left > 0 else ""
    return ", ".join(told[-_LISTED:]) + earlier


def _moved(now: float, then: float) -> str:
    return words.spoken(words.change_between(now, then))
