"""Mentions and direct messages: what somebody writes to the bot is answered like a command.

In a channel the answer stands in the thread, as everybody may see it; in a direct message it is for the writer.
"""

from typing import Any

from slack_bolt import BoltContext
from slack_sdk import WebClient

from bot.blocks.kit import Message
from bot.blocks.sharing import as_shared
from bot.blocks.written import without_mention
from bot.commands import registry
from bot.deps import Deps
from bot.listeners import asking
from bot.listeners.door import Door
from bot.listeners.replying import to_direct_messages
from bot.listeners.sharing import check_room
from bot.services import admitting, speaking
from bot.services.addressing import to_all
from scoring.members import Member

SLACKBOT = "USLACKBOT"


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def mentioned(
        event: dict[str, Any], context: BoltContext, client: WebClient, member: Member
    ) -> None:
        channel, thread = str(event["channel"]), str(event.get("thread_ts") or event["ts"])
        check_room(client, channel)
        text = without_mention(str(event.get("text") or ""), str(context.bot_user_id))
        answer = to_all(deps.config, answered, text, event, client, member)
        if not answer.again:  # a question back, or what is for whoever asked
            client.chat_postEphemeral(
                channel=channel,
                user=member.id,
                thread_ts=event.get("thread_ts"),
                text=answer.text,
                blocks=answer.blocks,
            )
            return
        say(as_shared(answer, by=member.id), event, target=channel, thread_ts=thread)

    def written(event: dict[str, Any], client: WebClient, member: Member) -> None:
        answer = answered(str(event.get("text") or ""), event, client, member)
        say(answer, event, target=member.id, thread_ts=event.get("thread_ts"))

    def answered(text: str, event: dict[str, Any], client: WebClient, member: Member) -> Message:
        command, asked = registry.ask(deps, member, asking.read(deps, text), key=_key(event))
        what = f"{event['type']} {command.name}".strip()
        admitting.admit(deps, member.id, what=what, needs=command.needs)
        answer = command.run(deps, asked)
        if answer.file:
            to_direct_messages(client, member.id)(answer.file)
        return answer

    def say(answer: Message, event: dict[str, Any], *, target: str, thread_ts: str | None) -> None:
        with deps.db.write() as session:
            speaking.say(
                session,
                answer,
                key=f"answer:{_key(event)}",
                target=target,
                at=deps.clock.now(),
                urgent=True,
                thread_ts=thread_ts,
            )

    door.event("app_mention", mentioned, matches=_by_a_person)
    door.event("message", written, matches=_direct)


def _by_a_person(event: dict[str, Any]) -> bool:
    """Somebody's new message: no app's, no change of one, nobody's coming or going."""
    told = ("bot_id", "subtype", "edited", "hidden")
    return not any(event.get(each) for each in told) and event.get("user") not in {None, SLACKBOT}


def _direct(event: dict[str, Any]) -> bool:
    return event.get("channel_type") == "im" and _by_a_person(event)


def _key(event: dict[str, Any]) -> str:
    """The same for every delivery of one message."""
    return f"{event['channel']}:{event['ts']}"
