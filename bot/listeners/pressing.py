"""Pressing: a button or a sent modal as one press by somebody who was admitted."""

import json
from typing import Any

from bot.deps import Deps
from bot.services.acting import Press
from scoring.alerts import AlertId
from scoring.members import Member


def press_of(
    deps: Deps, member: Member, body: dict[str, Any], action: dict[str, Any], alert_id: str | int
) -> Press:
    """A press of something in a message."""
    return Press(
        alert_id=AlertId(int(alert_id)),
        member=member.id,
        key=key_of(body, action),
        at=deps.clock.now(),
    )


def submit_of(deps: Deps, member: Member, view: dict[str, Any]) -> Press:
    """A modal about an alert that was sent."""
    alert_id = AlertId(int(json.loads(view["private_metadata"])["alert_id"]))
    return Press(alert_id=alert_id, member=member.id, key=str(view["id"]), at=deps.clock.now())


def key_of(body: dict[str, Any], action: dict[str, Any]) -> str:
    """The same for every delivery of one press; another choice of the same menu is another press."""
    container = body.get("container") or {}
    chosen = (action.get("selected_option") or {}).get("value") or action.get("selected_user")
    parts = [
        container.get("channel_id"),
        container.get("message_ts"),
        action["action_id"],
        action["action_ts"],
        body["user"]["id"],
        *([chosen] if chosen else []),
    ]
    return ":".join(map(str, parts))
