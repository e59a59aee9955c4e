"""The terminal: bars for long work, findings as lines, and waiting until somebody ends it."""

import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.services.diagnosing import Finding, title_of

if TYPE_CHECKING:
    from bot import deps

_SIGNS = {"ok": "✓", "warning": "!", "broken": "✗"}


def report(findings: Sequence[Finding]) -> Iterator[str]:
    """The findings as lines, source by source, and a sum at the end."""
    shown = ""
    for each in findings:
        if title_of(each) != shown:
            shown = title_of(each)
            yield shown
        yield f"  {_SIGNS[each.verdict]} {each.what}: {each.told}"
        yield from (f"      {example}" for example in each.examples)
    counts = Counter(each.verdict.value for each in findings)
    yield f"{counts['ok']} well, {counts['warning']} to look at, {counts['broken']} broken"


@contextmanager
def progress() -> Iterator["deps.Progress"]:
    """Bars on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _source, _share, _records: None
        return
    from rich.console import Console  # noqa: PLC0415 - heavy, and only a terminal shows bars
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TaskID,
        TextColumn,
    )

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.fields[records]:>9,} records"),
    )
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:

        def on_progress(source: str, share: float | None, records: int) -> None:
            if source not in bars:
                bars[source] = shown.add_task(source, total=1.0, records=0)
            shown.update(bars[source], completed=1.0 if share is None else share, records=records)

        yield on_progress


def until_stopped() -> None:
    """Return on Ctrl-C or a request to end."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    stopped.wait()
