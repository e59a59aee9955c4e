"""Observing: from what is stored to what is known of each account, in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlmodel import Session

from bot.config import Config
from integrations.registry import SOURCES
from scoring.accounts import AccountId
from scoring.readings import (
    Engagement,
    Features,
    Fresh,
    Missing,
    Payment,
    Readings,
    Stale,
    Support,
    Usage,
    day_number,
)
from scoring.records import Card, Contact, Invoice, Kind, Subscription, Ticket
from scoring.trends import TREND_DAYS
from storage import billing, contacts, links, sources, tickets, usage
from storage.sources import SourceState

T = TypeVar("T")

USAGE_WINDOW_DAYS = 30
DAILY_WINDOW_DAYS = TREND_DAYS + 10
"""Of each day's events: as far back as a trend looks from the last day that a late source knows."""
INVOICE_WINDOW = timedelta(days=90)
SCORED = frozenset({Kind.USAGE, Kind.TICKETS, Kind.ENGAGEMENT, Kind.BILLING})
"""What a score rests on: a survey tool that never answers holds up no alert."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one kind of data stands for one account: why it is missing, since when it is stale, or as of when it is fresh."""

    missing: str | None = None
    stale_since: datetime | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything stored of some accounts that a score needs, each by account."""

    active_days: Mapping[AccountId, Mapping[int, int]]
    last_used: Mapping[AccountId, Mapping[str, int]]
    users: Mapping[AccountId, int]
    tickets: Mapping[AccountId, Sequence[Ticket]]
    contacts: Mapping[AccountId, Sequence[Contact]]
    subscriptions: Mapping[AccountId, Sequence[Subscription]]
    invoices: Mapping[AccountId, Sequence[Invoice]]
    cards: Mapping[AccountId, Sequence[Card]]
    linked: Mapping[AccountId, frozenset[str]]
    states: Mapping[str, SourceState]

    def is_complete(self, config: Config) -> bool:
        return is_complete(self.states, config)


def is_complete(states: Mapping[str, SourceState], config: Config) -> bool:
    """Whether every source that a score rests on has answered completely at least once."""
    return all(
        name in states and states[name].last_ok_at
        for name, source in config.sources.items()
        if source.tells & SCORED
    )


def gather(session: Session, ids: Sequence[AccountId], config: Config, *, at: datetime) -> Facts:
    """Read what is stored of these accounts; the number of queries does not grow with them."""
    today = day_number(at)
    since = today - USAGE_WINDOW_DAYS + 1
    support_since = at - timedelta(days=config.rubric.support_window_days)
    return Facts(
        active_days=usage.active_days(
            session, ids, since=today - DAILY_WINDOW_DAYS + 1, until=today
        ),
        last_used=usage.features_last_used(session, ids, since=since, until=today),
        users=usage.active_users(session, ids, since=since, until=today),
        tickets=tickets.of_accounts(session, ids, since=support_since),
        contacts=contacts.of_accounts(session, ids),
        subscriptions=billing.subscriptions(session, ids),
        invoices=billing.invoices(session, ids, since=at - INVOICE_WINDOW),
        cards=billing.cards(session, ids),
        linked=links.linked_sources(session, ids),
        states=sources.states(session),
    )


def readings(facts: Facts, account_id: AccountId, config: Config, *, at: datetime) -> Readings:
    """What is known of one account: missing, stale or fresh, a component each."""

    def known(kind: Kind, value: T) -> Missing | Stale | Fresh[T]:
        return read(facts, account_id, kind, value, config, at=at)

    of = account_id
    return Readings(
        usage=known(
            Kind.USAGE,
            Usage(
                active_days=frozenset(facts.active_days.get(of, {})),
                users=facts.users.get(of),
            ),
        ),
        features=known(Kind.USAGE, Features(facts.last_used.get(of, {}))),
        support=known(Kind.TICKETS, Support(tuple(facts.tickets.get(of, ())))),
        engagement=known(Kind.ENGAGEMENT, Engagement(tuple(facts.contacts.get(of, ())))),
        payment=known(
            Kind.BILLING,
            Payment(
                subscriptions=tuple(facts.subscriptions.get(of, ())),
                invoices=tuple(facts.invoices.get(of, ())),
                cards=tuple(facts.cards.get(of, ())),
            ),
        ),
    )


def read(
    facts: Facts, account_id: AccountId, kind: Kind, value: T, config: Config, *, at: datetime
) -> Missing | Stale | Fresh[T]:
    """What was found of an account, as fresh as the sources that tell of its kind."""
    linked = facts.linked.get(account_id, frozenset())
    where = standing(kind, linked, facts.states, config, at=at)
    if where.missing:
        return Missing(where.missing)
    return Stale(where.stale_since) if where.stale_since else Fresh(value, where.as_of or at)


def standing(
    kind: Kind,
    linked: frozenset[str],
    states: Mapping[str, SourceState],
    config: Config,
    *,
    at: datetime,
) -> Standing:
    """Where a kind of data stands for an account that is linked in these sources."""
    telling = [name for name in config.sources if kind in config.sources[name].tells]
    if not telling:
        return Standing(missing=f"no source of {kind} is configured")
    answered = [name for name in telling if name in states and states[name].last_ok_at]
    if not answered:
        return Standing(missing=f"{_titles(telling)} has not answered yet")
    known = [name for name in answered if name in linked]
    if not known:
        return Standing(missing=f"not linked in {_titles(answered)}")
    oks = {name: ok for name in known if (ok := states[name].last_ok_at)}
    late = [ok for name, ok in oks.items() if is_stale(states[name], config, at=at)]
    return Standing(stale_since=min(late)) if late else Standing(as_of=min(oks.values()))


def is_stale(state: SourceState | None, config: Config, *, at: datetime) -> bool:
    """Whether a source is failing or late, or has never answered."""
    if state is None or state.last_ok_at is None or state.failing_since is not None:
        return True
    return at - state.last_ok_at > config.sources[state.name].stale_after


def _titles(names: Iterable[str]) -> str:
    return " and ".join(SOURCES[name].title for name in names)
