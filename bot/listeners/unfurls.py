"""Links: an account's page at a vendor, posted by somebody who may see accounts, gets a line on how it stands."""

from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.deps import Deps
from bot.listeners.door import Door
from bot.services import unfurling

log = structlog.get_logger(__name__)

POSTED = "conversations_history"
MOST = 5
"""Links of one message: more of them is a list, which nobody wants to be twice as long."""


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def shared(event: dict[str, Any], client: WebClient) -> None:
        urls = [str(each["url"]) for each in event["links"]][:MOST]
        at = deps.clock.now().astimezone(deps.config.zone)
        shown = unfurling.previews(deps, urls, at=at)
        if not shown or not _is_ours(client, str(event["channel"])):
            return
        client.chat_unfurl(
            channel=str(event["channel"]),
            ts=str(event["message_ts"]),
            unfurls={url: {"blocks": blocks} for url, blocks in shown.items()},
        )

    door.event("link_shared", shared, matches=_is_posted)


def _is_posted(event: dict[str, Any]) -> bool:
    """Not while it is written: nobody knows yet who will read it."""
    return event.get("source", POSTED) == POSTED and bool(event.get("user"))


def _is_ours(client: WebClient, channel: str) -> bool:
    """Whether only our own people read there; where that cannot be told, they do not."""
    try:
        room = client.conversations_info(channel=channel)["channel"]
    except SlackApiError as error:
        log.info("a link is left as it is", reason=error.response.get("error"))
        return False
    return not (room.get("is_ext_shared") or room.get("is_pending_ext_shared"))
