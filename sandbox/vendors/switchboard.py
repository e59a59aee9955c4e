"""The switchboard: `/sandbox/vendors/faults` arms faults, `/sandbox/vendors/counts` counts requests."""

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.vendors.faults import Faults


class Switchboard:
    def __init__(self, clock: Clock, faults: Faults, counts: Callable[[], dict[str, int]]) -> None:
        self._clock, self._faults, self._counts = clock, faults, counts

    def routes(self) -> list[Route]:
        return [
            Route("/faults", self.arm, methods=["POST"]),
            Route("/counts", self.count, methods=["GET"]),
        ]

    async def arm(self, request: Request) -> Response:
        try:
            order = json.loads(await request.body())
            self._faults.arm(order, self._clock.now())
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"ok": False, "error": str(error)}, 400)
        return JSONResponse({"ok": True})

    def count(self, _: Request) -> Response:
        return JSONResponse(self._counts())
