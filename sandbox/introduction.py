"""How the sandbox introduces itself: what a configuration must say to reach it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack.world import World
from sandbox.story import CORE_FEATURES
from sandbox.vendors import credentials


async def introduce(request: Request) -> Response:
    """The Slack and source sections of a configuration, and the events worth calling core features."""
    world: World = request.app.state.world
    return JSONResponse(introduction(world.url))


def introduction(url: str) -> dict[str, Any]:
    return {
        "core_features": CORE_FEATURES,
        "slack": {
            "base_url": f"{url}/slack/api/",
            "bot_token": "xoxb-sandbox-bellwether",
            "app_token": "xapp-sandbox-bellwether",
            "team_channel": "C0TEAM",
            "admin_channel": "C0ADMIN",
        },
        "sources": {
            "stripe": {"base_url": f"{url}/stripe", "api_key": credentials.STRIPE_KEY},
            "hubspot": {"base_url": f"{url}/hubspot", "access_token": credentials.HUBSPOT_TOKEN},
            "zendesk": {
                "base_url": f"{url}/zendesk",
                "subdomain": "northwind",
                "client_id": credentials.ZENDESK_CLIENT,
                "client_secret": credentials.ZENDESK_CLIENT_SECRET,
            },
            "mixpanel": {
                "base_url": f"{url}/mixpanel",
                "username": credentials.MIXPANEL_USER,
                "secret": credentials.MIXPANEL_SECRET,
                "project_id": credentials.MIXPANEL_PROJECT,
            },
        },
    }
