"""The easel: a chart in, a PNG out. matplotlib is imported when the first is wanted, and draws one at a time."""

import os
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from bot.blocks.book_charts import Distribution, Movers
from bot.blocks.chart import Chart
from bot.blocks.charts import Trend
from bot.blocks.reader import NOBODY, reading
from scoring.rubric import Rubric

_LOCK = Lock()
"""matplotlib shares fonts and settings between threads without a lock of its own."""


@dataclass(frozen=True, slots=True)
class Easel:
    """`folder` is where matplotlib may keep its list of fonts: it writes nowhere else."""

    folder: Path

    def warm_up(self) -> None:
        """Import matplotlib, which takes about a second the first time, and draw once, so that the first picture is not slow."""
        nothing = Trend(name="", points=(), until=0, rubric=Rubric())
        self.draw(nothing)

    def stop(self) -> None:
        """There is nothing to let go of."""

    def draw(self, chart: Chart) -> bytes:
        """The chart as a PNG. Equal charts give equal bytes, whoever asks. Raises ValueError for an unknown kind."""
        with _LOCK, reading(NOBODY):
            # Read by matplotlib when it is imported, and then never again.
            os.environ["MPLCONFIGDIR"] = str(self.folder)
            return _paint(chart)


def _paint(chart: Chart) -> bytes:
    # Here, not above: whoever has pictures switched off shall not pay for matplotlib.
    from bot.pictures import distribution, movers, trend  # noqa: PLC0415

    match chart:
        case Trend():
            return trend.draw(chart)
        case Distribution():
            return distribution.draw(chart)
        case Movers():
            return movers.draw(chart)
    raise ValueError(f"nobody knows how to draw a {type(chart).__name__}")
