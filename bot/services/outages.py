"""Outages: telling the operators, once, that people were not heard for a while."""

from datetime import timedelta

from bot.blocks.outage import render_outage
from bot.deps import Deps
from bot.services import speaking

WORTH_TELLING = timedelta(minutes=10)
_TOLD_FOR = timedelta(days=1)


def note_outage(deps: Deps, length: timedelta) -> bool:
    """Queue word of an outage that has just ended. False when it was too short to be told."""
    if length < WORTH_TELLING:
        return False
    until = deps.clock.now()
    since = until - length
    with deps.db.write() as session:
        return speaking.say(
            session,
            render_outage(since=since, until=until),
            key=f"outage:{since:%Y-%m-%dT%H:%M:%S}",
            target=deps.config.slack.admin_channel,
            at=until,
            expires_at=until + _TOLD_FOR,
        )
