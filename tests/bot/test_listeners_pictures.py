"""The card and its picture: the answer never waits, and the picture comes in whatever way this workspace takes."""

from dataclasses import replace

import pytest
from books import Entry, keep
from worlds import own_program, wait_for, words_of

from bot.services import admitting
from storage import rubrics, scores


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


def slipping(deps, name):
    """An account that was better a week ago."""
    (account,) = keep(deps, [Entry(name, 70.0, "U0CSM1")])
    deps.clock.wait(7 * 86_400)
    at = deps.clock.now()
    with deps.db.write() as session:
        latest = scores.latest(session, [account.id])[account.id]
        rubric_id = rubrics.id_of(session, deps.config.rubric, at=at)
        worse = replace(latest, value=45.0, status=deps.config.rubric.status(45.0), scored_at=at)
        scores.save(session, [(account.id, worse)], rubric_id=rubric_id, at=at)
    return account


def kinds(message):
    return [each["type"] for each in message["blocks"]]


def asked(sandbox, text):
    """The answer, and what came after it."""
    before = len(sandbox.whispers("U0CSM1"))
    card = sandbox.ask(text)
    return card, lambda: sandbox.whispers("U0CSM1")[before + 1 :]


def test_the_first_card_is_followed_by_its_picture_and_the_next_has_it_inside(sandbox, deps):
    slipping(deps, "Falling Water")
    card, more = asked(sandbox, "falling water")
    assert "image" not in kinds(card)
    (picture,) = wait_for(more)
    assert kinds(picture) == ["image"]
    alt = picture["blocks"][0]["alt_text"]
    assert "Falling Water: health score 70 on" in alt
    assert "45 on" in alt
    again, _ = asked(sandbox, "falling water")
    assert kinds(again)[:3] == ["header", "section", "image"]
    assert again["blocks"][2]["slack_file"] == picture["blocks"][0]["slack_file"]


def test_where_nothing_can_be_uploaded_slacks_own_chart_comes(sandbox, deps):
    slipping(deps, "Dry Season")
    sandbox.break_("error:not_allowed_token_type", method="files.getUploadURLExternal")
    _, more = asked(sandbox, "dry season")
    (chart,) = wait_for(more)
    assert kinds(chart) == ["data_visualization"]


def test_a_card_without_a_line_to_draw_has_no_picture(sandbox, deps):
    keep(deps, [Entry("Newcomer", 70.0)])
    card, more = asked(sandbox, "newcomer")
    assert "image" not in kinds(card)
    assert more() == []


def test_the_bars_in_the_text_say_it_where_there_is_no_picture(sandbox, deps):
    slipping(deps, "Plain Text")
    card, _ = asked(sandbox, "plain text")
    assert "70 → 45" in words_of(card)
