"""The rubric in the configuration: flags, caps, plans, and every mistake in them named."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bot.config import parse_config
from bot.variables import ConfigError
from scoring.lines import FlagLines
from scoring.rubric import Rubric, Status
from scoring.rules import Rule

ROOT = Path(__file__).parents[2]
WRITTEN = "".join(
    (ROOT / name).read_text("utf-8") for name in ("bellwether.example.toml", "docs/scoring.md")
)


def rubric_of(**rubric):
    raw = {
        "general": {"hash_key": "key"},
        "slack": {
            "bot_token": "xoxb-1",
            "app_token": "xapp-1",
            "team_channel": "C0TEAM",
            "admin_channel": "C0ADMIN",
        },
        "rubric": rubric,
        "sources": {"stripe": {"api_key": "rk_1"}},
    }
    return parse_config(raw, home=Path("home"), environment={}).rubric


def test_one_line_of_a_flag_can_be_moved_alone():
    assert rubric_of(flags={"usage_falls": 0.5}) == Rubric(flags=FlagLines(usage_falls=0.5))


def test_a_cap_is_told_by_the_name_of_its_flag_and_of_a_status():
    told = rubric_of(caps={"payment_issue": "at_risk", "detractor": "stable"})
    assert told.caps == {Rule.PAYMENT_ISSUE: Status.AT_RISK, Rule.DETRACTOR: Status.STABLE}


def test_plans_and_advanced_features_are_taken_in_their_order():
    told = rubric_of(plans=["Starter", "Growth"], advanced_features=["API Called"])
    assert told == replace(Rubric(), plans=("Starter", "Growth"), advanced_features=("API Called",))


@pytest.mark.parametrize(
    ("rubric", "sentence"),
    [
        ({"caps": {"payment_isue": "at_risk"}}, "Did you mean payment_issue?"),
        ({"caps": {"growing": "at_risk"}}, "Unknown key rubric.caps.growing"),
        (
            {"caps": {"payment_issue": "healthy"}},
            "rubric.caps.payment_issue must be one of: critical, at_risk, stable.",
        ),
        ({"caps": {"payment_issue": 2}}, "rubric.caps.payment_issue must be one of"),
        ({"caps": "at_risk"}, "rubric.caps must be a section"),
        ({"flags": {"usage_fals": 0.5}}, "Did you mean usage_falls?"),
        ({"flags": {"usage_falls": 0.1}}, "rubric.flags: usage needs 0 < usage_recovers"),
        ({"flags": {"ready_days": "many"}}, "rubric.flags.ready_days: "),
        ({"plans": ["Growth", "Growth"]}, "rubric: plans: one is named twice."),
    ],
)
def test_a_mistake_is_one_sentence_that_names_it(rubric, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        rubric_of(**rubric)


@pytest.mark.parametrize("name", [each.name for each in fields(FlagLines)])
def test_every_line_of_a_flag_is_written_down(name):
    assert re.search(rf"^#? ?{name} = ", WRITTEN, re.MULTILINE)
