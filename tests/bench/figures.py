"""Figures: what was measured, as a line of JSON and as a row of a table."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import quantiles
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement. `ratio` is its value divided by that of what it is held `against`; None: it stands alone."""

    name: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None

    def to_json(self) -> str:
        return json.dumps(
            {**asdict(self), "value": _short(self.value), "ratio": _short(self.ratio)}
        )


def held(name: str, value: float, unit: str, against: Mapping[str, float]) -> list[Figure]:
    """The same value held against each of several others, in the same unit: one figure each."""
    return [Figure(name, value, unit, other, value / than) for other, than in against.items()]


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """How many seconds it took, and what came out."""
    since = time.perf_counter()
    result = work()
    return time.perf_counter() - since, result


def each_ms(work: Callable[[T], object], items: Iterable[T]) -> list[float]:
    """How many milliseconds it took for each item."""
    return [timed(partial(work, item))[0] * 1000 for item in items]


def p50(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[49]


def p99(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[98]


def table(figures: Sequence[Figure]) -> str:
    """The figures for people."""
    rows = [("figure", "value", "unit", "ratio", "against")]
    rows += [
        (
            each.name,
            f"{_short(each.value):,}",
            each.unit,
            "" if each.ratio is None else f"{_short(each.ratio)}",
            each.against or "",
        )
        for each in figures
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _short(value: float | None) -> float | None:
    """Three digits that count: the rest is noise."""
    if value is None:
        return None
    return round(value) if abs(value) >= 100 else float(f"{value:.3g}")
