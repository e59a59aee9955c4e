"""The numbers in the docs are the numbers in the code."""

import re
import tomllib
from dataclasses import asdict
from datetime import time, timedelta
from pathlib import Path

from scoring.policy import AlertPolicy
from scoring.rubric import DEFAULT_POINTS, LEVELS, Component, Rubric

DOCS = Path(__file__).parents[2] / "docs"
SCORING, ALERTS = ((DOCS / name).read_text("utf-8") for name in ("scoring.md", "alerts.md"))
RUBRIC, POLICY = Rubric(), AlertPolicy()


def toml_of(text):
    return tomllib.loads(
        "\n".join(re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    )


def test_the_rubric_in_the_docs_is_the_default_one_with_no_number_left_out():
    written = toml_of(SCORING)["rubric"]
    lists = {"core_features": [], "advanced_features": [], "plans": []}
    assert written == asdict(RUBRIC) | lists


def test_the_alert_settings_in_the_docs_are_the_default_ones():
    written = toml_of(ALERTS)["alerts"]
    durations = {"cooldown": "PT24H", "unstable_window": "P14D", "acknowledged_for": "P7D"}
    assert {name: written.pop(name) for name in durations} == durations
    assert (POLICY.cooldown, POLICY.unstable_window, POLICY.acknowledged_for) == (
        timedelta(hours=24),
        timedelta(days=14),
        timedelta(days=7),
    )
    known = asdict(POLICY)
    for name, value in written.items():
        assert _plain(known[name], like=value) == value
    left_out = {"routes", "fallback", *durations}
    assert written.keys() == known.keys() - left_out


def _plain(value, *, like):
    """A setting as TOML has it: times as text, tuples as lists; of a section what the docs show."""
    if isinstance(value, dict):
        return {key: _plain(value[key], like=each) for key, each in like.items()}
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return list(value) if isinstance(value, tuple) else value


def test_the_table_of_points_is_the_default_one():
    rows = re.findall(r"^\| [A-Z][\w ]+ \| (\d+) \| (\w+ \d+ · .+) \|$", SCORING, re.MULTILINE)
    written = [(int(weight), levels) for weight, levels in rows]
    assert written == [
        (
            RUBRIC.weight(component),
            " · ".join(
                f"{level} {DEFAULT_POINTS[component][level]}" for level in LEVELS[component]
            ),
        )
        for component in Component
    ]


def test_the_table_of_what_a_sum_hides_is_complete_and_right():
    rows = re.findall(r"^\| (\w+) (\w+) \| (\d+) \| ([A-Z][a-z-]+) \|$", SCORING, re.MULTILINE)
    expected = []
    for component in Component:
        for level in LEVELS[component][1:]:
            score = 100 - RUBRIC.weight(component) + DEFAULT_POINTS[component][level]
            expected.append((component.value, level, str(score), RUBRIC.status(score).label))
    assert rows == expected
