"""What can be pressed, picked and typed in a block, as Slack takes it, and pictures beside a text.

The numbers are those of https://docs.slack.dev/reference/block-kit/block-elements/ .
"""

from typing import Any, Final

from bot.blocks.grammar import Flag, Many, Mended, Number, OneOf, Rule, Rules, Shape, String, Text

BUTTON, OPTION, PLACEHOLDER = 75, 75, 150
OPTIONS, RADIO_OPTIONS, OVERFLOW_OPTIONS, OPTION_GROUPS = 100, 10, 5, 100
ID, VALUE, OPTION_VALUE, URL, ALT = 255, 2000, 150, 3000, 2000
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
TYPED = 3000

FLAG: Final = Flag()
_CONFIRM = Shape(
    {
        "title": Text(CONFIRM_TITLE),
        "text": Text(CONFIRM_TEXT, plain=False),
        "confirm": Text(CONFIRM_BUTTON),
        "deny": Text(CONFIRM_BUTTON),
    },
    {"style": OneOf(frozenset({"primary", "danger"}))},
)
_ACTION: Rules = {"action_id": String(ID)}
_PRESSED: Rules = {**_ACTION, "confirm": _CONFIRM}
_PICKED: Rules = {**_PRESSED, "focus_on_load": FLAG}
_MENU: Rules = {**_PICKED, "placeholder": Text(PLACEHOLDER)}


def _option(*, plain: bool = True, **more: Rule) -> Shape:
    text = Text(OPTION, plain=plain)
    return Shape({"text": text, "value": String(OPTION_VALUE)}, {"description": text, **more})


def _many(most: int, option: Shape) -> Many:
    return Many(option, most, unique="value")


def _begun(kept: dict[str, Any], where: str) -> Mended:
    """What is chosen at first must be among what there is to choose, and no value may be in two groups."""
    found: list[str] = []
    groups = kept.get("option_groups", [])
    seen: set[str] = set()
    for group in groups:
        own = [each for each in group["options"] if each["value"] not in seen]
        seen |= {each["value"] for each in own}
        if len(own) < len(group["options"]):
            found.append(f"{where}.option_groups: a value is there twice")
            group["options"] = own
    if groups:
        kept["option_groups"] = [each for each in groups if each["options"]]
    there = [*kept.get("options", []), *(one for each in groups for one in each["options"])]
    if there and kept.get("initial_option", there[0]) not in there:
        found.append(f"{where}.initial_option: is none of the options")
        del kept["initial_option"]
    begun = kept.get("initial_options", [])
    if there and any(each not in there for each in begun):
        found.append(f"{where}.initial_options: not all are options")
        kept["initial_options"] = [each for each in begun if each in there]
        if not kept["initial_options"]:
            del kept["initial_options"]
    return kept, found


def _bounded(kept: dict[str, Any], where: str) -> Mended:
    """A text field takes no less than nothing, and no more than it takes."""
    if kept.get("min_length", 0) > kept.get("max_length", TYPED):
        del kept["min_length"]
        return kept, [f"{where}.min_length: more than max_length"]
    return kept, []


_OPTION, _TICKED = _option(), _option(plain=False)
_GROUP = Shape({"label": Text(OPTION), "options": _many(OPTIONS, _OPTION)})
_LISTED: Rules = {
    "options": _many(OPTIONS, _OPTION),
    "option_groups": Many(_GROUP, OPTION_GROUPS),
}
_SEVERAL: Rules = {"max_selected_items": Number(least=1, whole=True)}
_ASKED: Rules = {"min_query_length": Number(least=0, whole=True)}
_FILTER = Shape(
    may={
        "include": Many(OneOf(frozenset({"im", "mpim", "private", "public"})), 4),
        "exclude_external_shared_channels": FLAG,
        "exclude_bot_users": FLAG,
    },
    any_of=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
_SELECTS: Rules = {
    "users_select": Shape(may={**_MENU, "initial_user": String(ID)}),
    "conversations_select": Shape(
        may={
            **_MENU,
            "initial_conversation": String(ID),
            "default_to_current_conversation": FLAG,
            "filter": _FILTER,
            "response_url_enabled": FLAG,
        }
    ),
    "static_select": Shape(
        may={**_MENU, **_LISTED, "initial_option": _OPTION},
        one_of=("options", "option_groups"),
        then=_begun,
    ),
    "multi_static_select": Shape(
        may={**_MENU, **_LISTED, **_SEVERAL, "initial_options": _many(OPTIONS, _OPTION)},
        one_of=("options", "option_groups"),
        then=_begun,
    ),
    "external_select": Shape(may={**_MENU, **_ASKED, "initial_option": _OPTION}),
    "multi_external_select": Shape(
        may={**_MENU, **_ASKED, **_SEVERAL, "initial_options": _many(OPTIONS, _OPTION)}
    ),
}
_TICKS: Rules = {
    "radio_buttons": Shape(
        {"options": _many(RADIO_OPTIONS, _TICKED)},
        {**_PICKED, "initial_option": _TICKED},
        then=_begun,
    ),
    "checkboxes": Shape(
        {"options": _many(RADIO_OPTIONS, _TICKED)},
        {**_PICKED, "initial_options": _many(RADIO_OPTIONS, _TICKED)},
        then=_begun,
    ),
}
_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z"
_TIMES: Rules = {
    "datepicker": Shape(may={**_MENU, "initial_date": String(10, pattern=_DAY)}),
    "timepicker": Shape(
        may={
            **_MENU,
            "initial_time": String(5, pattern=r"([01]\d|2[0-3]):[0-5]\d\Z"),
            "timezone": String(ID),
        }
    ),
}
MOMENT: Rules = {
    "datetimepicker": Shape(
        may={
            **_PICKED,
            "initial_date_time": Number(least=1_000_000_000, most=9_999_999_999, whole=True),
        }
    ),
}
PRESSED_AT_ONCE: Rules = {
    "button": Shape(
        {"text": Text(BUTTON)},
        {
            **_PRESSED,
            "value": String(VALUE),
            "url": String(URL),
            "accessibility_label": String(BUTTON, can_be_cut=True),
            "style": OneOf(frozenset({"primary", "danger"})),
        },
    ),
    "overflow": Shape({"options": _many(OVERFLOW_OPTIONS, _option(url=String(URL)))}, _PRESSED),
}
TYPED_IN: Rules = {
    "plain_text_input": Shape(
        may={
            **_ACTION,
            "placeholder": Text(PLACEHOLDER),
            "initial_value": String(TYPED, can_be_cut=True),
            "multiline": FLAG,
            "min_length": Number(least=0, most=TYPED, whole=True),
            "max_length": Number(least=1, most=TYPED, whole=True),
            "focus_on_load": FLAG,
        },
        then=_bounded,
    ),
}
IMAGE_FROM: Rules = {
    "image_url": String(URL, pattern=r"https?://"),
    "slack_file": Shape(may={"id": String(ID), "url": String(URL)}, one_of=("id", "url")),
}
IMAGE_ALT: Rules = {"alt_text": String(ALT, can_be_cut=True)}
PICTURE = Shape(IMAGE_ALT, IMAGE_FROM, one_of=("slack_file", "image_url"))

PICKED_FROM: Rules = {**_SELECTS, **_TICKS, **_TIMES}
