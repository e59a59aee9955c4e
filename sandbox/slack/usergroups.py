"""Web API: usergroups.*."""

from typing import Any

from sandbox.slack.args import Args
from sandbox.slack.world import World

Json = dict[str, Any]


def list_groups(world: World, args: Args) -> Json:
    with_people, with_count = args.flag("include_users"), args.flag("include_count")
    groups = world.workspace.groups.values()
    return {
        "usergroups": [
            each.describe(with_people=with_people, with_count=with_count) for each in groups
        ]
    }


def list_people(world: World, args: Args) -> Json:
    return {"users": [*world.workspace.group(args.need("usergroup")).people]}
