"""What an app answers to a command or click: inside the ack, or at its response_url."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack.args import Args
from sandbox.slack.chat import read_content
from sandbox.slack.errors import SlackError
from sandbox.slack.passes import Response as Use
from sandbox.slack.people import BOT
from sandbox.slack.world import World

Json = dict[str, Any]


async def take_response(request: Request) -> Response:
    """The address behind a response_url."""
    world: World = request.app.state.world
    try:
        respond(world, request.path_params["token"], await request.json())
    except SlackError as error:
        gone = error.code in {"expired_url", "used_url"}
        return JSONResponse(error.body(), status_code=404 if gone else 200)
    return Response("ok", media_type="text/plain")


def respond(world: World, token: str, answer: Json) -> None:
    """Raises SlackError when the response URL is used up, or when the answer will not do."""
    use = world.passes.respond(token)
    space = world.workspace
    if use.ts is not None and answer.get("delete_original"):
        _remove(world, use)
        return
    content = read_content(world, Args(answer))
    thread_ts = answer.get("thread_ts")
    if use.ts is not None and answer.get("replace_original"):
        _replace(world, use, content)
    elif answer.get("response_type") == "in_channel":
        space.post(use.channel, user=BOT, thread_ts=thread_ts, **content)
    else:
        space.whisper(use.channel, to=use.user, thread_ts=thread_ts, **content)


def _replace(world: World, use: Use, content: Json) -> None:
    """Put the answer in the message's place; of the old content nothing is kept."""
    space, ts = world.workspace, str(use.ts)
    content = {"blocks": [], "attachments": [], **content}
    if use.is_ephemeral:
        old = space.ephemerals[use.user].get(ts, {"type": "message", "user": BOT, "ts": ts})
        message = {**old, **content, "channel": use.channel, "is_ephemeral": True}
        space.record("ephemeral", user=use.user, message=message)
        return
    old = space.message(use.channel, ts)
    edited = {"user": BOT, "ts": space.next_ts()}
    message = {**old, **content, "edited": edited, "edits": old.get("edits", 0) + 1}
    space.record("message", channel=use.channel, message=message)


def _remove(world: World, use: Use) -> None:
    if use.is_ephemeral:
        world.workspace.record("dismissed", user=use.user, ts=use.ts)
    else:
        world.workspace.record("deleted", channel=use.channel, ts=use.ts)
