"""The bench runs, and what it says can be read by a machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_quick_bench_says_every_figure_in_a_line_of_json():
    bench = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    figures = [json.loads(line) for line in bench.stdout.splitlines()]
    assert all(set(each) == {"name", "value", "unit", "against", "ratio"} for each in figures)
    assert all((each["against"] is None) == (each["ratio"] is None) for each in figures)
    assert {"ingest into SQLite", "facts to snapshots", "history"} <= {
        each["name"] for each in figures
    }
