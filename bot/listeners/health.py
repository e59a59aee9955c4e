"""/health: an account's card, the lists by status, and one's own book at a glance."""

from typing import Any

from slack_bolt import Respond
from slack_sdk import WebClient

from bot.blocks import actions
from bot.commands import account, registry, statuses
from bot.deps import Deps
from bot.listeners import asking
from bot.listeners.door import Door
from bot.listeners.replying import reply, to_direct_messages
from bot.services import admitting
from scoring.accounts import AccountId
from scoring.members import Member, Right


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def command(respond: Respond, body: dict[str, Any], client: WebClient, member: Member) -> None:
        meant, asked = registry.ask(
            deps,
            member,
            asking.read(deps, str(body.get("text") or "")),
            key=str(body["trigger_id"]),
        )
        if meant.needs is not Right.ACCOUNTS:  # which was asked at the door
            admitting.admit(
                deps, member.id, what=f"/health {meant.name}".strip(), needs=meant.needs
            )
        send = to_direct_messages(client, member.id)
        reply(respond, meant.run(deps, asked), pictures=deps.pictures, send=send)

    def view(respond: Respond, action: dict[str, Any], member: Member) -> None:
        at = registry.local_now(deps, member)
        card = account.card(deps, AccountId(int(action["value"])), at=at)
        reply(respond, card, pictures=deps.pictures)

    def turn_page(respond: Respond, action: dict[str, Any], member: Member) -> None:
        status, scope, offset = actions.read_page(str(action["value"]))
        at = registry.local_now(deps, member)
        message = statuses.page(deps, member, status, scope=scope, offset=offset, at=at)
        reply(respond, message, replace=True)

    door.command("/health", command)
    door.action(actions.ACCOUNT_VIEW, view)
    door.action(actions.ACCOUNT_CHOOSE, view)
    door.action(actions.LIST_PAGE, turn_page)
