"""/health: an account's card, the lists by status, and one's own book at a glance."""

from typing import Any

from slack_bolt import Ack, App, Respond

from bot.blocks import actions
from bot.blocks.kit import Message
from bot.deps import Deps
from bot.listeners.apologising import apologetic
from bot.services import admitting, answering
from scoring.accounts import AccountId
from scoring.members import MemberId
from scoring.rubric import Status


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def command(ack: Ack, respond: Respond, body: dict[str, Any]) -> None:
        ack()  # within 3 seconds, before any work
        member = admitting.admit(deps, MemberId(body["user_id"]), what="/health")
        _reply(respond, answering.answer(deps, member, _typed(body)))

    def view(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        admitting.admit(deps, MemberId(body["user"]["id"]), what=str(action["action_id"]))
        _reply(respond, answering.card(deps, AccountId(int(action["value"]))))

    def turn_page(ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        member = admitting.admit(deps, MemberId(body["user"]["id"]), what=str(action["action_id"]))
        status, scope, offset = str(action["value"]).split(":")
        message = answering.status_list(
            deps, member, Status(int(status)), scope=scope, offset=int(offset)
        )
        _reply(respond, message, replace=True)

    app.command("/health")(apologetic(command))
    app.action(actions.ACCOUNT_VIEW)(apologetic(view))
    app.action(actions.ACCOUNT_CHOOSE)(apologetic(view))
    app.action(actions.LIST_PAGE)(apologetic(turn_page))


def _typed(body: dict[str, Any]) -> str:
    """The text after the command, as it was typed: Slack escapes three characters of it."""
    text = str(body.get("text") or "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _reply(respond: Respond, message: Message, *, replace: bool = False) -> None:
    respond(
        text=message.text,
        blocks=message.blocks,
        response_type="ephemeral",
        replace_original=replace,
        unfurl_links=False,
        unfurl_media=False,
    )
