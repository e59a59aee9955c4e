"""Demos as processes, as people run them: launched in a folder, and judged by what the sandbox wrote down."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

from worlds import ROOT, Outside, key_of, wait_for

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


class Demo:
    """A demo with its page, as a process."""

    def __init__(self, home, *, accounts=20, days=2):
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.errors = (home / "errors.txt").open("a+")
        options = ("--port", "0", "--days", str(days), "--accounts", str(accounts))
        self.process = launch(home, *options, stderr=self.errors)
        said = ""
        while "http://" not in said:
            said = self.process.stdout.readline()
            assert said, self.said()
        self.page = Outside(home, url="http://" + said.partition("http://")[2].split()[0], mark="0")

    def said(self):
        """What it wrote to stderr."""
        self.errors.seek(0)
        return self.errors.read()

    def go(self, **ahead):
        """Ask time ahead, and wait until it is there and everything due is done. Returns the instant."""
        target = datetime.fromisoformat(self.page.post("/sandbox/ask", **ahead)["target"])
        wait_for(
            lambda: self.page.now() >= target and not self.page.get("/sandbox/clock")["target"], 90
        )
        return target

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        self.errors.close()
        return self.process.returncode
