"""The queue of matches: it is this account, it is not, never mind; and its pages."""

from typing import Any

from slack_bolt import Respond

from bot.blocks import actions
from bot.commands import matches
from bot.deps import Deps
from bot.listeners.door import Door
from bot.listeners.replying import reply
from bot.services import linking
from scoring.members import Member


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def confirm(respond: Respond, action: dict[str, Any], member: Member) -> None:
        link_id, (account_id,), offset = actions.read_match(action["value"])
        name = linking.confirm(deps, member, link_id, account_id)
        show(respond, offset, done=f"Linked to {name}, with everything it has told so far.")

    def refuse(respond: Respond, action: dict[str, Any], member: Member) -> None:
        link_id, account_ids, offset = actions.read_match(action["value"])
        show(respond, offset, done=linking.refuse(deps, member, link_id, account_ids))

    def ignore(respond: Respond, action: dict[str, Any], member: Member) -> None:
        link_id, _, offset = actions.read_match(action["value"])
        linking.ignore(deps, member, link_id)
        show(respond, offset, done="Ignored. `/health link` still finds it by its id.")

    def turn_page(respond: Respond, action: dict[str, Any]) -> None:
        show(respond, int(action["value"]))

    def show(respond: Respond, offset: int, *, done: str = "") -> None:
        reply(respond, matches.page(deps, offset=offset, done=done), replace=True)

    door.action(actions.MATCH_CONFIRM, confirm)
    door.action(actions.MATCH_REFUSE, refuse)
    door.action(actions.MATCH_IGNORE, ignore)
    door.action(actions.MATCH_PAGE, turn_page)
