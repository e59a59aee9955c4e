"""What becomes of channels, user groups and people: made, archived, shared with outsiders, left; people leave the company."""

from typing import Any

from sandbox.slack import people
from sandbox.slack.errors import SlackError
from sandbox.slack.people import BOT
from sandbox.slack.world import World

Json = dict[str, Any]


async def create(world: World, wanted: Json) -> Json:
    """A new channel with the staff and the app in it."""
    channel_id = str(wanted["channel"])
    if channel_id in world.workspace.channels:
        raise SlackError("name_taken")
    staff = world.workspace.channel("C0TEAM").people
    name = str(wanted.get("name", channel_id.lower()))
    world.workspace.record("channel", channel=channel_id, facts={"name": name, "people": [*staff]})
    return {}


async def archive(world: World, wanted: Json) -> Json:
    return _change(world, wanted, is_archived=True)


async def unarchive(world: World, wanted: Json) -> Json:
    return _change(world, wanted, is_archived=False)


async def share(world: World, wanted: Json) -> Json:
    """Another organisation comes in (docs.slack.dev/apis/slack-connect)."""
    return _change(world, wanted, is_ext_shared=True)


async def unshare(world: World, wanted: Json) -> Json:
    return _change(world, wanted, is_ext_shared=False)


async def invite(world: World, wanted: Json) -> Json:
    """Somebody, by default the app, comes into a channel."""
    now = world.workspace.channel(wanted["channel"]).people
    return _change(world, wanted, people=sorted(now | {wanted.get("whom", BOT)}))


async def remove(world: World, wanted: Json) -> Json:
    """Somebody, by default the app, is taken out of a channel."""
    now = world.workspace.channel(wanted["channel"]).people
    return _change(world, wanted, people=sorted(now - {wanted.get("whom", BOT)}))


async def deactivate(world: World, wanted: Json) -> Json:
    """Somebody leaves the company."""
    member = world.workspace.member(wanted["whom"])
    if member.id in {BOT, people.SLACKBOT}:
        raise SlackError("cannot_deactivate")
    world.workspace.record("member", user=member.id, facts={"deleted": True})
    return {}


async def regroup(world: World, wanted: Json) -> Json:
    """A user group consists of other people from now on."""
    group = world.workspace.group(wanted["group"])
    now = [world.workspace.member(user).id for user in wanted["people"]]
    world.workspace.record("group", group=group.id, people=now)
    return {}


def _change(world: World, wanted: Json, **facts: Any) -> Json:
    channel = world.workspace.channel(wanted["channel"])
    world.workspace.record("channel", channel=channel.id, facts=facts)
    return {}


DEEDS = {
    "create": create,
    "archive": archive,
    "unarchive": unarchive,
    "share": share,
    "unshare": unshare,
    "invite": invite,
    "remove": remove,
    "deactivate": deactivate,
    "group": regroup,
}
