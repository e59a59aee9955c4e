"""A note: what somebody wrote down about an account."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from scoring.accounts import AccountId
from scoring.members import MemberId

NoteId = NewType("NoteId", int)

LONGEST_NOTE = 2_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """`body` is as it was typed, in up to `LONGEST_NOTE` characters: escape it.

    `permalink` leads to the Slack message it was made of, None: it was typed.
    """

    id: NoteId
    account_id: AccountId
    member: MemberId
    body: str
    permalink: str | None
    at: datetime
