"""Web API: conversations.*, users.* and auth.test."""

import base64
from collections.abc import Sequence
from typing import Any

from sandbox.slack import people
from sandbox.slack.args import Args
from sandbox.slack.chat import readable
from sandbox.slack.errors import SlackError
from sandbox.slack.people import BOT, Member
from sandbox.slack.world import World

Json = dict[str, Any]
MAX_PAGE = 999


def identify(world: World, _args: Args) -> Json:
    return {
        "url": f"{world.url}/",
        "team": people.TEAM_NAME,
        "user": "bellwether",
        "team_id": people.TEAM,
        "user_id": BOT,
        "bot_id": people.BOT_ID,
        "is_enterprise_install": False,
    }


def user_info(world: World, args: Args) -> Json:
    member = world.workspace.member(args.need("user"))
    return {"user": _describe(world, member, with_locale=args.flag("include_locale"))}


def list_users(world: World, args: Args) -> Json:
    with_locale = args.flag("include_locale")
    everybody = [
        _describe(world, member, with_locale=with_locale)
        for member in world.workspace.members.values()
    ]
    page, cursor = _page(everybody, args)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def look_up_by_email(world: World, args: Args) -> Json:
    email = args.need("email").lower()
    for member in world.workspace.members.values():
        if (member.email or "").lower() == email and not member.is_stranger and not member.deleted:
            return {"user": _describe(world, member)}
    raise SlackError("users_not_found")


def _describe(world: World, member: Member, *, with_locale: bool = False) -> Json:
    scopes = world.manifest.scopes
    with_email = scopes is None or "users:read.email" in scopes
    return member.describe(world.clock.now(), with_email=with_email, with_locale=with_locale)


def info(world: World, args: Args) -> Json:
    return {"channel": world.workspace.channel(args.need("channel")).describe()}


def list_channels(world: World, args: Args) -> Json:
    kinds = set(args.text("types", "public_channel").split(","))
    found = [
        channel.describe()
        for channel in list(world.workspace.channels.values())
        if ("im" if channel.dm_with else "public_channel") in kinds
        and not (channel.is_archived and args.flag("exclude_archived"))
    ]
    page, cursor = _page(found, args)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def members(world: World, args: Args) -> Json:
    channel = world.workspace.channel(args.need("channel"))
    page, cursor = _page(sorted(channel.people), args)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def open_direct(world: World, args: Args) -> Json:
    user = args.need("users")
    if world.workspace.member(user).deleted:
        raise SlackError("user_disabled")
    channel = world.workspace.direct(user)
    return {"channel": channel.describe() if args.flag("return_im") else {"id": channel.id}}


def history(world: World, args: Args) -> Json:
    """Newest first, without the replies that stand in threads only."""
    channel = readable(world, args.need("channel"))
    found = [
        _show(world, channel.id, message, args)
        for message in reversed(_within(world, channel.id, args))
        if message.get("thread_ts") in {None, message["ts"]}
        or message.get("subtype") == "thread_broadcast"
    ]
    page, cursor = _page(found, args)
    answer: Json = {"messages": page, "has_more": bool(cursor)}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def replies(world: World, args: Args) -> Json:
    """A thread, its first message first."""
    channel, ts = readable(world, args.need("channel")), args.need("ts")
    if ts not in world.workspace.messages[channel.id]:
        raise SlackError("thread_not_found")
    first = world.workspace.message(channel.id, ts)
    thread = [first, *world.workspace.replies(channel.id, ts)]
    page, cursor = _page([_show(world, channel.id, each, args) for each in thread], args)
    return {
        "messages": page,
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _within(world: World, channel: str, args: Args) -> list[Json]:
    """The messages between oldest and latest; the bounds themselves only if inclusive is asked."""
    oldest, latest = args.text("oldest"), args.text("latest")
    bounds = (
        {_micros(bound) for bound in (oldest, latest) if bound} if args.flag("inclusive") else set()
    )
    found = []
    for ts, message in world.workspace.messages[channel].items():
        at = _micros(ts)
        after = not oldest or at > _micros(oldest)
        before = not latest or at < _micros(latest)
        if (after and before) or at in bounds:
            found.append(message)
    return found


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds or 0) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def _show(world: World, channel: str, message: Json, args: Args) -> Json:
    """A message as history gives it: metadata only if asked, and what its thread has come to."""
    shown = {name: fact for name, fact in message.items() if name != "edits"}
    if not args.flag("include_all_metadata"):
        shown.pop("metadata", None)
    return shown | thread_facts(world, channel, message["ts"])


def thread_facts(world: World, channel: str, ts: str) -> Json:
    thread = world.workspace.replies(channel, ts)
    if not thread:
        return {}
    return {
        "thread_ts": ts,
        "reply_count": len(thread),
        "reply_users": sorted({each["user"] for each in thread}),
        "latest_reply": thread[-1]["ts"],
    }


def _page(found: Sequence[Any], args: Args) -> tuple[list[Any], str]:
    """One page and the cursor of the next, which is empty on the last."""
    limit = max(1, min(args.number("limit", 100), MAX_PAGE))
    start = _offset(args.text("cursor"))
    rest = len(found) > start + limit
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode() if rest else ""
    return list(found[start : start + limit]), cursor


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("next:"))
    except ValueError:
        raise SlackError("invalid_cursor") from None
