"""Playing: the demo as the command line starts it, headless or with its page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from bot.clock import SystemClock
from bot.demo import choose, remember, run_headless, run_with_page
from bot.terminal import progress, until_stopped

HEADLESS_START = datetime(2026, 8, 31, 6, tzinfo=UTC)
"""A Monday: a headless story is the same whenever it is played."""


def play_headless(home: Path, *, accounts: int, days: int, sources: str) -> dict[str, object]:
    story = remember(
        home,
        accounts=accounts,
        installed_at=HEADLESS_START,
        flowing=False,
        sources=choose(sources),
    )
    with progress() as on_progress:
        return run_headless(story, days=days, on_progress=on_progress)


def play_with_page(home: Path, *, accounts: int, days: int, sources: str, port: int) -> None:
    # Lived through so many days, the story has come to the Monday of this week.
    installed_at = _last_monday(SystemClock().now()) - timedelta(days=days)
    story = remember(
        home,
        accounts=accounts,
        installed_at=installed_at,
        flowing=True,
        sources=choose(sources),
        port=port,
    )
    with progress() as on_progress:
        run_with_page(
            story, days=days, on_progress=on_progress, ready=_announce, wait=until_stopped
        )


def _announce(url: str) -> None:
    typer.echo(
        f"\nBellwether's demo is up: {url}\nType /health acme there. Ctrl-C ends it; it goes on where it stopped."
    )


def _last_monday(now: datetime) -> datetime:
    return (now - timedelta(days=now.weekday())).replace(hour=6, minute=0, second=0, microsecond=0)
