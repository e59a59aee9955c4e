"""Scoring: all accounts from stored facts to snapshots, a hundredth of them, and the formula alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.deps import Deps
from bot.services import observing, rescoring
from scoring.accounts import AccountId
from scoring.health import score_account
from storage import accounts, dirty, sources
from tests.bench.figures import Figure, held, timed
from tests.bench.processes import alone
from tests.bench.world import NOW, open_world, populate

_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long it took: `formula` an account, the rest a run."""

    first: float
    again: float
    part: float
    formula: float


def measure(folder: Path, *, accounts: int) -> Iterator[Figure]:
    alone(make, folder, accounts)
    took, peak = alone(score, folder)
    yield Figure("all accounts scored, first time", took.first, "s")
    yield from held("all accounts scored again", took.again, "s", {"first time": took.first})
    yield from held("1 % of the accounts scored", took.part, "s", {"all again": took.again})
    rate = accounts / took.again
    yield from held("facts to snapshots", rate, "accounts/s", {"formula alone": 1 / took.formula})
    yield Figure("peak memory of scoring", peak, "MB")


def make(folder: Path, count: int) -> None:
    deps = open_world(folder)
    deps.db.upgrade()
    populate(deps, count)


def score(folder: Path) -> Seconds:
    deps = open_world(folder)
    with deps.db.read() as session:
        ids = accounts.active_ids(session)
    return Seconds(
        first=_rescore(deps, ids),
        again=_rescore(deps, ids),
        part=_rescore(deps, ids[::100]),
        formula=_formula(deps),
    )


def _rescore(deps: Deps, ids: Sequence[AccountId]) -> float:
    # A minute later, so that every score is another one and is written.
    deps.clock.wait(60)
    at = deps.clock.now()
    with deps.db.write() as session:
        for source in deps.config.sources:
            sources.succeeded(session, source, at=at)
        dirty.mark(session, ids, at=at)
    return timed(lambda: rescoring.rescore_dirty(deps))[0]


def _formula(deps: Deps) -> float:
    """Seconds `score_account` takes for an account."""
    with deps.db.read() as session:
        ids = accounts.active_ids(session)[:_SAMPLE]
        facts = observing.gather(session, ids, deps.config, at=NOW)
    known = [observing.readings(facts, each, deps.config, at=NOW) for each in ids]
    rubric = deps.config.rubric
    seconds, _ = timed(
        lambda: [score_account(each, rubric=rubric, previous=None, at=NOW) for each in known]
    )
    return seconds / len(known)
