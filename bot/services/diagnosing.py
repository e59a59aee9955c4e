"""Diagnosing: whether each source can be read, is fresh and is understood, and what to do where not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from bot.deps import Deps
from bot.services import linking, observing
from integrations.base import SourceError
from integrations.registry import SOURCES
from storage import matches, sources

EXAMPLES = 5


class Verdict(StrEnum):
    """How a thing is: well, in need of a look, or broken."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `of` is the source or "slack", `what` the thing; `told` says how it is and how to mend it."""

    of: str
    what: str
    verdict: Verdict
    told: str
    examples: Sequence[str] = ()


def diagnose_source(deps: Deps, name: str) -> list[Finding]:
    """Prove one source's credentials with a cheap request, and say what is stored of it."""
    proof = _prove(deps, name)
    with deps.db.read() as session:
        return [
            proof,
            *_warned(deps, name),
            _freshness(session, deps, name, at=deps.clock.now()),
            *_unread(session, name),
            *_unmatched(session, name),
        ]


def _prove(deps: Deps, name: str) -> Finding:
    try:
        told, verdict = f"reaches {deps.sources[name].check()}", Verdict.OK
    except SourceError as error:
        told, verdict = str(error), Verdict.BROKEN
    return Finding(of=name, what="access", verdict=verdict, told=told)


def _warned(deps: Deps, name: str) -> list[Finding]:
    """What of the settings will stop working."""
    warning = SOURCES[name].warns(deps.config.sources[name].settings)
    if warning is None:
        return []
    return [Finding(of=name, what="settings", verdict=Verdict.WARNING, told=warning)]


def _freshness(session: Session, deps: Deps, name: str, *, at: datetime) -> Finding:
    state, every = sources.states(session).get(name), deps.config.sources[name].every
    verdict = Verdict.OK
    if state is None or state.last_ok_at is None:
        verdict, told = Verdict.WARNING, f"no complete answer yet: run `bellwether sync {name}`"
    else:
        told = f"last complete answer {state.last_ok_at:%Y-%m-%d %H:%M} UTC"
    if state and state.failing_since:
        verdict = Verdict.BROKEN
        told += f"; fails since {state.failing_since:%Y-%m-%d %H:%M} UTC: {state.last_error}"
    elif state and state.last_ok_at and observing.is_stale(state, deps.config, at=at):
        verdict = Verdict.BROKEN
        told += f", and it should be read every {every}: is `bellwether run` running?"
    return Finding(of=name, what="freshness", verdict=verdict, told=told)


def _unread(session: Session, name: str) -> list[Finding]:
    count = sources.count_rejected(session).get(name, 0)
    if not count:
        return []
    newest = sources.rejected(session, name, limit=EXAMPLES)
    return [
        Finding(
            of=name,
            what="unread",
            verdict=Verdict.WARNING,
            told=f"could not be read and kept aside: {count:,}",
            examples=[f"{each.what}: {each.problem}" for each in newest],
        )
    ]


def _unmatched(session: Session, name: str) -> list[Finding]:
    count = matches.count(session, quiet=linking.QUIET).get(name, 0)
    if not count:
        return []
    first = matches.waiting(session, name, quiet=linking.QUIET, limit=EXAMPLES)
    return [
        Finding(
            of=name,
            what="unmatched",
            verdict=Verdict.WARNING,
            told=f"match no account and wait: {count:,}. In Slack: /health matches",
            examples=[f"{each.name or '(no name)'} ({each.ref})" for each in first],
        )
    ]


def title_of(finding: Finding) -> str:
    """How a finding's source is called."""
    return SOURCES[finding.of].title if finding.of in SOURCES else "Slack"
