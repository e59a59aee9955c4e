"""Slack's limits and customers' text, by law: whatever comes in, what goes out is harmless and fits."""

import re
import unicodedata
from dataclasses import replace

import pytest
from block_samples import HANDLED, NAMES, POLICY, RUBRIC, absurd_card, alert_view, named, overview
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import kit
from bot.blocks.alert import render_alert
from bot.blocks.card import render_card
from bot.blocks.limits import fit, problems
from bot.blocks.lists import render_overview
from bot.blocks.text import clip, escape, length, plain

OURS = re.compile(
    r"<(?:@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|!date\^\d+\^[^<>|]*\|[^<>|]*|https?://[^<>|\s]*\|[^<>|]*)>|&(?:amp|lt|gt);"
)
NASTY = st.text(
    st.sampled_from("<>&*_~`:!@#|[](){}ab 1\n\u202e\u200b\u200d\u0301א👩🇨🇭\ud800")
    | st.characters(),
    max_size=400,
)
ANYTHING = st.one_of(NASTY, *map(st.just, NAMES.values()))


def mrkdwn_of(value):
    """Every text Slack would parse."""
    if isinstance(value, list):
        return [text for each in value for text in mrkdwn_of(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") == "mrkdwn" else []
    return own + [text for each in value.values() for text in mrkdwn_of(each)]


@settings(max_examples=50, deadline=None)
@given(ANYTHING)
def test_no_angle_bracket_or_ampersand_of_a_customers_reaches_slack(text):
    for message in (
        render_card(absurd_card(text), rubric=RUBRIC),
        render_alert(
            alert_view(replace(HANDLED, outreach_note=text), named(text)),
            rubric=RUBRIC,
            policy=POLICY,
        ),
        render_overview(overview(name=text), rubric=RUBRIC),
    ):
        assert problems(message.blocks, "message") == []
        for said in (message.text, *mrkdwn_of(message.blocks)):
            assert not set(OURS.sub("", said)) & set("<>&")


@settings(deadline=None)
@given(ANYTHING)
def test_escaped_text_is_one_line_without_markup_or_controls(text):
    said = escape(text)
    assert not set(said) & set("*~`<>\n\r\t\u202e\u200b")
    assert not re.search(r":[\w+'-]+:", said)
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", said)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in said)


def test_words_with_an_underscore_inside_stay_readable():
    assert escape("report_exported") == "report_exported"
    assert escape("AT&T <R&D>") == "AT&amp;T &lt;R&amp;D&gt;"
    assert escape("> quoted") == "› quoted"


def test_right_to_left_text_cannot_carry_the_number_after_it_away():
    assert escape("חברה") == "\u2068חברה\u2069"
    assert plain("Acme\u202e!") == "Acme!"


def test_a_family_stays_a_family():
    assert escape("👩‍👩‍👧 می‌خواهم").strip("\u2068\u2069") == "👩‍👩‍👧 می‌خواهم"
    assert escape("a\u200db") == "ab"


@settings(deadline=None)
@given(ANYTHING, st.integers(1, 60))
def test_clipped_text_fits_and_is_a_beginning(text, limit):
    cut = clip(text, limit)
    assert length(cut) <= limit
    assert cut == text or text.startswith(cut[:-1])


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("fish &amp; chips", 9, "fish…"),
        ("see <@U0DANA> now", 9, "see…"),
        ("ae\u0301x", 3, "a…"),
        ("👍🏽👍🏽", 6, "👍🏽…"),
        ("🇨🇭🇨🇭", 6, "🇨🇭…"),
        ("👩‍👧x👩‍👧", 8, "👩‍👧x…"),
    ],
)
def test_a_cut_never_goes_through_what_belongs_together(text, limit, cut):
    assert clip(text, limit) == cut


def test_blocks_without_a_problem_are_left_alone():
    blocks = [
        kit.header("Hi"),
        kit.section("There"),
        kit.divider(),
        kit.image("https://x.example/a.png", "a"),
    ]
    assert problems(blocks, "message") == []
    assert fit(blocks, "message") == blocks


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([{"type": "alert"}], "blocks[0]: 'alert' is not known here"),
        (
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "blocks[0] header.text: must be plain_text, is mrkdwn",
        ),
        ([{"type": "section"}], "blocks[0] section: needs text or fields"),
        (
            [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
            "blocks[0] section.text: 3001 characters, at most 3000",
        ),
        (
            [
                {
                    "type": "actions",
                    "elements": [kit.button("A", "a", "1"), kit.button("B", "a", "2")],
                }
            ],
            "blocks[0] actions.elements[1]: action_id 'a' is there twice",
        ),
        ([{"type": "divider", "block_id": "a"}] * 2, "blocks[1]: block_id 'a' is there twice"),
        ([kit.divider()] * 51, "51 blocks, at most 50"),
    ],
)
def test_a_problem_says_what_and_where(blocks, problem):
    assert problems(blocks, "message") == [problem]


def test_a_message_cut_short_says_so_and_keeps_its_buttons():
    blocks = [kit.section(str(number)) for number in range(60)] + [
        kit.actions([kit.button("Next", "n", "1")])
    ]
    fitted = fit(blocks, "message")
    assert len(fitted) == 50
    assert fitted[-1]["type"] == "actions"
    assert fitted[-2]["elements"][0]["text"] == "… and 12 more, which do not fit here"


def test_a_markdown_block_is_for_messages_only():
    block = {"type": "markdown", "text": "x"}
    assert problems([block], "message") == []
    assert problems([block], "home")


def test_lines_that_do_not_fit_are_counted():
    section = kit.lines([f"line {number}" for number in range(32)], title="*Title*", most=20)
    assert section["text"]["text"].endswith("line 19\n… and 12 more")
    assert kit.lines(["x" * 2000] * 5)["text"]["text"].endswith("… and 4 more")
    assert kit.lines([]) is None


def test_the_shapes_nobody_uses_yet_are_ones_slack_takes():
    sure = kit.confirm("Sure?", "It cannot be undone.", yes="Do it", no="Keep")
    menu = kit.overflow("more", [(str(number), "x" * 100) for number in range(9)])
    pick = kit.static_select("Pick", "pick", [("1", "One"), ("2", "Two")], chosen="2")
    blocks = [
        kit.section("Hi", fields=["a"] * 12, accessory=menu),
        kit.actions([kit.button("Delete", "del", "1", style="danger", confirm=sure), pick]),
        kit.input_of("Say", kit.text_input("t"), block_id="b", hint="in a word"),
    ]
    assert problems(blocks, "message") == []
    assert pick["initial_option"]["value"] == "2"
