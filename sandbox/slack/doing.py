"""What people do in the workspace: commands, clicks and forms; each tells what the person would see."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack import menus, people, rooms, writing
from sandbox.slack.errors import SlackError, UndeliveredError
from sandbox.slack.events import announce
from sandbox.slack.payloads import action, find_element, interactive, missing, state
from sandbox.slack.people import SLACKBOT, Channel, Member
from sandbox.slack.places import find_place, response_url, where, who
from sandbox.slack.responding import respond
from sandbox.slack.world import World
from sandbox.slack.writing import encode_command

Json = dict[str, Any]
Deed = Callable[[World, Json], Awaitable[Json]]


async def do(request: Request) -> Response:
    """Carry out one deed. Answers {"ok": true} or the failure the person would see."""
    world: World = request.app.state.world
    deed = DEEDS[request.path_params["deed"]]
    try:
        return JSONResponse({"ok": True, **await deed(world, await request.json())})
    except SlackError as error:
        return JSONResponse(error.body())
    except UndeliveredError as error:
        return JSONResponse({"ok": False, "error": error.reason})


async def command(world: World, wanted: Json) -> Json:
    """Type a command; with `wait`, come back when it was answered, not only acknowledged."""
    member, channel = who(world, wanted), where(world, wanted)
    name = wanted.get("command", "/health")
    _check_command(world, member, channel, name)
    token = world.passes.response(member.id, channel.id)
    payload = {
        "token": "unused",
        "team_id": people.TEAM,
        "team_domain": people.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": member.id,
        "user_name": member.name,
        "command": name,
        "text": encode_command(world, wanted.get("text", "")),
        "api_app_id": people.APP,
        "is_enterprise_install": "false",
        "response_url": world.response_url(token),
        "trigger_id": world.passes.trigger(member.id),
    }
    try:
        answer = await world.socket.deliver("slash_commands", payload)
    except UndeliveredError as error:
        _say_failed(world, member, channel, f"{name} failed: {error.reason}")
        raise
    if answer:
        respond(world, token, answer)
    if wanted.get("wait"):
        await world.passes.answered(token)
    return {}


def _check_command(world: World, member: Member, channel: Channel, name: str) -> None:
    if member.is_stranger:
        raise SlackError("not_available_to_external_people")
    if channel.dm_with and world.manifest.is_read_only:
        raise SlackError("messages_tab_read_only")
    if world.manifest.commands is not None and name not in world.manifest.commands:
        _say_failed(world, member, channel, f"{name} is not a valid command.")
        raise SlackError("unknown_command")


def _say_failed(world: World, member: Member, channel: Channel, text: str) -> None:
    world.workspace.whisper(channel.id, to=member.id, user=SLACKBOT, text=text)


async def click(world: World, wanted: Json) -> Json:
    """Press a button, or choose in a menu; in a message, an ephemeral, a link's preview, a modal or Home."""
    member = who(world, wanted)
    blocks, facts = find_place(world, member, wanted)
    block_id, element = find_element(blocks, wanted["action_id"], wanted.get("block_id", ""))
    offered = world.offers_to(member.id)
    pressed = action(element, block_id, _raw(wanted), world.workspace.next_ts(), offered)
    if "view_id" not in wanted:
        facts["response_url"] = response_url(world, member, wanted)
    payload = interactive(world, "block_actions", member, **facts, actions=[pressed])
    await world.socket.deliver("interactive", payload)
    return {}


def _raw(wanted: Json) -> Any:
    """The choice, under `value` or under the name it has in Slack's payloads."""
    named = (value for name, value in wanted.items() if name.startswith("selected_"))
    return next(named, wanted.get("value"))


async def submit(world: World, wanted: Json) -> Json:
    """Send a modal. Answers {"ok": false, "errors": {block_id: …}} when something must be put right."""
    member = who(world, wanted)
    _, view = world.modals.find(wanted["view_id"])
    view["state"] = state(view["blocks"], wanted.get("values", {}), world.offers_to(member.id))
    errors = missing(view["blocks"], view["state"]["values"])
    if errors:
        raise SlackError("missing_input", errors=errors)
    payload = interactive(world, "view_submission", member, view=view, response_urls=[])
    answer = await world.socket.deliver("interactive", payload)
    _follow(world, member, view, answer)
    world.workspace.touch()
    return {}


def _follow(world: World, member: Member, view: Json, answer: Json) -> None:
    """What the app wants to happen to the modal; nothing means that this view closes."""
    match answer.get("response_action"):
        case "errors":
            raise SlackError("rejected", errors=answer["errors"])
        case "update":
            world.modals.update(view, answer["view"])
        case "push":
            world.modals.push(member.id, answer["view"])
        case "clear":
            world.modals.close(member.id, all_of_them=True)
        case _ if world.modals.top(member.id) is view:
            world.modals.close(member.id)


async def close(world: World, wanted: Json) -> Json:
    member = who(world, wanted)
    _, view = world.modals.find(wanted["view_id"])
    world.modals.close(member.id, all_of_them=bool(wanted.get("all")))
    world.workspace.touch()
    if view["notify_on_close"]:
        payload = interactive(
            world, "view_closed", member, view=view, is_cleared=bool(wanted.get("all"))
        )
        await world.socket.deliver("interactive", payload)
    return {}


async def open_home(world: World, wanted: Json) -> Json:
    member = who(world, wanted)
    channel = world.workspace.direct(member.id)
    inner: Json = {
        "type": "app_home_opened",
        "user": member.id,
        "channel": channel.id,
        "tab": "home",
        "event_ts": world.workspace.next_ts(),
    }
    if member.id in world.workspace.homes:
        inner["view"] = world.workspace.homes[member.id]
    announce(world, "app_home_opened", inner, channel)
    return {}


DEEDS: dict[str, Deed] = {
    "command": command,
    "click": click,
    "submit": submit,
    "close": close,
    "home": open_home,
    **menus.DEEDS,
    **rooms.DEEDS,
    **writing.DEEDS,
}
