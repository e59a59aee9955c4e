"""The directory: who is in the Slack workspace, asked of Slack."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk import WebClient

from scoring.members import Member, MemberId


class SlackDirectory:
    """The people of our workspace."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._team_id: str | None = None

    @property
    def team_id(self) -> str:
        """Our own team, asked once."""
        if self._team_id is None:
            self._team_id = str(self._client.auth_test()["team_id"])
        return self._team_id

    def person(self, member_id: MemberId) -> Member:
        return to_member(self._client.users_info(user=member_id, include_locale=True)["user"])

    def everybody(self) -> Iterator[Sequence[Member]]:
        """All of them, a page at a time."""
        for page in self._client.users_list(limit=200, include_locale=True):
            yield [to_member(user) for user in page["members"]]

    def group(self, group_id: str) -> Sequence[MemberId]:
        """Who is in a user group."""
        answer = self._client.usergroups_users_list(usergroup=group_id)
        return [MemberId(str(each)) for each in answer["users"]]


def to_member(user: Mapping[str, Any]) -> Member:
    """A member from Slack's user object."""
    profile = user.get("profile") or {}
    names = (
        profile.get("display_name"),
        user.get("real_name"),
        profile.get("real_name"),
        user.get("name"),
    )
    return Member(
        id=MemberId(str(user["id"])),
        team_id=str(user.get("team_id") or profile.get("team") or ""),
        name=str(next((name for name in names if name), user["id"])),
        email=(profile.get("email") or "").lower() or None,
        tz=str(user.get("tz") or "UTC"),
        locale=str(user.get("locale") or "en-US"),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_stranger=bool(user.get("is_stranger")),
        is_bot=bool(user.get("is_bot")),
        is_deactivated=bool(user.get("deleted")),
    )
