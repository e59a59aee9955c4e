"""The trend as a picture: the score's line over the statuses' ranges, and what happened on the way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot

from bot.blocks import words
from bot.blocks.charts import Marker, MarkerKind, Trend
from bot.pictures.canvas import FAINT, HEIGHT, INK, LINE, SCORE, TEXT, WIDTH, Canvas, tint
from scoring.rubric import Status

LEFT, RIGHT, BOTTOM = 66, WIDTH - 150, 52
"""The plot; the statuses' names are right of it, the days below."""
TOP, TOP_WITH_LEGEND = HEIGHT - 22, HEIGHT - 64
ROOM = 104  # for the last score, right of the last day
PAD = 14  # under a score of 0 and over one of 100, so that a mark there is whole

SHAPES: Mapping[MarkerKind, tuple[str, str, float]] = {
    MarkerKind.ALERT: ("^", "#b8430a", 27),
    MarkerKind.OUTREACH: ("o", "#00694d", 23),
    MarkerKind.PLAN: ("D", "#8a2f73", 20),
    MarkerKind.NOTE: ("s", "#5a626b", 21),
}
"""Shape, colour and size: each kind is known by its shape alone."""

_CLOSE = 26  # two marks nearer than this hide each other
_SAME = 3  # days within which a second one of a kind says nothing new
_STEPS = (0, 1, -1, 2, -2, 3)


@dataclass(frozen=True, slots=True)
class Plot:
    """Where days and scores lie, in pixels."""

    trend: Trend

    @property
    def top(self) -> float:
        return TOP_WITH_LEGEND if self.trend.marked else TOP

    def x(self, day: float) -> float:
        share = (day - self.trend.since) / max(1, self.trend.days - 1)
        return LEFT + 10 + share * (RIGHT - ROOM - LEFT - 10)

    def y(self, score: float) -> float:
        """Both ends of the scale have room for the line."""
        return BOTTOM + PAD + min(100.0, max(0.0, score)) / 100 * (self.top - BOTTOM - 2 * PAD)


def draw(trend: Trend) -> bytes:
    canvas, plot = Canvas(), Plot(trend)
    _ranges(canvas, plot)
    _days(canvas, plot)
    _line(canvas, plot)
    _marks(canvas, plot)
    _legend(canvas, trend)
    _last(canvas, plot)
    return canvas.png()


def _ranges(canvas: Canvas, plot: Plot) -> None:
    """A tint for each status with its name at the right, and the line between two with its score at the left."""
    upper, told = plot.top, plot.top + TEXT
    for status, line in (*plot.trend.lines.items(), (Status.CRITICAL, 0.0)):
        lower = plot.y(line) if line else BOTTOM
        canvas.box(LEFT, lower, RIGHT - LEFT, upper - lower, tint(status))
        # A narrow range has no room for its name, nor its line for its number.
        if upper - lower >= TEXT:
            canvas.text(RIGHT + 10, (upper + lower) / 2, status.label, size=29, colour=FAINT)
        if line:
            canvas.line([(LEFT, lower), (RIGHT, lower)], "#7d8791", 1.5, dashes=(5, 5))
            if lower + TEXT <= told:
                canvas.text(LEFT - 8, lower, words.number(line), colour=FAINT, at="right")
                told = lower
        upper = lower


def _days(canvas: Canvas, plot: Plot) -> None:
    trend = plot.trend
    steps = 3 if trend.days >= 30 else 1
    days = [trend.since + round((trend.days - 1) * step / steps) for step in range(steps + 1)]
    for day in sorted(set(days)):
        canvas.line([(plot.x(day), BOTTOM), (plot.x(day), BOTTOM - 7)], "#7d8791", 2)
        is_first = day == trend.since
        x, at = (LEFT, "left") if is_first else (plot.x(day), "center")
        canvas.text(x, BOTTOM - 28, trend.day(day), colour=FAINT, at=at)


def _line(canvas: Canvas, plot: Plot) -> None:
    """Each stretch on its own: a day without a score is a gap."""
    for stretch in plot.trend.stretches:
        points = [(plot.x(day), plot.y(score)) for day, score in stretch]
        if len(points) == 1:
            canvas.mark(*points[0], "o", LINE, 13)
        else:
            canvas.line(points, LINE, 5)
    if not plot.trend.shown:
        middle = (LEFT + RIGHT) / 2, (BOTTOM + plot.top) / 2
        canvas.text(*middle, "No health score yet", colour=INK, at="center", rim=True)


def _last(canvas: Canvas, plot: Plot) -> None:
    for day, score in plot.trend.shown[-1:]:
        x, y = plot.x(day), plot.y(score)
        canvas.mark(x, y, "o", LINE, 20)
        low, high = BOTTOM + 20, plot.top - 20
        said = plot.trend.score(score)
        canvas.text(
            x + 15, min(high, max(low, y)), said, size=SCORE, colour=LINE, bold=True, rim=True
        )


def _marks(canvas: Canvas, plot: Plot) -> None:
    """On the line, or beside it where another mark is; at the bottom on a day without a score."""
    scores = dict(plot.trend.shown)
    # The last score's own dot is in the way too.
    placed = [(plot.x(day), plot.y(score)) for day, score in plot.trend.shown[-1:]]
    for marker in _told(plot.trend):
        shape, colour, size = SHAPES[marker.kind]
        x = plot.x(marker.day)
        on = plot.y(scores.get(marker.day, 0))
        y = _free(x, on, placed, plot)
        placed.append((x, y))
        canvas.mark(x, y, shape, colour, size)


def _told(trend: Trend) -> Iterator[Marker]:
    """The markers, without those that follow another of their kind so closely that they would lie on it."""
    last: dict[MarkerKind, int] = {}
    for marker in trend.marked:
        if marker.day - last.get(marker.kind, marker.day - _SAME) >= _SAME:
            last[marker.kind] = marker.day
            yield marker


def _free(x: float, wanted: float, placed: list[tuple[float, float]], plot: Plot) -> float:
    """The height nearest to the wanted one at which no other mark is hidden."""
    for step in _STEPS:
        y = wanted + step * _CLOSE
        inside = plot.y(0) <= y <= plot.y(100)
        if inside and all(hypot(x - px, y - py) >= _CLOSE for px, py in placed):
            return y
    return wanted


def _legend(canvas: Canvas, trend: Trend) -> None:
    """Only of what there is to see."""
    x = float(LEFT)
    for kind in MarkerKind:
        if any(each.kind is kind for each in trend.marked):
            shape, colour, size = SHAPES[kind]
            canvas.mark(x + 12, HEIGHT - 34, shape, colour, size)
            canvas.text(x + 32, HEIGHT - 34, kind.capitalize(), colour=INK)
            x += 32 + canvas.width_of(kind.capitalize()) + 34
