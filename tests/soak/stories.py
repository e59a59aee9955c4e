"""The demo's story with Mixpanel away for three days, and with every second of its events lost: whom does that alarm?"""

import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scoring.rules import Rule
from scoring.sights import FACTS
from tests.bench.figures import Figure
from tests.soak.verdicts import BrokenError

# The tests of the bot know how to run a demo as people do.
sys.path.insert(0, str(Path(__file__).parents[1] / "bot"))
from demos import Demo

ACCOUNTS, DAY = 60, 86_400
ADMIN = "C0ADMIN"


def measure(folder: Path) -> Iterator[Figure]:
    """Three demos of one story. Raises BrokenError at the end when a customer was alarmed for a source's fault."""
    demos = {
        name: Demo(folder / name, accounts=ACCOUNTS, days=2) for name in ("calm", "down", "lossy")
    }
    since = demos["calm"].page.now()
    demos["down"].page.break_vendor("mixpanel", "down", seconds=3 * DAY)
    demos["lossy"].page.break_vendor("mixpanel", "lossy", seconds=30 * DAY)
    for demo in demos.values():
        demo.go(days=3)
    away = {name: len(_alarms(demo, since)) for name, demo in demos.items()}
    told = _from_operators(demos["down"], "Mixpanel cannot be read")
    held = [
        each for each in demos["lossy"].page.messages(ADMIN) if "Alerts are held" in each["text"]
    ]
    after = _opened(held[0]) if held else since
    lossy = len(_alarms(demos["lossy"], after))
    for demo in demos.values():
        demo.end()
    yield Figure("stories: alerts on scores and usage in three days", away["calm"], "alerts")
    share = away["down"] / away["calm"] if away["calm"] else None
    yield Figure("stories: the same with Mixpanel down", away["down"], "alerts", "all well", share)
    yield Figure("stories: messages about Mixpanel being down", told, "messages")
    yield Figure("stories: messages about every second event lost", len(held), "messages")
    yield Figure("stories: alerts on scores and usage after it", lossy, "alerts")
    broken = {
        "alerts while Mixpanel is down": away["down"],
        "alerts after every second event is lost": lossy,
        "messages about the outage that are not one": abs(told - 1),
        "messages about the loss that are not one": abs(len(held) - 1),
    }
    if any(broken.values()):
        raise BrokenError({"stories": broken})


def _alarms(demo: Demo, since: datetime) -> list[tuple[Any, ...]]:
    """What people were told of since that rests on scores or usage."""
    with sqlite3.connect(demo.home / "demo" / "bellwether.db") as database:
        rows = database.execute(
            "SELECT account_id, rule, opened_at FROM alert WHERE announced"
        ).fetchall()
    return [
        row
        for row in rows
        if Rule(row[1]) not in FACTS and datetime.fromisoformat(row[2]).replace(tzinfo=UTC) >= since
    ]


def _from_operators(demo: Demo, start: str) -> int:
    return sum(each["text"].startswith(start) for each in demo.page.messages(ADMIN))


def _opened(message: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(message["ts"]), UTC)
