"""What sources tell: one frozen type a kind of record, in the vendor's own ids, never in ours.

`account_ref` is always the vendor's own id of the organisation (a Stripe customer, a Zendesk
organisation, a HubSpot company, a Mixpanel group key); which account it stands for is decided
once, in one place, when it is stored. A record is upserted by its natural key, so reading it
twice changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from scoring.accounts import Money


class Kind(StrEnum):
    """What a source can tell of."""

    ACCOUNTS = "accounts"
    USAGE = "usage"
    TICKETS = "tickets"
    ENGAGEMENT = "engagement"
    BILLING = "billing"
    SURVEYS = "surveys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A customer organisation as one vendor knows it.

    `account_key` is the explicit id the company writes into its tools, None where it did not.
    `domains` are registrable host names in lower case; free-mail domains are left in, the
    matching ignores them. `csm_email` is the person the CRM says owns the account. `parent_ref`
    is the organisation it is a part of, where the vendor knows one. `deleted` says the vendor no
    longer has it.
    """

    ref: str
    name: str
    account_key: str | None = None
    domains: tuple[str, ...] = ()
    csm_email: str | None = None
    renews_on: date | None = None
    parent_ref: str | None = None
    deleted: bool = False


class FeatureCount(NamedTuple):
    """How often an account used one feature (an event name) on one UTC day."""

    day: int  # days since 1970-01-01
    account_ref: str
    feature: str
    times: int


class ActiveUser(NamedTuple):
    """One end user of an account who was active on one UTC day."""

    day: int  # days since 1970-01-01
    account_ref: str
    user_hash: int  # keyed 64-bit hash, signed; the id itself is never stored


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageDays:
    """UTC days of usage, reduced.

    Whole days replace what was known of them. With `adds` they are a part of those days that was
    not told before: counts are added, people join. `counts` and `users` come in batches and can be
    read once each, `counts` first.
    """

    days: tuple[int, ...]  # days since 1970-01-01, also those on which nothing happened
    counts: Iterator[Sequence[FeatureCount]]
    users: Iterator[Sequence[ActiveUser]]
    adds: bool = False


class Rating(StrEnum):
    """What the customer or the help desk says of a ticket."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A support ticket.

    `rating` is the customer's own (None: not rated); `sentiment` is the help desk's reading of
    the text (None: it has none). `escalation` says in words why it counts as escalated
    ("urgent priority", "tag escalated"), None when it does not. `version` orders two readings
    of the same ticket: the greater wins.
    """

    id: str
    account_ref: str | None
    is_open: bool
    created_at: datetime
    updated_at: datetime
    version: int
    rating: Rating | None = None
    sentiment: Rating | None = None
    escalation: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person at an account whom the company mails, with the last time of each kind of answer.

    None means it never happened. Opens are weak evidence: privacy features open mail by machine.
    """

    id: str
    account_ref: str | None
    updated_at: datetime
    last_sent_at: datetime | None = None
    last_opened_at: datetime | None = None
    last_clicked_at: datetime | None = None
    last_replied_at: datetime | None = None
    deleted: bool = False


class SubscriptionState(StrEnum):
    """Where a subscription stands, in words of our own."""

    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    TRIAL = "trial"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription, with its part of MRR (None when it counts for nothing or cannot be priced)."""

    id: str
    account_ref: str
    state: SubscriptionState
    plan: str | None
    mrr: Money | None
    started_at: datetime
    renews_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    ended_at: datetime | None = None


class InvoiceState(StrEnum):
    """Where an invoice stands."""

    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A finalised invoice. `failed_attempts` counts charges that did not go through, so far."""

    id: str
    account_ref: str
    state: InvoiceState
    amount: Money
    finalized_at: datetime
    due_at: datetime
    failed_attempts: int = 0
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The card an account pays with; `expires_on` is the last day it is good, None: not a card."""

    account_ref: str
    expires_on: date | None


class SurveyKind(StrEnum):
    """What a survey asks: would you recommend us (NPS), were you satisfied (CSAT)."""

    NPS = "nps"
    CSAT = "csat"


# The scores a survey can give, lowest and highest. Other scales of CSAT are brought to this one.
SURVEY_SCALE: Mapping[SurveyKind, tuple[int, int]] = {
    SurveyKind.NPS: (0, 10),
    SurveyKind.CSAT: (1, 5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyResponse:
    """One person's answer to a survey: NPS 0 to 10, CSAT 1 to 5. Raises ValueError for another score.

    `person` is a keyed hash, None where nobody can be told apart. `has_comment` says that there is
    a text; `comment` holds it only where the installation asks for texts. `ticket_id` is the ticket
    of the same source that was rated: then the account is the ticket's, and `account_ref` None.
    """

    id: str
    account_ref: str | None
    kind: SurveyKind
    score: float
    answered_at: datetime
    updated_at: datetime
    person: str | None = None
    ticket_id: str | None = None
    has_comment: bool = False
    comment: str | None = None
    deleted: bool = False

    def __post_init__(self) -> None:
        lowest, highest = SURVEY_SCALE[self.kind]
        if not lowest <= self.score <= highest:
            raise ValueError(
                f"score: {self.score:g} is not from {lowest} to {highest} ({self.kind})"
            )


def rating_of_csat(score: float) -> Rating:
    """What a CSAT score of 1 to 5 says of what was rated: from 4 on good, up to 2 bad."""
    return Rating.GOOD if score >= 4 else Rating.BAD if score <= 2 else Rating.NEUTRAL


Record = Organisation | Ticket | Contact | Subscription | Invoice | Card | SurveyResponse
