"""The distribution as a picture: a bar a day, stacked by status, and each status's number at the right."""

from bot.blocks import words
from bot.blocks.book_charts import STATUSES, Distribution
from bot.blocks.chart import day_text
from bot.pictures.canvas import COLOURS, FAINT, HEIGHT, INK, WIDTH, Canvas
from scoring.rubric import Status

LEFT, RIGHT, BOTTOM, TOP = 28, WIDTH - 300, 56, HEIGHT - 24
_APART = 44  # from one line of the legend to the next


def draw(chart: Distribution) -> bytes:
    canvas = Canvas()
    if not chart.counts:
        canvas.text(WIDTH / 2, HEIGHT / 2, "No accounts counted yet", at="center")
        return canvas.png()
    _bars(canvas, chart)
    _days(canvas, chart)
    _names(canvas, chart)
    return canvas.png()


def _bars(canvas: Canvas, chart: Distribution) -> None:
    """A day that was not counted stays empty. From the top: the best status first."""
    first, last = chart.counts[0][0], chart.counts[-1][0]
    most = max(1, *(sum(counts.values()) for _, counts in chart.counts))
    wide = (RIGHT - LEFT) / (last - first + 1)
    gap = min(3.0, wide * 0.2)
    for day, counts in chart.counts:
        y: float = BOTTOM
        for status in reversed(STATUSES):
            tall = counts.get(status, 0) / most * (TOP - BOTTOM)
            if tall:
                x = LEFT + (day - first) * wide
                # A hair of white between two, so that they part without their colours.
                canvas.box(x, y, wide - gap, max(1.0, tall - 2), COLOURS[status])
            y += tall


def _days(canvas: Canvas, chart: Distribution) -> None:
    first, last = chart.counts[0][0], chart.counts[-1][0]
    canvas.text(LEFT, BOTTOM - 28, day_text(first, last), colour=FAINT)
    if first < last:
        canvas.text(RIGHT, BOTTOM - 28, day_text(last, last), colour=FAINT, at="right")


def _names(canvas: Canvas, chart: Distribution) -> None:
    """The last day's numbers, as near to their part of the bar as they can be without touching."""
    counts = chart.counts[-1][1]
    shown = [status for status in STATUSES if counts.get(status, 0)]
    most = max(1, *(sum(each.values()) for _, each in chart.counts))
    scale = (TOP - BOTTOM) / most
    top = BOTTOM + sum(counts.values()) * scale
    wanted = []
    for status in shown:
        wanted.append(top - counts[status] * scale / 2)
        top -= counts[status] * scale
    for status, y in zip(shown, _spread(wanted), strict=True):
        canvas.mark(RIGHT + 24, y, "s", COLOURS[status], 26)
        number = words.count(counts[status])
        canvas.text(RIGHT + 46, y, number, colour=INK, bold=True)
        beside = RIGHT + 46 + canvas.width_of(number, bold=True) + 10
        canvas.text(beside, y, canvas.shortened(_label(status), WIDTH - 14 - beside), colour=INK)


def _label(status: Status | None) -> str:
    return status.label if status else "No status"


def _spread(wanted: list[float]) -> list[float]:
    """Heights from the top down, at least _APART from each other, and all of them on the card."""
    found: list[float] = []
    for each in wanted:
        found.append(min(each, found[-1] - _APART if found else TOP - 10))
    lowest = BOTTOM - 20.0
    for at in reversed(range(len(found))):
        found[at] = max(found[at], lowest)
        lowest = found[at] + _APART
    return found
