"""Look up account: a shortcut from anywhere, a menu, and the card of the account that is picked, in one modal."""

from typing import Any

from slack_sdk import WebClient

from bot.blocks import actions
from bot.blocks.look_up import render_look_up
from bot.commands import account, registry
from bot.deps import Deps
from bot.listeners.door import Door
from bot.services import annotating
from scoring.accounts import AccountId
from scoring.members import Member


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def begin(body: dict[str, Any], client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=render_look_up())

    def pick(
        body: dict[str, Any], action: dict[str, Any], client: WebClient, member: Member
    ) -> None:
        if action.get("block_id") != actions.ACCOUNT_LOOK_UP:
            return  # the menu of a form, which is read when the form is sent
        account_id = AccountId(int(action["selected_option"]["value"]))
        with deps.db.read() as session:
            known = annotating.known(session, account_id)
        card = account.card(deps, account_id, at=registry.local_now(deps, member))
        client.views_update(view_id=body["view"]["id"], view=render_look_up(known, card))

    door.shortcut(actions.ACCOUNT_LOOK_UP, begin)
    door.action(actions.ACCOUNT_FIND, pick)
