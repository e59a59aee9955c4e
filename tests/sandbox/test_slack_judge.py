"""Block Kit's limits and surfaces, as the stand-in holds them."""

import time

import pytest
from jsonschema import Draft202012Validator

from sandbox.slack.judge import Surface, judge, judge_options, judge_view
from sandbox.slack.schema import SCHEMA


def plain(text="x"):
    return {"type": "plain_text", "text": text}


def section(text="x"):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(**more):
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def table(rows):
    return {"type": "table", "rows": rows}


CELL = {"type": "raw_text", "text": "x"}
CHART = {
    "type": "data_visualization",
    "title": "Health",
    "chart": {
        "type": "line",
        "series": [{"name": "All", "data": [{"label": "Mon", "value": 1}]}],
        "axis_config": {"categories": ["Mon"]},
    },
}
GOOD = [
    section(),
    {"type": "header", "text": plain()},
    {"type": "divider"},
    {"type": "actions", "elements": [button(value="1"), button(action_id="b", style="danger")]},
    {"type": "context", "elements": [plain(), {"type": "mrkdwn", "text": "*x*"}]},
    table([[CELL, CELL]]),
    {"type": "markdown", "text": "# x"},
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"},
    CHART,
]


def test_good_blocks_pass():
    assert judge(GOOD, Surface.MESSAGE) == []


@pytest.mark.parametrize(
    "block",
    [
        {"type": "nonsense"},
        {"type": "alert", "text": plain()},
        section("x" * 3001),
        section(""),
        {"type": "section"},
        {"type": "section", "fields": [plain()] * 11},
        {"type": "section", "fields": [plain("x" * 2001)]},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [button(), button()]},
        {"type": "actions", "elements": [button(value="x" * 2001)]},
        {"type": "actions", "elements": [button(style="loud")]},
        {"type": "actions", "elements": [{"type": "plain_text_input", "action_id": "a"}]},
        {
            "type": "actions",
            "elements": [{"type": "static_select", "action_id": "a", "options": []}],
        },
        {"type": "context", "elements": [plain()] * 11},
        {"type": "image", "alt_text": "a"},
        {"type": "input", "label": plain()},
        {"type": "markdown", "text": "x" * 12_001},
        table([[CELL]] * 101),
        table([[CELL] * 21]),
        table([[{"type": "raw_text", "text": ""}]]),
        {"type": "data_table", "rows": [[CELL], [CELL]]},
        CHART | {"title": "x" * 51},
        CHART | {"chart": CHART["chart"] | {"axis_config": {"categories": ["Mon", "Tue"]}}},
        {"type": "data_visualization", "title": "x", "chart": {"type": "pie", "segments": []}},
    ],
)
def test_a_bad_block_is_refused(block):
    assert judge([block], Surface.MESSAGE)


@pytest.mark.parametrize(
    "blocks",
    [
        [section()] * 51,
        [{**section(), "block_id": "b"}, {**section(), "block_id": "b"}],
        [table([[CELL]]), table([[CELL]])],
        [CHART] * 3,
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        "not a list",
    ],
)
def test_blocks_that_do_not_go_together_are_refused(blocks):
    assert judge(blocks, Surface.MESSAGE)


RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}
TASK = {"type": "task_card", "task_id": "1", "title": "Read", "status": "complete"}
CARD = {"type": "card", "title": plain()}
FIELD = {"type": "plain_text_input", "action_id": "a"}
OPTION = {"text": plain(), "value": "1"}
PIE = {
    "type": "data_visualization",
    "title": "x",
    "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
}
FILMED = {
    "title": plain(),
    "alt_text": "a",
    "thumbnail_url": "https://a.example/1.png",
    "video_url": "https://a.example/1",
}
FEEDBACK = {"text": plain(), "value": "1"}
ONE_OF_EACH = {
    "section": section(),
    "header": {"type": "header", "text": plain()},
    "divider": {"type": "divider"},
    "actions": {"type": "actions", "elements": [button()]},
    "context": {"type": "context", "elements": [plain()]},
    "image": {"type": "image", "image_url": "https://a.example/1.png", "alt_text": "a"},
    "input": {"type": "input", "label": plain(), "element": FIELD},
    "rich_text": RICH,
    "video": {"type": "video", **FILMED},
    "markdown": {"type": "markdown", "text": "# x"},
    "table": table([[CELL]]),
    "data_table": {"type": "data_table", "caption": "x", "rows": [[CELL], [CELL]]},
    "data_visualization": CHART,
    "context_actions": {"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "f", "positive_button": FEEDBACK, "negative_button": FEEDBACK}]},
    "plan": {"type": "plan", "title": "x", "tasks": [TASK | {"status": "pending"}]},
    "task_card": TASK,
    "card": CARD,
    "carousel": {"type": "carousel", "elements": [CARD]},
    "container": {"type": "container", "title": plain(), "child_blocks": [section()]},
    "alert": {"type": "alert", "text": plain()},
}  # fmt: skip
EVERYWHERE = {
    "section",
    "header",
    "divider",
    "actions",
    "context",
    "image",
    "input",
    "rich_text",
    "video",
}
HOLDS = {
    Surface.MESSAGE: ONE_OF_EACH.keys() - {"alert"},
    Surface.MODAL: EVERYWHERE | {"alert"},
    Surface.HOME: EVERYWHERE | {"card", "carousel"},
}


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_each_block_stands_on_the_surfaces_slack_names(kind, surface):
    errors = judge([ONE_OF_EACH[kind]], surface)
    if kind in HOLDS[surface]:
        assert errors == []
    else:
        assert errors == [f"[ERROR] unsupported type: {kind} [json-pointer:/blocks/0/type]"]


def in_input(element):
    return {"type": "input", "label": plain(), "element": element}


def in_actions(element):
    return {"type": "actions", "elements": [element]}


def words(text):
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


def points(number):
    labels = [str(at) for at in range(number)]
    data = [{"label": label, "value": 1} for label in labels]
    return CHART | {"chart": {"type": "bar", "series": [{"name": "a", "data": data}], "axis_config": {"categories": labels}}}  # fmt: skip


def series(number):
    return CHART | {"chart": CHART["chart"] | {"series": [CHART["chart"]["series"][0] | {"name": str(at)} for at in range(number)]}}  # fmt: skip


def choices(number):
    return [{"text": plain(), "value": str(at)} for at in range(number)]


# What is limited, the most of it, and a block that has so much of it.
LIMITS = {
    "text of a section": (3000, lambda n: section("x" * n)),
    "signs that take four bytes": (3000, lambda n: section("🔔" * n)),
    "text of a field": (2000, lambda n: {"type": "section", "fields": [plain("x" * n)]}),
    "fields": (10, lambda n: {"type": "section", "fields": [plain()] * n}),
    "block_id": (255, lambda n: section() | {"block_id": "x" * n}),
    "header": (150, lambda n: {"type": "header", "text": plain("x" * n)}),
    "elements of a context": (10, lambda n: {"type": "context", "elements": [plain()] * n}),
    "text in a context": (3000, lambda n: {"type": "context", "elements": [plain("x" * n)]}),
    "elements of actions": (25, lambda n: {"type": "actions", "elements": [button(action_id=str(at)) for at in range(n)]}),
    "action_id": (255, lambda n: in_actions(button(action_id="x" * n))),
    "text of a button": (75, lambda n: in_actions(button(text=plain("x" * n)))),
    "value of a button": (2000, lambda n: in_actions(button(value="x" * n))),
    "url of a button": (3000, lambda n: in_actions(button(url="x" * n))),
    "what a button says aloud": (75, lambda n: in_actions(button(accessibility_label="x" * n))),
    "title of a question": (100, lambda n: in_actions(button(confirm={"title": plain("x" * n), "text": plain(), "confirm": plain(), "deny": plain()}))),
    "text of a question": (300, lambda n: in_actions(button(confirm={"title": plain(), "text": plain("x" * n), "confirm": plain(), "deny": plain()}))),
    "answer to a question": (30, lambda n: in_actions(button(confirm={"title": plain(), "text": plain(), "confirm": plain("x" * n), "deny": plain()}))),
    "options of a select": (100, lambda n: in_actions({"type": "static_select", "options": choices(n)})),
    "text of an option": (75, lambda n: in_actions({"type": "static_select", "options": [OPTION | {"text": plain("x" * n)}]})),
    "value of an option": (150, lambda n: in_actions({"type": "static_select", "options": [OPTION | {"value": "x" * n}]})),
    "groups of options": (100, lambda n: in_actions({"type": "static_select", "option_groups": [{"label": plain(), "options": [OPTION | {"value": str(at)}]} for at in range(n)]})),
    "placeholder": (150, lambda n: in_actions({"type": "users_select", "placeholder": plain("x" * n)})),
    "options of an overflow menu": (5, lambda n: in_actions({"type": "overflow", "options": choices(n)})),
    "checkboxes": (10, lambda n: in_actions({"type": "checkboxes", "options": choices(n)})),
    "radio buttons": (10, lambda n: in_actions({"type": "radio_buttons", "options": choices(n)})),
    "label of an input": (2000, lambda n: in_input(FIELD) | {"label": plain("x" * n)}),
    "hint of an input": (2000, lambda n: in_input(FIELD) | {"hint": plain("x" * n)}),
    "letters an input takes": (3000, lambda n: in_input(FIELD | {"max_length": n})),
    "alt text": (2000, lambda n: ONE_OF_EACH["image"] | {"alt_text": "x" * n}),
    "address of an image": (3000, lambda n: ONE_OF_EACH["image"] | {"image_url": "https://a.example/".ljust(n, "x")}),
    "title of an image": (2000, lambda n: ONE_OF_EACH["image"] | {"title": plain("x" * n)}),
    "markdown": (12_000, lambda n: {"type": "markdown", "text": "x" * n}),
    "rows of a table": (100, lambda n: table([[CELL]] * n)),
    "columns of a table": (20, lambda n: table([[CELL] * n])),
    "text of a table": (10_000, lambda n: table([[{"type": "raw_text", "text": "x" * (n - 1)}, CELL]])),
    "rich text of a table": (10_000, lambda n: table([[{"type": "rich_text", "elements": [words("x" * n)]}]])),
    "rows of a data table": (101, lambda n: ONE_OF_EACH["data_table"] | {"rows": [[CELL]] * n}),
    "rows a page": (100, lambda n: ONE_OF_EACH["data_table"] | {"page_size": n}),
    "title of a chart": (50, lambda n: CHART | {"title": "x" * n}),
    "segments of a pie": (12, lambda n: PIE | {"chart": {"type": "pie", "segments": [{"label": "a", "value": 1}] * n}}),
    "label of a segment": (20, lambda n: PIE | {"chart": {"type": "pie", "segments": [{"label": "x" * n, "value": 1}]}}),
    "series of a chart": (12, series),
    "points of a series": (20, points),
    "title of a card": (150, lambda n: CARD | {"title": plain("x" * n)}),
    "body of a card": (200, lambda n: CARD | {"body": plain("x" * n)}),
    "buttons of a card": (3, lambda n: CARD | {"actions": [button(action_id=str(at)) for at in range(n)]}),
    "cards of a carousel": (10, lambda n: {"type": "carousel", "elements": [CARD] * n}),
    "blocks in a container": (10, lambda n: ONE_OF_EACH["container"] | {"child_blocks": [section()] * n}),
    "context actions": (5, lambda n: {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain(), "action_id": str(at)} for at in range(n)]}),
    "title of a video": (199, lambda n: ONE_OF_EACH["video"] | {"title": plain("x" * n)}),
}  # fmt: skip


@pytest.mark.parametrize("what", LIMITS)
def test_a_limit_is_held_to_the_last_one(what):
    most, make = LIMITS[what]
    assert judge([make(most)], Surface.MESSAGE) == []
    assert judge([make(most + 1)], Surface.MESSAGE) != []


@pytest.mark.parametrize(("surface", "most"), [(Surface.MESSAGE, 50), (Surface.MODAL, 100), (Surface.HOME, 100)])  # fmt: skip
def test_a_surface_holds_so_many_blocks(surface, most):
    assert judge([section()] * most, surface) == []
    assert judge([section()] * (most + 1), surface) == [
        f"[ERROR] no more than {most} items allowed [json-pointer:/blocks]"
    ]


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
        ({"type": "header"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "header", "text": "x"}, "must provide an object [json-pointer:/blocks/0/text]"),
        ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        ({"type": "divider", "colour": "red"}, "invalid additional property: colour [json-pointer:/blocks/0]"),
        (section() | {"text": {"type": "mrkdwn", "text": "x", "emoji": True}}, "invalid additional property: emoji [json-pointer:/blocks/0/text]"),
        (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ({"text": plain()}, "missing required field: type [json-pointer:/blocks/0]"),
        (in_actions(button(style="loud")), "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"),
        (in_actions(FIELD), "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]"),
        ({"type": "actions", "elements": []}, "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        (TASK | {"status": "pending"}, "must be a valid enum value [json-pointer:/blocks/0/status]"),
        ({"type": "plan", "title": plain()}, "must provide a string [json-pointer:/blocks/0/title]"),
        (ONE_OF_EACH["image"] | {"slack_file": {"id": "F1"}}, "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]"),
        (ONE_OF_EACH["image"] | {"image_url": "file:///x"}, "must match ^https?:// [json-pointer:/blocks/0/image_url]"),
        (PIE | {"chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]}}, "must be more than 0 [json-pointer:/blocks/0/chart/segments/0/value]"),
        (in_input(FIELD | {"min_length": 9, "max_length": 8}), "must not be more than max_length [json-pointer:/blocks/0/element/min_length]"),
        ({"type": "actions", "elements": [button(), button()]}, "action_id must be unique [json-pointer:/blocks/0]"),
        (ONE_OF_EACH["container"] | {"child_blocks": [{"type": "actions", "elements": [button(), button()]}]}, "action_id must be unique [json-pointer:/blocks/0/child_blocks/0]"),
        (ONE_OF_EACH["container"] | {"child_blocks": [CARD]}, "unsupported type: card [json-pointer:/blocks/0/child_blocks/0/type]"),
        (in_actions({"type": "static_select", "options": choices(1), "initial_option": {"text": plain(), "value": "9"}}), "must be among the options [json-pointer:/blocks/0/elements/0/initial_option]"),
        (in_actions({"type": "static_select", "options": [OPTION, OPTION]}), "values of options must be unique [json-pointer:/blocks/0/elements/0/options]"),
        (ONE_OF_EACH["data_table"] | {"rows": [[CELL], [CELL, CELL]]}, "all rows must have the same number of cells [json-pointer:/blocks/0/rows]"),
        (ONE_OF_EACH["data_table"] | {"rows": [[RICH], [CELL]]}, "header cells must not be rich_text [json-pointer:/blocks/0/rows/0]"),
        ("nonsense", "must provide an object [json-pointer:/blocks/0]"),
    ],
)  # fmt: skip
def test_an_error_says_what_is_wrong_and_where(block, error):
    assert judge([block], Surface.MESSAGE) == [f"[ERROR] {error}"]


@pytest.mark.parametrize(
    ("kind", "surfaces"),
    [
        ("plain_text_input", set(Surface)),
        ("datetimepicker", {Surface.MESSAGE, Surface.MODAL}),
        ("email_text_input", {Surface.MODAL}),
        ("url_text_input", {Surface.MODAL}),
        ("file_input", {Surface.MODAL}),
        ("rich_text_input", {Surface.MODAL, Surface.HOME}),
    ],
)
def test_an_input_takes_what_its_surface_has(kind, surfaces):
    block = in_input({"type": kind, "action_id": "a"})
    assert {surface for surface in Surface if judge([block], surface) == []} == surfaces


def test_the_schema_is_one_and_any_reader_of_schemas_judges_by_it_alike():
    Draft202012Validator.check_schema(SCHEMA)
    entry = Draft202012Validator({"$ref": "#/$defs/message", "$defs": SCHEMA["$defs"]})
    for most, make in LIMITS.values():
        for block in (make(most), make(most + 1)):
            errors = judge([block], Surface.MESSAGE)
            # What a schema cannot say is of the whole: characters in all tables.
            assert entry.is_valid({"blocks": [block]}) == all(
                "tables must hold" in e for e in errors
            )


def test_a_message_is_judged_in_less_than_five_milliseconds():
    blocks = [
        section(),
        {"type": "actions", "elements": [button(action_id=str(at)) for at in range(5)]},
    ] * 5
    took = []
    for _ in range(20):
        begin = time.perf_counter()
        assert judge(blocks, Surface.MESSAGE) == []
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.005


def test_options_are_judged_as_those_of_a_menu():
    assert judge_options({"options": []}) == []
    assert judge_options({"options": choices(100)}) == []
    assert judge_options({"options": choices(101)}) != []
    assert judge_options({"options": [OPTION | {"text": plain("x" * 76)}]}) != []
    assert judge_options({"option_groups": [{"label": plain(), "options": [OPTION]}]}) == []
    assert judge_options({}) != []


def test_a_modal_with_inputs_needs_a_submit_button():
    field = {
        "type": "input",
        "label": plain(),
        "element": {"type": "plain_text_input", "action_id": "a"},
    }
    view = {"type": "modal", "title": plain("Note"), "blocks": [field]}
    assert judge_view(view, Surface.MODAL)
    assert judge_view(view | {"submit": plain("Save")}, Surface.MODAL) == []
    assert judge_view(view | {"submit": plain("Save"), "title": plain("x" * 25)}, Surface.MODAL)


@pytest.mark.parametrize(
    ("name", "most"), [("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)]
)
def test_what_a_view_carries_is_limited(name, most):
    for view, surface in (
        ({"type": "modal", "title": plain()}, Surface.MODAL),
        ({"type": "home"}, Surface.HOME),
    ):
        whole = view | {"blocks": [section()]}
        assert judge_view(whole | {name: ""}, surface) == []
        assert judge_view(whole | {name: "x" * most}, surface) == []
        assert judge_view(whole | {name: "x" * (most + 1)}, surface) == [
            f"[ERROR] must be less than {most + 1} characters [json-pointer:/view/{name}]"
        ]


def test_an_error_points_at_its_place():
    (error,) = judge([section(), {"type": "header", "text": plain("")}], Surface.MESSAGE)
    assert error == "[ERROR] must be more than 0 characters [json-pointer:/blocks/1/text/text]"
