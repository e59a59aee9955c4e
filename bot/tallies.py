"""Tallies: what this process did since it began, counted where it is done and read by /metrics."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

LIMITS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Slack waits three seconds for an answer."""


@dataclass(slots=True)
class Durations:
    """How long something took, by how often it took at most each of LIMITS_S; the last place is for longer."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(LIMITS_S) + 1))
    seconds: float = 0.0


class Tallies:
    """Counts under a name and labels. Labels are words of ours or Slack's, never what somebody wrote."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, Counter[tuple[str, ...]]] = {}
        self._durations: dict[str, Durations] = {}

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        with self._lock:
            self._counts.setdefault(name, Counter())[labels] += by

    def took(self, what: str, seconds: float) -> None:
        with self._lock:
            durations = self._durations.setdefault(what, Durations())
            durations.counts[bisect_left(LIMITS_S, seconds)] += 1
            durations.seconds += seconds

    def counts(self, name: str) -> dict[tuple[str, ...], int]:
        with self._lock:
            return dict(self._counts.get(name, {}))

    def durations(self) -> dict[str, Durations]:
        with self._lock:
            return {
                what: Durations([*each.counts], each.seconds)
                for what, each in self._durations.items()
            }
