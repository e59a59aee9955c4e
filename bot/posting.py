"""Posting: one message to Slack, where it may go; and finding it again when its answer was lost."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.answers import NO_ANSWER, SHARED, code_of
from bot.deps import Deps
from bot.services import admitting
from scoring.members import MemberId
from storage import channels
from storage.channels import Lane
from storage.claims import Claim, Place
from storage.outbox import Kind

log = structlog.get_logger(__name__)

EVENT_TYPE = "bellwether_outbox"
CLOCK_ERROR = timedelta(minutes=15)  # how far our clock may be from Slack's
CHANNEL_RECHECK = timedelta(seconds=30)
"""A channel may come to be shared at any moment, and Slack lets us ask some fifty times a minute."""

_TAKING_BACK = 3  # attempts


class OutsideError(Exception):
    """Nothing of accounts goes to this person, who may not see them. The words say why."""


class SharedError(Exception):
    """Nothing of accounts goes to this channel, as long as another organisation reads it."""

    code = SHARED


class LateError(Exception):
    """Too little is left of the claim to post: somebody else may be about to."""


class ClosedError(Exception):
    """Slack told somebody to wait since this message was claimed."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"closed until {until:%H:%M:%S}")
        self.until = until


def send(deps: Deps, client: WebClient, claim: Claim) -> Place | None:
    """Post, reply or update; or find what an earlier attempt posted. None: it is not out, and too late to be said.

    Raises OutsideError, SharedError, LateError, ClosedError, or what the SDK raises.
    """
    if claim.noted:
        return claim.noted
    target = claim.message.target
    _check_inside(deps, client, target)
    channel = claim.of.channel if claim.of else _channel(client, target)
    if claim.message.kind is not Kind.UPDATE and claim.unknown:
        if ts := _find(client, channel, claim):
            return Place(channel, ts)
        if claim.message.expires_at and claim.message.expires_at <= deps.clock.now():
            return None
    _check_open(deps, claim)
    _check_in_time(deps, client, claim)
    if claim.message.kind is Kind.UPDATE:
        return _update(client, claim, channel)
    return _post(client, claim, channel)


def is_member(target: str) -> bool:
    return target.startswith(("U", "W"))


def take_back(client: WebClient, place: Place) -> None:
    """Delete a message that was posted although somebody else had."""
    for _ in range(_TAKING_BACK):
        try:
            client.chat_delete(channel=place.channel, ts=place.ts)
        except NO_ANSWER as error:
            log.warning("a message is not taken back", ts=place.ts, error=type(error).__name__)
        else:
            return


def _post(client: WebClient, claim: Claim, channel: str) -> Place:
    answer = client.chat_postMessage(
        channel=channel,
        metadata={"event_type": EVENT_TYPE, "event_payload": {"key": claim.message.key}},
        unfurl_links=False,
        unfurl_media=False,
        **{**claim.message.payload, "thread_ts": _thread(claim)},
    )
    return Place(str(answer["channel"]), str(answer["ts"]))


def _thread(claim: Claim) -> str | None:
    """The thread it goes in: of a message of ours, or of somebody else's. None: in none."""
    return claim.of.ts if claim.of else claim.message.payload.get("thread_ts")


def _update(client: WebClient, claim: Claim, channel: str) -> Place:
    ts = claim.of.ts if claim.of else ""
    client.chat_update(channel=channel, ts=ts, **claim.message.payload)
    return Place(channel, ts)


def _check_open(deps: Deps, claim: Claim) -> None:
    """What Slack told one process to wait holds for those too that were on their way then."""
    lane = Lane.UPDATE if claim.message.kind is Kind.UPDATE else Lane.POST
    with deps.db.read() as session:
        if until := channels.closed_until(session, lane, at=deps.clock.now()):
            raise ClosedError(until)


def _check_in_time(deps: Deps, client: WebClient, claim: Claim) -> None:
    """Whoever was frozen, or had to wait for answers, must be sure to be done before the claim is over."""
    if deps.clock.now() + timedelta(seconds=client.timeout) >= claim.lease_until:
        raise LateError


def _channel(client: WebClient, target: str) -> str:
    """A channel's id as it is; a member's direct messages are opened, which may be done any number of times."""
    if not is_member(target):
        return target
    return str(client.conversations_open(users=[target])["channel"]["id"])


def _check_inside(deps: Deps, client: WebClient, target: str) -> None:
    """The target is, still, one of ours: it is asked when something is sent."""
    if is_member(target):
        if not admitting.may_see_accounts(deps, admitting.who_is(deps, MemberId(target))):
            raise OutsideError("this person may not see accounts")
    elif _is_shared(deps, client, target):
        raise SharedError


def _is_shared(deps: Deps, client: WebClient, channel: str) -> bool:
    now = deps.clock.now()
    with deps.db.read() as session:
        known = channels.get(session, channel)
    is_fresh = known and known.checked_at and now - known.checked_at < CHANNEL_RECHECK
    if known and is_fresh and known.problem is None:
        return bool(known.is_ext_shared)
    info = client.conversations_info(channel=channel)["channel"]
    is_shared = bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))
    with deps.db.write() as session:
        channels.describe(session, channel, is_ext_shared=is_shared, at=now)
    return is_shared


def _find(client: WebClient, channel: str, claim: Claim) -> str | None:
    """The ts of a message whose answer was lost, if Slack took it."""
    try:
        pages = _history(client, channel, claim)
        return next((ts for page in pages if (ts := _ts_of(page, claim.message.key))), None)
    except SlackApiError as error:
        if code_of(error) != "missing_scope":
            raise
        # Without the right to read back we would rather say it twice than never.
        log.warning(
            "the history may not be read: a message may be posted twice", key=claim.message.key
        )
        return None


def _history(
    client: WebClient, channel: str, claim: Claim
) -> Iterator[Sequence[Mapping[str, Any]]]:
    oldest = str((claim.first_try_at - CLOCK_ERROR).timestamp())
    asked: dict[str, Any] = {"oldest": oldest, "include_all_metadata": True, "limit": 200}
    while True:
        if thread := _thread(claim):
            answer = client.conversations_replies(channel=channel, ts=thread, **asked)
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
