"""Diagnosing: whether each source can be read, is fresh and is understood, and messages get out; what to do where not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from bot.blocks.notices import mend_words, problem_words
from bot.deps import Deps
from bot.services import linking, observing
from integrations.base import SourceError
from integrations.registry import SOURCES
from storage import channels, matches, outbox, sources

EXAMPLES = 5
DEAD_FOR = timedelta(days=7)
"""How long a message that was given up is spoken of."""
LONG_WAIT = timedelta(minutes=10)


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


def diagnose_delivery(deps: Deps) -> list[Finding]:
    """Which channels take nothing, what waits to go out, and what was given up lately; from what is stored alone."""
    at = deps.clock.now()
    with deps.db.read() as session:
        return [
            *_blocked(session),
            _waiting(session, at=at),
            *_given_up(session, since=at - DEAD_FOR),
        ]


def _blocked(session: Session) -> list[Finding]:
    return [
        Finding(
            of="slack",
            what=f"channel {each.id}",
            verdict=Verdict.BROKEN,
            told=f"takes nothing since {each.problem_since:%Y-%m-%d %H:%M} UTC:"
            f" {problem_words(each.problem or '')}. {mend_words(each.problem or '')}"
            " It counts as mended when a message gets through.",
        )
        for each in channels.with_problem(session)
    ]


def _waiting(session: Session, *, at: datetime) -> Finding:
    """Messages wait a second or two in a busy channel; held back ones are not late."""
    oldest = outbox.oldest_waiting(session)
    if oldest is None or at - oldest.since < LONG_WAIT:
        return Finding(
            of="slack", what="outbox", verdict=Verdict.OK, told="nothing has to wait to be posted"
        )
    why = oldest.error or "it was not tried: is `bellwether run` running?"
    told = (
        f"messages wait: {outbox.pending_count(session):,}, the oldest, to {oldest.target},"
        f" since {oldest.since:%Y-%m-%d %H:%M} UTC ({problem_words(why)})"
    )
    return Finding(of="slack", what="outbox", verdict=Verdict.BROKEN, told=told)


def _given_up(session: Session, *, since: datetime) -> list[Finding]:
    dead = outbox.dead(session, since=since)
    if not dead:
        return []
    return [
        Finding(
            of="slack",
            what="dead letters",
            verdict=Verdict.WARNING,
            told=f"messages given up in the last {DEAD_FOR.days} days: {len(dead):,}",
            examples=[
                f"{each.at:%m-%d %H:%M} to {each.target}: {problem_words(each.error)}"
                for each in dead[:EXAMPLES]
            ],
        )
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
