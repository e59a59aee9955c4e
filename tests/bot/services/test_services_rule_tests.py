"""Rule tests: what is wrong with a file is said by case and field, and every way to write a look is read."""

import json

import pytest

from bot.services.rule_tests import run
from bot.variables import ConfigError
from scoring.policy import AlertPolicy

GOOD = 'name = "a"\nscores = [70, 60]\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it has no case. Begin one with [[case]]."),
        ('[[cases]]\nname = "a"', "unknown key cases"),
        ("[[case]]\nscores = [1]", "case 1: name is missing."),
        ('[[case]]\nname = "a"', "case 1 (“a”): scores is missing."),
        ('[[case]]\nname = "a"\nscores = []', "case 1 (“a”): scores must be"),
        ('[[case]]\nname = "a"\nscores = [101]', "case 1 (“a”): scores.1 must be a score from 0"),
        (
            '[[case]]\nname = "a"\nscores = [1, "x"]',
            "case 1 (“a”): scores.2 must be a score from 0",
        ),
        (f"[[case]]\n{GOOD}score = [1]", "case 1 (“a”): unknown key score. Did you mean scores?"),
        (f"[[case]]\n{GOOD}step = 'P0D'", "case 1 (“a”): step: "),
        (f"[[case]]\n{GOOD}step = 'day'", "case 1 (“a”): step: must be an ISO 8601 duration"),
        (f"[[case]]\n{GOOD}at = [2026-01-01]", "case 1 (“a”): at: has 1 instants for 2 scores"),
        (
            f"[[case]]\n{GOOD}at = [2026-01-02, 2026-01-01]",
            "case 1 (“a”): at: each look must come after the one before",
        ),
        (
            f"[[case]]\n{GOOD}expect = [{{look = 2, rule = 'at-risk', change = 'opened'}}]",
            "case 1 (“a”): expect.1.rule: there is no rule 'at-risk'. Did you mean at_risk?",
        ),
        (
            f"[[case]]\n{GOOD}expect = [{{look = 3, rule = 'at_risk', change = 'opened'}}]",
            "case 1 (“a”): expect: there is no look 3; the series has 2",
        ),
        (
            f"[[case]]\n{GOOD}expect = [{{look = 2, rule = 'at_risk', change = 'open'}}]",
            "case 1 (“a”): expect.1.change: ",
        ),
        (
            f"[[case]]\n{GOOD}expect = [{{look = 2, rules = 'at_risk', change = 'opened'}}]",
            "case 1 (“a”): unknown key expect.1.rules. Did you mean rule?",
        ),
        (f"[[case]]\n{GOOD}expect = [1]", "case 1 (“a”): expect.1: must be a table"),
        (f"[[case]]\n{GOOD}flags = {{growing = 1}}", "case 1 (“a”): flags.growing: must be a list"),
        (f"[[case]]\n{GOOD}flags = {{at_risk = [1]}}", "case 1 (“a”): flags: at_risk is no flag."),
        (f"[[case]]\n{GOOD}flags = {{grwing = [1]}}", "Did you mean growing?"),
        (f"[[case]]\n{GOOD}[[case]]\n{GOOD}", "two cases are called “a”."),
        ("[[case]", "is not valid TOML"),
    ],
)
def test_a_mistake_names_the_file_the_case_and_the_field(tmp_path, text, told):
    path = tmp_path / "tests.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as wrong:
        run(path, AlertPolicy())
    assert str(path) in str(wrong.value)
    assert told in str(wrong.value)


def right(tmp_path, **case):
    path = tmp_path / "tests.json"
    path.write_text(json.dumps({"case": [{"name": "a", **case}]}), "utf-8")
    (tried,) = run(path, AlertPolicy())
    return tried.result.is_right


AT_RISK_AT_4 = [{"look": 4, "rule": "at_risk", "change": "opened"}]


@pytest.mark.parametrize("nothing", ["none", "stale", "gap", None])
def test_a_look_without_news_neither_confirms_nor_forgets(tmp_path, nothing):
    assert right(tmp_path, scores=[70, 58, nothing, 57], expect=AT_RISK_AT_4)


def test_a_good_look_between_forgets(tmp_path):
    assert not right(tmp_path, scores=[70, 58, 61, 57], expect=AT_RISK_AT_4)


def test_an_event_before_a_gap_is_seen_once_at_the_next_look(tmp_path):
    events = [{"look": 2, "kind": "downgrade"}]
    seen = [{"look": 3, "rule": "downgrade", "change": "opened"}]
    assert right(tmp_path, scores=[70, "gap", 70, 70], events=events, expect=seen)


def test_looks_may_have_instants_of_their_own(tmp_path):
    hours = [f"2026-03-01T{hour:02}:00:00" for hour in (8, 9, 10, 11, 12)]
    over = [
        {"look": 3, "rule": "at_risk", "change": "opened"},
        {"look": 5, "rule": "at_risk", "change": "resolved"},
    ]
    assert right(tmp_path, scores=[66, 58, 57, 66, 66], at=hours, expect=over)


def test_a_day_without_an_hour_is_its_noon_and_without_a_zone_is_utc(tmp_path):
    again = [
        {"look": 3, "rule": "at_risk", "change": "opened"},
        {"look": 5, "rule": "at_risk", "change": "resolved"},
        {"look": 7, "rule": "at_risk", "change": "reopened"},
    ]
    at = [f"2026-03-0{day}" for day in range(1, 6)]
    soon = [*at, "2026-03-05T20:00:00", "2026-03-06T11:59:59+00:00"]
    late = [*at, "2026-03-05T20:00:00", "2026-03-06T12:00:00+00:00"]
    scores = [66, 58, 57, 66, 66, 58, 57]
    assert right(tmp_path, scores=scores, at=soon, expect=again)
    assert not right(tmp_path, scores=scores, at=late, expect=again)
