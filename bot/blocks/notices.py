"""What the team and the bot's operators are told once: how the book stands at first, a source down, a source back."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.blocks import kit, words
from bot.blocks.kit import Message
from bot.blocks.lists import Row, Tally, count_lines, worst_blocks
from bot.blocks.text import escape
from scoring.rubric import Rubric, Status

MOST_NAMES = 5


def render_baseline(
    counts: Mapping[Status | None, Tally], worst: Sequence[Row], *, rubric: Rubric
) -> Message:
    """The one summary after the first run, in place of an alert for everything found in it."""
    total = words.plural(sum(tally.accounts for tally in counts.values()), "account")
    low = sum(
        tally.accounts
        for status, tally in counts.items()
        if status in {Status.CRITICAL, Status.AT_RISK}
    )
    return kit.message(
        f"First scores: {total}, {words.count(low)} of them Critical or At-risk",
        [
            kit.header(f"First scores: {total}"),
            kit.section("\n".join(count_lines(counts))),
            *worst_blocks(worst, rubric),
            kit.context(
                "This is where the accounts stood when I first looked. "
                "From now on I speak up when one crosses a line. 100 is good."
            ),
        ],
    )


def render_source_down(title: str, *, problem: str, since: datetime | None) -> Message:
    """A source stopped answering. `since` is its last complete answer, None when it never gave one."""
    name = escape(title, 40)
    last = f"It last answered {words.moment(since)}." if since else "It has never answered."
    what = (
        f"⚠ *{name} cannot be read.* {last}\n{escape(problem)}\n"
        "Scores keep what it last told and no alert rests on it."
    )
    return kit.message(f"{name} cannot be read: {escape(problem, 150)}", [kit.section(what)])


def render_source_back(title: str, *, since: datetime) -> Message:
    """The source answers again; `since` is when it began to fail."""
    name = escape(title, 40)
    what = f"✅ *{name} answers again.* It had failed since {words.moment(since)}. There is nothing to do."
    return kit.message(f"{name} answers again", [kit.section(what)])


def render_doubles(title: str, names: Sequence[str]) -> Message:
    """Customers of the system of record that look like accounts there are; `names` are theirs, longest waiting first."""
    name, count = escape(title, 40), len(names)
    some = ", ".join(f"“{escape(each, 60)}”" for each in names[:MOST_NAMES])
    more = f" and {words.count(count - MOST_NAMES)} more" if count > MOST_NAMES else ""
    look = "looks like an account there is" if count == 1 else "look like accounts there are"
    said = f"{words.plural(count, 'customer')} in {name} {look}"
    what = (
        f"👥 *{said}:* {some}{more}.\nNobody is scored twice: they wait until somebody says "
        "whether they are the same. See them with `/health matches`."
    )
    return kit.message(said, [kit.section(what)])


def render_blocked(target: str, problem: str) -> Message:
    """Nobody can post to a channel for now. `target` is its id, `problem` Slack's word or ours."""
    why = problem_words(problem)
    what = (
        f"⚠ *Messages to {words.place(target)} wait:* {escape(why, 120)}.\n{mend_words(problem)}\n"
        "As soon as one gets through, all that wait go out in order; what waits for three days is given up."
    )
    return kit.message(f"Messages to a channel wait: {escape(why, 120)}", [kit.section(what)])


def render_undeliverable(target: str, reason: str) -> Message:
    """A message to a channel or member was given up. `target` is its id, `reason` Slack's word or ours."""
    why = problem_words(reason)
    what = f"⚠ *A message to {words.place(target)} was given up:* {escape(why, 120)}.\n{mend_words(reason)}"
    return kit.message(f"A message was given up: {escape(why, 120)}", [kit.section(what)])


def problem_words(reason: str) -> str:
    """Why nothing gets through, where we have words for it."""
    return _PROBLEMS.get(reason, reason)


def mend_words(reason: str) -> str:
    """What to do about it."""
    return _MENDS.get(reason, "Look at the channel, and at the app's installation.")


_PROBLEMS = {
    "channel_not_found": "the bot does not see the channel (channel_not_found)",
    "invalid_blocks": "Slack does not take its layout (invalid_blocks)",
    "is_archived": "the channel is archived (is_archived)",
    "is_ext_shared": "the channel is shared with another organisation",
    "msg_too_long": "it is too long for Slack (msg_too_long)",
    "not_in_channel": "the bot is not in the channel (not_in_channel)",
    "restricted_action": "only some people may post there (restricted_action)",
    "user_disabled": "this person has left (user_disabled)",
}

_INSTALL = "Install the app again and set its new token."
_OUR_MISTAKE = "That is a mistake of the bot's: its log names the message."
_NOBODY = "There is nothing to mend, unless accounts of theirs need another CSM."
_MENDS = {
    "account_inactive": _INSTALL,
    "channel_not_found": "Check the channel's id in the configuration, and invite the bot if it is private.",
    "invalid_auth": _INSTALL,
    "invalid_blocks": _OUR_MISTAKE,
    "is_archived": "Unarchive it, or name another channel in the configuration.",
    "is_ext_shared": (
        "Nothing about accounts is posted where outsiders read. Name another channel in the configuration."
    ),
    "missing_scope": "Add the scopes that manifest.yml lists, and install the app again.",
    "msg_too_long": _OUR_MISTAKE,
    "not_in_channel": "Invite the bot there: `/invite @bellwether`.",
    "restricted_action": "Let the bot post in the channel's settings, or name another channel in the configuration.",
    "this person may not see accounts": _NOBODY,
    "token_revoked": _INSTALL,
    "user_disabled": _NOBODY,
    "user_not_found": _NOBODY,
}
