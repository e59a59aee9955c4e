"""What somebody wrote, as Slack hands it on, read back as they saw it while they typed.

Slack escapes three characters, and writes people, channels, groups and addresses between < and >
(docs.slack.dev/messaging/formatting-message-text, "Retrieving messages").
"""

import re
from collections.abc import Callable

from scoring.members import MemberId

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#[A-Z0-9]+(?:\|([^<>]*))?>")
_SPECIAL = re.compile(r"<!([^<>|]+)(?:\|([^<>]*))?>")
_ADDRESS = re.compile(r"<((?:https?|mailto|tel):[^<>|]+)(?:\|([^<>]*))?>")


def as_typed(text: str, *, name_of: Callable[[MemberId], str] | None = None) -> str:
    """The text in plain words, to be escaped before anybody sees it.

    A person whom Slack gives no name is called by `name_of`; without it a mention stays one, as <@U…>,
    for whoever needs to know who is meant.
    """

    def person(found: re.Match[str]) -> str:
        if name_of is None:
            return f"<@{found[1]}>"
        return f"@{found[2] or name_of(MemberId(found[1]))}"

    text = _ADDRESS.sub(_address, text)
    text = _CHANNEL.sub(lambda found: f"#{found[1] or 'channel'}", text)
    text = _SPECIAL.sub(_special, text)
    text = _PERSON.sub(person, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def people_in(text: str) -> list[MemberId]:
    """Who is mentioned in a text, as Slack hands it on or as `as_typed` leaves it."""
    return [MemberId(found[1]) for found in _PERSON.finditer(text)]


def without_mention(text: str, member_id: str) -> str:
    """The text without every mention of somebody."""
    return re.sub(rf"<@{re.escape(member_id)}(?:\|[^<>]*)?>", " ", text)


def _address(found: re.Match[str]) -> str:
    """What was typed for an address, acme.io for http://acme.io; where a name stood in its place, both."""
    address, name = found[1].removeprefix("mailto:").removeprefix("tel:"), found[2]
    if not name:
        return address
    return name if name in address else f"{name} ({address})"


def _special(found: re.Match[str]) -> str:
    """@here, @channel, a user group, or a date, by their words."""
    kind, said = found[1], found[2]
    return said or f"@{kind.partition('^')[0]}"
