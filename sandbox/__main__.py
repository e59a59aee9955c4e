"""Run the sandbox: python -m sandbox --home DIR."""

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import uvicorn

from sandbox.clock import Clock
from sandbox.couriers import COURIERS
from sandbox.journal import Journal
from sandbox.server import Abortable, create_app
from sandbox.slack import wiring
from sandbox.slack.manifest import read_manifest
from sandbox.slack.request_url import RequestUrl
from sandbox.slack.workspace import Workspace
from sandbox.slack.world import World
from sandbox.story import Story
from sandbox.vendors import Vendors

MANIFEST = Path(__file__).parents[1] / "manifest.yml"
PING_S = 10.0
STDIN = 0


class Server(uvicorn.Server):
    """Says where it is on stdout, once it is ready; nothing else is ever written there."""

    def __init__(self, config: uvicorn.Config, *, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        sys.stdout.write(json.dumps({"url": self._url}) + "\n")
        sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    args = _parse(arguments)
    logging.basicConfig(level=args.log_level.upper(), stream=sys.stderr)
    listener = socket.create_server(("127.0.0.1", args.port))
    # Accepted sockets take it over. asyncio would set it on a socket it made itself; without it a small
    # answer waits 40 ms for the acknowledgement of its own first half.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    journal = Journal(args.home / "slack.jsonl")
    clock = Clock(args.start, flowing=args.flowing)
    server = Server(_configure(_build(args, url, clock, journal), args.log_level), url=url)
    # Without handlers of our own uvicorn would end the process by the signal, after it has shut down.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    if args.until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=[server], daemon=True).start()
    server.run(sockets=[listener])
    journal.close()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument(
        "--home", type=Path, required=True, help="where the sandbox keeps what happened"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", type=datetime.fromisoformat, default="2026-08-24T06:00:00Z")
    parser.add_argument("--flowing", action="store_true", help="let story time pass like real time")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end when the parent does"
    )
    parser.add_argument(
        "--request-url", help="post what happens there, in place of sending it over the socket"
    )
    parser.add_argument(
        "--signing-secret", default="sandbox", help="what posts to the request URL are signed with"
    )
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="what the app is granted")
    parser.add_argument(
        "--couriers", nargs="*", default=(), choices=sorted(COURIERS), help="who brings files"
    )
    parser.add_argument("--log-level", default="warning")
    return parser.parse_args(arguments)


def _build(args: argparse.Namespace, url: str, clock: Clock, journal: Journal) -> Abortable:
    story = Story(args.accounts, args.seed, args.start)
    workspace = Workspace(owners=story.owners, clock=clock, journal=journal)
    world = World(
        url=url, home=args.home, workspace=workspace, manifest=read_manifest(args.manifest)
    )
    if args.request_url:
        world.socket.request_url = RequestUrl(args.request_url, args.signing_secret)
    vendors = Vendors(story, clock)
    couriers = [COURIERS[name](story, args.home / name) for name in args.couriers]

    def deliver(now: datetime) -> None:
        vendors.deliver(now)
        for each in couriers:
            each.deliver(now)

    deliver(clock.now())
    world.deliver = deliver
    world.courier_settings = {each.name: each.settings() for each in couriers}
    app = create_app(world, vendors.mounts())
    app.router.routes.extend(wiring.controls())
    return Abortable(app)


def _configure(app: Abortable, log_level: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="websockets-sansio",
        ws_ping_interval=PING_S,
        lifespan="off",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        log_level=log_level,
        timeout_graceful_shutdown=1,
    )


def _watch_stdin(server: uvicorn.Server) -> None:
    # Not sys.stdin: a thread that waits inside its buffer would break the interpreter's own ending.
    while os.read(STDIN, 4096):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
