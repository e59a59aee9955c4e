"""The validator against Slack's stand-in, which was written without it: what one takes the other takes, and whatever
comes in, what goes out is taken.
"""

import json

import pytest
from any_blocks import (
    BLOCKS,
    JSON,
    NOT_ON_A_HOME,
    ONLY_IN_MESSAGES,
    X,
    flawed,
    plain,
    shape,
    strings,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.blocks import kit
from bot.blocks.limits import fit, fit_view, problems, view_problems
from sandbox.slack.judge import Surface, judge, judge_view

OF_SURFACE = {
    "message": BLOCKS | NOT_ON_A_HOME | ONLY_IN_MESSAGES,
    "modal": BLOCKS | NOT_ON_A_HOME,
    "home": BLOCKS,
}
EVERY = [(surface, kind) for surface, kinds in OF_SURFACE.items() for kind in sorted(kinds)]
SURFACES = st.sampled_from(sorted(OF_SURFACE))
SOME = st.lists(st.one_of(*OF_SURFACE["message"].values()), max_size=4)
LAW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def verdict(blocks, surface):
    """What is wrong by Slack's stand-in."""
    return judge(blocks, Surface(surface))


@LAW
@given(SOME | flawed(SOME) | JSON, st.sampled_from([1, 30]), SURFACES)
def test_whatever_comes_in_slack_takes_what_goes_out(blocks, times, surface):
    fitted = fit(blocks * times if isinstance(blocks, list) else blocks, surface)
    assert problems(fitted, surface) == []
    assert verdict(fitted, surface) == []
    assert fit(fitted, surface) == fitted
    json.dumps(fitted, allow_nan=False).encode()


@settings(LAW, max_examples=25)
@given(data=st.data())
@pytest.mark.parametrize(("surface", "kind"), EVERY)
def test_what_is_right_is_found_right_and_left_as_it_is(surface, kind, data):
    blocks = [data.draw(OF_SURFACE[surface][kind])]
    assert problems(blocks, surface) == []
    assert verdict(blocks, surface) == []
    assert fit(blocks, surface) == blocks


@settings(LAW, max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize(("surface", "kind"), EVERY)
def test_both_find_the_same_flaws(surface, kind, data):
    blocks = [data.draw(flawed(OF_SURFACE[surface][kind]))]
    ours, theirs = problems(blocks, surface), verdict(blocks, surface)
    assert bool(ours) == bool(theirs), (blocks, ours, theirs)


ELSEWHERE = [
    (surface, kind)
    for surface in ("modal", "home")
    for kind in sorted(OF_SURFACE["message"].keys() - OF_SURFACE[surface].keys())
]


@settings(LAW, max_examples=10)
@given(data=st.data())
@pytest.mark.parametrize(("surface", "kind"), ELSEWHERE)
def test_both_know_what_a_surface_does_not_take(surface, kind, data):
    blocks = [data.draw(OF_SURFACE["message"][kind])]
    assert problems(blocks, surface)
    assert verdict(blocks, surface)


@settings(LAW, max_examples=100)
@given(SOME | flawed(SOME))
def test_both_find_the_same_messages_right(blocks):
    ours, theirs = problems(blocks, "message"), verdict(blocks, "message")
    assert bool(ours) == bool(theirs), (blocks, ours, theirs)


WITHIN = st.lists(st.one_of(*BLOCKS.values()), max_size=3)
NAMED = {"callback_id": strings(255), "private_metadata": strings(3000)}
MODALS = shape(
    {"type": st.just("modal"), "title": plain(24), "blocks": WITHIN, "submit": plain(24)},
    close=plain(24),
    clear_on_close=st.booleans(),
    **NAMED,
)
VIEWS = MODALS | shape({"type": st.just("home"), "blocks": WITHIN}, **NAMED)


def told_of_view(view):
    kind = view.get("type") if isinstance(view, dict) else None
    return judge_view(view, Surface.HOME if kind == "home" else Surface.MODAL)


@LAW
@given(VIEWS | flawed(VIEWS) | JSON)
def test_whatever_view_comes_in_slack_takes_what_goes_out(view):
    fitted = fit_view(view)
    assert view_problems(fitted) == []
    assert told_of_view(fitted) == []
    assert fit_view(fitted) == fitted


@settings(LAW, max_examples=100)
@given(VIEWS)
def test_both_find_the_same_views_right(view):
    assert bool(view_problems(view)) == bool(told_of_view(view)), view


@settings(LAW, max_examples=200)
@given(flawed(VIEWS))
def test_both_find_the_same_flaws_of_a_view(view):
    ours, theirs = view_problems(view), told_of_view(view)
    assert bool(ours) == bool(theirs), (view, ours, theirs)


def raw(text):
    return {"type": "raw_text", "text": text}


def test_a_table_is_cut_by_its_rows_and_says_how_many_are_left():
    (fitted,) = fit(
        [{"type": "table", "rows": [[raw(str(n)), raw("x")] for n in range(112)]}], "message"
    )
    assert len(fitted["rows"]) == 100
    assert fitted["rows"][-1] == [raw("… and 13 more")]


def test_a_table_is_cut_by_what_it_says_in_all():
    rows = [[raw(X[2000])] for _ in range(6)]
    (fitted,) = fit([{"type": "table", "rows": rows}], "message")
    assert fitted["rows"] == [*rows[:4], [raw("… and 2 more")]]


def test_an_empty_cell_is_a_dash():
    (fitted,) = fit([{"type": "table", "rows": [[raw(""), raw("x")]]}], "message")
    assert fitted["rows"] == [[raw("–"), raw("x")]]


def test_a_message_takes_one_table_and_two_charts():
    table = {"type": "table", "rows": [[raw("x")]]}
    chart = {
        "type": "data_visualization",
        "title": "x",
        "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
    }
    fitted = fit([table, chart, table, chart, chart], "message")
    assert [each["type"] for each in fitted] == [
        "table",
        "data_visualization",
        "data_visualization",
    ]


def test_all_markdown_of_a_message_is_cut_together():
    block = {"type": "markdown", "text": X[12_000][:7_000]}
    fitted = fit([block, block, block], "message")
    assert [len(each["text"]) for each in fitted] == [7_000, 5_000]
    assert fitted[1]["text"].endswith("…")


@pytest.mark.parametrize("kind", ["table", "data_visualization", "markdown"])
@pytest.mark.parametrize("surface", ["modal", "home"])
def test_some_blocks_are_for_messages_only(kind, surface):
    assert "not known here" in problems([{"type": kind}], surface)[0]


def test_nothing_calls_everybody():
    everybody = {"type": "broadcast", "range": "channel"}
    said = {"type": "rich_text_section", "elements": [everybody, {"type": "text", "text": "hi"}]}
    (fitted,) = fit([{"type": "rich_text", "elements": [said]}], "message")
    assert "broadcast" not in json.dumps(fitted)


def test_half_a_character_is_no_reason_to_be_refused():
    (fitted,) = fit([kit.section("a\ud800b")], "message")
    assert fitted["text"]["text"] == "a\ufffdb"


def test_a_modal_that_asks_can_be_sent():
    ask = kit.input_of("Say", kit.text_input("t"), block_id="b")
    view = kit.modal("A title that is far too long for a modal", [ask, None])
    assert len(view["title"]["text"]) == 24
    assert view["submit"]["text"] == "Send"


def test_metadata_that_is_too_long_is_not_cut_in_two():
    assert "private_metadata" not in kit.modal("x", [], metadata=X[3001])


def test_a_home_has_blocks_and_nothing_else():
    assert kit.home([kit.divider(), None]) == {"type": "home", "blocks": [{"type": "divider"}]}
