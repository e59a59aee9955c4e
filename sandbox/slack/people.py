"""Who and what the workspace consists of: fixed members and channels, with the story's CSMs among them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

TEAM = "T0SANDBOX"
TEAM_NAME = "Northwind CS"
TEAM_DOMAIN = "northwind-cs"
OTHER_TEAM = "T0ACME"
APP = "A0BELLWETHER"
APP_NAME = "Bellwether"
BOT = "U0BELLWETHER"
BOT_ID = "B0BELLWETHER"
SLACKBOT = "USLACKBOT"


class Owner(Protocol):
    """A CSM as the story's CRM knows them."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def tz(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    id: str
    real_name: str
    title: str
    email: str | None = None
    tz: str = "America/New_York"
    locale: str = "en-US"
    team: str = TEAM
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False

    @property
    def name(self) -> str:
        """The handle: what people type after an @."""
        return (self.email or self.real_name).split("@", 1)[0].lower().replace(" ", "-")

    @property
    def is_stranger(self) -> bool:
        """Of another organisation, met in a shared channel."""
        return self.team != TEAM

    @property
    def is_person(self) -> bool:
        """Can sit at the page: not a bot, not deactivated."""
        return not self.is_bot and not self.deleted

    def describe(
        self, now: datetime, *, with_email: bool, with_locale: bool = False
    ) -> dict[str, Any]:
        """A user object (docs.slack.dev/reference/objects/user-object). The locale is told only when asked for."""
        offset = now.astimezone(ZoneInfo(self.tz)).utcoffset()
        profile = {"real_name": self.real_name, "display_name": self.name, "title": self.title}
        profile["team"] = self.team
        if with_email and self.email and not self.is_stranger:
            profile["email"] = self.email
        if self.is_bot:
            profile["api_app_id"] = APP if self.id == BOT else ""
            profile["bot_id"] = BOT_ID if self.id == BOT else "B0OTHER"
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_label": self.tz.replace("_", " "),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": profile,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_stranger": self.is_stranger,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 0,
            **({"locale": self.locale} if with_locale else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    id: str
    name: str
    topic: str = ""
    people: frozenset[str] = field(default_factory=frozenset)
    is_archived: bool = False
    is_ext_shared: bool = False
    dm_with: str | None = None

    def describe(self) -> dict[str, Any]:
        """A conversation object (docs.slack.dev/reference/objects/conversation-object)."""
        facts: dict[str, Any] = {
            "id": self.id,
            "created": 0,
            "is_archived": self.is_archived,
            "is_im": self.dm_with is not None,
            "is_mpim": False,
            "is_group": False,
            "is_channel": self.dm_with is None,
            "is_private": self.dm_with is not None,
            "is_ext_shared": self.is_ext_shared,
            "is_shared": self.is_ext_shared,
            "is_org_shared": False,
            "context_team_id": TEAM,
        }
        if self.dm_with is not None:
            return facts | {"user": self.dm_with, "is_open": True}
        return facts | {
            "name": self.name,
            "name_normalized": self.name,
            "creator": "U0HEAD",
            "is_general": self.id == "C0GENERAL",
            "is_member": BOT in self.people,
            "topic": {"value": self.topic, "creator": "U0HEAD", "last_set": 0},
            "purpose": {"value": self.topic, "creator": "U0HEAD", "last_set": 0},
            "num_members": len(self.people),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    """People who are mentioned, and told, together."""

    id: str
    handle: str
    name: str
    people: tuple[str, ...]

    def describe(self, *, with_people: bool, with_count: bool) -> dict[str, Any]:
        """A user group as usergroups.list gives it (docs.slack.dev/reference/methods/usergroups.list)."""
        facts: dict[str, Any] = {
            "id": self.id,
            "team_id": TEAM,
            "is_usergroup": True,
            "is_subteam": True,
            "is_external": False,
            "name": self.name,
            "handle": self.handle,
            "description": "",
            "date_create": 0,
            "date_update": 0,
            "date_delete": 0,
            "auto_type": None,
            "created_by": "U0HEAD",
            "updated_by": "U0HEAD",
            "deleted_by": None,
            "prefs": {"channels": [], "groups": []},
        }
        if with_people:
            facts["users"] = [*self.people]
        return facts | ({"user_count": len(self.people)} if with_count else {})


# What CSMs read Slack in, by where they sit; all the others read American English.
_LOCALES = {"Europe/Berlin": "de-DE", "Europe/London": "en-GB"}


def invite(owners: Iterable[Owner]) -> dict[str, Member]:
    """Everybody in the workspace by id: the story's CSMs and a fixed cast around them."""
    csms = [
        Member(
            id=f"U0CSM{at}",
            real_name=csm.name,
            email=csm.email,
            title="CSM",
            tz=csm.tz,
            locale=_LOCALES.get(csm.tz, "en-US"),
        )
        for at, csm in enumerate(owners, start=1)
    ]
    domain = (csms[0].email or "").rpartition("@")[2] if csms else "northwind.example"
    return {member.id: member for member in (*csms, *_cast(domain))}


def _cast(domain: str) -> tuple[Member, ...]:
    return (
        Member(id="U0HEAD", real_name="Helen Marsh", title="Head of CS", email=f"helen@{domain}", locale="fr-FR"),
        Member(id="U0OPS", real_name="Omar Reyes", title="CS Ops", email=f"omar@{domain}", is_admin=True),
        Member(
            id="U0GUEST", real_name="Gus Tran", title="Contractor (guest)", email="gus@freelance.example",
            is_restricted=True,
        ),
        Member(
            id="U0SINGLE", real_name="Sina Weber", title="Single-channel guest", email="sina@agency.example",
            is_restricted=True, is_ultra_restricted=True, tz="Europe/Berlin",
        ),
        Member(
            id="U0STRANGER", real_name="Ada Customer", title="Customer's side of a shared channel",
            email="ada@acme.example", team=OTHER_TEAM,
        ),
        Member(id="U0LEFT", real_name="Lee Former", title="Left the company", email=f"lee@{domain}", deleted=True),
        Member(id="U0OTHERBOT", real_name="Deploybot", title="Another app", is_bot=True),
        Member(id=BOT, real_name=APP_NAME, title="App", is_bot=True),
        Member(id=SLACKBOT, real_name="Slackbot", title="App", is_bot=True),
    )  # fmt: skip


def gather(members: dict[str, Member]) -> dict[str, Channel]:
    """The channels by id, with who sits in them."""
    csms = {id_ for id_ in members if id_.startswith("U0CSM")}
    staff = csms | {"U0HEAD", "U0OPS"}
    channels = (
        Channel(
            id="C0TEAM", name="customer-success", topic="How our accounts are doing",
            people=frozenset(staff | {"U0GUEST", BOT}),
        ),
        Channel(
            id="C0ADMIN", name="cs-admin", topic="Running Bellwether",
            people=frozenset({"U0HEAD", "U0OPS", BOT}),
        ),
        Channel(
            id="C0GENERAL", name="general", topic="Everybody",
            people=frozenset(staff | {"U0GUEST", "U0OTHERBOT"}),
        ),
        Channel(
            id="C0SHARED", name="acme-northwind", topic="Shared with Acme",
            people=frozenset(staff | {"U0STRANGER", "U0SINGLE", BOT}), is_ext_shared=True,
        ),
        Channel(id="C0OLD", name="archived", people=frozenset(staff | {BOT}), is_archived=True),
    )  # fmt: skip
    return {channel.id: channel for channel in channels}


def group(members: dict[str, Member]) -> dict[str, UserGroup]:
    """The user groups by id."""
    csms = tuple(id_ for id_ in members if id_.startswith("U0CSM"))
    groups = (
        UserGroup(id="S0CSM", handle="csm", name="Customer success", people=(*csms, "U0HEAD")),
        UserGroup(id="S0FINANCE", handle="finance", name="Finance", people=("U0HEAD", "U0OPS")),
    )
    return {each.id: each for each in groups}


def direct(member: Member) -> Channel:
    """The bot's conversation with one member. Its id is the member's, with a D for the U."""
    return Channel(
        id=f"D{member.id[1:]}",
        name="directmessage",
        people=frozenset({member.id, BOT}),
        dm_with=member.id,
    )
