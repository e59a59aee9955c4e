"""What people do in the workspace: commands, clicks, forms, messages; each tells what the person would see."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack import people, rooms
from sandbox.slack.errors import SlackError, UndeliveredError
from sandbox.slack.payloads import action, event, find_element, interactive, missing, state
from sandbox.slack.people import BOT, SLACKBOT, Channel, Member
from sandbox.slack.responding import respond
from sandbox.slack.world import World

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
    member, channel = _who(world, wanted), _where(world, wanted)
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
        "text": _encode_command(world, wanted.get("text", "")),
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
    return {}


def _check_command(world: World, member: Member, channel: Channel, name: str) -> None:
    if member.is_stranger:
        raise SlackError("not_available_to_external_people")
    if world.manifest.commands is not None and name not in world.manifest.commands:
        _say_failed(world, member, channel, f"{name} is not a valid command.")
        raise SlackError("unknown_command")


def _say_failed(world: World, member: Member, channel: Channel, text: str) -> None:
    world.workspace.whisper(channel.id, to=member.id, user=SLACKBOT, text=text)


async def click(world: World, wanted: Json) -> Json:
    """Press a button, or choose in a menu; in a message, an ephemeral, a modal or Home."""
    member = _who(world, wanted)
    place = (
        _in_view(world, member, wanted)
        if "view_id" in wanted
        else _in_message(world, member, wanted)
    )
    blocks, facts = place
    block_id, element = find_element(blocks, wanted["action_id"], wanted.get("block_id", ""))
    pressed = action(element, block_id, _raw(wanted), world.workspace.next_ts())
    payload = interactive(world, "block_actions", member, **facts, actions=[pressed])
    await world.socket.deliver("interactive", payload)
    return {}


def _raw(wanted: Json) -> Any:
    """The choice, under `value` or under the name it has in Slack's payloads."""
    named = (value for name, value in wanted.items() if name.startswith("selected_"))
    return next(named, wanted.get("value"))


def _in_view(world: World, member: Member, wanted: Json) -> tuple[list[Json], Json]:
    home = world.workspace.homes.get(member.id)
    if home is not None and home["id"] == wanted["view_id"]:
        view = home
    else:
        _, view = world.modals.find(wanted["view_id"])
    view["state"] = state(view["blocks"], wanted.get("values", {}))
    container = {"type": "view", "view_id": view["id"]}
    return view["blocks"], {"container": container, "view": view}


def _in_message(world: World, member: Member, wanted: Json) -> tuple[list[Json], Json]:
    """An ephemeral's payload has no message, as Slack's has none."""
    channel, ts = _where(world, wanted), wanted["ts"]
    ephemeral = world.workspace.ephemerals[member.id].get(ts)
    message = ephemeral or world.workspace.message(channel.id, ts)
    token = world.passes.response(member.id, channel.id, ts=ts, is_ephemeral=ephemeral is not None)
    container: Json = {
        "type": "message",
        "message_ts": ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral is not None,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    blocks = message.get("blocks", [])
    facts: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "response_url": world.response_url(token),
        "state": state(blocks, wanted.get("values", {})),
    }
    return blocks, facts | ({} if ephemeral else {"message": message})


async def submit(world: World, wanted: Json) -> Json:
    """Send a modal. Answers {"ok": false, "errors": {block_id: …}} when something must be put right."""
    member = _who(world, wanted)
    _, view = world.modals.find(wanted["view_id"])
    view["state"] = state(view["blocks"], wanted.get("values", {}))
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
    member = _who(world, wanted)
    _, view = world.modals.find(wanted["view_id"])
    world.modals.close(member.id, all_of_them=bool(wanted.get("all")))
    world.workspace.touch()
    if view["notify_on_close"]:
        payload = interactive(
            world, "view_closed", member, view=view, is_cleared=bool(wanted.get("all"))
        )
        await world.socket.deliver("interactive", payload)
    return {}


async def shortcut(world: World, wanted: Json) -> Json:
    """A global shortcut, or a message's when a ts is named."""
    member = _who(world, wanted)
    facts: Json = {"callback_id": wanted["callback_id"], "action_ts": world.workspace.next_ts()}
    if "ts" not in wanted:
        await world.socket.deliver("interactive", interactive(world, "shortcut", member, **facts))
        return {}
    channel = _where(world, wanted)
    token = world.passes.response(member.id, channel.id)
    facts |= {
        "channel": {"id": channel.id, "name": channel.name},
        "message": world.workspace.message(channel.id, wanted["ts"]),
        "message_ts": wanted["ts"],
        "response_url": world.response_url(token),
    }
    await world.socket.deliver("interactive", interactive(world, "message_action", member, **facts))
    return {}


async def write(world: World, wanted: Json) -> Json:
    """A person writes in a channel, a thread or to the app."""
    member, channel = _who(world, wanted), _where(world, wanted)
    if channel.is_archived:
        raise SlackError("is_archived")
    text = _encode(world, wanted["text"])
    thread_ts = wanted.get("thread_ts")
    message = world.workspace.post(channel.id, user=member.id, text=text, thread_ts=thread_ts)
    kind = "im" if channel.dm_with else "channel"
    inner = {
        **message,
        "channel": channel.id,
        "channel_type": kind,
        "event_ts": message["ts"],
        "team": member.team,
    }
    if BOT in channel.people:
        _raise(world, f"message.{'im' if channel.dm_with else 'channels'}", inner, channel)
        if f"<@{BOT}>" in text and not channel.dm_with:
            _raise(world, "app_mention", inner | {"type": "app_mention"}, channel)
    return {"ts": message["ts"]}


async def open_home(world: World, wanted: Json) -> Json:
    member = _who(world, wanted)
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
    _raise(world, "app_home_opened", inner, channel)
    return {}


def _raise(world: World, name: str, inner: Json, channel: Channel) -> None:
    """Send an event, if the manifest subscribes to it."""
    subscribed = world.manifest.events
    if subscribed is None or name in subscribed:
        world.socket.raise_event(event(inner, is_ext_shared=channel.is_ext_shared))


def _who(world: World, wanted: Json) -> Member:
    member = world.workspace.member(wanted["user"])
    if not member.is_person:
        raise SlackError("user_not_found")
    return member


def _where(world: World, wanted: Json) -> Channel:
    """The channel, if this person sits in it."""
    channel = world.workspace.channel(wanted["channel"])
    if wanted["user"] not in channel.people:
        raise SlackError("not_in_channel")
    return channel


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _encode_command(world: World, text: str) -> str:
    """A command keeps its @handles as they were typed, unless the manifest says should_escape."""
    return (
        _encode(world, text, with_names=True) if world.manifest.escapes_commands else _escape(text)
    )


def _encode(world: World, text: str, *, with_names: bool = False) -> str:
    """Text as Slack hands it on: &, < and > escaped, @handle and #channel as references."""
    people_by_name = {member.name: member.id for member in world.workspace.members.values()}
    channels = {
        each.name: each.id for each in world.workspace.channels.values() if not each.dm_with
    }

    def refer(found: re.Match[str]) -> str:
        sign, name = found[1], found[2]
        known = people_by_name if sign == "@" else channels
        if name.lower() not in known:
            return found[0]
        return f"<{sign}{known[name.lower()]}{f'|{name}' if with_names or sign == '#' else ''}>"

    return re.sub(r"(?<![\w&])([@#])([\w.-]*\w)", refer, _escape(text))


DEEDS: dict[str, Deed] = {
    "command": command,
    "click": click,
    "submit": submit,
    "close": close,
    "shortcut": shortcut,
    "message": write,
    "home": open_home,
    **rooms.DEEDS,
}
