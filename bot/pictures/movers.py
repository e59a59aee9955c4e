"""The movers as a picture: falls to the left, rises to the right, with the points and the score now."""

from bot.blocks.book_charts import Mover, Movers
from bot.pictures.canvas import COLOURS, FAINT, HEIGHT, WIDTH, Canvas, sayable
from scoring.rubric import Status

LEFT, RIGHT = 24, WIDTH - 24
NAMES = 300  # pixels for a name
ZERO = 570
LONGEST = 150  # pixels of the longest bar, either way
LOWEST_SCALE = 10  # points: a week in which little moved does not look like one in which much did
TALLEST = 72  # pixels from row to row


def draw(chart: Movers) -> bytes:
    canvas, shown = Canvas(), chart.shown
    if not shown:
        canvas.text(WIDTH / 2, HEIGHT / 2, "No score moved", at="center")
        return canvas.png()
    most = max(LOWEST_SCALE, *(abs(each.change) for each in shown))
    step = min(TALLEST, (HEIGHT - 36) / len(shown))
    top = (HEIGHT + step * len(shown)) / 2
    canvas.line([(ZERO, top), (ZERO, HEIGHT - top)], FAINT, 2)
    for at, mover in enumerate(shown):
        y = top - (at + 0.5) * step
        # The words beside the picture count the accounts in the same order.
        name = sayable(mover.name) or f"No. {at + 1}"
        canvas.text(LEFT, y, canvas.shortened(name, NAMES))
        _bar(canvas, mover, y, LONGEST * abs(mover.change) / most)
        canvas.text(RIGHT, y, f"→ {chart.score(mover.now)}", colour=FAINT, at="right")
    return canvas.png()


def _bar(canvas: Canvas, mover: Mover, y: float, long: float) -> None:
    if mover.change < 0:
        canvas.box(ZERO - long, y - 13, long, 26, COLOURS[Status.CRITICAL])
        canvas.text(ZERO - long - 10, y, f"−{-mover.change}", bold=True, at="right")
    else:
        canvas.box(ZERO, y - 13, long, 26, COLOURS[Status.HEALTHY])
        canvas.text(ZERO + long + 10, y, f"+{mover.change}", bold=True)
