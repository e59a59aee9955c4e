"""Overseeing: how every source is, from what is stored alone."""

from collections.abc import Sequence

from sqlmodel import Session

from bot.blocks.sources import SourceView
from bot.deps import Deps
from bot.services import linking, observing
from integrations.registry import SOURCES
from storage import matches, sources


def oversee(session: Session, deps: Deps) -> Sequence[SourceView]:
    """How each configured source is, in the order they are configured."""
    at = deps.clock.now()
    states, totals = sources.states(session), sources.totals(session)
    rejected = sources.count_rejected(session)
    waiting = matches.count(session, quiet=linking.QUIET)
    found = []
    for name, configured in deps.config.sources.items():
        state, total = states.get(name), totals.get(name)
        found.append(
            SourceView(
                title=SOURCES[name].title,
                tells=sorted(configured.tells),
                last_ok_at=state.last_ok_at if state else None,
                failing_since=state.failing_since if state else None,
                problem=state.last_error if state else None,
                is_stale=observing.is_stale(state, deps.config, at=at),
                every=configured.every,
                records=total.records if total else 0,
                requests=total.requests if total else 0,
                rejected=rejected.get(name, 0),
                waiting=waiting.get(name, 0),
                is_record=name == deps.config.general.system_of_record,
            )
        )
    return found
