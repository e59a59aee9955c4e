"""The numbers in the docs are the numbers in the code."""

import re
import tomllib
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from scoring.alerts import AlertPolicy, Rule
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
    assert written == asdict(RUBRIC) | {"core_features": []}


def test_the_lines_in_the_docs_are_the_default_ones():
    written = toml_of(ALERTS)["alerts"]
    assert written.pop("cooldown") == "PT24H"
    assert POLICY.cooldown == timedelta(hours=24)
    lines = {rule.value: asdict(POLICY.threshold(rule)) for rule in Rule}
    assert written == {
        name: {key: line[key] for key in ("fires", "clears", "confirmations")}
        for name, line in lines.items()
    }


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
