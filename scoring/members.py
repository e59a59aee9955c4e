"""A member: a person in the Slack workspace, and what they may see and do."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

MemberId = NewType("MemberId", str)


class Right(StrEnum):
    """What may be allowed to a person."""

    ACCOUNTS = "accounts"  # see accounts at all, and act on them
    MONEY = "money"  # see what they pay
    EXPORT = "export"  # take many of them away as a file
    ADMIN = "admin"  # what cannot be undone


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A Slack user as the workspace describes them. `email` None: hidden or none (bots). `locale` as in en-US."""

    id: MemberId
    team_id: str
    name: str
    email: str | None = None
    tz: str = "UTC"
    locale: str = "en-US"
    is_admin: bool = False
    is_guest: bool = False  # guests and single-channel guests
    is_stranger: bool = False  # shares no channel with us, or belongs to another organisation
    is_bot: bool = False
    is_deactivated: bool = False

    def is_full_member(self, team_id: str) -> bool:
        """Of our own workspace, and neither guest, stranger, bot nor gone."""
        return self.team_id == team_id and not (
            self.is_guest or self.is_stranger or self.is_bot or self.is_deactivated
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """To whom each right is given: ids of user groups and e-mail addresses. None: nobody was named.

    Then every full member has the right, but for ADMIN, which the workspace's own admins have.
    """

    members: frozenset[str] | None = None
    money: frozenset[str] | None = None
    export: frozenset[str] | None = None
    admins: frozenset[str] | None = None

    @property
    def groups(self) -> frozenset[str]:
        """Every user group that is named."""
        named = [each for each in (self.members, self.money, self.export, self.admins) if each]
        return frozenset(who for each in named for who in each if "@" not in who)

    def rights(self, member: Member, groups: Collection[str], *, team_id: str) -> frozenset[Right]:
        """What a member of these user groups may do. Without ACCOUNTS there is nothing else."""
        names = {*groups, *([member.email.lower()] if member.email else [])}
        if not member.is_full_member(team_id) or not _names(self.members, names, unnamed=True):
            return frozenset()
        given = {
            Right.ACCOUNTS: True,
            Right.MONEY: _names(self.money, names, unnamed=True),
            Right.EXPORT: _names(self.export, names, unnamed=True),
            Right.ADMIN: _names(self.admins, names, unnamed=member.is_admin),
        }
        return frozenset(right for right, is_given in given.items() if is_given)


def _names(named: frozenset[str] | None, names: set[str], *, unnamed: bool) -> bool:
    return unnamed if named is None else bool(named & names)


EVERYBODY = Access()
