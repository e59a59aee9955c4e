"""Events in their Events API wrapper, for an app that subscribes to them (docs.slack.dev, Events API)."""

import secrets
from typing import Any

from sandbox.slack import people
from sandbox.slack.people import BOT, Channel
from sandbox.slack.world import World

Json = dict[str, Any]


def announce(world: World, name: str, inner: Json, channel: Channel) -> None:
    """Send an event, if the manifest subscribes to it. `name` is as the manifest has it, `message.im` say."""
    if world.manifest.subscribes(name):
        world.socket.raise_event(_wrap(inner, is_ext_shared=channel.is_ext_shared))


def _wrap(inner: Json, *, is_ext_shared: bool) -> Json:
    event_ts = inner["event_ts"]
    return {
        "token": "unused",
        "team_id": people.TEAM,
        "context_team_id": people.TEAM,
        "api_app_id": people.APP,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(5).upper()}",
        "event_time": int(event_ts.partition(".")[0]),
        "authorizations": [
            {"enterprise_id": None, "team_id": people.TEAM, "user_id": BOT, "is_bot": True}
        ],
        "is_ext_shared_channel": is_ext_shared,
        "event_context": secrets.token_hex(8),
    }
