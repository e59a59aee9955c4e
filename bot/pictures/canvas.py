"""The canvas: a white card, measured in its own pixels from the lower left, and what is drawn on it.

Nothing of matplotlib's axes is used: every line and word has its place, so a picture is quick to draw and the same everywhere.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from unicodedata import combining, normalize

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke
from matplotlib.transforms import IdentityTransform
from PIL import Image

from scoring.rubric import Status

# Whatever a matplotlibrc says, a picture looks as it was designed.
mpl.rcdefaults()

WIDTH, HEIGHT = 960, 420
"""Twice what Slack shows on a desktop. A phone shows 360 pixels: letters of TEXT are 11 high there, of SCORE 13."""
TEXT, SCORE = 30, 36

INK, FAINT, CARD, EDGE = "#1d2329", "#4a525b", "#ffffff", "#b8c0c8"
LINE = "#12355b"

# Okabe and Ito's colours, which nobody mixes up; https://jfly.uni-koeln.de/color/
COLOURS = {
    Status.HEALTHY: "#009e73",
    Status.STABLE: "#56b4e9",
    Status.AT_RISK: "#e69f00",
    Status.CRITICAL: "#d55e00",
    None: "#9aa3ad",
}

COLOUR_COUNT = 128
_DPI = 72  # a point is a pixel
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
_PLAIN, _BOLD = _FONTS / "DejaVuSans.ttf", _FONTS / "DejaVuSans-Bold.ttf"
_PIXELS = IdentityTransform()


def tint(status: Status | None, share: float = 0.2) -> str:
    """The colour of a status, mixed with so much of it into white."""
    colour = COLOURS[status]
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02x}" for part in parts)


def sayable(text: str) -> str:
    """What of a text the font has letters for, on one line; maybe nothing. Accents of their own pile up and are left out."""
    known = get_font(_PLAIN).get_charmap()
    kept = "".join(
        char
        for char in normalize("NFC", text)
        if char.isprintable() and ord(char) in known and not combining(char)
    )
    return " ".join(kept.split())


class Canvas:
    """One picture. Coordinates are pixels from the lower left."""

    def __init__(self) -> None:
        self._figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
        self._order = 0
        self._agg = FigureCanvasAgg(self._figure)
        self.box(0, 0, WIDTH, HEIGHT, CARD)

    def png(self) -> bytes:
        """The picture with its border, without anything that differs from time to time."""
        self.line(
            [(1, 1), (WIDTH - 1, 1), (WIDTH - 1, HEIGHT - 1), (1, HEIGHT - 1), (1, 0)], EDGE, 2
        )
        self._agg.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(self._agg.buffer_rgba())  # type: ignore[no-untyped-call]
        image = Image.fromarray(pixels).convert("RGB")
        out = io.BytesIO()
        # A third of the bytes, and nobody can tell.
        image.quantize(COLOUR_COUNT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        return out.getvalue()

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        box = Rectangle(
            (x, y), width, height, facecolor=colour, linewidth=0, transform=_PIXELS, zorder=self._next()
        )  # fmt: skip
        self._figure.add_artist(box)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str,
        width: float,
        *,
        dashes: tuple[float, float] | None = None,
    ) -> None:
        xs, ys = zip(*points, strict=True)
        line = Line2D(
            xs, ys, color=colour, linewidth=width, transform=_PIXELS, zorder=self._next(),
            solid_joinstyle="round", solid_capstyle="round",
        )  # fmt: skip
        if dashes:
            line.set_linestyle((0, tuple(each / width for each in dashes)))
        self._figure.add_artist(line)

    def mark(self, x: float, y: float, shape: str, colour: str, size: float) -> None:
        """A shape by matplotlib's letter for it, with a white rim that lifts it off what is below."""
        mark = Line2D(
            [x], [y], marker=shape, markersize=size, markerfacecolor=colour, markeredgecolor=CARD,
            markeredgewidth=3, linestyle="none", transform=_PIXELS, zorder=self._next(),
        )  # fmt: skip
        self._figure.add_artist(mark)

    def text(
        self,
        x: float,
        y: float,
        said: str,
        *,
        size: float = TEXT,
        colour: str = INK,
        bold: bool = False,
        at: str = "left",
        rim: bool = False,
    ) -> None:
        """A line of text, centred on `y`. `at` says where in it `x` is; `rim` keeps what is below off the letters."""
        text = self._figure.text(
            x, y, said, fontproperties=_font(size, bold=bold), color=colour, ha=at, va="center_baseline",
            transform=_PIXELS, zorder=self._next(), parse_math=False,
        )  # fmt: skip
        if rim:
            text.set_path_effects([Stroke(linewidth=6, foreground=CARD), Normal()])

    def width_of(self, said: str, *, size: float = TEXT, bold: bool = False) -> float:
        """How wide a text is."""
        renderer = self._agg.get_renderer()  # type: ignore[no-untyped-call]
        width, _, _ = renderer.get_text_width_height_descent(
            said, _font(size, bold=bold), ismath=False
        )
        return float(width)

    def shortened(self, said: str, room: float, *, size: float = TEXT) -> str:
        """The text, ending in … where it would be wider than the room."""
        if self.width_of(said, size=size) <= room:
            return said
        while said and self.width_of(f"{said}…", size=size) > room:
            said = said[:-1].rstrip()
        return f"{said}…"

    def _next(self) -> int:
        """What is drawn later lies above."""
        self._order += 1
        return self._order


def _font(size: float, *, bold: bool) -> FontProperties:
    return FontProperties(fname=str(_BOLD if bold else _PLAIN), size=size)
