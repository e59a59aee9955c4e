"""Delivery: the outbox to Slack, in order, paced, once as far as Slack lets us prove it."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlmodel import Session

from bot.blocks.notices import render_undeliverable
from bot.deps import Deps
from bot.services import admitting, speaking
from scoring.members import MemberId
from storage import channels, outbox
from storage.outbox import Claim, Kind

log = structlog.get_logger(__name__)

EVENT_TYPE = "bellwether_outbox"
LEASE = timedelta(seconds=60)  # the posting client's timeout and a margin
SETTLE = timedelta(seconds=10)  # a message taken by Slack may take a moment to show in the history
LONGEST_WAIT = timedelta(minutes=5)  # between two attempts, which begin SETTLE apart and double
MAX_ATTEMPTS = 300  # a day of them: an outage of Slack's, or a token to be mended, loses nothing
CLOCK_ERROR = timedelta(minutes=15)  # how far our clock may be from Slack's
CHANNEL_RECHECK = timedelta(minutes=5)

# Slack says so before it takes a message: trying again cannot double it.
_WAIT = frozenset({"ratelimited", "rate_limited"})
# Nothing of the message's: somebody has to mend the token.
_LOCKED_OUT = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
# Slack may or may not have taken it.
_UNKNOWN = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


class OutsideError(Exception):
    """Nothing of accounts goes there. The words say why."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message now stands."""

    channel: str
    ts: str


def deliver(deps: Deps, client: WebClient) -> int:
    """Send what is due, until nothing is. Returns how many were sent.

    `client` must not retry by itself: a message whose answer was lost would be posted twice.
    """
    sent = 0
    while claimed := _claim(deps):
        sent += _deliver_one(deps, client, claimed)
    return sent


def _claim(deps: Deps) -> Claim | None:
    with deps.db.write() as session:
        return outbox.claim(session, at=deps.clock.now(), lease=LEASE)


def _deliver_one(deps: Deps, client: WebClient, claimed: Claim) -> bool:
    if claimed.attempt > MAX_ATTEMPTS:
        _bury(deps, claimed, f"given up after {MAX_ATTEMPTS} attempts")
        return False
    try:
        posted = _send(deps, client, claimed)
    except OutsideError as error:
        _bury(deps, claimed, str(error))
    except SlackApiError as error:
        _sort_out(deps, claimed, error)
    except (SlackClientError, OSError) as error:
        # The connection broke: Slack may have taken it. After a while the history is read.
        log.warning("answer lost", key=claimed.message.key, error=type(error).__name__)
        with deps.db.write() as session:
            until = deps.clock.now() + _wait(claimed)
            outbox.mark_unknown(session, claimed, until=until, error=type(error).__name__)
    else:
        with deps.db.write() as session:
            return outbox.mark_sent(
                session, claimed, channel=posted.channel, ts=posted.ts, at=deps.clock.now()
            )
    return False


def _send(deps: Deps, client: WebClient, claimed: Claim) -> Posted:
    message = claimed.message
    _check_inside(deps, client, message.target)
    channel = claimed.of_channel or _channel(client, message.target)
    if message.kind is Kind.UPDATE:
        client.chat_update(channel=channel, ts=claimed.of_ts or "", **message.payload)
        return Posted(channel, claimed.of_ts or "")
    if claimed.unknown and (ts := _find(client, channel, claimed)):
        return Posted(channel, ts)
    answer = client.chat_postMessage(
        channel=channel,
        thread_ts=claimed.of_ts,
        metadata={"event_type": EVENT_TYPE, "event_payload": {"key": message.key}},
        unfurl_links=False,
        unfurl_media=False,
        **message.payload,
    )
    return Posted(str(answer["channel"]), str(answer["ts"]))


def _channel(client: WebClient, target: str) -> str:
    """A channel's id as it is; a member's direct messages are opened, which may be done any number of times."""
    if not _is_member(target):
        return target
    return str(client.conversations_open(users=[target])["channel"]["id"])


def _is_member(target: str) -> bool:
    return target.startswith(("U", "W"))


def _check_inside(deps: Deps, client: WebClient, target: str) -> None:
    """Raise OutsideError when the target is not, or no longer, one of ours: it is asked when something is sent."""
    if _is_member(target):
        if not admitting.who_is(deps, MemberId(target)).may_see_accounts(deps.directory.team_id):
            raise OutsideError("this person may not see accounts")
    elif _is_shared(deps, client, target):
        raise OutsideError("the channel is shared with another organisation")


def _is_shared(deps: Deps, client: WebClient, channel: str) -> bool:
    now = deps.clock.now()
    with deps.db.read() as session:
        known = channels.get(session, channel)
    if known and known.checked_at and now - known.checked_at < CHANNEL_RECHECK:
        return bool(known.is_ext_shared)
    info = client.conversations_info(channel=channel)["channel"]
    is_shared = bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))
    with deps.db.write() as session:
        channels.describe(session, channel, is_ext_shared=is_shared, at=now)
    return is_shared


def _find(client: WebClient, channel: str, claimed: Claim) -> str | None:
    """The ts of a message whose answer was lost, if Slack took it."""
    try:
        return next(
            (
                ts
                for page in _history(client, channel, claimed)
                if (ts := _ts_of(page, claimed.message.key))
            ),
            None,
        )
    except SlackApiError as error:
        if _code(error) != "missing_scope":
            raise
        # Without the right to read back we would rather say it twice than never.
        log.warning(
            "the history may not be read: a message may be posted twice", key=claimed.message.key
        )
        return None


def _history(
    client: WebClient, channel: str, claimed: Claim
) -> Iterator[Sequence[Mapping[str, Any]]]:
    oldest = str((claimed.first_try_at - CLOCK_ERROR).timestamp())
    asked: dict[str, Any] = {"oldest": oldest, "include_all_metadata": True, "limit": 200}
    while True:
        if claimed.of_ts:
            answer = client.conversations_replies(channel=channel, ts=claimed.of_ts, **asked)
        else:
            answer = client.conversations_history(channel=channel, **asked)
        yield answer.get("messages", ())
        asked["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
        if not asked["cursor"]:
            return


def _ts_of(messages: Sequence[Mapping[str, Any]], key: str) -> str | None:
    for message in messages:
        metadata = message.get("metadata") or {}
        if (
            metadata.get("event_type") == EVENT_TYPE
            and metadata.get("event_payload", {}).get("key") == key
        ):
            return str(message["ts"])
    return None


def _sort_out(deps: Deps, claimed: Claim, error: SlackApiError) -> None:
    """Slack refused: wait, find out, or give up, by what it said."""
    now = deps.clock.now()
    code = _code(error)
    if code in _WAIT or error.response.status_code == 429:
        after = timedelta(seconds=_retry_after(error))
        with deps.db.write() as session:
            outbox.postpone(session, claimed, until=now + after, error="ratelimited")
    elif code in _LOCKED_OUT:
        log.error("Slack refuses the token: mend slack.bot_token", reason=code)
        with deps.db.write() as session:
            outbox.postpone(session, claimed, until=now + _wait(claimed), error=code)
    elif code in _UNKNOWN or error.response.status_code >= 500:
        with deps.db.write() as session:
            outbox.mark_unknown(session, claimed, until=now + _wait(claimed), error=code)
    else:
        _bury(deps, claimed, code)


def _wait(claimed: Claim) -> timedelta:
    """Until the next attempt: longer every time."""
    return min(LONGEST_WAIT, SETTLE * (1 << min(claimed.attempt - 1, 10)))


def _code(error: SlackApiError) -> str:
    data = error.response.data
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def _retry_after(error: SlackApiError) -> float:
    with contextlib.suppress(TypeError, ValueError):
        return max(1.0, float(error.response.headers.get("Retry-After", "1")))
    return 1.0


def _bury(deps: Deps, claimed: Claim, reason: str) -> None:
    log.error(
        "message cannot be delivered",
        key=claimed.message.key,
        target=claimed.message.target,
        reason=reason,
    )
    with deps.db.write() as session:
        outbox.mark_dead(session, claimed, error=reason, at=deps.clock.now())
        _tell_operators(session, deps, claimed.message.target, reason)


def _tell_operators(session: Session, deps: Deps, target: str, reason: str) -> None:
    """Say once a day, target and reason that messages do not get through, unless it is the operators' own channel."""
    operators, now = deps.config.slack.admin_channel, deps.clock.now()
    if target != operators:
        speaking.say(
            session,
            render_undeliverable(target, reason),
            key=f"undeliverable:{target}:{reason}:{now.date()}",
            target=operators,
            at=now,
        )
