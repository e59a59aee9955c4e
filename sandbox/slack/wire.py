"""Web API on the wire: tokens, scopes, faults on request, and one function for each method."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.slack import chat, conversations, files, people, unfurling, usergroups, views
from sandbox.slack.args import Args, read
from sandbox.slack.errors import SlackError
from sandbox.slack.faults import COMMITTED_KINDS, Fault
from sandbox.slack.world import World

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A star in `scope` stands for the kind of the conversation: channels or im. None needs no scope."""

    run: Callable[[World, Args], Json]
    scope: str | None = None


def open_connection(world: World, _args: Args) -> Json:
    ticket = world.passes.ticket()
    return {"url": f"{world.url.replace('http', 'ws', 1)}/slack/link?ticket={ticket}"}


CONNECT = "apps.connections.open"
METHODS: dict[str, Method] = {
    CONNECT: Method(open_connection),
    "auth.test": Method(conversations.identify),
    "chat.delete": Method(chat.delete, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.postMessage": Method(chat.post_message, "chat:write"),
    "chat.unfurl": Method(unfurling.unfurl, "links:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "conversations.history": Method(conversations.history, "*:history"),
    "conversations.info": Method(conversations.info, "*:read"),
    "conversations.list": Method(conversations.list_channels, "channels:read"),
    "conversations.members": Method(conversations.members, "*:read"),
    "conversations.open": Method(conversations.open_direct, "im:write"),
    "conversations.replies": Method(conversations.replies, "*:history"),
    "files.completeUploadExternal": Method(files.complete_upload, "files:write"),
    "files.getUploadURLExternal": Method(files.get_upload_url, "files:write"),
    "files.info": Method(files.file_info, "files:read"),
    "reactions.add": Method(chat.add_reaction, "reactions:write"),
    "usergroups.list": Method(usergroups.list_groups, "usergroups:read"),
    "usergroups.users.list": Method(usergroups.list_people, "usergroups:read"),
    "users.info": Method(conversations.user_info, "users:read"),
    "users.list": Method(conversations.list_users, "users:read"),
    "users.lookupByEmail": Method(conversations.look_up_by_email, "users:read.email"),
    "views.open": Method(views.open_view),
    "views.publish": Method(views.publish_view),
    "views.push": Method(views.push_view),
    "views.update": Method(views.update_view),
}


class Dropped(Response):
    """No response at all: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        scope["sandbox.abort"]()
        await receive()  # until the server has seen that the connection is gone


class Cut(Dropped):
    """Half an answer: the connection is cut in the middle of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok": true,', "more_body": True})
        await super().__call__(scope, receive, send)


async def call(request: Request) -> Response:
    """Answer one call of the Web API."""
    world: World = request.app.state.world
    name = request.path_params["method"]
    world.calls[name] += 1
    try:
        args = await read(request)
        method = _authorise(world, name, args)
        return await _run(world, name, method, args)
    except SlackError as error:
        if error.code == "ratelimited":
            world.limits.tell(name, _about(world, args), error.facts["retry_after"])
        return _refuse(error)


async def _run(world: World, name: str, method: Method, args: Args) -> Response:
    world.limits.heed(name, _about(world, args))
    fault = world.faults.for_call(name, _channel_id(world, args))
    if fault is not None:
        broken = await _break(fault)
        if broken is not None:
            return broken
    result = method.run(world, args)
    if fault is not None and fault.kind in COMMITTED_KINDS:
        return _answer_badly(fault)
    scopes = ",".join(sorted(world.manifest.scopes or {"chat:write"}))
    return JSONResponse({"ok": True, **result}, headers={"x-oauth-scopes": scopes})


def _about(world: World, args: Args) -> str:
    """What a limit was told for: the channel, and the message where one is changed."""
    return f"{_channel_id(world, args)} {args.text('ts')}"


def _answer_badly(fault: Fault) -> Response:
    """What was asked is done, and the answer does not say so."""
    if fault.kind == "commit_then_500":
        return Response("Internal Server Error", status_code=500)
    if fault.kind == "commit_then_fatal_error":
        raise SlackError("fatal_error")
    if fault.kind == "commit_then_html":
        return _page(200)
    return Cut() if fault.kind == "commit_then_cut" else Dropped()


async def _break(fault: Fault) -> Response | None:
    """What goes wrong before the method runs. None when the method still runs."""
    if fault.kind == "ratelimited":
        raise SlackError("ratelimited", retry_after=fault.retry_after)
    if fault.kind.startswith("error:"):
        raise SlackError(fault.kind.removeprefix("error:"))
    if fault.kind == "http_500":
        return Response("Internal Server Error", status_code=500)
    if fault.kind == "drop":
        return Dropped()
    if fault.kind in {"html_200", "html_403"}:
        return _page(int(fault.kind.removeprefix("html_")))
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    return None


def _page(status: int) -> Response:
    """What somebody in between answers: a proxy, or a notice of maintenance."""
    return Response("<html>Back soon</html>", status_code=status, media_type="text/html")


def _refuse(error: SlackError) -> Response:
    body = error.body()
    if error.code != "ratelimited":
        return JSONResponse(body)
    wait = str(body.pop("retry_after"))
    return JSONResponse(body, status_code=429, headers={"Retry-After": wait})


def _authorise(world: World, name: str, args: Args) -> Method:
    """The method, if the token's class may call it and the manifest has its scope."""
    if name not in METHODS:
        raise SlackError("unknown_method", req_method=name)
    token = args.text("token")
    if not token:
        raise SlackError("not_authed")
    if not token.startswith(("xoxb-", "xapp-")):
        raise SlackError("invalid_auth")
    if token.startswith("xapp-") != (name == CONNECT):
        raise SlackError("not_allowed_token_type")
    method = METHODS[name]
    granted = world.manifest.scopes
    if method.scope and granted is not None:
        needed = method.scope.replace("*", _kind(world, args))
        if needed not in granted:
            raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(granted)))
    return method


def _kind(world: World, args: Args) -> str:
    return "im" if _channel_id(world, args).startswith("D") else "channels"


def _channel_id(world: World, args: Args) -> str:
    """The id of the channel a call is about, or nothing. A person's id stands for their DM."""
    wanted = args.text("channel") or args.text("channel_id")
    members = world.workspace.members
    if wanted in members and members[wanted].team == people.TEAM:
        return f"D{wanted[1:]}"
    return wanted
