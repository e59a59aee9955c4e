"""Verdicts: what was to be said against what stands in Slack, channel by channel."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

WINDOW_S = 10
"""Slack lets short bursts pass, so a rate is what was posted within so many seconds."""


class BrokenError(Exception):
    """A promise was not kept. The words say which, where, and how often."""


class Seen(NamedTuple):
    """A message as it stands in Slack. `at` in seconds, as its ts tells."""

    key: str
    channel: str
    at: float
    text: str


@dataclass(slots=True)
class Script:
    """What was to be said: keys by channel in the order of the outbox, and what each shall say in the end."""

    lines: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, str] = field(default_factory=dict)

    def say(self, channel: str, key: str, text: str) -> None:
        self.lines[channel].append(key)
        self.texts[key] = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`doubled` counts copies too many, `disordered` messages that came before one they should have followed,
    `outdated` those that miss their last change, `busiest` the most in one channel within WINDOW_S.
    """

    lost: int
    doubled: int
    disordered: int
    outdated: int
    busiest: int


def judge(script: Script, seen: Sequence[Seen]) -> Verdict:
    copies = Counter(each.key for each in seen)
    by_channel = _by_channel(seen)
    return Verdict(
        lost=sum(key not in copies for key in script.texts),
        doubled=sum(count - 1 for count in copies.values()),
        disordered=sum(
            _disorder(line, by_channel.get(channel, ())) for channel, line in script.lines.items()
        ),
        outdated=sum(each.text != script.texts.get(each.key) for each in seen),
        busiest=max(map(_busiest, by_channel.values()), default=0),
    )


def _by_channel(seen: Iterable[Seen]) -> Mapping[str, list[Seen]]:
    found: defaultdict[str, list[Seen]] = defaultdict(list)
    for each in sorted(seen, key=lambda each: each.at):
        found[each.channel].append(each)
    return found


def _disorder(line: Sequence[str], seen: Iterable[Seen]) -> int:
    """A copy of what was there already is no disorder: it is doubled."""
    first = dict.fromkeys(each.key for each in seen)
    places = [line.index(key) for key in first if key in line]
    return sum(after < before for before, after in pairwise(places))


def _busiest(seen: Sequence[Seen]) -> int:
    times = [each.at for each in seen]
    return max(sum(since <= at < since + WINDOW_S for at in times) for since in times)
