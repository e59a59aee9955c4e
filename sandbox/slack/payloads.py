"""The payloads an app gets when a person does something (docs.slack.dev, Interaction payloads)."""

from collections.abc import Mapping
from typing import Any

from sandbox.slack import people
from sandbox.slack.errors import SlackError
from sandbox.slack.people import Member
from sandbox.slack.world import World

Json = dict[str, Any]
Offered = Mapping[
    str, Mapping[str, Json]
]  # the options a person was offered, by action_id and value
NOTHING: Offered = {}

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
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
LISTS = frozenset(
    {"selected_options", "selected_users", "selected_conversations", "selected_channels"}
)
INITIAL = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
}


def interactive(world: World, kind: str, member: Member, **facts: Any) -> Json:
    """The part that every interactive payload has, with a fresh trigger id."""
    return {
        "type": kind,
        **_signed_by(member),
        "trigger_id": world.passes.trigger(member.id),
        **facts,
    }


def suggestion(member: Member, **facts: Any) -> Json:
    """A block_suggestion: nothing was done yet, so there is neither a trigger id nor a response URL."""
    return {"type": "block_suggestion", **_signed_by(member), **facts}


def _signed_by(member: Member) -> Json:
    return {
        "team": {"id": people.TEAM, "domain": people.TEAM_DOMAIN},
        "user": {
            "id": member.id,
            "username": member.name,
            "name": member.name,
            "team_id": member.team,
        },
        "api_app_id": people.APP,
        "token": "unused",
        "is_enterprise_install": False,
        "enterprise": None,
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


def chosen(element: Json, raw: Any, offered: Offered = NOTHING) -> Json:
    """A person's choice as Slack writes it. Options are given by their value; None is nothing chosen."""
    slot = SLOTS.get(element["type"])
    if slot is None:
        return {"type": element["type"]}
    if slot == "selected_option":
        raw = _option(element, raw, offered)
    elif slot == "selected_options":
        raw = [_option(element, each, offered) for each in raw or []]
    return {"type": element["type"], slot: raw}


def initial(element: Json) -> Json:
    """The element's value before anybody touched it."""
    slot = SLOTS.get(element["type"])
    if slot is None:
        return {"type": element["type"]}
    empty: Any = [] if slot in LISTS else None
    return {"type": element["type"], slot: element.get(INITIAL[slot], empty)}


def _option(element: Json, wanted: Any, offered: Offered) -> Json | None:
    """The option of this value, written into the element or offered by the app while the person typed."""
    if wanted in (None, ""):
        return None
    value = wanted["value"] if isinstance(wanted, dict) else wanted
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(one for group in groups for one in group["options"])]
    options += [element.get("initial_option"), *element.get("initial_options", [])]
    if element["type"].endswith("external_select"):
        options += offered.get(element["action_id"], {}).values()
    for option in options:
        if option is not None and option["value"] == value:
            return dict(option)
    raise SlackError("no_such_option")


def state(blocks: list[Json], given: Json, offered: Offered = NOTHING) -> Json:
    """A view's or message's `state.values`: what a person typed and chose, over what it began with."""
    values: Json = {}
    for block_id, element in elements(blocks):
        if element["type"] not in SLOTS or element["type"] == "overflow":
            continue
        raw = given.get(block_id, {})
        action_id = element["action_id"]
        value = chosen(element, raw[action_id], offered) if action_id in raw else initial(element)
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


def action(element: Json, block_id: str, raw: Any, ts: str, offered: Offered = NOTHING) -> Json:
    """One entry of a block_actions payload."""
    kept: Json = {
        name: element[name]
        for name in ("text", "value", "style", "placeholder", "url")
        if name in element
    }
    if element["type"] not in {"button", "workflow_button"}:
        kept = {name: fact for name, fact in kept.items() if name == "placeholder"} | chosen(
            element, raw, offered
        )
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": ts,
        **kept,
    }
