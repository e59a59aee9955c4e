"""A limiter: how many requests a vendor allows one credential, waited for before it says no."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.base import Clock

# Remaining and reset headers as vendors spell them, and what one unit of the reset is in seconds;
# None: the reset is an instant, in seconds since 1970 (Intercom, SendGrid).
_ALLOWANCE_HEADERS: tuple[tuple[str, str, float | None], ...] = (
    ("ratelimit-remaining", "ratelimit-reset", 1.0),
    ("x-hubspot-ratelimit-remaining", "x-hubspot-ratelimit-interval-milliseconds", 0.001),
    ("x-ratelimit-remaining", "x-ratelimit-reset", None),
    *(  # SurveyMonkey, whose two limits run side by side
        (f"{name}-remaining", f"{name}-reset", 1.0)
        for name in ("x-ratelimit-app-global-minute", "x-ratelimit-app-global-day")
    ),
)
_LONGEST = timedelta(days=1)  # no vendor's allowance is counted over more


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
        now = self._clock.now()
        for remaining, reset, unit in _ALLOWANCE_HEADERS:
            said = headers.get(reset, "")
            if headers.get(remaining) == "0" and said.isdecimal():
                wait_s = int(said) - now.timestamp() if unit is None else int(said) * unit
                until = now + timedelta(seconds=min(wait_s, _LONGEST.total_seconds()))
                self._closed_until = max(self._closed_until or now, until)
