"""A chart: what every picture has beside itself, and Slack's own kind of chart."""

import hashlib
import json
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from bot.blocks import words
from bot.blocks.kit import Block
from bot.blocks.text import plain
from scoring.readings import date_of

DRAWING = 1
"""Raised whenever a picture is drawn differently, so that no older one is shown for it."""

TITLE, LABEL = 50, 20
CATEGORIES = 18
"""Slack takes 20."""

_AMOUNT = re.compile(r"\b[A-Z]{3} ?\d|\d ?[A-Z]{3}\b")


class Chart(ABC):
    """Something that can be shown as a picture. Never money: a picture has one face for everybody who sees it."""

    __slots__ = ()

    @property
    @abstractmethod
    def title(self) -> str:
        """Plain text, shown above the picture."""

    @property
    @abstractmethod
    def alt(self) -> str:
        """The same in words: plain text of at most 2000 characters."""

    @property
    @abstractmethod
    def drawn(self) -> Any:
        """All that the picture depends on, as JSON."""

    @abstractmethod
    def native(self) -> Block | None:
        """Slack's own chart, which messages take and a Home does not; None where there is nothing to show."""

    @property
    def digest(self) -> str:
        """Equal for charts of which the picture is equal."""
        told = json.dumps([DRAWING, type(self).__name__, self.drawn], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def image(self, file_id: str) -> Block:
        """The picture as a block, once Slack has it as a file."""
        return {
            "type": "image",
            "slack_file": {"id": file_id},
            "alt_text": self.alt,
            "title": {"type": "plain_text", "text": self.title, "emoji": False},
        }


def native(
    title: str,
    kind: str,
    categories: list[str],
    series: Mapping[str, Sequence[float]],
    *,
    y_label: str,
) -> Block:
    """Slack's `data_visualization`: 20 categories, six series, and a point of each for every category, at most.

    https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
    """
    data = [
        {"name": name, "data": [{"label": at, "value": value} for at, value in zip(categories, values, strict=True)]}
        for name, values in series.items()
    ]  # fmt: skip
    axis = {"categories": categories, "y_label": y_label}
    chart = {"type": kind, "axis_config": axis, "series": data}
    return {"type": "data_visualization", "title": title, "chart": chart}


def day_text(day: int, until: int) -> str:
    """The day, seen from another."""
    return words.day(date_of(day), datetime.combine(date_of(until), time(), tzinfo=UTC))


def has_amount(text: str) -> bool:
    """Whether it might tell what somebody pays."""
    return bool(_AMOUNT.search(text)) or any(unicodedata.category(each) == "Sc" for each in text)


def thinned(count: int, keep: Sequence[int] = ()) -> list[int]:
    """At most CATEGORIES of so many positions, evenly; first, last and those in `keep` among them."""
    if count <= CATEGORIES:
        return list(range(count))
    must = {0, count - 1, *keep}
    even = CATEGORIES - len(must)
    return sorted(must | {round((count - 1) * at / (even + 1)) for at in range(1, even + 1)})


def name_text(name: str, limit: int = words.NAME) -> str:
    return plain(name, limit) or "(no name)"


def titled(name: str, said: str, limit: int) -> str:
    """A name and what is said of it; where both are too long together, the name is cut."""
    room = limit - len(f" · {said}") - 2  # right-to-left names get two isolates
    return f"{name_text(name, min(room, words.NAME))} · {said}"
