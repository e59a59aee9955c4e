"""A limiter: how many requests a vendor allows one credential, waited for before it says no."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.base import Clock

# Remaining and reset headers as vendors spell them, and what one unit of the reset is in seconds.
_ALLOWANCE_HEADERS = (
    ("ratelimit-remaining", "ratelimit-reset", 1.0),
    ("x-hubspot-ratelimit-remaining", "x-hubspot-ratelimit-interval-milliseconds", 0.001),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


class Limiter:
    """Knows when the next request may go out; it never waits itself."""

    def __init__(self, limits: tuple[Limit, ...], clock: Clock) -> None:
        self._clock = clock
        self._sent = [(limit, deque[datetime](maxlen=limit.requests)) for limit in limits]
        self._closed_until: datetime | None = None

    def wait_s(self) -> float:
        """How long until a request is allowed, 0 when it is."""
        now = self._clock.now()
        free = [
            sent[0] + timedelta(seconds=limit.seconds)
            for limit, sent in self._sent
            if len(sent) == limit.requests
        ]
        if self._closed_until is not None:
            free.append(self._closed_until)
        return max(((each - now).total_seconds() for each in free), default=0.0)

    def note_request(self) -> None:
        for _, sent in self._sent:
            sent.append(self._clock.now())

    def note_answer(self, headers: Mapping[str, str]) -> None:
        """Hold back when the vendor says that nothing is left until a reset."""
        for remaining, reset, unit in _ALLOWANCE_HEADERS:
            wait = headers.get(reset, "")
            if headers.get(remaining) == "0" and wait.isdigit():
                self._closed_until = self._clock.now() + timedelta(seconds=int(wait) * unit)
