"""The buttons of a hold: what moved is real, or the data are at fault."""

from typing import Any

from bot.blocks import actions
from bot.deps import Deps
from bot.listeners.door import Door
from bot.services import holding
from scoring.guard import HoldId, Verdict
from scoring.members import Member


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def release(action: dict[str, Any], member: Member) -> None:
        holding.decide_hold(deps, HoldId(int(action["value"])), Verdict.RELEASED, member=member.id)

    def drop(action: dict[str, Any], member: Member) -> None:
        holding.decide_hold(deps, HoldId(int(action["value"])), Verdict.DROPPED, member=member.id)

    door.action(actions.HOLD_RELEASE, release)
    door.action(actions.HOLD_DROP, drop)
