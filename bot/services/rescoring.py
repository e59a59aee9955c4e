"""Rescoring: from the accounts something happened to, to their scores, and on to the alerts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from bot.deps import Deps
from bot.services import alerting, observing
from bot.services.observing import Facts
from scoring.accounts import Account, AccountId, Money
from scoring.alerts import Evaluation
from scoring.health import HealthScore, score_account
from scoring.records import Subscription, SubscriptionState
from storage import accounts, dirty, links, rubrics, scores

CHUNK = 100
"""Accounts a transaction: about a tenth of a second, so that nobody waits long for the database."""


def rescore_dirty(deps: Deps) -> int:
    """Score every account something happened to since its last score. Returns how many were scored.

    Score, alerts and the messages about them commit together, a chunk at a time.
    """
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
    known = _bill(session, deps, ids, facts, at=at)
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


def _bill(
    session: Session, deps: Deps, ids: Sequence[AccountId], facts: Facts, *, at: datetime
) -> Mapping[AccountId, Account]:
    """Carry what the subscriptions say of plan, MRR, renewal and churn over to the accounts.

    An account the system of record no longer has stays closed, whatever its subscriptions said last.
    """
    renewals = links.renewals(session, ids)
    billed = {
        each: _billing(told, renewals.get(each), at=at)
        for each in ids
        if (told := facts.subscriptions.get(each))
        and deps.config.general.system_of_record in facts.linked[each]
    }
    accounts.set_billing(session, billed)
    return accounts.by_ids(session, ids)


def _billing(
    subscriptions: Sequence[Subscription], crm_renewal: date | None, *, at: datetime
) -> tuple[str | None, Money | None, date | None, date | None]:
    """Plan, MRR, renewal and churn, in that order. What the CRM says of the renewal goes first."""
    running = [each for each in subscriptions if each.state is not SubscriptionState.ENDED]
    ended = [each.ended_at for each in subscriptions if each.ended_at]
    paid = [each.mrr for each in running if each.mrr]
    biggest = max(
        running, key=lambda each: each.mrr.minor if each.mrr else Decimal(0), default=None
    )
    renewals = [each.renews_at for each in running if each.renews_at and each.renews_at >= at]
    return (
        biggest.plan if biggest else None,
        _sum(paid),
        crm_renewal or (min(renewals).date() if renewals else None),
        max(ended).date() if ended and not running else None,
    )


def _sum(amounts: Sequence[Money]) -> Money | None:
    """The sum in the currency most of it is in; other currencies wait for a table of rates and are left out."""
    by_currency: dict[str, Decimal] = {}
    for each in amounts:
        by_currency[each.currency] = by_currency.get(each.currency, Decimal(0)) + each.minor
    if not by_currency:
        return None
    currency = max(by_currency, key=lambda each: by_currency[each])
    return Money(by_currency[currency], currency)
