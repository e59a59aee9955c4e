"""Delivery: hundreds of messages while deliverers are killed and frozen and Slack fails, on both databases.

For comparison the loops one would write first go through the same.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.postgres import serving
from tests.soak.trials import Outcome, Trial, run
from tests.soak.verdicts import WINDOW_S, BrokenError
from tests.soak.workers import mark_then_post, post_then_mark


def measure(folder: Path) -> Iterator[Figure]:
    """Both databases, then the plain loops on SQLite. Raises BrokenError at the end when a promise was broken."""
    broken: dict[str, Mapping[str, int]] = {}
    outcomes: list[Outcome] = []
    with serving() as postgres:
        for name, trial in {
            "SQLite, 1 process": Trial(database=_sqlite(folder / "sqlite")),
            "PostgreSQL, 3 processes": Trial(database=postgres, processes=3),
        }.items():
            outcome = run(trial, folder / name)
            yield from _figures(name, outcome)
            outcomes.append(outcome)
            broken |= {name: outcome.broken} if outcome.broken else {}
    for name, work in {
        "post, then mark": post_then_mark,
        "mark, then post": mark_then_post,
    }.items():
        plain = run(Trial(database=_sqlite(folder / name), work=work), folder / name)
        yield from _compared(name, plain, outcomes[0])
    if broken:
        raise BrokenError(broken)


def _sqlite(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'bellwether.db'}"


def _figures(name: str, outcome: Outcome) -> Iterator[Figure]:
    verdict = outcome.verdict
    for what, value, unit in (
        ("queued", outcome.messages, "messages"),
        ("killed", outcome.kills, "kill -9"),
        ("frozen longer than a lease", outcome.freezes, "freezes"),
        ("faults armed, beside slowness", outcome.faults, "faults"),
        ("tried more than once", outcome.tried_again, "messages"),
        ("looked for in the history", outcome.looks, "calls"),
        ("posted twice and taken back", outcome.taken_back, "messages"),
        ("lost", verdict.lost, "messages"),
        ("doubled", verdict.doubled, "messages"),
        ("out of order", verdict.disordered, "messages"),
        ("without their last change", verdict.outdated, "messages"),
        ("called before Retry-After was over", outcome.early, "calls"),
        ("not sent, or given up", outcome.unsent, "messages"),
        ("took", outcome.seconds, "s"),
    ):
        yield Figure(f"delivery, {name}: {what}", value, unit)
    rate = verdict.busiest / WINDOW_S
    busiest = f"delivery, {name}: busiest channel over {WINDOW_S} s"
    yield Figure(busiest, rate, "messages/s", "what Slack lets through", rate / 1.0)


def _compared(name: str, plain: Outcome, ours: Outcome) -> Iterator[Figure]:
    """What a plain loop loses and doubles. Nothing can be held against zero: ours stands beside it."""
    for what, theirs, kept, unit in (
        ("lost", plain.verdict.lost, ours.verdict.lost, "messages"),
        ("doubled", plain.verdict.doubled, ours.verdict.doubled, "messages"),
        ("out of order", plain.verdict.disordered, ours.verdict.disordered, "messages"),
        ("called before Retry-After was over", plain.early, ours.early, "calls"),
    ):
        yield Figure(f"plain loop, {name}: {what} (ours: {kept})", theirs, unit)
