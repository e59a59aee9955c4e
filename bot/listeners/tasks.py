"""Tasks: the form that makes one, and the list in which they are done and handed on."""

from typing import Any

from slack_bolt import Ack, Respond

from bot.blocks import actions
from bot.blocks.task_modal import read_task
from bot.commands import tasks
from bot.deps import Deps
from bot.listeners.door import Door
from bot.listeners.pressing import key_of, submit_of
from bot.listeners.replying import reply
from bot.services import tasking
from scoring.members import Member, MemberId


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def create(ack: Ack, view: dict[str, Any], member: Member) -> None:
        made = submit_of(deps, member, view)
        new = read_task(view["state"]["values"])
        tasking.create(deps, made.alert_id, new, member=made.member, key=made.key, at=made.at)
        ack()

    def finish(respond: Respond, action: dict[str, Any], member: Member) -> None:
        task_id, scope, offset = actions.read_task_block(action["block_id"])
        done = tasking.finish(deps, task_id, member=member.id, at=deps.clock.now())
        show(respond, member, scope, offset, done=done)

    def reassign(
        respond: Respond, body: dict[str, Any], action: dict[str, Any], member: Member
    ) -> None:
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

    def turn_page(respond: Respond, action: dict[str, Any], member: Member) -> None:
        scope, offset = actions.read_task_page(action["value"])
        show(respond, member, scope, offset)

    def show(respond: Respond, member: Member, scope: str, offset: int, *, done: str = "") -> None:
        reply(
            respond, tasks.page(deps, member, scope=scope, offset=offset, done=done), replace=True
        )

    door.view(actions.TASK_SUBMIT, create)
    door.action(actions.TASK_DONE, finish)
    door.action(actions.TASK_REASSIGN, reassign)
    door.action(actions.TASK_PAGE, turn_page)
