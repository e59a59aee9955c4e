"""Billing: what an account's subscriptions say of its plan, MRR, renewal and churn, and what became of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from bot.deps import Deps
from bot.services import observing
from bot.services.observing import Facts
from scoring.accounts import AccountId, Money
from scoring.lagging import BillingEvent, billing_events
from scoring.looks import BillingState, look
from scoring.metrics.mrr import major
from scoring.rates import Rates, in_one
from scoring.records import Kind, Subscription, SubscriptionState
from storage import accounts, dirty, history, links


def bill(
    session: Session, deps: Deps, ids: Sequence[AccountId], facts: Facts, *, at: datetime
) -> None:
    """Carry what the subscriptions say of plan, MRR, renewal and churn over to the accounts.

    An account the system of record no longer has stays closed, whatever its subscriptions said last.
    """
    renewals = links.renewals(session, ids)
    billed = {
        each: _billing(told, renewals.get(each), deps.config.rates, at=at)
        for each in ids
        if (told := facts.subscriptions.get(each))
        and deps.config.general.system_of_record in facts.linked[each]
    }
    accounts.set_billing(session, billed)


def note_events(
    session: Session, deps: Deps, ids: Sequence[AccountId], facts: Facts, *, at: datetime
) -> Mapping[AccountId, tuple[BillingEvent, ...]]:
    """Keep what became of subscriptions since each account was last looked at, and return it.

    A reading that is under way, or broke off, shows a part, and a part makes false events: what
    changed in it waits until its source has been read to the end.
    """
    before = history.states(session, ids)
    seen = {
        each: look(told, before.get(each), seen_at=_seen_at(facts, each, deps, at=at))
        for each in ids
        if (told := facts.subscriptions.get(each))
    }
    changed = {each: state for each, state in seen.items() if _is_news(before.get(each), state)}
    if not changed:
        return {}
    if not history.are_whole(session, _telling(deps)):
        history.wait(session, changed)
        return {}
    events = {
        each: billing_events(before.get(each), state, at=at, rates=deps.config.rates)
        for each, state in changed.items()
    }
    for account_id, new in events.items():
        history.add(session, account_id, new, at=at)
    history.keep(session, changed)
    return events


def wake(deps: Deps) -> None:
    """Have those looked at again that waited for a reading to end, once it has."""
    with deps.db.read() as session:
        if not history.waits(session) or not history.are_whole(session, _telling(deps)):
            return
    with deps.db.write() as session:
        dirty.mark(session, history.wake(session), at=deps.clock.now())


def mrr_of(
    subscriptions: Sequence[Subscription], rates: Rates, on: date
) -> tuple[Money | None, list[Money]]:
    """An account's MRR, and what of it is in currencies that could not be brought into it."""
    paid = [
        each.mrr for each in subscriptions if each.mrr and each.state is not SubscriptionState.ENDED
    ]
    return in_one(paid, rates, on)


def _billing(
    subscriptions: Sequence[Subscription], crm_renewal: date | None, rates: Rates, *, at: datetime
) -> tuple[str | None, Money | None, date | None, date | None]:
    """Plan, MRR, renewal and churn, in that order. What the CRM says of the renewal goes first."""
    running = [each for each in subscriptions if each.state is not SubscriptionState.ENDED]
    biggest = max(
        running, key=lambda each: major(each.mrr) if each.mrr else Decimal(0), default=None
    )
    renewals = [each.renews_at for each in running if each.renews_at and each.renews_at >= at]
    mrr, _ = mrr_of(running, rates, at.date())
    return (
        biggest.plan if biggest else None,
        mrr,
        crm_renewal or (min(renewals).date() if renewals else None),
        None if running else min(at, max(map(_gone_at, subscriptions))).date(),
    )


def _gone_at(subscription: Subscription) -> datetime:
    """When an ended subscription ended; one that nobody ever paid for may not say."""
    return subscription.ended_at or subscription.renews_at or subscription.started_at


def _is_news(before: BillingState | None, now: BillingState) -> bool:
    return before is None or not now.is_like(before)


def _seen_at(facts: Facts, account_id: AccountId, deps: Deps, *, at: datetime) -> datetime:
    """The instant up to which the account's billing is known."""
    where = observing.standing(
        Kind.BILLING, facts.linked[account_id], facts.states, deps.config, at=at
    )
    return where.as_of or where.stale_since or at


def _telling(deps: Deps) -> list[str]:
    """The sources that tell of billing."""
    return [name for name, each in deps.config.sources.items() if Kind.BILLING in each.tells]
