"""Flags on the card: what is raised, since when and why, and the cap that holds a score down."""

from dataclasses import replace

import pytest
from block_samples import (
    AT,
    CAPPED,
    FLAGGED,
    FLAGS,
    NAMES,
    RUBRIC,
    SCORE,
    TODAY,
    absurd_card,
    full_card,
    named,
)
from slack_sdk.models.blocks import Block
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks.card import render_card
from bot.blocks.flags import cap_line, flag_lines
from bot.blocks.kit import as_text
from bot.blocks.limits import problems
from scoring.rules import FLAGS as RULES
from scoring.rules import Flag


def card(score, **changes):
    return render_card(replace(full_card(), score=score, **changes), rubric=RUBRIC)


MESSAGES = {
    "card with flags": card(FLAGGED, open_alerts=(), tasks=(), watches=()),
    "card under a cap": card(CAPPED, open_alerts=(), tasks=(), watches=()),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_card_looks_as_it_did(name, snapshot):
    message = MESSAGES[name]
    seen = {"text": message.text, "blocks": message.blocks}
    assert seen == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("name", NAMES)
def test_slack_takes_a_card_with_every_flag_at_its_longest(name):
    every = tuple(
        Flag(rule=rule, evidence=NAMES[name] or "?", since=0, as_of=AT, subject=str(number))
        for rule in RULES
        for number in range(9)
    )
    view = absurd_card(NAMES[name])
    message = render_card(replace(view, score=replace(view.score, flags=every)), rubric=RUBRIC)
    assert problems(message.blocks, "message") == []
    assert Block.parse_all(message.blocks)


def test_a_line_says_what_since_when_and_why():
    line, *_ = flag_lines(FLAGGED, AT)
    assert line.startswith("⚠ *Declining usage* since 16 Mar · events down 55% in 7 days: 90 where")


def test_evidence_that_a_component_says_is_not_said_twice():
    assert flag_lines(FLAGGED, AT)[1] == "⚠ *Support escalation* since 20 Mar"


def test_a_flag_whose_source_is_late_says_how_old_it_is_and_good_news_looks_good():
    late, good = flag_lines(FLAGGED, AT)[2:]
    assert late.endswith("week after week · ⚠ 3 days old")
    assert good.startswith("🌱 *Growing* since 19 Mar")


def test_nothing_in_evidence_can_format():
    late = flag_lines(FLAGGED, AT)[2]
    assert "&lt;b&gt;∗Viewed∗&lt;/b&gt;" in late


def test_a_cap_says_what_holds_the_score_down_and_where_it_would_be():
    assert cap_line(CAPPED) == (
        "Capped at At-risk by *Support escalation*: without it the score would be 80"
    )
    assert cap_line(SCORE) == ""
    assert "59.9 of 100 · At-risk\nCapped at At-risk" in as_text(MESSAGES["card under a cap"])


def test_a_card_without_flags_has_no_heading_for_them_and_who_left_has_none():
    assert "Flags" not in as_text(card(SCORE))
    left = replace(named("Acme"), churned_on=AT.date())
    assert "Flags" not in as_text(card(FLAGGED, account=left))
    assert flag_lines(None, AT) == []


@pytest.mark.parametrize("rule", RULES)
def test_every_flag_has_a_name(rule):
    flag = replace(FLAGS[0], rule=rule, since=TODAY)
    (line,) = flag_lines(replace(SCORE, flags=(flag,), judged={rule: AT}), AT)
    assert " since 20 Mar · " in line
