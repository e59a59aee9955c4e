"""Tasks: the form that makes one, and the list in which they are done and handed on."""

from typing import Any

from slack_bolt import Ack, App, Respond

from bot.blocks import actions
from bot.blocks.task_modal import read_task
from bot.deps import Deps
from bot.listeners.apologising import apologetic
from bot.listeners.pressing import admit, key_of, submit_of
from bot.services import answering, tasking
from scoring.members import Member, MemberId


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def create(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        made = submit_of(deps, body, view)
        new = read_task(view["state"]["values"])
        tasking.create(deps, made.alert_id, new, member=made.member, key=made.key, at=made.at)
        ack()

    def finish(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        member = admit(deps, body, what=str(action["action_id"]))
        task_id, scope, offset = actions.read_task_block(action["block_id"])
        done = tasking.finish(deps, task_id, member=member.id, at=deps.clock.now())
        show(respond, member, scope, offset, done=done)

    def reassign(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        member = admit(deps, body, what=str(action["action_id"]))
        task_id, scope, offset = actions.read_task_block(action["block_id"])
        done = tasking.reassign(
            deps,
            task_id,
            to=MemberId(str(action["selected_user"])),
            member=member.id,
            key=key_of(body, action),
            at=deps.clock.now(),
        )
        show(respond, member, scope, offset, done=done)

    def turn_page(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        member = admit(deps, body, what=str(action["action_id"]))
        scope, offset = actions.read_task_page(action["value"])
        show(respond, member, scope, offset)

    def show(respond: Respond, member: Member, scope: str, offset: int, *, done: str = "") -> None:
        message = answering.task_page(deps, member, scope=scope, offset=offset, done=done)
        respond(
            text=message.text,
            blocks=message.blocks,
            response_type="ephemeral",
            replace_original=True,
        )

    app.view(actions.TASK_SUBMIT)(apologetic(create))
    app.action(actions.TASK_DONE)(apologetic(finish))
    app.action(actions.TASK_REASSIGN)(apologetic(reassign))
    app.action(actions.TASK_PAGE)(apologetic(turn_page))
