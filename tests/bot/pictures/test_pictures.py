"""The pictures: real PNGs, decoded again and looked at."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.blocks.book_charts import Distribution, Mover, Movers
from bot.blocks.charts import Marker, MarkerKind, Trend
from bot.blocks.reader import Reader, reading
from bot.pictures.easel import Easel
from scoring.rubric import Rubric, Status

ROOT = Path(__file__).parents[3]
UNTIL, RUBRIC = 20_781, Rubric()
MOST_BYTES = 60_000
HOSTILE = ["חברת אקמה בע״מ", "株式会社", "👩‍👩‍👧‍👦🇨🇭", "A" + "\u0301" * 40, "\u202egnp", "$x^2$ \\frac", "", "\x00\n", "\ud800"]  # fmt: skip
SIXTY = [58 + at % 5 for at in range(60)]


@pytest.fixture(scope="module", autouse=True)
def easel(tmp_path_factory):
    made = Easel(tmp_path_factory.mktemp("matplotlib"))
    made.warm_up()
    return made


def trend(scores, **more):
    """A trend that ends on the last day; None is a day without a score."""
    first = UNTIL - len(scores) + 1
    points = [(first + at, score) for at, score in enumerate(scores) if score is not None]
    return Trend(**{"name": "Acme", "points": points, "until": UNTIL, "rubric": RUBRIC, **more})


def every_marker(step=1):
    kinds = list(MarkerKind)
    return [Marker(day=UNTIL - at, kind=kinds[at % 4]) for at in range(0, 90, step)]


def distribution(days=30):
    made = [(UNTIL - at, dict.fromkeys((*Status, None), 3 + at)) for at in range(days)]
    return Distribution(of="All accounts", counts=made[::-1])


def movers(*names):
    made = [Mover(name=name, before=50, now=45 + at * 8) for at, name in enumerate(names)]
    return Movers(of="Movers", movers=made, since=UNTIL - 7, until=UNTIL, rubric=RUBRIC)


CHARTS = {
    "trend": trend(SIXTY, markers=every_marker(7)),
    "gaps": trend([80, None, 60, 61, None, None, 0]),
    "one": trend([100]),
    "none": trend([]),
    "none but marked": trend([], markers=every_marker(9)),
    "both ends": trend([0, 100] * 45, markers=every_marker()),
    "near a line": trend([59.6] * 90, markers=every_marker(30)),
    "narrow statuses": trend(SIXTY, rubric=Rubric(healthy=61, stable=60, at_risk=59)),
    "one day": trend([50], days=1),
    "distribution": distribution(),
    "one counted day": distribution(1),
    "nothing counted": distribution(0),
    "nobody counted": Distribution(of="", counts=[(UNTIL, {})]),
    "large counts": Distribution(of="", counts=[(UNTIL, {Status.CRITICAL: 123_456, None: 1})]),
    "movers": movers("Acme", "Globex", "Initech"),
    "long names": movers("Consolidated Amalgamated Holdings " * 9, "W" * 90),
    "no movers": movers(),
    "hostile names": movers(*HOSTILE),
    "a hostile name": trend(SIXTY, name="".join(HOSTILE)),
}


def decoded(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    return image.convert("RGB")


def where(image, colour, box):
    """The pixels of a colour within (left, upper, right, lower), counted from the top left."""
    wanted = tuple(bytes.fromhex(colour.removeprefix("#")))
    left, upper, right, lower = box
    return [
        (x, y)
        for x in range(left, right)
        for y in range(upper, lower)
        if image.getpixel((x, y)) == wanted
    ]


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_a_small_png_and_the_same_whenever_it_is_drawn(easel, name):
    png = easel.draw(CHARTS[name])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert decoded(png).size == (960, 420)
    assert len(png) < MOST_BYTES
    assert png == easel.draw(CHARTS[name])


def test_what_is_different_looks_different(easel):
    base = trend(SIXTY)
    others = [
        trend([*SIXTY[:-1], 90]),
        trend([*SIXTY[:20], None, *SIXTY[21:]]),
        replace(base, markers=every_marker(40)),
        replace(base, rubric=Rubric(healthy=85)),
        replace(base, points=[(day - 1, score) for day, score in base.points], until=UNTIL - 1),
    ]
    assert len({easel.draw(each) for each in (base, *others)}) == 6
    assert len({easel.draw(movers(name)) for name in ("Acme", "Globex")}) == 2


def test_who_has_it_drawn_does_not_matter(easel):
    chart = CHARTS["near a line"]
    with reading(Reader(locale="de-DE")):
        assert easel.draw(chart) == easel.draw(chart)
        german = easel.draw(chart)
    assert german == easel.draw(chart)


@pytest.mark.parametrize(("score", "status"), [(90, 4), (70, 3), (50, 2), (20, 1)])
def test_the_line_runs_through_the_range_of_its_status(easel, score, status):
    from bot.pictures import canvas
    from bot.pictures import trend as drawing

    image = decoded(easel.draw(trend([score] * 60)))
    plot = drawing.Plot(trend([score] * 60))
    box = (drawing.LEFT, 0, drawing.RIGHT, 420 - drawing.BOTTOM)
    line = where(image, canvas.LINE, box)
    assert len({x for x, _ in line}) > 300
    bottoms = {Status.HEALTHY: 80, Status.STABLE: 60, Status.AT_RISK: 40, Status.CRITICAL: 0}
    tops = {Status.HEALTHY: 100, Status.STABLE: 80, Status.AT_RISK: 60, Status.CRITICAL: 40}
    upper, lower = 420 - plot.y(tops[status]), 420 - plot.y(bottoms[status])
    assert all(upper < y < lower for _, y in line)
    ranges = where(image, canvas.tint(Status(status)), box)
    assert min(y for _, y in ranges) - 2 <= upper
    assert max(y for _, y in ranges) + 2 >= lower


def test_a_gap_is_not_bridged(easel):
    from bot.pictures import canvas
    from bot.pictures import trend as drawing

    chart = trend([70] * 30 + [None] * 20 + [70] * 30)
    image, plot = decoded(easel.draw(chart)), drawing.Plot(chart)
    inside = (int(plot.x(UNTIL - 48)), 30, int(plot.x(UNTIL - 31)), 420 - drawing.BOTTOM)
    assert where(image, canvas.LINE, inside) == []
    before = (int(plot.x(UNTIL - 70)), 30, int(plot.x(UNTIL - 55)), 420 - drawing.BOTTOM)
    assert where(image, canvas.LINE, before)


def test_the_legend_names_only_what_there_is(easel):
    from bot.pictures import canvas

    note, alert = (
        decoded(easel.draw(trend(SIXTY, markers=[Marker(day=UNTIL - 9, kind=kind)])))
        for kind in (MarkerKind.NOTE, MarkerKind.ALERT)
    )
    top = (0, 0, 960, 60)
    assert where(note, canvas.INK, top)
    assert where(note, canvas.INK, top) != where(alert, canvas.INK, top)
    assert where(decoded(easel.draw(trend(SIXTY))), canvas.INK, top) == []


def test_threads_may_draw_at_the_same_time(easel):
    charts = list(CHARTS.values())[:8]
    alone = [easel.draw(each) for each in charts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(easel.draw, charts * 3)) == alone * 3


def luminance(colour):
    parts = [part / 255 for part in bytes.fromhex(colour.removeprefix("#"))]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2.2's contrast ratio, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_lines_and_marks_stand_out_from_every_range_and_words_from_the_card():
    from bot.pictures import canvas
    from bot.pictures import trend as drawing

    ranges = [canvas.tint(status) for status in Status]
    drawn = [canvas.LINE, *(colour for _, colour, _ in drawing.SHAPES.values())]
    assert min(contrast(each, other) for each in drawn for other in ranges) >= 3
    words = (canvas.INK, canvas.FAINT)
    assert min(contrast(each, canvas.CARD) for each in words) >= 4.5
    shapes = [shape for shape, _, _ in drawing.SHAPES.values()]
    assert len(set(shapes)) == len(MarkerKind)


def test_words_are_legible_on_a_phone():
    from bot.pictures import canvas

    phone = 360 / canvas.WIDTH
    assert canvas.TEXT * phone >= 11


PROBE = """
import json, sys, warnings
from pathlib import Path
from bot.pictures.easel import Easel
early = "matplotlib" in sys.modules
easel = Easel(Path(sys.argv[1]))
easel.warm_up()
print(json.dumps({"early": early, "late": "matplotlib" in sys.modules, "pyplot": "matplotlib.pyplot" in sys.modules}))
"""


def test_matplotlib_comes_late_without_a_word_and_writes_into_its_folder_alone(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", PROBE, str(folder)]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout) == {"early": False, "late": True, "pyplot": False}
    assert done.stderr == b""
    assert list(home.iterdir()) == []
    assert list(folder.iterdir())
