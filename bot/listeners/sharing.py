"""Share: an answer that only one person saw, shown to the channel it was given in."""

from typing import Any

from slack_bolt import Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.blocks import actions, kit
from bot.blocks.sharing import as_shared
from bot.commands import registry
from bot.deps import Deps
from bot.listeners.door import Door
from bot.listeners.pressing import key_of
from bot.listeners.replying import reply
from bot.services import admitting, speaking
from bot.services.addressing import to_all
from bot.services.errors import UserError
from scoring.members import Member

NOT_SEEN = "I am not in this conversation, so I cannot tell who reads here. Type `/invite @bellwether`, then share again."
OUTSIDERS = (
    "People of another organisation read this channel, so I show nothing about accounts in it."
)


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def share(
        respond: Respond,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        member: Member,
    ) -> None:
        channel = str(body["channel"]["id"])
        check_room(client, channel)
        command, asked = registry.ask(deps, member, str(action["value"]))
        admitting.admit(deps, member.id, what=actions.SHARE, needs=command.needs)
        answer = to_all(deps.config, command.run, deps, asked)
        with deps.db.write() as session:
            speaking.say(
                session,
                as_shared(answer, by=member.id),
                key=f"share:{key_of(body, action)}",
                target=channel,
                at=deps.clock.now(),
                urgent=True,
            )
        told = "Shared here. Everybody in this channel sees it in a moment."
        reply(respond, kit.message(told, [kit.section(told)]))

    door.action(actions.SHARE, share)


def check_room(client: WebClient, channel: str) -> None:
    """Raises UserError where nothing about accounts may be posted, or where that cannot be told."""
    try:
        room = client.conversations_info(channel=channel)["channel"]
    except SlackApiError as error:
        if error.response.get("error") == "channel_not_found":
            raise UserError(NOT_SEEN) from None
        raise
    if room.get("is_ext_shared") or room.get("is_pending_ext_shared"):
        raise UserError(OUTSIDERS)
    if not room.get("is_member") and not room.get("is_im"):
        raise UserError(NOT_SEEN)
