"""Who does something, and where: in a channel, a message, a link's preview, a modal or Home."""

from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.payloads import state
from sandbox.slack.people import Channel, Member
from sandbox.slack.world import World

Json = dict[str, Any]


def who(world: World, wanted: Json) -> Member:
    member = world.workspace.member(wanted["user"])
    if not member.is_person:
        raise SlackError("user_not_found")
    return member


def where(world: World, wanted: Json) -> Channel:
    """The channel, if this person sits in it."""
    channel = world.workspace.channel(wanted["channel"])
    if wanted["user"] not in channel.people:
        raise SlackError("not_in_channel")
    return channel


def find_place(world: World, member: Member, wanted: Json) -> tuple[list[Json], Json]:
    """The blocks somebody looks at, and what a payload tells of where they stand."""
    if "view_id" in wanted:
        return _in_view(world, member, wanted)
    return _in_message(world, member, wanted)


def response_url(world: World, member: Member, wanted: Json) -> str:
    """An address for answers to a press in a message. Somebody's message is not replaced for a press in its preview."""
    channel = where(world, wanted)
    ts = None if "attachment_id" in wanted else wanted["ts"]
    is_ephemeral = ts in world.workspace.ephemerals[member.id]
    token = world.passes.response(member.id, channel.id, ts=ts, is_ephemeral=is_ephemeral)
    return world.response_url(token)


def _in_view(world: World, member: Member, wanted: Json) -> tuple[list[Json], Json]:
    home = world.workspace.homes.get(member.id)
    if home is not None and home["id"] == wanted["view_id"]:
        view = home
    else:
        _, view = world.modals.find(wanted["view_id"])
    offered = world.offers_to(member.id)
    view["state"] = state(view["blocks"], wanted.get("values", {}), offered)
    container = {"type": "view", "view_id": view["id"]}
    return view["blocks"], {"container": container, "view": view}


def _in_message(world: World, member: Member, wanted: Json) -> tuple[list[Json], Json]:
    """An ephemeral's payload has no message, as Slack's has none; a preview's has `app_unfurl` in its place."""
    channel, ts = where(world, wanted), wanted["ts"]
    ephemeral = world.workspace.ephemerals[member.id].get(ts)
    message = ephemeral or world.workspace.message(channel.id, ts)
    container: Json = {
        "type": "message",
        "message_ts": ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral is not None,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    facts: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
    }
    if "attachment_id" in wanted:
        preview = _preview(message, wanted["attachment_id"])
        container |= {
            "type": "message_attachment",
            "attachment_id": preview["id"],
            "is_app_unfurl": True,
            "app_unfurl_url": preview["app_unfurl_url"],
        }
        blocks, shown = preview["blocks"], {"app_unfurl": preview}
    else:
        blocks, shown = message.get("blocks", []), {} if ephemeral else {"message": message}
    values = state(blocks, wanted.get("values", {}), world.offers_to(member.id))
    return blocks, facts | {"state": values, **shown}


def _preview(message: Json, attachment_id: Any) -> Json:
    for attachment in message.get("attachments", []):
        if attachment.get("is_app_unfurl") and str(attachment["id"]) == str(attachment_id):
            return dict(attachment)
    raise SlackError("no_such_attachment")
