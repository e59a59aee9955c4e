"""What one person sees of the workspace, for the page."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack import people
from sandbox.slack.conversations import thread_facts
from sandbox.slack.people import Channel, Member
from sandbox.slack.world import World

Json = dict[str, Any]
SHOWN = 150  # messages of a channel
COUNTED = 99  # unread messages


async def screen(request: Request) -> Response:
    """Everything the page draws for one person and the channel they have open."""
    world: World = request.app.state.world
    member = world.workspace.member(request.query_params["user"])
    mine = [world.workspace.direct(member.id), *_channels(world, member)]
    wanted = request.query_params.get("channel")
    shown = next(
        (each for each in mine if each.id == wanted), mine[1] if len(mine) > 1 else mine[0]
    )
    return JSONResponse(
        time_of(world)
        | {
            "you": member.id,
            "team": people.TEAM_NAME,
            "app": people.BOT,
            "members": [_person(each) for each in world.workspace.members.values()],
            "channels": [_channel(world, member, each) for each in mine],
            "channel": shown.id,
            "messages": _messages(world, member, shown),
            "has_home": world.manifest.has_home,
            "is_read_only": world.manifest.is_read_only,
            "shortcuts": [asdict(each) for each in world.manifest.shortcuts or ()],
            "commands": sorted(world.manifest.commands or ()),
            "groups": [
                {"id": each.id, "handle": each.handle} for each in world.workspace.groups.values()
            ],
            "home": world.workspace.homes.get(member.id),
            "modal": world.modals.top(member.id),
        }
    )


def time_of(world: World) -> Json:
    """Story time, where it is asked to go, and the revision that tells the page to look again."""
    target = world.clock.target
    return {
        "now": world.clock.now().isoformat(),
        "target": target.isoformat() if target else None,
        "revision": world.workspace.revision,
        "connected": world.socket.connections > 0,
    }


def _channels(world: World, member: Member) -> list[Channel]:
    every = world.workspace.channels.values()
    return [each for each in every if member.id in each.people and each.dm_with is None]


def _person(member: Member) -> Json:
    return {
        "id": member.id,
        "name": member.real_name,
        "handle": member.name,
        "title": member.title,
        "tz": member.tz,
        "is_person": member.is_person,
        "is_bot": member.is_bot,
        "is_guest": member.is_restricted,
        "is_stranger": member.is_stranger,
    }


def _channel(world: World, member: Member, channel: Channel) -> Json:
    from_others = [
        message["ts"]
        for message in world.workspace.messages[channel.id].values()
        if message["user"] != member.id
    ]
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_dm": channel.dm_with is not None,
        "is_shared": channel.is_ext_shared,
        "is_archived": channel.is_archived,
        "count": len(channel.people),
        "recent": from_others[-COUNTED:],
    }


def _messages(world: World, member: Member, channel: Channel) -> list[Json]:
    """The latest messages with their threads and this person's ephemerals, oldest first."""
    public = [
        message | thread_facts(world, channel.id, ts)
        for ts, message in world.workspace.messages[channel.id].items()
    ]
    private = [
        each
        for each in world.workspace.ephemerals[member.id].values()
        if each["channel"] == channel.id
    ]
    return sorted(public + private, key=lambda message: str(message["ts"]))[-SHOWN:]
