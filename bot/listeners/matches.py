"""The queue of matches: it is this account, it is not, never mind; and its pages."""

from typing import Any

from slack_bolt import Ack, App, Respond

from bot.blocks import actions
from bot.blocks.matches import render_queue
from bot.deps import Deps
from bot.listeners.apologising import apologetic
from bot.services import admitting, linking
from scoring.members import Member, MemberId


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def admit(body: dict[str, Any], action: dict[str, Any]) -> Member:
        return admitting.admit(deps, MemberId(body["user"]["id"]), what=str(action["action_id"]))

    def confirm(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        member = admit(body, action)
        link_id, (account_id,), offset = actions.read_match(action["value"])
        name = linking.confirm(deps, member, link_id, account_id)
        show(respond, offset, done=f"Linked to {name}, with everything it has told so far.")

    def refuse(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        member = admit(body, action)
        link_id, account_ids, offset = actions.read_match(action["value"])
        show(respond, offset, done=linking.refuse(deps, member, link_id, account_ids))

    def ignore(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        member = admit(body, action)
        link_id, _, offset = actions.read_match(action["value"])
        linking.ignore(deps, member, link_id)
        show(respond, offset, done="Ignored. `/health link` still finds it by its id.")

    def turn_page(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        admit(body, action)
        show(respond, int(action["value"]))

    def show(respond: Respond, offset: int, *, done: str = "") -> None:
        with deps.db.read() as session:
            queue = linking.queue(session, deps, offset=offset)
        message = render_queue(queue, done=done)
        respond(
            text=message.text,
            blocks=message.blocks,
            response_type="ephemeral",
            replace_original=True,
        )

    app.action(actions.MATCH_CONFIRM)(apologetic(confirm))
    app.action(actions.MATCH_REFUSE)(apologetic(refuse))
    app.action(actions.MATCH_IGNORE)(apologetic(ignore))
    app.action(actions.MATCH_PAGE)(apologetic(turn_page))
