"""Demos as processes, as people run them: launched in a folder, and judged by what the sandbox wrote down."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from worlds import ROOT, key_of

BELLWETHER = str(Path(sys.executable).parent / "bellwether")


def launch(home, *options, **more):
    """`bellwether demo` with everything it keeps in a folder."""
    environment = {**os.environ, "BELLWETHER_HOME": str(home)}
    return subprocess.Popen(
        [BELLWETHER, "demo", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        **more,
    )


def journal(home):
    """Every message the sandbox was given, with how it was changed: the lines of its own book."""
    files = home.glob("*/sandbox/slack.jsonl")
    lines = [line for file in files for line in file.read_text().splitlines(keepends=True)]
    entries = [json.loads(line) for line in lines if line.endswith("\n")]
    return [each["message"] for each in entries if each["kind"] == "message"]


def posted(home):
    """How often each key was posted."""
    return Counter(key_of(each) for each in journal(home) if not each.get("edits"))


def orphans(home):
    """The processes that still work in a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [file.parent.name] if str(home).encode() in file.read_bytes() else []
        except OSError:
            continue
    return found
