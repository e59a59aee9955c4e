"""Rescoring: from the accounts something happened to, to their scores, and on to the alerts."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.deps import Deps
from bot.services import alerting, billing, observing
from scoring.accounts import AccountId
from scoring.alerts import Evaluation
from scoring.health import HealthScore, score_account
from storage import accounts, dirty, rubrics, scores

CHUNK = 100
"""Accounts a transaction: about a tenth of a second, so that nobody waits long for the database."""


def rescore_dirty(deps: Deps) -> int:
    """Score every account something happened to since its last score. Returns how many were scored.

    Score, alerts and the messages about them commit together, a chunk at a time.
    """
    billing.wake(deps)
    with deps.db.read() as session:
        if not dirty.count(session):
            return 0
    scored = 0
    while taken := _rescore_chunk(deps):
        scored += taken
    with deps.db.write() as session:
        alerting.tell_baseline(session, deps)
    return scored


def _rescore_chunk(deps: Deps) -> int:
    at = deps.clock.now()
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
    rubric_id = rubrics.id_of(session, rubric, at=at)
    previous = scores.latest(session, living)
    scored_by = scores.rubric_ids(session, living)
    fresh = {
        each: score_account(
            observing.readings(facts, each, deps.config, at=at),
            rubric=rubric,
            previous=previous.get(each),
            at=at,
        )
        for each in living
    }
    scores.save(session, list(fresh.items()), rubric_id=rubric_id, at=at)
    if facts.is_complete(deps.config):
        evaluations = [
            _evaluation(each, score, silent=scored_by.get(each) != rubric_id)
            for each, score in fresh.items()
        ]
        alerting.evaluate(session, deps, evaluations, scores=fresh, accounts=known, at=at)
    alerting.retire(session, deps, [each for each in ids if each not in living], at=at)


def _evaluation(account_id: AccountId, score: HealthScore, *, silent: bool) -> Evaluation:
    return Evaluation(
        account_id=account_id,
        value=score.value if score.status is not None else None,
        as_of=score.as_of,
        newest=score.newest,
        fresh=not score.is_stale,
        silent=silent,
    )
