"""Blocks as Slack takes them, the same with one flaw, and anything else JSON can say: for the laws of the validator."""

from hypothesis import strategies as st

X = {
    n: "x" * n
    for n in (20, 21, 24, 25, 30, 50, 75, 76, 100, 150, 151, 200, 255, 256, 300, 301, 2000, 2001, 3000, 3001, 12_000, 12_001)
}  # fmt: skip


def shape(needs=None, **may):
    return st.fixed_dictionaries(needs or {}, optional=may)


def typed(kind, needs=None, **may):
    return shape({"type": st.just(kind), **(needs or {})}, **may)


def strings(most):
    return st.sampled_from(["a", "b", X[most]])


def plain(most):
    return typed("plain_text", {"text": strings(most)}, emoji=st.booleans())


def text(most):
    return plain(most) | typed("mrkdwn", {"text": strings(most)}, verbatim=st.booleans())


def listed(item, most, **more):
    return st.lists(item, min_size=1, max_size=3, **more) | st.lists(
        item, min_size=most, max_size=most, **more
    )


def _value(option):
    return option["value"]


IDS = strings(255)
STYLE = st.sampled_from(["primary", "danger"])
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, style=STYLE
)
VALUES = st.sampled_from([str(n) for n in range(120)])
OPTION = shape({"text": plain(75), "value": VALUES}, description=plain(75))
OPTIONS = listed(OPTION, 5, unique_by=_value)
PICKED = {"action_id": IDS, "confirm": CONFIRM, "focus_on_load": st.booleans()}
MENU = {**PICKED, "placeholder": plain(150)}
COUNT = {"max_selected_items": st.integers(1, 3)}
ASKED = {"min_query_length": st.integers(0, 3)}
SLACK_FILE = shape({"id": st.just("F1")})
ALT = {"alt_text": strings(2000)}
URLS = st.sampled_from(["https://x.example/a", "http://x.example"])


def pictures(kind="image", **may):
    return typed(kind, {**ALT, "image_url": URLS}, **may) | typed(
        kind, {**ALT, "slack_file": SLACK_FILE}, **may
    )


def begun(element, one="initial_option", several=""):
    """A menu that begins with some of its options."""

    def begin(menu, how_many):
        options = menu.get("options") or [o for g in menu["option_groups"] for o in g["options"]]
        if several:
            return {**menu, several: options[: how_many + 1]}
        return {**menu, one: options[how_many % len(options)]}

    return element | st.builds(begin, element, st.integers(0, 2))


def grouped(groups):
    """Groups of options in which no value comes twice."""
    numbered = iter(range(10_000))
    return [
        {**group, "options": [{**each, "value": str(next(numbered))} for each in group["options"]]}
        for group in groups
    ]


GROUP = shape({"label": plain(75), "options": OPTIONS})
GROUPS = st.builds(grouped, st.lists(GROUP, min_size=1, max_size=2))

MENUS = {
    "radio_buttons": begun(typed("radio_buttons", {"options": OPTIONS}, **PICKED)),
    "checkboxes": begun(
        typed("checkboxes", {"options": OPTIONS}, **PICKED), several="initial_options"
    ),
    "static_select": begun(typed("static_select", {"options": OPTIONS}, **MENU))
    | begun(typed("static_select", {"option_groups": GROUPS}, **MENU)),
    "multi_static_select": begun(
        typed("multi_static_select", {"options": OPTIONS}, **MENU, **COUNT),
        several="initial_options",
    ),
    "external_select": typed("external_select", **MENU, **ASKED, initial_option=OPTION),
    "multi_external_select": typed("multi_external_select", **MENU, **ASKED, **COUNT),
    "users_select": typed("users_select", **MENU, initial_user=st.just("U1")),
    "conversations_select": typed(
        "conversations_select",
        **MENU,
        default_to_current_conversation=st.booleans(),
        response_url_enabled=st.booleans(),
        filter=shape(
            {"include": st.lists(st.sampled_from(["im", "public"]), min_size=1, max_size=2)},
            exclude_bot_users=st.booleans(),
        ),
    ),
    "datepicker": typed("datepicker", **MENU, initial_date=st.just("2026-03-04")),
    "timepicker": typed("timepicker", **MENU, initial_time=st.just("23:59")),
}
BUTTONS = {
    "button": typed(
        "button",
        {"text": plain(75)},
        action_id=IDS,
        confirm=CONFIRM,
        value=strings(2000),
        url=strings(3000),
        style=STYLE,
        accessibility_label=strings(75),
    ),
    "overflow": typed("overflow", {"options": OPTIONS}, action_id=IDS, confirm=CONFIRM),
}
MOMENT = typed(
    "datetimepicker",
    initial_date_time=st.just(1_700_000_000),
    **PICKED,
)
TYPED = typed(
    "plain_text_input",
    action_id=IDS,
    placeholder=plain(150),
    multiline=st.booleans(),
    min_length=st.sampled_from([0, 5]),
    max_length=st.sampled_from([5, 150, 3000]),
    initial_value=st.just("a"),
    focus_on_load=st.booleans(),
)
PRESSED = st.one_of(*MENUS.values(), *BUTTONS.values())


def apart(elements):
    """Elements of one row, each with a name of its own."""
    return [{**each, "action_id": f"a{n}"} for n, each in enumerate(elements)]


STYLES = shape(bold=st.booleans(), code=st.booleans())
RUNS = st.lists(
    typed("text", {"text": st.just("hi")}, style=STYLES)
    | typed("link", {"url": st.just("https://x.example")}, text=st.just("x"))
    | typed("user", {"user_id": st.just("U1")})
    | typed("emoji", {"name": st.just("wave")}),
    min_size=1,
    max_size=2,
)
RUN = typed("rich_text_section", {"elements": RUNS})
RICH = typed(
    "rich_text",
    {
        "elements": st.lists(
            RUN
            | typed("rich_text_quote", {"elements": RUNS})
            | typed("rich_text_preformatted", {"elements": RUNS})
            | typed(
                "rich_text_list",
                {
                    "style": st.sampled_from(["bullet", "ordered"]),
                    "elements": st.lists(RUN, min_size=1, max_size=2),
                },
                indent=st.integers(0, 3),
            ),
            min_size=1,
            max_size=2,
        )
    },
    block_id=IDS,
)
CELL = typed("raw_text", {"text": st.sampled_from(["a", X[50]])}) | RICH
LABELS = st.sampled_from(["a", "b", "c", X[20]])
NUMBERS = st.sampled_from([1, 2.5, 100])


@st.composite
def axes(draw):
    """A chart in which every series has a point for every category."""
    categories = draw(st.lists(LABELS, min_size=1, max_size=4, unique=True))
    names = draw(st.lists(LABELS, min_size=1, max_size=3, unique=True))
    return {
        "type": draw(st.sampled_from(["line", "bar", "area"])),
        "series": [
            {
                "name": name,
                "data": [{"label": each, "value": draw(NUMBERS)} for each in categories],
            }
            for name in names
        ],
        "axis_config": {"categories": categories, "y_label": draw(strings(50))},
    }


PIE = typed(
    "pie",
    {"segments": st.lists(shape({"label": LABELS, "value": NUMBERS}), min_size=1, max_size=3)},
)
BLOCKS = {
    "divider": typed("divider", block_id=IDS),
    "header": typed("header", {"text": plain(150)}, block_id=IDS),
    "section": typed(
        "section",
        {"text": text(3000)},
        block_id=IDS,
        fields=listed(text(2000), 10),
        accessory=PRESSED | pictures(),
        expand=st.booleans(),
    ),
    "context": typed("context", {"elements": listed(text(3000) | pictures(), 10)}),
    "actions": typed("actions", {"elements": st.builds(apart, listed(PRESSED, 5))}, block_id=IDS),
    "image": pictures(title=plain(2000), block_id=IDS),
    "input": typed(
        "input",
        {"label": plain(2000), "element": st.one_of(*MENUS.values()) | TYPED},
        hint=plain(2000),
        optional=st.booleans(),
        dispatch_action=st.booleans(),
    ),
    "rich_text": RICH,
}
ONLY_IN_MESSAGES = {
    "markdown": typed("markdown", {"text": strings(12_000)}),
    "table": typed(
        "table",
        {"rows": st.lists(st.lists(CELL, min_size=1, max_size=3), min_size=1, max_size=3)},
        column_settings=st.lists(
            shape(align=st.just("left"), is_wrapped=st.booleans()), min_size=1, max_size=2
        ),
    ),
    "data_visualization": typed("data_visualization", {"title": strings(50), "chart": axes() | PIE}),
}  # fmt: skip
NOT_ON_A_HOME = {"moments": typed("actions", {"elements": st.builds(apart, listed(MOMENT, 2))})}

WRONG = st.sampled_from(
    [None, 7, -1, 0.5, True, "", [], {}, [None], {"type": "hologram"}, *X.values()]
)
# Names of things we have no limit for from Slack, and keep to one of our own.
_FREE = {"initial_user", "user_id", "name", "timezone", "id", "initial_value", "column_settings"}
_FREE_INSIDE = {"rich_text", "table"}


def flawed(right):
    """A structure in which one part is wrong."""
    return st.builds(_spoil, right, st.integers(0, 1 << 30), WRONG)


def _spoil(value, dice, wrong):
    """Walk down by the dice, and do one of four wrong things where it ends."""
    stops, dice = dice % 4 == 0, dice // 4
    if isinstance(value, list) and value and not stops:
        place = dice % len(value)
        return [*value[:place], _spoil(value[place], dice // 5, wrong), *value[place + 1 :]]
    if isinstance(value, list) and dice % 2:
        return value * 60
    if isinstance(value, dict) and value:
        return _spoil_part(value, dice, wrong, stops=stops)
    return wrong


def _spoil_part(value, dice, wrong, *, stops):
    names = sorted(value.keys() - _FREE)
    if not names or (stops and dice % 3 == 0):
        return {**value, "bogus": wrong}
    name = names[dice % len(names)]
    if stops:
        return {each: part for each, part in value.items() if each != name}
    if value.get("type") in _FREE_INSIDE and isinstance(wrong, str | list) and wrong != "":
        wrong = 7
    return {**value, name: _spoil(value[name], dice // 7, wrong)}


NAMES = st.sampled_from(
    "type text blocks elements element label options option_groups value rows chart title".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
