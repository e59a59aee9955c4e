"""The page of alerts at every size: its picture, and that Slack takes it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from block_samples import AT, NAMES, RUBRIC, alerts_page, open_line
from slack_sdk.models.blocks import Block
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks.alerts_page import HeldLine, TroubleLine, render_alerts
from bot.blocks.kit import as_text
from bot.blocks.limits import problems
from scoring.guard import MassMove
from scoring.learning import Course, Effect, Precision
from scoring.rules import Quiet, Rule

FULL = alerts_page(
    open=[
        open_line(held_by="U0DANA"),
        open_line(2, "Globex", rules=(Rule.AT_RISK, Rule.DECLINING_USAGE), value=55.0),
        open_line(3, "Initech", rules=(Rule.CANCELLATION,), value=None),
        open_line(4, "Hooli", rules=(Rule.EXPANSION,), value=91.0, since=AT - timedelta(hours=3)),
    ],
    snoozed=[
        open_line(5, "Umbrella", snoozed_until=AT + timedelta(days=3), snoozed_by="U0LEE"),
    ],
    unstable=[open_line(6, "Stark", rules=(Rule.SHARP_DROP,), value=61.0)],
    untold={Quiet.BASELINE: 214, Quiet.OFF: 2, None: 4},
    held=[
        HeldLine(since=AT - timedelta(hours=2), source="Mixpanel", told=120, usual=4_800.0),
        HeldLine(
            since=AT - timedelta(hours=1),
            moves=(MassMove(rule=Rule.AT_RISK, opens=True, accounts=214, of=700),),
        ),
    ],
    trouble=[
        TroubleLine(
            target="C0TEAM", why="the channel is archived", messages=3, at=AT - timedelta(hours=5)
        ),
        TroubleLine(target="U0GONE", why="user_not_found", messages=1, at=AT),
    ],
    lately=[Precision(rule=Rule.AT_RISK, acted=4, noise=2, unknown=9)],
    longer=[
        Precision(rule=Rule.CRITICAL, acted=18, useful=3, noise=2, unknown=1),
        Precision(rule=Rule.AT_RISK, acted=10, useful=1, noise=14, unknown=31),
        Precision(rule=Rule.CANCELLATION, noise=12),
        Precision(rule=Rule.SHARP_DROP, noise=12),
        Precision(rule=Rule.DECLINING_USAGE, acted=1, noise=12),
        Precision(rule=Rule.EXPANSION, unknown=4),
    ],
    effects=[
        Effect(
            rule=Rule.CRITICAL,
            acted=Course(n=14, before=34.0, after=58.5, change=21.0, recovered=9),
            others=Course(n=11, before=33.0, after=36.0, change=2.0, recovered=2),
        ),
        Effect(
            rule=Rule.CANCELLATION,
            acted=Course(n=12, before=51.0, after=49.0, change=-2.0),
            others=Course(n=3),
        ),
        Effect(rule=Rule.AT_RISK, acted=Course(n=4, recovered=1), others=Course(n=40)),
    ],
)


def absurd(name):
    lines = [open_line(n, name, held_by=name, rules=tuple(Rule)) for n in range(500)]
    asleep = [replace(each, snoozed_until=AT + timedelta(days=365)) for each in lines]
    every = [Precision(rule=rule, acted=1, noise=99, unknown=9) for rule in Rule]
    course = Course(n=9_999, before=1.0, after=99.0, change=98.0, recovered=1)
    return alerts_page(
        open=lines,
        snoozed=asleep,
        unstable=lines,
        untold=dict.fromkeys(Quiet, 99_999),
        held=[HeldLine(since=AT, source=name)] * 50,
        trouble=[TroubleLine(target=name, why=name * 9, messages=1, at=None)] * 50,
        lately=every,
        longer=every,
        effects=[Effect(rule=rule, acted=course, others=course) for rule in Rule],
    )


PAGES = {
    "nothing": alerts_page(),
    "nothing of mine": alerts_page(mine=True),
    "one": alerts_page(open=[open_line()], longer=[Precision(rule=Rule.CRITICAL, unknown=1)]),
    "everything": FULL,
    **{f"named {each}": absurd(name) for each, name in NAMES.items()},
}


@pytest.fixture(params=PAGES)
def message(request):
    return render_alerts(PAGES[request.param], rubric=RUBRIC)


def test_the_page_looks_as_it_did(message, snapshot):
    seen = {"text": message.text, "blocks": message.blocks}
    assert seen == snapshot(extension_class=JSONSnapshotExtension)


def test_slack_takes_the_page(message):
    assert problems(message.blocks, "message") == []
    for block in message.blocks:
        Block.parse(block).validate_json()
    assert message.text.strip()
    (message.text + str(message.blocks)).encode("utf-8")


def said(**changes):
    return as_text(render_alerts(alerts_page(**changes), rubric=RUBRIC))


def test_a_rule_that_is_mostly_noise_is_named_with_what_to_do():
    noisy = Precision(rule=Rule.AT_RISK, acted=4, noise=6)
    assert "6 of 10 were noise in 90 days; move its line" in said(longer=[noisy])
    assert 'off = ["at_risk"]' in said(longer=[noisy])
    assert "Mostly noise" not in said(longer=[Precision(rule=Rule.AT_RISK, acted=5, noise=5)])


def test_of_too_few_no_share_is_told():
    text = said(longer=[Precision(rule=Rule.AT_RISK, acted=9)])
    assert "too few to say (9 judged)" in text
    assert "100%" not in text


def test_that_it_is_no_experiment_is_said_wherever_an_effect_is_shown():
    assert "No experiment" in as_text(render_alerts(FULL, rubric=RUBRIC))
    assert "No experiment" not in said()
