"""The button that erases an account for good, for admins."""

from typing import Any

from slack_bolt import Respond

from bot.blocks import actions
from bot.blocks.erase import render_erased
from bot.deps import Deps
from bot.listeners.door import Door
from bot.listeners.replying import reply
from bot.services import erasing
from scoring.accounts import AccountId
from scoring.members import Member, Right


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def erase(respond: Respond, action: dict[str, Any], member: Member) -> None:
        done = erasing.erase(deps, AccountId(int(action["value"])), member=member.id)
        told = render_erased(
            done.name, records=done.records, messages=done.messages, is_sqlite=deps.db.is_sqlite
        )
        reply(respond, told, replace=True)

    door.action(actions.ERASE, erase, needs=Right.ADMIN)
