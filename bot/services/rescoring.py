"""Rescoring: from the accounts something happened to, to their scores and flags, and on to the alerts."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.deps import Deps
from bot.services import alerting, billing, flagging, fleet, observing, telling
from scoring.accounts import AccountId
from scoring.flags import raise_flags
from scoring.health import HealthScore, score_account
from storage import accounts, dirty, due_looks, rubrics, scores

CHUNK = 100
"""Accounts a transaction: about a tenth of a second, so that nobody waits long for the database."""


def rescore_dirty(deps: Deps) -> int:
    """Score every account something happened to since its last score. Returns how many were scored.

    Each step leaves a mark for the next one in the transaction that did it, so that whoever goes on
    after a crash goes on where it stopped: scores, then looks at them, then notices of what was found.
    """
    billing.wake(deps)
    scored = 0
    if _has_work(deps):
        fleet.measure(deps)
    while taken := _rescore_chunk(deps):
        scored += taken
    alerting.look(deps)
    telling.tell(deps)
    return scored


def _has_work(deps: Deps) -> bool:
    with deps.db.read() as session:
        return dirty.count(session) > 0


def _rescore_chunk(deps: Deps) -> int:
    at = deps.clock.now()
    if not _has_work(deps):
        return 0
    with deps.db.write() as session:
        taken = dirty.take(session, limit=CHUNK)
        if taken:
            _rescore(session, deps, list(taken), at=at)
            dirty.clear(session, taken)
    return len(taken)


def _rescore(session: Session, deps: Deps, ids: Sequence[AccountId], *, at: datetime) -> None:
    facts = observing.gather(session, ids, deps.config, at=at)
    billing.bill(session, deps, ids, facts, at=at)
    billing.note_events(session, deps, ids, facts, at=at)
    known = accounts.by_ids(session, ids)
    living = [each for each in ids if each in known and known[each].churned_on is None]
    rubric = deps.config.rubric
    previous = scores.latest(session, living)
    found = flagging.gather(session, living, facts, deps.config, previous=previous, at=at)
    fresh: dict[AccountId, HealthScore] = {}
    for each in living:
        before = previous.get(each)
        readings = observing.readings(facts, each, deps.config, at=at)
        score = score_account(readings, rubric=rubric, previous=before, at=at)
        signs = flagging.signs(facts, found, known[each], deps.config, at=at)
        fresh[each] = raise_flags(score, signs, rubric=rubric, previous=before, at=at)
    rubric_id = rubrics.id_of(session, rubric, at=at)
    scores.save(session, list(fresh.items()), rubric_id=rubric_id, at=at)
    due_looks.mark(session, ids, at=at)
