"""Web API: chat.unfurl, the previews an app puts under links to its own domains."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.slack import people
from sandbox.slack.args import Args
from sandbox.slack.errors import SlackError
from sandbox.slack.judge import Surface, judge
from sandbox.slack.modals import name_blocks
from sandbox.slack.people import SLACKBOT
from sandbox.slack.world import World
from sandbox.slack.writing import links_in

Json = dict[str, Any]


def unfurl(world: World, args: Args) -> Json:
    """A second call with the same address changes the preview, rather than adding one."""
    channel, ts = _find_message(world, args)
    message = world.workspace.message(channel, ts)
    unfurls = _unfurls(args)
    for url in unfurls:
        _check_link(world, message, url)
    kept = {each.get("original_url"): each for each in message.get("attachments", [])}
    for url, content in unfurls.items():
        number = kept[url]["id"] if url in kept else len(kept) + 1
        kept[url] = _preview(url, content, number)
    _prompt(world, args, channel, message)
    if unfurls:
        changed = {**message, "attachments": list(kept.values())}
        world.workspace.record("message", channel=channel, message=changed)
    return {}


def _find_message(world: World, args: Args) -> tuple[str, str]:
    """By channel and ts, or by the unfurl_id that an event told."""
    if "unfurl_id" in args or "source" in args:
        for name in ("unfurl_id", "source"):
            if name not in args:
                raise SlackError(f"missing_{name}")
        if args.text("source") != "conversations_history":  # nobody here sends links half-written
            raise SlackError("invalid_source")
        found = world.unfurl_ids.get(args.text("unfurl_id"))
        if found is None:
            raise SlackError("invalid_unfurl_id")
        return found
    for name in ("channel", "ts"):
        if name not in args:
            raise SlackError(f"missing_{name}")
    channel, ts = args.text("channel"), args.text("ts")
    if channel not in world.workspace.channels:
        raise SlackError("cannot_find_channel")
    if ts not in world.workspace.messages[channel]:
        raise SlackError("cannot_find_message")
    return channel, ts


def _unfurls(args: Args) -> dict[str, Json]:
    if "unfurls" not in args:
        if (
            "user_auth_message" in args
            or "user_auth_blocks" in args
            or args.flag("user_auth_required")
        ):
            return {}
        raise SlackError("missing_unfurls")
    try:
        unfurls = args.data("unfurls")
    except SlackError:
        raise SlackError("invalid_unfurls_format") from None
    if not isinstance(unfurls, dict) or not all(
        isinstance(each, dict) for each in unfurls.values()
    ):
        raise SlackError("invalid_unfurls_format")
    return unfurls


def _check_link(world: World, message: Json, url: str) -> None:
    if url not in links_in(message.get("text", "")):
        raise SlackError("cannot_unfurl_message")
    if world.manifest.unfurls(urlsplit(url).hostname or "") is None:
        raise SlackError("cannot_unfurl_url")


def _preview(url: str, content: Json, number: int) -> Json:
    errors = judge(content.get("blocks", []), Surface.MESSAGE)
    if errors or not content:
        messages = {"messages": errors or ["[ERROR] nothing to show"]}
        raise SlackError("cannot_parse_attachment", response_metadata=messages)
    return {
        **content,
        "blocks": name_blocks(content.get("blocks", [])),
        "id": number,
        "app_id": people.APP,
        "bot_id": people.BOT_ID,
        "is_app_unfurl": True,
        "app_unfurl_url": url,
        "from_url": url,
        "original_url": url,
        "fallback": content.get("fallback", "[no preview available]"),
    }


def _prompt(world: World, args: Args, channel: str, message: Json) -> None:
    """Tell whoever posted the link, and nobody else, why there is no more to see."""
    text, blocks = args.text("user_auth_message"), args.data("user_auth_blocks")
    if not text and not blocks:
        return
    shown = name_blocks(blocks) if blocks else None
    world.workspace.whisper(channel, to=message["user"], user=SLACKBOT, text=text, blocks=shown)
