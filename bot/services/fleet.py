"""The fleet: once a day, how the usage of everybody moved, so that a whole fleet's slide is no customer's."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from bot.config import Config
from bot.deps import Deps
from bot.services import observing
from scoring.records import Kind
from scoring.trends import TREND_DAYS, WEEK, Movement, last_complete_day, movement, trend
from storage import fleet, sources, usage
from storage.sources import SourceState

SAMPLE = 2_000
"""Accounts it is measured by: more make it dearer and hardly truer."""


def measure(deps: Deps) -> None:
    """Measure the last complete day, and the one a week before, where nobody has yet.

    A day is measured when the sources of usage have answered past its end; while none is fresh,
    nothing is. What comes in later changes it no more.
    """
    with deps.db.read() as session:
        until = _last_day(deps, sources.states(session))
        days = [] if until is None else [until - WEEK, until]
        known = fleet.movements(session, days)
        missing = [day for day in days if day not in known]
        found = _measure(session, missing, deps.config) if missing else {}
    if found:
        with deps.db.write() as session:
            for day, moved in found.items():
                fleet.keep(session, day, moved)


def _last_day(deps: Deps, states: Mapping[str, SourceState]) -> int | None:
    """The day that all fresh sources of usage know to its end; None: there are none."""
    config, at = deps.config, deps.clock.now()
    answered = [
        ok
        for name, source in config.sources.items()
        if Kind.USAGE in source.tells
        and not observing.is_stale(states.get(name), config, at=at)
        and (ok := states[name].last_ok_at)
    ]
    return last_complete_day(min(answered)) if answered else None


def _measure(session: Session, days: Sequence[int], config: Config) -> dict[int, Movement]:
    ids = fleet.sample(session, SAMPLE)
    daily = usage.active_days(session, ids, since=min(days) - TREND_DAYS + 1, until=max(days))
    least = config.rubric.flags.least_events
    return {
        day: movement(
            (trend(each, until=day) for each in daily.values()),
            least_events=least,
        )
        for day in days
    }
