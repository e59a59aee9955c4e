"""How the sandbox introduces itself: what a configuration must say to reach it."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack.world import World
from sandbox.story import CORE_FEATURES, PLANS
from sandbox.vendors.mounts import VENDORS


async def introduce(request: Request) -> Response:
    """The Slack and source sections of a configuration, the events worth calling core features, the plans, smallest
    first, and the address of the head of CS.
    """
    world: World = request.app.state.world
    return JSONResponse(
        introduction(world.url, world.courier_settings, world.workspace.members["U0HEAD"].email)
    )


def introduction(
    url: str, couriers: Mapping[str, Mapping[str, Any]], manager: str | None
) -> dict[str, Any]:
    return {
        "core_features": CORE_FEATURES,
        "plans": PLANS,
        "manager": manager,
        "slack": {
            "base_url": f"{url}/slack/api/",
            "bot_token": "xoxb-sandbox-bellwether",
            "app_token": "xapp-sandbox-bellwether",
            "team_channel": "C0TEAM",
            "admin_channel": "C0ADMIN",
        },
        "sources": {
            **{vendor.name: vendor.settings(f"{url}/{vendor.name}") for vendor in VENDORS},
            **couriers,
        },
    }
