"""Controls of the wire to the app: by socket or request URL, what may go wrong with it, and the last post once more."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.slack.errors import UndeliveredError
from sandbox.slack.request_url import RequestUrl
from sandbox.slack.world import World

Json = dict[str, Any]


def controls() -> list[Route]:
    return [
        Route("/sandbox/request-url", _set_request_url, methods=["POST"]),
        Route("/sandbox/replay", _replay, methods=["POST"]),
        Route("/sandbox/socket", _break_socket, methods=["POST"]),
    ]


async def _set_request_url(request: Request) -> Response:
    """Post to {"url": …, "secret": …} from now on; {"url": null} goes back to the socket."""
    world, wanted = _world(request), await request.json()
    url = wanted["url"]
    world.socket.request_url = RequestUrl(url, wanted["secret"]) if url else None
    return JSONResponse({"ok": True})


async def _replay(request: Request) -> Response:
    """Post the last request once more to the byte, as somebody would who had overheard it."""
    to = _world(request).socket.request_url
    if to is None or to.last is None:
        return JSONResponse({"ok": False, "error": "nothing was posted"}, status_code=400)
    try:
        status, _, body = await to.post(to.last)
    except UndeliveredError as error:
        return JSONResponse({"ok": False, "error": error.reason})
    return JSONResponse({"ok": True, "status": status, "body": body.decode()})


async def _break_socket(request: Request) -> Response:
    """{"turns_away": true} refuses new connections until it is false; {"mute": true} deafens those there are."""
    world, wanted = _world(request), await request.json()
    world.socket.turns_away = bool(wanted.get("turns_away", world.socket.turns_away))
    if wanted.get("mute"):
        world.socket.mute()
    return JSONResponse({"ok": True})


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world
