"""One web application for the whole sandbox: Slack, the vendors, the controls and the page."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from sandbox.introduction import introduce
from sandbox.slack import control, doing, files, responding, screen, wire
from sandbox.slack.world import World

PAGE = Path(__file__).parent / "page"


def create_app(world: World, vendors: Sequence[Mount] = ()) -> Starlette:
    """The sandbox, ready to serve. `vendors` are mounted beside Slack and their calls counted."""
    app = Starlette(
        routes=[*_slack(), *_controls(), *vendors, *_page()],
        exception_handlers={KeyError: control.refuse, ValueError: control.refuse},
    )
    app.state.world = world
    app.state.vendor_calls = Counter()
    names = {mount.path.strip("/") for mount in vendors}
    app.add_middleware(CountCalls, calls=app.state.vendor_calls, vendors=names)
    return app


class Abortable:
    """Lets a route cut its connection without a word, as a lost network does.

    It must be the outermost application: uvicorn's own `send` is a method of the object that holds the transport.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (holder := getattr(send, "__self__", None)) is not None:
            scope["sandbox.abort"] = holder.transport.abort
        await self._app(scope, receive, send)


class CountCalls:
    """Counts what each vendor was asked."""

    def __init__(self, app: ASGIApp, *, calls: Counter[str], vendors: set[str]) -> None:
        self._app, self._calls, self._vendors = app, calls, vendors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        vendor = scope.get("path", "").partition("/")[2].partition("/")[0]
        if vendor in self._vendors:
            self._calls[vendor] += 1
        await self._app(scope, receive, send)


def _slack() -> list[BaseRoute]:
    return [
        Route("/slack/api/{method}", wire.call, methods=["GET", "POST"]),
        WebSocketRoute("/slack/link", _link),
        Route("/slack/response/{token}", responding.take_response, methods=["POST"]),
        Route("/slack/upload/{file_id}", files.take_upload, methods=["POST"]),
        Route("/slack/files/{file_id}", files.give_file),
    ]


async def _link(websocket: WebSocket) -> None:
    world: World = websocket.app.state.world
    await world.socket.serve(websocket)


def _controls() -> list[BaseRoute]:
    return [
        Route("/sandbox/introduction", introduce),
        Route("/sandbox/clock", control.show_clock),
        Route("/sandbox/clock", control.move_clock, methods=["POST"]),
        Route("/sandbox/ask", control.ask, methods=["POST"]),
        Route("/sandbox/transcript", control.transcript),
        Route("/sandbox/counts", control.counts),
        Route("/sandbox/modals", control.close_modals, methods=["POST"]),
        Route("/sandbox/faults", control.arm, methods=["POST"]),
        Route("/sandbox/do/{deed}", doing.do, methods=["POST"]),
        Route("/sandbox/screen", screen.screen),
    ]


def _page() -> list[BaseRoute]:
    return [
        Route("/", _index),
        Route("/archives/{channel}/{message}", _index),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]


async def _index(_request: Request) -> Response:
    """The page. It may load nothing from anywhere else."""
    policy = (
        "default-src 'self'; img-src 'self' data: https: http:; style-src 'self' 'unsafe-inline'"
    )
    return FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": policy})
