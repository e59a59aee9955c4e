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
        f"First scores: {total}, {low:,} of them Critical or At-risk",
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
    more = f" and {count - MOST_NAMES:,} more" if count > MOST_NAMES else ""
    look = "looks like an account there is" if count == 1 else "look like accounts there are"
    said = f"{words.plural(count, 'customer')} in {name} {look}"
    what = (
        f"👥 *{said}:* {some}{more}.\nNobody is scored twice: they wait until somebody says "
        "whether they are the same. See them with `/health matches`."
    )
    return kit.message(said, [kit.section(what)])


def render_undeliverable(target: str, reason: str) -> Message:
    """Messages to a channel or member do not get through. `target` is its id, `reason` Slack's word or ours."""
    where = f"<@{target}>" if target.startswith(("U", "W")) else f"<#{target}>"
    mend = _MENDS.get(reason, "Look at the channel, and at the app's installation.")
    what = f"⚠ *A message to {where} could not be delivered:* {escape(reason, 80)}.\n{mend}"
    return kit.message(
        f"A message could not be delivered: {escape(reason, 80)}", [kit.section(what)]
    )


_MENDS = {
    "not_in_channel": "Invite the bot there: `/invite @bellwether`.",
    "channel_not_found": "Check the channel's id in the configuration, and invite the bot if it is private.",
    "is_archived": "Unarchive it, or name another channel in the configuration.",
    "missing_scope": "Add the scopes that manifest.yml lists, and install the app again.",
    "invalid_auth": "Install the app again and set its new token.",
    "token_revoked": "Install the app again and set its new token.",
    "the channel is shared with another organisation": (
        "Nothing about accounts is posted where outsiders read. Name another channel in the configuration."
    ),
}
