"""Things good for a short time or a few uses: trigger ids, response URLs, socket tickets. A restart forgets them."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack.errors import SlackError, UndeliveredError

TRIGGER_S = 3.0
RESPONSE_S = 30 * 60.0
RESPONSE_USES = 5

Now = Callable[[], float]


@dataclass
class Response:
    """What a response_url stands for: whose command or click, where, and which message it may replace."""

    user: str
    channel: str
    expires: float
    ts: str | None = None
    is_ephemeral: bool = False
    uses_left: int = RESPONSE_USES
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Passes:
    """Deadlines run in real seconds: they are about how fast the app is, not about the story."""

    now: Now = time.monotonic
    _triggers: dict[str, tuple[str, float]] = field(default_factory=dict)
    _used_triggers: set[str] = field(default_factory=set)
    _responses: dict[str, Response] = field(default_factory=dict)
    _tickets: set[str] = field(default_factory=set)

    def trigger(self, user: str) -> str:
        trigger = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._triggers[trigger] = (user, self.now() + TRIGGER_S)
        return trigger

    def pull(self, trigger: str) -> str:
        """Use a trigger id up. Returns the person who caused it."""
        if trigger in self._used_triggers:
            raise SlackError("exchanged_trigger_id")
        if trigger not in self._triggers:
            raise SlackError("invalid_trigger_id")
        user, expires = self._triggers.pop(trigger)
        self._used_triggers.add(trigger)
        if self.now() > expires:
            raise SlackError("expired_trigger_id")
        return user

    def response(
        self, user: str, channel: str, *, ts: str | None = None, is_ephemeral: bool = False
    ) -> str:
        token = secrets.token_urlsafe(18)
        expires = self.now() + RESPONSE_S
        self._responses[token] = Response(user, channel, expires, ts, is_ephemeral)
        return token

    def respond(self, token: str) -> Response:
        """Take one use of a response URL."""
        found = self._responses.get(token)
        if found is None or self.now() > found.expires:
            raise SlackError("expired_url")
        if not found.uses_left:
            raise SlackError("used_url")
        found.uses_left -= 1
        found.answered.set()
        return found

    async def answered(self, token: str) -> None:
        """Until somebody answered at a response URL. Raises UndeliveredError when nobody does while it is good."""
        try:
            await asyncio.wait_for(self._responses[token].answered.wait(), RESPONSE_S)
        except TimeoutError:
            raise UndeliveredError("never_answered") from None

    def ticket(self) -> str:
        ticket = secrets.token_urlsafe(18)
        self._tickets.add(ticket)
        return ticket

    def admit(self, ticket: str) -> bool:
        """Let one connection in on a ticket; the next one on it is turned away."""
        if ticket not in self._tickets:
            return False
        self._tickets.remove(ticket)
        return True
