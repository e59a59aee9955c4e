"""What is known of an account when it is scored: missing, stale and fresh are three types, zero is a fresh value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Generic, TypeVar

from scoring.records import Card, Contact, Invoice, Subscription, Ticket

T = TypeVar("T")

_EPOCH = date(1970, 1, 1).toordinal()


def day_number(at: datetime) -> int:
    """The UTC day of an instant, as days since 1970-01-01."""
    return at.astimezone(UTC).date().toordinal() - _EPOCH


def date_of(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(day + _EPOCH)


@dataclass(frozen=True, slots=True)
class Missing:
    """No source tells of this, or the account is not linked there. `reason` says which, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stale:
    """The source is failing or late: it last answered at `since`. What was known before still holds."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Fresh(Generic[T]):
    """What the source says, as of its last complete answer."""

    value: T
    as_of: datetime


Reading = Missing | Stale | Fresh[T]


@dataclass(frozen=True, slots=True)
class Usage:
    """The days on which anybody of the account was active, and how many different people in 30 days.

    Days are numbers since 1970-01-01 (UTC). `users` is None where people are not told apart.
    """

    active_days: frozenset[int]
    users: int | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """The day on which each feature was last used (days since 1970-01-01). Never used: not in it."""

    last_used: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Support:
    """The account's tickets: every open one, and those of the support window."""

    tickets: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True)
class Engagement:
    """The account's contacts with their last answers."""

    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """The account's subscriptions, recent invoices and cards."""

    subscriptions: tuple[Subscription, ...]
    invoices: tuple[Invoice, ...]
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Everything known of one account at one instant, a reading a component."""

    usage: Reading[Usage]
    features: Reading[Features]
    support: Reading[Support]
    engagement: Reading[Engagement]
    payment: Reading[Payment]
