"""How fast an app may post: about one message a second into a channel, with short bursts (docs.slack.dev, Rate limits);
and who came back before the Retry-After they were told.
"""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.slack.errors import SlackError

BURST = 4.0  # messages
PER_SECOND = 1.0


@dataclass
class _Bucket:
    left: float
    story_s: float
    real_s: float


@dataclass
class Pace:
    """A bucket per channel that fills with story time or with real time, whichever went further.

    Story time alone would never fill it while the clock stands still and the app waits
    out its Retry-After; real time alone would hold up a story that runs a day in a second.
    """

    clock: Clock
    real: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, channel: str) -> None:
        """Raises ratelimited, with the seconds to wait, when the channel has had enough."""
        story_s, real_s = self.clock.now().timestamp(), self.real()
        bucket = self._buckets.setdefault(channel, _Bucket(BURST, story_s, real_s))
        gone = max(story_s - bucket.story_s, real_s - bucket.real_s)
        bucket.left = min(BURST, bucket.left + gone * PER_SECOND)
        bucket.story_s, bucket.real_s = story_s, real_s
        if bucket.left < 1:
            raise SlackError("ratelimited", retry_after=math.ceil((1 - bucket.left) / PER_SECOND))
        bucket.left -= 1


@dataclass
class Limits:
    """What was refused for some seconds, and how often somebody came back too early, by method.

    Story time or real time must have passed, whichever went further.
    """

    clock: Clock
    real: Callable[[], float] = time.monotonic
    early: Counter[str] = field(default_factory=Counter)
    _until: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def tell(self, method: str, about: str, seconds: int) -> None:
        story_s, real_s = self.clock.now().timestamp(), self.real()
        self._until[method, about] = (story_s + seconds, real_s + seconds)

    def heed(self, method: str, about: str) -> None:
        """Count a call that comes before its time."""
        story_s, real_s = self._until.get((method, about), (0.0, 0.0))
        if self.clock.now().timestamp() < story_s and self.real() < real_s:
            self.early[method] += 1
