"""The modals of a call and of a draft, when they are sent."""

from typing import Any

from slack_bolt import Ack, App

from bot.blocks import actions
from bot.blocks.call import read_call
from bot.blocks.draft import read_draft, render_ready
from bot.deps import Deps
from bot.listeners.apologising import apologetic
from bot.listeners.pressing import admit, submit_of
from bot.services import calling


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def schedule(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        made = submit_of(deps, body, view)
        calling.schedule_call(deps, made, read_call(view["state"]["values"]))
        ack()

    def use_draft(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        admit(deps, body, what=str(view["callback_id"]))
        ack(response_action="update", view=render_ready(read_draft(view["state"]["values"])))

    app.view(actions.CALL_SUBMIT)(apologetic(schedule))
    app.view(actions.DRAFT_SUBMIT)(apologetic(use_draft))
