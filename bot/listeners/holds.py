"""The buttons of a hold: what moved is real, or the data are at fault."""

from typing import Any

from slack_bolt import Ack, App

from bot.blocks import actions
from bot.deps import Deps
from bot.listeners.apologising import apologetic
from bot.listeners.pressing import admit
from bot.services import holding
from scoring.guard import HoldId, Verdict


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def release(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        decide(body, action, Verdict.RELEASED)

    def drop(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        decide(body, action, Verdict.DROPPED)

    def decide(body: dict[str, Any], action: dict[str, Any], verdict: Verdict) -> None:
        member = admit(deps, body, what=str(action["action_id"]))
        holding.decide_hold(deps, HoldId(int(action["value"])), verdict, member=member.id)

    app.action(actions.HOLD_RELEASE)(apologetic(release))
    app.action(actions.HOLD_DROP)(apologetic(drop))
