"""The payloads an app gets when a person does something (docs.slack.dev, Interaction payloads and Events)."""

import secrets
from typing import Any

from sandbox.slack import people
from sandbox.slack.errors import SlackError
from sandbox.slack.people import BOT, Member
from sandbox.slack.world import World

Json = dict[str, Any]

# What a person chose, by the kind of element: where Slack puts it in an action and in a view's state.
SLOTS = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
INITIAL = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_conversation": "initial_conversation",
    "selected_channel": "initial_channel",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
}


def interactive(world: World, kind: str, member: Member, **facts: Any) -> Json:
    """The part that every interactive payload has, with a fresh trigger id."""
    return {
        "type": kind,
        "team": {"id": people.TEAM, "domain": people.TEAM_DOMAIN},
        "user": {
            "id": member.id,
            "username": member.name,
            "name": member.name,
            "team_id": member.team,
        },
        "api_app_id": people.APP,
        "token": "unused",
        "trigger_id": world.passes.trigger(member.id),
        "is_enterprise_install": False,
        "enterprise": None,
        **facts,
    }


def event(inner: Json, *, is_ext_shared: bool = False) -> Json:
    """An event in its Events API wrapper."""
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


def elements(blocks: list[Json]) -> list[tuple[str, Json]]:
    """Every interactive element with its block's id."""
    found: list[tuple[str, Json]] = []
    for block in blocks:
        inside = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        inside += [cell for row in block.get("rows", []) for cell in row]
        found += [
            (block.get("block_id", ""), each) for each in inside if each and "action_id" in each
        ]
        found += elements(block.get("child_blocks", []))
    return found


def find_element(blocks: list[Json], action_id: str, block_id: str = "") -> tuple[str, Json]:
    for where, element in elements(blocks):
        if element["action_id"] == action_id and block_id in {"", where}:
            return where, element
    raise SlackError("no_such_element")


def chosen(element: Json, raw: Any) -> Json:
    """A person's choice as Slack writes it. Options are given by their value; None is nothing chosen."""
    slot = SLOTS.get(element["type"])
    if slot is None:
        return {"type": element["type"]}
    if slot == "selected_option":
        raw = _option(element, raw)
    elif slot == "selected_options":
        raw = [_option(element, each) for each in raw or []]
    return {"type": element["type"], slot: raw}


def initial(element: Json) -> Json:
    """The element's value before anybody touched it."""
    slot = SLOTS.get(element["type"])
    if slot is None:
        return {"type": element["type"]}
    empty: Any = [] if slot in {"selected_options", "selected_users"} else None
    return {"type": element["type"], slot: element.get(INITIAL[slot], empty)}


def _option(element: Json, wanted: Any) -> Json | None:
    if wanted in (None, ""):
        return None
    value = wanted["value"] if isinstance(wanted, dict) else wanted
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(one for group in groups for one in group["options"])]
    for option in options:
        if option["value"] == value:
            return dict(option)
    raise SlackError("no_such_option")


def state(blocks: list[Json], given: Json) -> Json:
    """A view's or message's `state.values`: what a person typed and chose, over what it began with."""
    values: Json = {}
    for block_id, element in elements(blocks):
        if element["type"] not in SLOTS or element["type"] == "overflow":
            continue
        raw = given.get(block_id, {})
        action_id = element["action_id"]
        value = chosen(element, raw[action_id]) if action_id in raw else initial(element)
        values.setdefault(block_id, {})[action_id] = value
    return {"values": values}


def missing(blocks: list[Json], values: Json) -> Json:
    """The inputs a person must still fill before Slack lets them submit, with what it tells them."""
    errors: Json = {}
    for block in blocks:
        if block["type"] != "input" or block.get("optional"):
            continue
        value = values[block["block_id"]][block["element"]["action_id"]]
        if not value.get(SLOTS[block["element"]["type"]]):
            errors[block["block_id"]] = "Please complete this required field."
    return errors


def action(element: Json, block_id: str, raw: Any, ts: str) -> Json:
    """One entry of a block_actions payload."""
    kept: Json = {
        name: element[name]
        for name in ("text", "value", "style", "placeholder", "url")
        if name in element
    }
    if element["type"] not in {"button", "workflow_button"}:
        kept = {name: fact for name, fact in kept.items() if name == "placeholder"} | chosen(
            element, raw
        )
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": ts,
        **kept,
    }
