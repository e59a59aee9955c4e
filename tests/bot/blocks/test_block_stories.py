"""What the messages promise: numbers, directions, words, and buttons that make sense."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from block_samples import (
    ACME,
    ALERT,
    AT,
    CLOSED,
    HANDLED,
    PARTIAL,
    POLICY,
    RUBRIC,
    SCORE,
    TASK,
    THIN,
    TODAY,
    WEEK_AGO,
    alert_view,
    full_card,
    page,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import actions, words
from bot.blocks.alert import render_alert, render_recovery_reply
from bot.blocks.card import render_card
from bot.blocks.kit import as_text
from bot.blocks.lists import render_list
from bot.blocks.moves import moves, reason
from bot.blocks.outreach import read_outreach
from scoring.accounts import Money
from scoring.alerts import AlertId, Outcome, Rule
from scoring.pursuit import UNTIL_WORSE
from scoring.rubric import Component, Status


def pressed(message):
    """The action ids of everything that can be pressed."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for elements in rows for element in elements]


def shown(message):
    return str(message.blocks)


def alert(alert=ALERT, **changes):
    return render_alert(alert_view(alert, **changes), rubric=RUBRIC, policy=POLICY)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (59.6, "59.6"),
        (59.4, "59"),
        (60.0, "60"),
        (59.96, "59.9"),
        (39.5, "39.5"),
        (79.99, "79.9"),
        (80.2, "80"),
        (0.0, "0"),
        (100.0, "100"),
    ],
)
def test_a_score_has_a_decimal_only_where_rounding_would_contradict_its_status(value, said):
    assert words.score_text(value, RUBRIC.status(value), RUBRIC) == said


@given(st.floats(0, 100))
def test_a_shown_score_is_of_the_status_beside_it(value):
    status = RUBRIC.status(value)
    assert RUBRIC.status(float(words.score_text(value, status, RUBRIC))) is status


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (120_000, "usd", "$1,200"),
        (95_000, "eur", "€950"),
        (120_000, "sek", "SEK\u00a01,200"),
        (120_000, "jpy", "¥120,000"),
        (1_200_000, "kwd", "KWD\u00a01,200"),
        (1_250, "usd", "$12.50"),
        (123_456, "usd", "$1,235"),
        (-5_000, "gbp", "−£50"),
        (0, "usd", "$0"),
    ],
)
def test_money_is_said_in_its_own_currency(minor, currency, said):
    assert words.money(Money(Decimal(minor), currency)) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0%"), (0.004, "under 1%"), (0.75, "75%"), (0.999, "99%"), (1, "100%")]
)
def test_only_all_of_it_is_100_percent(share, said):
    assert words.percent(share) == said


def test_a_change_is_an_arrow_and_a_sign_and_a_word():
    assert [words.arrow(each) for each in (4, -12, 0, -2.5)] == ["▲ +4", "▼ −12", "▬ 0", "▼ −2.5"]
    assert [words.spoken(each) for each in (4, -12, 0, None)] == [
        "up 4",
        "down 12",
        "unchanged",
        "",
    ]


def test_a_change_is_the_difference_of_the_numbers_shown():
    assert words.change_between(71.6, 71.4) == 1
    assert words.change_between(None, 71.4) is None


def test_days_without_a_score_are_dots():
    trend = [(TODAY - 5, 0.0), (TODAY - 4, 50.0), (TODAY - 1, 100.0)]
    assert words.sparkline(trend, until=AT) == "▁▅··█·"
    assert words.sparkline([], until=AT) == ""


def test_an_instant_is_told_in_the_readers_zone_with_utc_for_who_has_none():
    assert words.moment(datetime(2026, 3, 20, 9, 30, tzinfo=UTC)).endswith(
        "|20 Mar 2026, 09:30 UTC>"
    )


def test_a_date_says_how_far_it_is():
    said = [words.due(date(2026, 3, day), AT) for day in (17, 19, 20, 21, 22)]
    assert said == ["3 days ago", "yesterday", "today", "tomorrow", "in 2 days"]
    assert words.day(date(2027, 1, 2), AT) == "2 Jan 2027"


def test_only_a_member_id_becomes_a_mention():
    assert words.mention("U0DANA") == "<@U0DANA>"
    assert "<" not in words.mention("!channel>")


def test_only_a_web_address_becomes_a_link():
    assert (
        words.link("https://x.example/?a=1&b=|", "Bob & Co")
        == "<https://x.example/?a=1&amp;b=%7C|Bob &amp; Co>"
    )
    assert words.link("javascript:alert(1)", "Bob") == "Bob"
    assert words.link("https://x.example", "a|b") == "<https://x.example|a¦b>"


def test_the_reason_names_what_moved_most_the_way_the_score_went():
    assert reason(SCORE, WEEK_AGO, RUBRIC).startswith("Down mostly on support: 1 open ticket")
    up = replace(WEEK_AGO, value=20.0, shares={**WEEK_AGO.shares, Component.FEATURES: 0.0})
    assert reason(SCORE, up, RUBRIC).startswith("Up mostly on features")
    assert reason(SCORE, None, RUBRIC).startswith("Held back most by usage")


def test_a_component_does_not_move_because_another_went_missing():
    # The same points as a week ago, of which engagement is now unknown.
    same = replace(WEEK_AGO, shares={part.component: part.points for part in SCORE.parts})
    assert {move.change for move in moves(PARTIAL, same, RUBRIC)} == {0.0}


def test_the_notification_has_name_number_and_direction():
    assert (
        render_card(full_card(), rubric=RUBRIC).text
        == "Acme Corp: 35 of 100, Critical, down 27 in 7 days"
    )
    assert alert().text.startswith(
        "URGENT: Acme Corp fell to 35 (down 27), Critical. Down mostly on support"
    )


def test_only_the_critical_alert_is_urgent():
    assert alert().blocks[0]["text"]["text"].startswith("URGENT")
    assert not alert(replace(ALERT, rule=Rule.AT_RISK)).text.startswith("URGENT")


def test_an_alert_leads_with_the_steepest_fall_and_an_expansion_with_the_steepest_rise():
    falls, rises = shown(alert()), shown(alert(replace(ALERT, rule=Rule.EXPANSION)))
    assert falls.index("*Support*") < falls.index("*Usage*") < falls.index("*Payment*")
    assert rises.index("*Payment*") < rises.index("*Support*")


def test_an_alert_tells_where_the_score_is_now():
    assert "now 31" in shown(alert(score=replace(SCORE, value=31.0)))


def test_an_account_that_was_already_worse_did_not_fall():
    assert "Acme Corp is at 35" in alert(replace(ALERT, before=30.0)).text


def test_a_fresh_alert_offers_everything_and_a_handled_one_what_is_left():
    assert pressed(alert()) == [
        actions.ALERT_ACKNOWLEDGE,
        actions.ALERT_ASSIGN,
        actions.ALERT_OUTREACH,
        actions.ALERT_SNOOZE,
        actions.ALERT_MORE,
        actions.ACCOUNT_VIEW,
    ]
    assert pressed(alert(HANDLED)) == [
        actions.ALERT_ASSIGN,
        actions.ALERT_WAKE,
        actions.ALERT_MORE,
        actions.ACCOUNT_VIEW,
    ]


def test_a_snooze_that_ran_out_can_be_set_again():
    ran_out = replace(HANDLED, snoozed_until=AT - timedelta(minutes=1))
    assert actions.ALERT_SNOOZE in pressed(alert(ran_out))
    assert "Snoozed" not in shown(alert(ran_out))


def test_a_resolved_alert_says_how_long_and_to_what_and_asks_what_it_was_good_for():
    better = replace(SCORE, value=66.0, status=Status.STABLE)
    message = alert(CLOSED, score=better)
    assert pressed(message) == [
        actions.ALERT_USEFUL,
        actions.ALERT_NOISE,
        actions.ACCOUNT_VIEW,
    ]
    assert "Was this useful?" in shown(message)
    judged = alert(replace(CLOSED, outcome=Outcome.NOISE, outcome_by="U0LEE"), score=better)
    assert "Was this useful?" not in shown(judged)
    assert "🔇 Noise, says <@U0LEE>" in shown(judged)
    assert "lasted 9 days" in shown(message)
    assert message.text == "Resolved: Acme Corp is back at 66, Stable, from 35."
    assert (
        "lasted 9 days"
        in render_recovery_reply(alert_view(CLOSED, score=better), rubric=RUBRIC).text
    )


def test_a_handled_alert_says_who_did_what():
    for said in (
        "Acknowledged by <@U0DANA>",
        "Assigned to <@U0LEE> by <@U0DANA>",
        "Outreach logged by <@U0LEE>",
        "Snoozed until",
    ):
        assert said in shown(alert(HANDLED))


def test_the_row_of_an_alerts_buttons_carries_its_id():
    block_id = alert().blocks[-1]["block_id"]
    assert actions.id_in_block(block_id) == "17"
    assert actions.block_of(AlertId(17)) == block_id


def test_values_carry_ids_only():
    for element in alert().blocks[-1]["elements"]:
        values = (
            [element["value"]]
            if "value" in element
            else [option["value"] for option in element.get("options", [])]
        )
        ours = rf"\d+|[a-z]+:17|{actions.SNOOZE_PICK}|{actions.SNOOZE_WORSE}"
        assert all(re.fullmatch(ours, value) for value in values)


def test_a_snooze_without_a_date_says_what_ends_it():
    asleep = replace(HANDLED, snoozed_until=UNTIL_WORSE)
    assert "💤 Snoozed until it gets worse by <@U0LEE>" in shown(alert(asleep))


def test_an_alert_shows_what_people_made_tasks_of_and_ticks_its_own():
    own = replace(TASK, done_at=AT, done_by="U0LEE")
    made = replace(TASK, title="Send <b>", created_by="U0DANA", assigned_to="U0LEE")
    said = shown(alert(tasks=(own, made)))
    assert "☑ Urgent outreach, done by <@U0LEE>" in said
    assert "☐ Send &lt;b&gt;" in said
    assert said.count("Urgent outreach") == 1
    done = replace(made, done_at=AT, done_by="U0DANA")
    assert "☑ Send &lt;b&gt;, done by <@U0DANA>" in shown(alert(tasks=(done,)))


def test_a_list_turns_both_ways_in_the_middle_and_one_way_at_its_ends():
    turns = [
        pressed(render_list(page(10, total=25, offset=offset), rubric=RUBRIC)) for offset in (0, 10)
    ]
    assert turns == [[actions.LIST_NEXT], [actions.LIST_PREVIOUS, actions.LIST_NEXT]]
    assert pressed(render_list(page(5, total=25, offset=20), rubric=RUBRIC)) == [
        actions.LIST_PREVIOUS
    ]
    assert all(re.fullmatch(actions.LIST_PAGE, each) for each in turns[1])


def test_a_page_is_told_by_status_scope_and_offset():
    message = render_list(page(10, total=25, offset=10), rubric=RUBRIC)
    assert [element["value"] for element in message.blocks[-1]["elements"]] == [
        "1:all:0",
        "1:all:20",
    ]


def test_a_card_says_plainly_why_there_is_no_score():
    left = replace(full_card(), account=replace(ACME, churned_on=date(2026, 3, 4)))
    assert "Left on 4 Mar" in shown(render_card(left, rubric=RUBRIC))
    assert "No score yet" in shown(render_card(replace(full_card(), score=None), rubric=RUBRIC))


def test_a_card_names_what_is_not_counted_and_what_is_old():
    said = shown(render_card(replace(full_card(), score=PARTIAL), rubric=RUBRIC))
    assert "Covers 85%. Not counted: Engagement, new (nobody there was mailed in 90 days)" in said
    assert "⚠ 9 h old" in said
    assert "⚠ Mixpanel 9 h old" in said


def test_a_filled_in_outreach_reads_as_a_sentence():
    values = {
        actions.OUTREACH_HOW: {actions.FIELD: {"selected_option": {"value": "call"}}},
        actions.OUTREACH_WHOM: {actions.FIELD: {"value": " Dana Fox "}},
        actions.OUTREACH_OUTCOME: {actions.FIELD: {"selected_option": {"value": "agreed"}}},
        actions.OUTREACH_NOTE: {actions.FIELD: {"value": None}},
    }
    outreach = read_outreach(values)
    assert outreach.summary == "Call with Dana Fox: agreed on a next step."
    then = replace(outreach, next_step="Send the plan.", note="They *will*")
    assert then.summary == (
        "Call with Dana Fox: agreed on a next step. Next: Send the plan. They *will*"
    )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {actions.OUTREACH_HOW: None},
        {actions.OUTREACH_HOW: {actions.FIELD: {"selected_option": None}}},
    ],
)
def test_an_outreach_form_with_holes_is_still_an_outreach(values):
    assert read_outreach(values).summary == "Outreach."


def test_a_thin_score_is_not_shown_as_a_good_one():
    message = render_card(replace(full_card(), score=THIN), rubric=RUBRIC)
    assert message.text == "Acme Corp: not enough data, 10% is known"
    assert "100 of 100" not in shown(message)


def test_after_outreach_the_alert_says_what_ends_it():
    assert "ends by itself when it stays at 45 or above" in shown(alert(HANDLED))


def test_a_message_reads_as_plain_text_on_a_terminal():
    said = as_text(alert(HANDLED))
    assert said.startswith("URGENT: Acme Corp fell to 35\n🔴 Critical, below 40")
    assert "Acknowledged by @U0DANA, 19 Mar 2026, 13:30 UTC" in said
    assert "∗They∗ will <b>train</b> the new team." in said
