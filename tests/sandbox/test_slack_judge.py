"""Block Kit's limits and surfaces, as the stand-in holds them."""

import pytest

from sandbox.slack.judge import Surface, judge, judge_view


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


def test_charts_and_tables_are_for_messages_only():
    for block in (CHART, table([[CELL]]), {"type": "markdown", "text": "x"}):
        assert judge([block], Surface.HOME)
        assert judge([block], Surface.MODAL)


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


def test_an_error_points_at_its_place():
    (error,) = judge([section(), {"type": "header", "text": plain("")}], Surface.MESSAGE)
    assert error == "[ERROR] must be more than 0 characters [json-pointer:/blocks/1/text/text]"
