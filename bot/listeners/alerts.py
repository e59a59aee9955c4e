"""The buttons of an alert: acknowledge, assign, log outreach, snooze, and what it was good for."""

from typing import Any

from slack_sdk import WebClient

from bot.blocks import actions
from bot.deps import Deps
from bot.listeners.alert_forms import outreach_form, snooze_form
from bot.listeners.door import Door
from bot.listeners.pressing import press_of
from bot.services import acting, tasking
from scoring.alerts import Outcome
from scoring.members import Member


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def acknowledge(body: dict[str, Any], action: dict[str, Any], member: Member) -> None:
        acting.acknowledge(deps, press_of(deps, member, body, action, action["value"]))

    def assign(body: dict[str, Any], action: dict[str, Any], member: Member) -> None:
        made = press_of(deps, member, body, action, actions.id_in_block(action["block_id"]))
        acting.assign(deps, made, to=tasking.owner(deps, str(action["selected_user"]), of="alert"))

    def snooze(
        body: dict[str, Any], action: dict[str, Any], client: WebClient, member: Member
    ) -> None:
        made = press_of(deps, member, body, action, actions.id_in_block(action["block_id"]))
        match action["selected_option"]["value"]:
            case actions.SNOOZE_PICK:
                client.views_open(trigger_id=body["trigger_id"], view=snooze_form(deps, made))
            case actions.SNOOZE_WORSE:
                acting.snooze_until_worse(deps, made)
            case days:
                acting.snooze(deps, made, days=int(days))

    def wake(body: dict[str, Any], action: dict[str, Any], member: Member) -> None:
        acting.wake(deps, press_of(deps, member, body, action, action["value"]))

    def ask_outreach(
        body: dict[str, Any], action: dict[str, Any], client: WebClient, member: Member
    ) -> None:
        made = press_of(deps, member, body, action, action["value"])
        client.views_open(trigger_id=body["trigger_id"], view=outreach_form(deps, made))

    def judge(body: dict[str, Any], action: dict[str, Any], member: Member) -> None:
        is_useful = action["action_id"] == actions.ALERT_USEFUL
        made = press_of(deps, member, body, action, action["value"])
        acting.judge(deps, made, outcome=Outcome.USEFUL if is_useful else Outcome.NOISE)

    door.action(actions.ALERT_ACKNOWLEDGE, acknowledge)
    door.action(actions.ALERT_ASSIGN, assign)
    door.action(actions.ALERT_SNOOZE, snooze)
    door.action(actions.ALERT_WAKE, wake)
    door.action(actions.ALERT_OUTREACH, ask_outreach)
    door.action(actions.ALERT_USEFUL, judge)
    door.action(actions.ALERT_NOISE, judge)
