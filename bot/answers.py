"""Answers: what it means for a message when Slack refuses a call, by Slack's own word for it."""

import contextlib
import re
from datetime import timedelta
from enum import StrEnum
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError

from storage.channels import Lane

LONGEST_RETRY_AFTER = timedelta(days=1)
SHARED = "is_ext_shared"
"""Our word for a channel where outsiders read, in the manner of Slack's."""


class Meaning(StrEnum):
    """What is to be done about it."""

    WAIT = "wait"  # Slack says how long; it took nothing
    LOCKED_OUT = "locked out"  # somebody has to mend the token or the app; it took nothing
    CHANNEL = "channel"  # somebody has to mend the channel; it took nothing
    UNKNOWN = "unknown"  # it may or may not have taken the message
    REFUSED = "refused"  # it will never take this message


_WAIT = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_LOCKED_OUT = frozenset(
    "access_denied account_inactive ekm_access_denied enterprise_is_restricted invalid_auth missing_scope"
    " no_permission not_allowed_token_type not_authed org_login_required team_access_not_granted"
    " team_added_to_org token_expired token_revoked two_factor_setup_required".split()
)
_CHANNEL = frozenset(
    "channel_not_found is_archived not_in_channel restricted_action restricted_action_non_threadable_channel"
    " restricted_action_read_only_channel restricted_action_thread_only_channel".split()
) | {SHARED}
_UNKNOWN = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})

NO_ANSWER = (SlackClientError, OSError, HTTPException, UnicodeDecodeError)
"""What the SDK raises when no answer comes, half of one, or none that can be read; SlackApiError is one of them."""

_WORD = re.compile(r"[a-z0-9_]+")
_LANES = {"chat.postMessage": Lane.POST, "chat.update": Lane.UPDATE}


def meaning_of(error: SlackApiError) -> Meaning:
    """What is to be done. Where somebody in between answered, such as a proxy, that says nothing of the message."""
    code, status = code_of(error), error.response.status_code
    if code in _WAIT or status == 429:
        return Meaning.WAIT
    if code in _UNKNOWN or status >= 500 or not _WORD.fullmatch(code):
        return Meaning.UNKNOWN
    if code in _LOCKED_OUT:
        return Meaning.LOCKED_OUT
    return Meaning.CHANNEL if code in _CHANNEL else Meaning.REFUSED


def code_of(error: SlackApiError) -> str:
    """Slack's word for what is wrong; the status, where there is no such word."""
    data = error.response.data
    told = str(data.get("error", "")) if isinstance(data, dict) else ""
    # The SDK puts its own sentence there when the answer was no JSON.
    return told if _WORD.fullmatch(told) else f"status {error.response.status_code}"


def lane_of(error: SlackApiError) -> Lane:
    """What a limit holds for. Slack counts by method and workspace, and does not say when it counts by channel:
    so nobody posts anywhere until it is over. What we read with comes before every post.
    """
    method = str(error.response.api_url).rpartition("/")[2]
    return _LANES.get(method, Lane.READ)


def retry_after(error: SlackApiError) -> timedelta | None:
    """How long Slack wants us to wait, a second at least; None where it says nothing that can be read."""
    told = error.response.headers.get("Retry-After")
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        seconds = timedelta(seconds=float(told[0] if isinstance(told, list) else told))
        return min(max(timedelta(seconds=1), seconds), LONGEST_RETRY_AFTER)
    return None
