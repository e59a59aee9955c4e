"""A sentiment: how somebody who knows an account feels about it. It stands beside the score and never changes it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from scoring.accounts import AccountId
from scoring.members import MemberId

LONGEST_REASON = 500  # characters
USUAL_HOLD = timedelta(days=90)
"""How long a sentiment holds where nobody says how long: what is older tells little of today."""
LONGEST_HOLD = timedelta(days=365)


class Mood(StrEnum):
    """Best first."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """`reason` is as it was typed: escape it. `expires_on` is the last day it holds, None: no day was said.

    `ended_at` is when somebody took it back, None: nobody did.
    """

    account_id: AccountId
    mood: Mood
    reason: str
    member: MemberId
    at: datetime
    expires_on: date | None
    ended_at: datetime | None = None
