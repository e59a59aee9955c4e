"""Notes: the form that adds one, from a button or from somebody's message; the list, and deleting from it."""

from typing import Any

import structlog
from slack_bolt import Ack, Respond
from slack_sdk import WebClient

from bot.answers import NO_ANSWER
from bot.blocks import actions
from bot.blocks.note_modal import (
    Filled,
    Spot,
    account_options,
    read_note_form,
    render_kept,
    render_message_form,
    render_note_form,
)
from bot.blocks.notes import render_added
from bot.blocks.standing import Standing
from bot.blocks.written import as_typed
from bot.commands import note, registry
from bot.deps import Deps
from bot.listeners.asking import naming
from bot.listeners.door import Door
from bot.listeners.replying import reply
from bot.services import annotating, looking_up
from bot.services.annotating import NewNote
from bot.services.errors import UserError
from bot.services.standing import standing_of
from scoring.accounts import AccountId
from scoring.members import Member
from scoring.notes import NoteId

log = structlog.get_logger(__name__)


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def ask(body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:
        with deps.db.read() as session:
            account = annotating.known(session, AccountId(int(action["value"])))
        # In a modal the form comes on top, and the modal is there again after it.
        is_in_modal = (body.get("view") or {}).get("type") == "modal"
        put = client.views_push if is_in_modal else client.views_open
        put(trigger_id=body["trigger_id"], view=render_note_form(account))

    def ask_about_message(body: dict[str, Any], client: WebClient) -> None:
        message = body["message"]
        text = as_typed(str(message.get("text") or ""), name_of=naming(deps))
        spot = Spot(
            str(body["channel"]["id"]),
            str(body["message_ts"]),
            str(message.get("thread_ts") or ""),
        )
        with deps.db.read() as session:
            account = looking_up.named_in(session, text)
        client.views_open(
            trigger_id=body["trigger_id"], view=render_message_form(spot, text, account=account)
        )

    def keep(ack: Ack, view: dict[str, Any], client: WebClient, member: Member) -> None:
        filled = read_note_form(view["state"]["values"], view["private_metadata"])
        if filled.account_id is None:
            raise UserError("Choose an account.", field=actions.NOTE_ACCOUNT)
        standing = _keep(deps, client, filled, member, key=f"note:{view['id']}")
        rubric = deps.config.rubric
        if filled.spot and _tell_there(client, filled.spot, member, standing, deps):
            ack()
        else:
            ack(response_action="update", view=render_kept(standing, rubric=rubric))

    def offer(ack: Ack, payload: dict[str, Any]) -> None:
        with deps.db.read() as session:
            found = looking_up.suggestions(session, str(payload["value"]))
        ack(options=account_options(found))

    def show(respond: Respond, action: dict[str, Any], member: Member) -> None:
        at = registry.local_now(deps, member)
        reply(respond, note.page(deps, member, AccountId(int(action["value"])), at=at))

    def delete(respond: Respond, action: dict[str, Any], member: Member) -> None:
        account_id = annotating.delete_note(deps, NoteId(int(action["value"])), by=member)
        at = registry.local_now(deps, member)
        left = note.page(deps, member, account_id, at=at, done="The note is deleted.")
        reply(respond, left, replace=True)

    door.action(actions.NOTE_ADD, ask)
    door.action(actions.NOTE_LIST, show)
    door.action(actions.NOTE_DELETE, delete)
    door.shortcut(actions.NOTE_FROM_MESSAGE, ask_about_message)
    door.view(actions.NOTE_SUBMIT, keep)
    door.options(actions.ACCOUNT_FIND, offer)


def _keep(deps: Deps, client: WebClient, filled: Filled, member: Member, *, key: str) -> Standing:
    """Keep the note, and tell how its account stands."""
    at = registry.local_now(deps, member)
    new = NewNote(
        account_id=filled.account_id or AccountId(0),
        body=filled.body,
        key=key,
        permalink=_permalink(client, filled.spot) if filled.spot else None,
    )
    account = annotating.add_note(deps, new, by=member, at=at)
    with deps.db.read() as session:
        return standing_of(session, account, at=at)


def _permalink(client: WebClient, spot: Spot) -> str | None:
    """The address of a message; None where Slack tells us of none, as between two people."""
    try:
        answer = client.chat_getPermalink(channel=spot.channel, message_ts=spot.ts)
    except NO_ANSWER as error:
        log.info("a note has no link to its message", reason=type(error).__name__)
        return None
    return str(answer["permalink"])


def _tell_there(
    client: WebClient, spot: Spot, member: Member, standing: Standing, deps: Deps
) -> bool:
    """Tell the member alone, beside the message. False where we are not in the conversation."""
    said = render_added(standing, rubric=deps.config.rubric)
    try:
        client.chat_postEphemeral(
            channel=spot.channel,
            user=member.id,
            thread_ts=spot.thread_ts or None,
            text=said.text,
            blocks=said.blocks,
        )
    except NO_ANSWER as error:
        log.info("a note is confirmed in its form", reason=type(error).__name__)
        return False
    return True
