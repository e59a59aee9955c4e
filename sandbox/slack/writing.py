"""What people write: as Slack hands it on, and the events it raises."""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from sandbox.slack.errors import SlackError
from sandbox.slack.events import announce
from sandbox.slack.people import BOT, Channel, Member
from sandbox.slack.places import where, who
from sandbox.slack.world import World

Json = dict[str, Any]
_LINK = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)]")
_NAMED = re.compile(r"(?<![\w&/])([@#])([\w.-]*\w)")


async def write(world: World, wanted: Json) -> Json:
    """A person writes in a channel, a thread or to the app."""
    member, channel = who(world, wanted), where(world, wanted)
    if channel.is_archived:
        raise SlackError("is_archived")
    if channel.dm_with and world.manifest.is_read_only:
        raise SlackError("messages_tab_read_only")
    text = _LINK.sub(r"<\g<0>>", encode(world, wanted["text"]))
    message = world.workspace.post(
        channel.id, user=member.id, text=text, thread_ts=wanted.get("thread_ts")
    )
    _announce_message(world, member, channel, message)
    _announce_links(world, member, channel, message)
    return {"ts": message["ts"]}


def _announce_message(world: World, member: Member, channel: Channel, message: Json) -> None:
    if BOT not in channel.people:
        return
    kind = "im" if channel.dm_with else "channel"
    inner = {
        **message,
        "channel": channel.id,
        "channel_type": kind,
        "event_ts": message["ts"],
        "team": member.team,
    }
    announce(world, "message.im" if channel.dm_with else "message.channels", inner, channel)
    if f"<@{BOT}>" in message["text"] and not channel.dm_with:
        announce(world, "app_mention", inner | {"type": "app_mention"}, channel)


def _announce_links(world: World, member: Member, channel: Channel, message: Json) -> None:
    """link_shared, also from where the app is no member (docs.slack.dev/reference/events/link_shared)."""
    scopes = world.manifest.scopes
    links = [
        {"domain": domain, "url": url}
        for url in links_in(message["text"])
        if (domain := world.manifest.unfurls(urlsplit(url).hostname or "")) is not None
    ]
    if not links or (scopes is not None and "links:read" not in scopes):
        return
    unfurl_id = f"{channel.id}.{message['ts']}.{secrets.token_hex(32)}"
    world.unfurl_ids[unfurl_id] = (channel.id, message["ts"])
    inner = {
        "type": "link_shared",
        "channel": channel.id,
        "is_bot_user_member": BOT in channel.people,
        "user": member.id,
        "message_ts": message["ts"],
        "unfurl_id": unfurl_id,
        "source": "conversations_history",
        "links": links,
        "event_ts": message["ts"],
        **({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}),
    }
    announce(world, "link_shared", inner, channel)


def links_in(text: str) -> list[str]:
    """The addresses in a message's text, each once, as an app is told them."""
    found = (match.replace("&amp;", "&") for match in re.findall(r"<(https?://[^|>]+)", text))
    return list(dict.fromkeys(found))


def encode_command(world: World, text: str) -> str:
    """A command keeps its @handles as they were typed, unless the manifest says should_escape."""
    return (
        encode(world, text, with_names=True) if world.manifest.escapes_commands else _escape(text)
    )


def encode(world: World, text: str, *, with_names: bool = False) -> str:
    """Text as Slack hands it on: &, < and > escaped, @handle, @group and #channel as references."""
    space = world.workspace
    known = {("@", member.name): f"@{member.id}" for member in space.members.values()}
    known |= {("@", group.handle): f"!subteam^{group.id}" for group in space.groups.values()}
    known |= {
        ("#", each.name): f"#{each.id}" for each in space.channels.values() if not each.dm_with
    }

    def refer(found: re.Match[str]) -> str:
        sign, name = found[1], found[2]
        reference = known.get((sign, name.lower()))
        if reference is None:
            return found[0]
        return f"<{reference}{f'|{name}' if with_names or sign == '#' else ''}>"

    return _NAMED.sub(refer, _escape(text))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


DEEDS = {"message": write}
