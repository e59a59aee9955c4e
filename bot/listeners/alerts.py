"""The buttons of an alert: acknowledge, assign, log outreach, snooze, and what it was good for."""

from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.blocks import actions
from bot.deps import Deps
from bot.listeners.alert_forms import outreach_form, snooze_form
from bot.listeners.apologising import apologetic
from bot.listeners.pressing import press_of
from bot.services import acting, tasking
from scoring.alerts import Outcome


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def acknowledge(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        acting.acknowledge(deps, press_of(deps, body, action, action["value"]))

    def assign(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        made = press_of(deps, body, action, actions.id_in_block(action["block_id"]))
        acting.assign(deps, made, to=tasking.owner(deps, str(action["selected_user"]), of="alert"))

    def snooze(ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:
        ack()
        made = press_of(deps, body, action, actions.id_in_block(action["block_id"]))
        match action["selected_option"]["value"]:
            case actions.SNOOZE_PICK:
                client.views_open(trigger_id=body["trigger_id"], view=snooze_form(deps, made))
            case actions.SNOOZE_WORSE:
                acting.snooze_until_worse(deps, made)
            case days:
                acting.snooze(deps, made, days=int(days))

    def wake(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        acting.wake(deps, press_of(deps, body, action, action["value"]))

    def ask_outreach(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient
    ) -> None:
        ack()
        made = press_of(deps, body, action, action["value"])
        client.views_open(trigger_id=body["trigger_id"], view=outreach_form(deps, made))

    def judge(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        is_useful = action["action_id"] == actions.ALERT_USEFUL
        made = press_of(deps, body, action, action["value"])
        acting.judge(deps, made, outcome=Outcome.USEFUL if is_useful else Outcome.NOISE)

    app.action(actions.ALERT_ACKNOWLEDGE)(apologetic(acknowledge))
    app.action(actions.ALERT_ASSIGN)(apologetic(assign))
    app.action(actions.ALERT_SNOOZE)(apologetic(snooze))
    app.action(actions.ALERT_WAKE)(apologetic(wake))
    app.action(actions.ALERT_OUTREACH)(apologetic(ask_outreach))
    app.action(actions.ALERT_USEFUL)(apologetic(judge))
    app.action(actions.ALERT_NOISE)(apologetic(judge))
