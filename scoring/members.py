"""A member: a person in the Slack workspace, and whether account data may be shown to them."""

from dataclasses import dataclass
from typing import NewType

MemberId = NewType("MemberId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A Slack user as the workspace describes them. `email` None: hidden or none (bots)."""

    id: MemberId
    team_id: str
    name: str
    email: str | None = None
    tz: str = "UTC"
    is_admin: bool = False
    is_guest: bool = False  # guests and single-channel guests
    is_stranger: bool = False  # shares no channel with us, or belongs to another organisation
    is_bot: bool = False
    is_deactivated: bool = False

    def may_see_accounts(self, team_id: str) -> bool:
        """Full members of our own workspace only; everybody else is denied."""
        return self.team_id == team_id and not (
            self.is_guest or self.is_stranger or self.is_bot or self.is_deactivated
        )
