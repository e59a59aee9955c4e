"""Answers: how long `/health acme` takes, alone and while a day of events is read in the same process."""

import threading
from collections.abc import Iterator
from pathlib import Path

from bot.commands import account
from bot.deps import Deps
from bot.services import rescoring, syncing
from tests.bench import exports
from tests.bench.figures import Figure, each_ms, held, p50, p99
from tests.bench.processes import alone, serving
from tests.bench.world import open_world, populate

_ALONE = 200
_AT_MOST = 2_000


def measure(folder: Path, *, events: int, accounts: int) -> Iterator[Figure]:
    vendor = folder / "vendor"
    vendor.mkdir()
    alone(exports.write, vendor, events=events, accounts=accounts)
    with serving(vendor) as url:
        (quiet, busy), _ = alone(ask, folder / "home", url, accounts)
    yield Figure("answer, p50", p50(quiet), "ms")
    yield Figure("answer, p99", p99(quiet), "ms")
    yield from held("answer during an ingest, p50", p50(busy), "ms", {"alone": p50(quiet)})
    yield from held("answer during an ingest, p99", p99(busy), "ms", {"alone": p99(quiet)})


def ask(folder: Path, url: str, accounts: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each answer, alone and during an ingest."""
    deps = open_world(folder, mixpanel=url)
    deps.db.upgrade()
    populate(deps, accounts)
    rescoring.rescore_dirty(deps)
    quiet = each_ms(lambda _: account.named(deps, "acme", at=deps.clock.now()), range(_ALONE))
    return quiet, _during_ingest(deps)


def _during_ingest(deps: Deps) -> list[float]:
    runs: list[syncing.Run] = []
    ingest = threading.Thread(target=lambda: runs.append(syncing.sync(deps, "mixpanel")))
    ingest.start()
    numbers = (number for number in range(_AT_MOST) if ingest.is_alive() or number < 2)
    busy = each_ms(lambda _: account.named(deps, "acme", at=deps.clock.now()), numbers)
    ingest.join()
    if not runs or runs[0].error:
        raise RuntimeError(f"the ingest failed: {runs}")
    return busy
