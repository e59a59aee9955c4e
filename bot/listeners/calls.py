"""The modals of a call and of a draft, when they are sent."""

from typing import Any

from slack_bolt import Ack

from bot.blocks import actions
from bot.blocks.call import read_call
from bot.blocks.draft import read_draft, render_ready
from bot.deps import Deps
from bot.listeners.door import Door
from bot.listeners.pressing import submit_of
from bot.services import calling
from scoring.members import Member


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def schedule(ack: Ack, view: dict[str, Any], member: Member) -> None:
        made = submit_of(deps, member, view)
        calling.schedule_call(deps, made, read_call(view["state"]["values"]))
        ack()

    def use_draft(ack: Ack, view: dict[str, Any]) -> None:
        ack(response_action="update", view=render_ready(read_draft(view["state"]["values"])))

    door.view(actions.CALL_SUBMIT, schedule)
    door.view(actions.DRAFT_SUBMIT, use_draft)
