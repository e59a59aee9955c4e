"""The sandbox's own controls: story time, faults to arm, and what has been posted."""

import json
from datetime import datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack.faults import SOCKET_KINDS
from sandbox.slack.screen import time_of
from sandbox.slack.world import World

Json = dict[str, Any]


async def show_clock(request: Request) -> Response:
    return JSONResponse(time_of(request.app.state.world))


async def move_clock(request: Request) -> Response:
    world: World = request.app.state.world
    now = world.clock.move(datetime.fromisoformat((await request.json())["now"]))
    await run_in_threadpool(world.deliver, now)
    world.workspace.record("clock")
    return JSONResponse(time_of(world))


async def ask(request: Request) -> Response:
    """Ask whoever plays the story to move time ahead by days, hours and minutes."""
    world: World = request.app.state.world
    world.clock.ask(timedelta(**await request.json()))
    world.workspace.touch()
    return JSONResponse(time_of(world))


async def transcript(request: Request) -> Response:
    """Every message there is, channel by channel, oldest first; ephemerals with whom they were shown to."""
    space = request.app.state.world.workspace
    posted = [
        _line(message, channel=channel)
        for channel, messages in space.messages.items()
        for message in messages.values()
    ]
    whispered = [
        _line(message, channel=message["channel"], visible_to=user)
        for user, messages in space.ephemerals.items()
        for message in messages.values()
    ]
    return JSONResponse({"messages": posted, "ephemerals": whispered, "homes": space.homes})


def _line(message: Json, **where: str) -> Json:
    names = (
        "user",
        "ts",
        "text",
        "blocks",
        "attachments",
        "metadata",
        "thread_ts",
        "files",
        "reactions",
    )
    kept = {name: message[name] for name in names if name in message}
    return where | kept | {"edited": message.get("edits", 0)}


async def counts(request: Request) -> Response:
    world: World = request.app.state.world
    return JSONResponse(
        {
            "messages": sum(map(len, world.workspace.messages.values())),
            "calls": world.calls,
            "early": world.limits.early,
            "connections": world.socket.connections,
            "vendors": request.app.state.vendor_calls,
        }
    )


async def arm(request: Request) -> Response:
    """Arm one fault, or clear all of them with {"clear": true}. A socket fault happens at once."""
    world: World = request.app.state.world
    wanted = await request.json()
    if wanted.get("clear"):
        world.faults.clear()
        return JSONResponse({"ok": True})
    try:
        kind = world.faults.arm(**wanted).kind
    except (TypeError, ValueError) as error:
        return JSONResponse({"ok": False, "error": str(error)}, status_code=400)
    if kind in SOCKET_KINDS - {"duplicate_delivery"}:
        world.faults.for_socket(kind)
        (world.socket.refresh if kind == "disconnect" else world.socket.drop)()
    return JSONResponse({"ok": True})


async def close_modals(request: Request) -> Response:
    """Close every modal anybody has open."""
    request.app.state.world.modals.close_everybodys()
    return JSONResponse({"ok": True})


async def refuse(_request: Request, error: Exception) -> Response:
    """A control was called without what it needs."""
    about = json.dumps(f"{type(error).__name__}: {error}")
    return JSONResponse({"ok": False, "error": about}, status_code=400)
