"""Web API: chat.* and reactions.add."""

import time
from collections.abc import Iterator
from typing import Any

from sandbox.slack import people
from sandbox.slack.args import Args
from sandbox.slack.errors import SlackError
from sandbox.slack.judge import Surface, judge
from sandbox.slack.modals import name_blocks
from sandbox.slack.people import BOT, Channel
from sandbox.slack.world import World

Json = dict[str, Any]
MAX_TEXT = 40_000  # characters


def post_message(world: World, args: Args) -> Json:
    channel = writable(world, args.need("channel"))
    content = read_content(world, args)
    thread_ts = _thread(world, channel, args)
    metadata = _metadata(args)
    world.pace.take(channel.id)
    message = world.workspace.post(
        channel.id,
        user=BOT,
        thread_ts=thread_ts,
        metadata=metadata,
        subtype="thread_broadcast" if thread_ts and args.flag("reply_broadcast") else None,
        **content,
    )
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def post_ephemeral(world: World, args: Args) -> Json:
    channel = writable(world, args.need("channel"))
    user = args.need("user")
    if user not in channel.people:
        raise SlackError("user_not_in_channel")
    content = read_content(world, args)
    thread_ts = _thread(world, channel, args)
    message = world.workspace.whisper(channel.id, to=user, thread_ts=thread_ts, **content)
    return {"message_ts": message["ts"]}


def update(world: World, args: Args) -> Json:
    """Blocks, attachments and metadata that are left out stay as they were."""
    channel = writable(world, args.need("channel"))
    old = _own(world, channel, args.need("ts"), "cant_update_message")
    metadata = _metadata(args)
    content = read_content(world, args) | ({} if metadata is None else {"metadata": metadata})
    edited = {"user": BOT, "ts": world.workspace.next_ts()}
    message = {**old, **content, "edited": edited, "edits": old.get("edits", 0) + 1}
    world.workspace.record("message", channel=channel.id, message=message)
    return {
        "channel": channel.id,
        "ts": old["ts"],
        "text": message.get("text", ""),
        "message": message,
    }


def delete(world: World, args: Args) -> Json:
    channel = writable(world, args.need("channel"))
    old = _own(world, channel, args.need("ts"), "cant_delete_message")
    world.workspace.record("deleted", channel=channel.id, ts=old["ts"])
    return {"channel": channel.id, "ts": old["ts"]}


def get_permalink(world: World, args: Args) -> Json:
    """Leads to the message on the page. Of a reply it names the thread too, as on the platform."""
    channel = world.workspace.channel(args.need("channel"))
    message = world.workspace.message(channel.id, args.need("message_ts"))
    ts, thread_ts = message["ts"], message.get("thread_ts", message["ts"])
    link = f"{world.url}/archives/{channel.id}/p{ts.replace('.', '')}"
    if thread_ts != ts:
        link += f"?thread_ts={thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(world: World, args: Args) -> Json:
    channel = readable(world, args.need("channel"))
    message = world.workspace.message(channel.id, args.need("timestamp"))
    reactions = {each["name"]: each for each in message.get("reactions", [])}
    name = args.need("name")
    users = reactions.get(name, {}).get("users", [])
    if BOT in users:
        raise SlackError("already_reacted")
    reactions[name] = {"name": name, "users": [*users, BOT], "count": len(users) + 1}
    changed = {**message, "reactions": list(reactions.values())}
    world.workspace.record("message", channel=channel.id, message=changed)
    return {}


def readable(world: World, wanted: str) -> Channel:
    """A conversation the app is in."""
    channel = world.workspace.channel(wanted)
    if BOT not in channel.people:
        raise SlackError("not_in_channel")
    return channel


def writable(world: World, wanted: str) -> Channel:
    channel = readable(world, wanted)
    if channel.is_archived:
        raise SlackError("is_archived")
    if channel.dm_with and world.workspace.member(channel.dm_with).deleted:
        raise SlackError("user_disabled")
    return channel


def read_content(world: World, args: Args) -> Json:
    """Text, blocks and attachments, judged as Slack does before it takes a message."""
    text, blocks, attachments = args.text("text"), args.data("blocks"), args.data("attachments")
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    if len(text) > MAX_TEXT:
        raise SlackError("msg_too_long")
    content: Json = {"text": text}
    if blocks is not None:
        check_blocks(world, blocks)
        content["blocks"] = name_blocks(blocks)
    if attachments:
        content["attachments"] = attachments
    return content


def check_blocks(world: World, blocks: Any) -> None:
    """Raises invalid_blocks, with what is wrong."""
    errors = judge(blocks, Surface.MESSAGE) or [
        f"[ERROR] invalid slack file [json-pointer:{pointer}]"
        for pointer, file in _files_in(blocks, "/blocks")
        if not file_is_ready(world, file.get("id") or file["url"].rpartition("/")[2])
    ]
    if errors:
        raise SlackError("invalid_blocks", errors=errors, response_metadata={"messages": errors})


def _files_in(value: Any, pointer: str) -> Iterator[tuple[str, Json]]:
    """Every reference to a file of Slack's in blocks, with where it stands."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "slack_file":
                yield f"{pointer}/{name}", part
            else:
                yield from _files_in(part, f"{pointer}/{name}")
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _files_in(part, f"{pointer}/{at}")


def file_is_ready(world: World, file_id: str) -> bool:
    """An upload is usable only some time after it was completed."""
    known = file_id in world.workspace.files
    return known and time.monotonic() >= world.files_ready_at.get(file_id, 0.0)


def _thread(world: World, channel: Channel, args: Args) -> str | None:
    """The ts of the thread's first message; a reply to a reply goes to the same thread."""
    if "thread_ts" not in args:
        return None
    found = world.workspace.messages[channel.id].get(args.text("thread_ts"))
    if found is None:
        raise SlackError("message_not_found")
    return str(found.get("thread_ts", found["ts"]))


def _metadata(args: Args) -> Json | None:
    metadata = args.data("metadata")
    if metadata in (None, {}):
        return metadata if metadata is None else {}
    if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= set(metadata):
        raise SlackError("invalid_metadata_format")
    return metadata


def _own(world: World, channel: Channel, ts: str, error: str) -> Json:
    message = world.workspace.message(channel.id, ts)
    if message["user"] != BOT or message.get("app_id") != people.APP:
        raise SlackError(error)
    return message
