"""An account: a paying customer organisation, as everybody in the house speaks of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NewType

AccountId = NewType("AccountId", int)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of one currency (ISO 4217, lower case)."""

    minor: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as it stands now.

    `key` is the explicit id the company's tools share, else the system of record's own id.
    None means: `csm_email` nobody owns it; `mrr` no subscription is known; `plan`, `renews_on`
    not known; `churned_on` it is a customer.
    """

    id: AccountId
    key: str
    name: str
    csm_email: str | None = None
    mrr: Money | None = None
    plan: str | None = None
    renews_on: date | None = None
    churned_on: date | None = None
