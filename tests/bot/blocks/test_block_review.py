"""The weekly review at every size: Slack's limits, what it says, and its picture."""

from dataclasses import replace

import pytest
from block_samples import AT, NAMES, RUBRIC, TODAY
from home_samples import NO_ALERTS, NO_MOVES, NO_WEEK, review
from slack_sdk.models.blocks import Block
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks.kit import as_text
from bot.blocks.limits import problems
from bot.blocks.lists import Tally
from bot.blocks.reader import Reader, reading
from bot.blocks.review import AlertsOfWeek, MovedRows, chart, render_review
from bot.blocks.sharing import with_share
from sandbox.slack.judge import judge
from scoring.rubric import Status

QUIET = review(
    0,
    counts={Status.HEALTHY: Tally(12)},
    week_ago={Status.HEALTHY: 12},
    moved=replace(NO_MOVES, of=12),
    alerts=NO_ALERTS,
)

WEEKS = {
    "without an account": NO_WEEK,
    "without one of mine": replace(NO_WEEK, is_mine=True),
    "in which nothing moved": QUIET,
    "the first": replace(QUIET, week_ago=None, moved=NO_MOVES),
    "of one": review(1, is_mine=True),
    "of many": review(31),
    "of far too many": review(5_000, name=NAMES["long"]),
    **{f"named {each}": review(2, name=name) for each, name in NAMES.items()},
}


@pytest.fixture(params=WEEKS)
def title(request):
    return request.param


def told(view):
    return as_text(render_review(view, rubric=RUBRIC))


def test_looks_as_it_did(title, snapshot):
    message = render_review(WEEKS[title], rubric=RUBRIC)
    seen = {"text": message.text, "blocks": message.blocks, "again": message.again}
    assert seen == snapshot(extension_class=JSONSnapshotExtension)


def test_slack_takes_it_with_its_button_and_its_picture(title):
    message = render_review(WEEKS[title], rubric=RUBRIC)
    blocks = with_share(message).blocks
    assert problems(blocks, "message") == []
    assert judge(blocks) == []
    assert len(blocks) <= 49  # the picture is one more
    for block in blocks:
        Block.parse(block).validate_json()
    assert "*" not in message.text


def test_it_is_asked_for_again_as_it_was():
    assert render_review(review(1), rubric=RUBRIC).again == "review team"
    assert render_review(review(1, is_mine=True), rubric=RUBRIC).again == "review mine"


def test_its_picture_shows_the_movers_from_then_to_now():
    drawn = chart(review(2), RUBRIC)
    assert (drawn.since, drawn.until) == (TODAY - 7, TODAY)
    assert [(each.before, each.now) for each in drawn.movers] == [
        (66.0, 39.0),
        (65.0, 38.0),
        (88.0, 91.0),
        (88.0, 91.0),
    ]
    assert chart(QUIET, RUBRIC) is None


def test_what_did_not_move_is_told_apart_from_what_cannot_be_compared():
    assert "none of 12 by a point or more" in told(QUIET)
    assert "no score of seven days ago can be compared" in told(WEEKS["the first"])


def test_movers_that_are_not_shown_are_counted():
    moved = MovedRows(down=review(5).moved.down, up=[], downs=17, ups=0, of=40)
    said = told(review(5, moved=moved))
    assert "▼ Down: 17 of 40" in said
    assert "… and 12 more" in said
    assert "▲ Up" not in said


def test_the_worth_of_alerts_is_told_only_where_enough_were_judged():
    few = AlertsOfWeek(opened={}, recovered=1, acknowledged=0, good=8, judged=9)
    assert "Too few were judged" in told(review(1, alerts=few))
    assert "89%" not in told(review(1, alerts=few))
    enough = replace(few, good=9, judged=12)
    assert "75% of 12 judged were of use (47–91% with 95% certainty)" in told(
        review(1, alerts=enough)
    )


def test_it_tells_no_amount_where_not_everybody_may_see_any():
    for view in WEEKS.values():
        with reading(Reader(sees_money=False)):
            message = render_review(view, rubric=RUBRIC)
        assert "$" not in as_text(message)
        assert "MRR" not in as_text(message)


def test_a_score_is_never_shown_on_the_other_side_of_its_line():
    row = replace(review(1).at_risk[0], value=59.6)
    assert " 59.6 " in told(review(1, at_risk=[row]))


def test_days_are_those_of_who_reads_it():
    assert render_review(replace(QUIET, at=AT), rubric=RUBRIC).text.startswith("The week to 20 Mar")
