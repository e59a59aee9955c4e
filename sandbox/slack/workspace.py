"""What the workspace holds: conversations, messages, Homes and files, rebuilt from the journal."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.journal import Journal
from sandbox.slack import people
from sandbox.slack.errors import SlackError
from sandbox.slack.people import BOT, BOT_ID, Channel, Member, Owner, UserGroup

Json = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Workspace:
    """Every change is an entry of the journal first; reading it again makes the same workspace.

    Messages are kept in the order of their ts. `revision` grows with every change, so that
    the page can ask cheaply whether there is anything new.
    """

    def __init__(self, *, owners: Iterable[Owner], clock: Clock, journal: Journal) -> None:
        self.members = people.invite(owners)
        self.channels = people.gather(self.members)
        self.groups = people.group(self.members)
        self.clock = clock
        self.messages: defaultdict[str, dict[str, Json]] = defaultdict(dict)
        self.ephemerals: defaultdict[str, dict[str, Json]] = defaultdict(dict)
        self.homes: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.revision = 0
        self._last_us = 0
        self._journal = journal
        for entry in journal.replay():
            clock.move(datetime.fromisoformat(entry["at"]))
            self._apply(entry)

    def record(self, kind: str, **facts: Any) -> None:
        """Write a change down, then make it."""
        entry = {"kind": kind, "at": self.clock.now().isoformat(), **facts}
        self._journal.append(entry)
        self._apply(entry)

    def touch(self) -> None:
        """Something the page shows has changed that the journal need not know."""
        self.revision += 1

    def _apply(self, entry: Json) -> None:
        self.revision += 1
        match entry["kind"]:
            case "message":
                self.messages[entry["channel"]][entry["message"]["ts"]] = entry["message"]
                self._note(entry["message"]["ts"])
            case "deleted":
                self.messages[entry["channel"]].pop(entry["ts"], None)
            case "ephemeral":
                self.ephemerals[entry["user"]][entry["message"]["ts"]] = entry["message"]
                self._note(entry["message"]["ts"])
            case "dismissed":
                self.ephemerals[entry["user"]].pop(entry["ts"], None)
            case "home":
                self.homes[entry["user"]] = entry["view"]
            case "file":
                self.files[entry["file"]["id"]] = entry["file"]
            case "opened":
                self._open(self.members[entry["user"]])
            case "channel":
                self._change_channel(entry["channel"], entry["facts"])
            case "member" | "group":
                self._change_people(entry)

    def _change_people(self, entry: Json) -> None:
        if entry["kind"] == "member":
            user = entry["user"]
            self.members[user] = replace(self.members[user], **entry["facts"])
        else:
            group = entry["group"]
            self.groups[group] = replace(self.groups[group], people=tuple(entry["people"]))

    def _note(self, ts: str) -> None:
        self._last_us = max(self._last_us, int(ts.replace(".", "")))

    def next_ts(self) -> str:
        """Story time in seconds with six decimals; later than any ts before, even while time stands still."""
        now_us = (self.clock.now() - EPOCH) // timedelta(microseconds=1)
        seconds, micros = divmod(max(now_us, self._last_us + 1), 1_000_000)
        return f"{seconds}.{micros:06d}"

    def member(self, user: str) -> Member:
        if user not in self.members:
            raise SlackError("user_not_found")
        return self.members[user]

    def group(self, wanted: str) -> UserGroup:
        if wanted not in self.groups:
            raise SlackError("no_such_subteam")
        return self.groups[wanted]

    def channel(self, wanted: str) -> Channel:
        """A channel by id or #name, or the bot's conversation with a member, by its id or by theirs."""
        if wanted in self.channels:
            return self.channels[wanted]
        if wanted in self.members:
            return self.direct(wanted)
        if f"U{wanted[1:]}" in self.members and wanted.startswith("D"):
            return self.direct(f"U{wanted[1:]}")
        for channel in self.channels.values():
            if channel.name == wanted.removeprefix("#") and channel.dm_with is None:
                return channel
        raise SlackError("channel_not_found")

    def direct(self, user: str) -> Channel:
        """The bot's conversation with a member, opened if it was not."""
        member = self.member(user)
        if member.is_bot:
            raise SlackError("cannot_dm_bot")
        if f"D{user[1:]}" not in self.channels:
            self.record("opened", user=user)
        return self.channels[f"D{user[1:]}"]

    def _open(self, member: Member) -> None:
        channel = people.direct(member)
        self.channels[channel.id] = channel

    def _change_channel(self, channel_id: str, facts: Json) -> None:
        known = self.channels.get(channel_id) or Channel(id=channel_id, name=channel_id.lower())
        sitting = facts.get("people", known.people)
        self.channels[channel_id] = replace(known, **{**facts, "people": frozenset(sitting)})

    def message(self, channel: str, ts: str) -> Json:
        if ts not in self.messages[channel]:
            raise SlackError("message_not_found")
        return self.messages[channel][ts]

    def post(self, channel: str, *, user: str, **facts: Any) -> Json:
        """Put a message into a channel and return it. Facts that are None are left out."""
        message = {"type": "message", "user": user, "ts": self.next_ts(), **_given(facts)}
        if user == BOT:
            message |= {"bot_id": BOT_ID, "app_id": people.APP, "team": people.TEAM}
        self.record("message", channel=channel, message=message)
        return message

    def whisper(self, channel: str, *, to: str, user: str = BOT, **facts: Any) -> Json:
        """Show a message to one person only."""
        facts = _given(facts) | {"channel": channel, "is_ephemeral": True}
        message = {"type": "message", "user": user, "ts": self.next_ts(), **facts}
        self.record("ephemeral", user=to, message=message)
        return message

    def replies(self, channel: str, ts: str) -> list[Json]:
        """A thread's replies, oldest first, without its first message."""
        found = self.messages[channel].values()
        return [each for each in found if each.get("thread_ts") == ts and each["ts"] != ts]


def _given(facts: Json) -> Json:
    return {name: fact for name, fact in facts.items() if fact is not None}
