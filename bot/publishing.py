"""Publishing: a member's Home to Slack, and the wait that Slack asks for."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.answers import NO_ANSWER, Meaning, code_of, meaning_of, retry_after
from bot.services.homing import HomeChangedError, HomeRefusedError, HomesClosedError
from integrations.base import Clock
from scoring.members import MemberId

USUAL_WAIT = timedelta(seconds=30)
"""Where Slack does not say how long."""


class SlackHomes:
    """Homes in Slack. To publish twice does no harm, so `client` may repeat a call that was lost.

    It had better not sit out what Slack asks to wait: the next run comes by itself.
    """

    def __init__(self, client: WebClient, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._closed_until = datetime.min.replace(tzinfo=UTC)

    def publish(self, member_id: MemberId, view: Mapping[str, Any], *, view_hash: str = "") -> None:
        """Raises HomeChangedError, HomeRefusedError and HomesClosedError."""
        if self._clock.now() < self._closed_until:
            raise HomesClosedError(f"Slack asked to wait until {self._closed_until:%H:%M:%S}")
        try:
            self._client.views_publish(user_id=member_id, view=dict(view), hash=view_hash or None)
        except SlackApiError as error:
            raise self._refusal(error) from error
        except NO_ANSWER as error:
            raise HomesClosedError(type(error).__name__) from error

    def _refusal(self, error: SlackApiError) -> Exception:
        code, meaning = code_of(error), meaning_of(error)
        if code == "hash_conflict":
            return HomeChangedError(code)
        if meaning is Meaning.WAIT:
            self._closed_until = self._clock.now() + (retry_after(error) or USUAL_WAIT)
        is_closed = meaning in {Meaning.WAIT, Meaning.UNKNOWN, Meaning.LOCKED_OUT}
        return HomesClosedError(code) if is_closed else HomeRefusedError(code)
