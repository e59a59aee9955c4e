"""Shortcuts, and the options of a menu that the app fills while a person types."""

from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.judge import judge_options
from sandbox.slack.payloads import find_element, interactive, suggestion
from sandbox.slack.people import Member
from sandbox.slack.places import find_place, where, who
from sandbox.slack.world import World

Json = dict[str, Any]
FILLED_BY_APP = frozenset({"external_select", "multi_external_select"})
MIN_QUERY_LENGTH = 3  # characters, where the element does not say


async def shortcut(world: World, wanted: Json) -> Json:
    """A global shortcut, or a message's when a ts is named."""
    member, callback_id = who(world, wanted), wanted["callback_id"]
    kind = "message" if "ts" in wanted else "global"
    if member.is_stranger:
        raise SlackError("not_available_to_external_people")
    if not world.manifest.has_shortcut(callback_id, kind):
        raise SlackError("unknown_shortcut")
    facts: Json = {"callback_id": callback_id, "action_ts": world.workspace.next_ts()}
    if kind == "global":
        await world.socket.deliver("interactive", interactive(world, "shortcut", member, **facts))
        return {}
    channel = where(world, wanted)
    token = world.passes.response(member.id, channel.id)
    facts |= {
        "channel": {"id": channel.id, "name": channel.name},
        "message": world.workspace.message(channel.id, wanted["ts"]),
        "message_ts": wanted["ts"],
        "response_url": world.response_url(token),
    }
    await world.socket.deliver("interactive", interactive(world, "message_action", member, **facts))
    return {}


async def suggest(world: World, wanted: Json) -> Json:
    """What a menu offers for the letters typed so far: {"options": […]} or {"option_groups": […]}.

    The app is not asked before `min_query_length` letters are there (docs.slack.dev, Select menu of
    external data source). What it offered can be chosen.
    """
    member, typed = who(world, wanted), str(wanted.get("value", ""))
    blocks, facts = find_place(world, member, wanted)
    block_id, element = find_element(blocks, wanted["action_id"], wanted.get("block_id", ""))
    if element["type"] not in FILLED_BY_APP:
        raise SlackError("no_such_element")
    if len(typed) < element.get("min_query_length", MIN_QUERY_LENGTH):
        return {"options": []}
    facts = {name: fact for name, fact in facts.items() if name != "state"}
    payload = suggestion(
        member, block_id=block_id, action_id=element["action_id"], value=typed, **facts
    )
    answer = await world.socket.deliver("interactive", payload)
    return _offer(world, member, element["action_id"], answer)


def _offer(world: World, member: Member, action_id: str, answer: Json) -> Json:
    """Keep what the app offers. Raises SlackError when Slack would show nothing of it."""
    errors = judge_options(answer)
    if errors:
        raise SlackError("invalid_options", errors=errors)
    groups = answer.get("option_groups", [])
    options = [*answer.get("options", []), *(one for group in groups for one in group["options"])]
    world.offers[member.id, action_id] |= {option["value"]: option for option in options}
    kept = "option_groups" if groups else "options"
    return {kept: answer.get(kept, [])}


DEEDS = {"shortcut": shortcut, "suggest": suggest}
