"""The blocks we send, as Slack takes them: which parts each has, on which surface, within which limits.

The numbers are those of https://docs.slack.dev/reference/block-kit/ . What is not here is not sent.
"""

from collections.abc import Mapping
from typing import Any, Literal

from bot.blocks.elements import (
    FLAG,
    ID,
    IMAGE_ALT,
    IMAGE_FROM,
    MOMENT,
    PICKED_FROM,
    PICTURE,
    PRESSED_AT_ONCE,
    TYPED_IN,
)
from bot.blocks.grammar import Kinds, Many, Mended, Number, OneOf, Rule, Rules, Shape, String, Text

Surface = Literal["message", "modal", "home"]

HEADER, SECTION, FIELD, LABEL = 150, 3000, 2000, 2000
FIELDS, CONTEXT_ELEMENTS, ACTION_ELEMENTS = 10, 10, 25
MARKDOWN = 12_000
ROWS, CELLS = 100, 20
CHART_TITLE, CHART_LABEL, CHART_AXIS = 50, 20, 50
CATEGORIES, SERIES, SEGMENTS = 20, 12, 12

_BLOCK_ID: Rules = {"block_id": String(ID)}

_WORDS: Rules = {"mrkdwn": Text(SECTION, plain=False), "plain_text": Text(SECTION)}


def _leaf(*needs: str, **may: Rule) -> Shape:
    style = dict.fromkeys(("bold", "italic", "strike", "underline", "code"), FLAG)
    told = {name: String(SECTION, can_be_cut=name == "text") for name in needs}
    return Shape(told, {"style": Shape(may=style), **may})


# Without `broadcast`: nothing of ours calls everybody.
_LEAVES = Kinds(
    {
        "text": _leaf("text"),
        "link": _leaf("url", text=String(SECTION, can_be_cut=True)),
        "user": _leaf("user_id"),
        "channel": _leaf("channel_id"),
        "emoji": _leaf("name"),
    }
)
_RUN = Shape({"elements": Many(_LEAVES, 1_000)})
_RICH = Shape(
    {
        "elements": Many(
            Kinds(
                {
                    "rich_text_section": _RUN,
                    "rich_text_quote": _RUN,
                    "rich_text_preformatted": _RUN,
                    "rich_text_list": Shape(
                        {
                            "style": OneOf(frozenset({"bullet", "ordered"})),
                            "elements": Many(Kinds({"rich_text_section": _RUN}), 1_000),
                        },
                        {"indent": Number(least=0, most=8, whole=True)},
                    ),
                }
            ),
            1_000,
        )
    },
    _BLOCK_ID,
)


def _more_rows(left: int) -> list[dict[str, str]]:
    return [{"type": "raw_text", "text": f"… and {left} more"}]


_CELL = Kinds(
    {
        "raw_text": Shape({"text": String(SECTION, can_be_cut=True, instead="–")}),
        "rich_text": _RICH,
    }
)
_TABLE = Shape(
    {"rows": Many(Many(_CELL, CELLS), ROWS, more=_more_rows)},
    {
        **_BLOCK_ID,
        "column_settings": Many(
            Shape(
                may={
                    "align": OneOf(frozenset({"left", "center", "right"})),
                    "is_wrapped": FLAG,
                }
            ),
            CELLS,
        ),
    },
)


def _one_point_each(kept: dict[str, Any], where: str) -> Mended:
    """A series has a point for every category, in their order; one that has not is left out."""
    categories, found = kept["axis_config"]["categories"], []
    series = [
        each for each in kept["series"] if [one["label"] for one in each["data"]] == categories
    ]
    if len(series) < len(kept["series"]):
        found.append(f"{where}.series: not every category has its point")
    return ({**kept, "series": series} if series else None), found


_LABEL = String(CHART_LABEL, can_be_cut=True)
_POINT = Shape({"label": _LABEL, "value": Number()})
_AXES = Shape(
    {
        "series": Many(
            Shape({"name": _LABEL, "data": Many(_POINT, CATEGORIES)}), SERIES, unique="name"
        ),
        "axis_config": Shape(
            {"categories": Many(_LABEL, CATEGORIES)},
            dict.fromkeys(("x_label", "y_label"), String(CHART_AXIS, can_be_cut=True)),
        ),
    },
    then=_one_point_each,
)
_SEGMENT = Shape({"label": _LABEL, "value": Number(above=0)})
_CHART = Shape(
    {
        "title": String(CHART_TITLE, can_be_cut=True),
        "chart": Kinds(
            {
                **dict.fromkeys(("line", "bar", "area"), _AXES),
                "pie": Shape({"segments": Many(_SEGMENT, SEGMENTS)}),
            }
        ),
    },
    _BLOCK_ID,
)

_MOMENTS: Mapping[Surface, Rules] = {"message": MOMENT, "modal": MOMENT, "home": {}}
_ONLY_HERE: Mapping[Surface, Rules] = {
    "message": {
        "markdown": Shape({"text": String(MARKDOWN, can_be_cut=True)}, _BLOCK_ID),
        "table": _TABLE,
        "data_visualization": _CHART,
    },
    "modal": {},
    "home": {},
}


def _blocks_of(surface: Surface) -> Kinds:
    pressed = Kinds({**PICKED_FROM, **PRESSED_AT_ONCE, **_MOMENTS[surface]})
    entered = Kinds({**PICKED_FROM, **TYPED_IN, **_MOMENTS[surface]})
    beside = Kinds({**PICKED_FROM, **PRESSED_AT_ONCE, "image": PICTURE})
    return Kinds(
        {
            "divider": Shape(may=_BLOCK_ID),
            "header": Shape({"text": Text(HEADER)}, _BLOCK_ID),
            "section": Shape(
                may={
                    **_BLOCK_ID,
                    "text": Text(SECTION, plain=False),
                    "fields": Many(Text(FIELD, plain=False), FIELDS),
                    "accessory": beside,
                    "expand": FLAG,
                },
                any_of=("text", "fields"),
            ),
            "context": Shape(
                {"elements": Many(Kinds({**_WORDS, "image": PICTURE}), CONTEXT_ELEMENTS)},
                _BLOCK_ID,
            ),
            "actions": Shape(
                {"elements": Many(pressed, ACTION_ELEMENTS, unique="action_id")}, _BLOCK_ID
            ),
            "image": Shape(
                IMAGE_ALT,
                {**IMAGE_FROM, **_BLOCK_ID, "title": Text(LABEL)},
                one_of=("slack_file", "image_url"),
            ),
            "input": Shape(
                {"label": Text(LABEL), "element": entered},
                {**_BLOCK_ID, "hint": Text(LABEL), "optional": FLAG, "dispatch_action": FLAG},
            ),
            "rich_text": _RICH,
            **_ONLY_HERE[surface],
        }
    )


BLOCKS: Mapping[Surface, Kinds] = {
    "message": _blocks_of("message"),
    "modal": _blocks_of("modal"),
    "home": _blocks_of("home"),
}
