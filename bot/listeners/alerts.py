"""The buttons of an alert: acknowledge, assign, log outreach, snooze."""

import json
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.blocks import actions
from bot.blocks.outreach import read_outreach, render_outreach
from bot.blocks.text import escape
from bot.deps import Deps
from bot.listeners.apologising import apologetic
from bot.services import acting, admitting
from bot.services.acting import Press
from bot.services.errors import UserError
from scoring.alerts import AlertId
from scoring.members import Member, MemberId


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def press(body: dict[str, Any], action: dict[str, Any], alert_id: str) -> Press:
        member = admitting.admit(deps, MemberId(body["user"]["id"]), what=str(action["action_id"]))
        return Press(
            alert_id=AlertId(int(alert_id)),
            member=member.id,
            key=_key(body, action, member),
            at=deps.clock.now(),
        )

    def acknowledge(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        acting.acknowledge(deps, press(body, action, action["value"]))

    def assign(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        made = press(body, action, actions.id_in_block(action["block_id"]))
        chosen = admitting.who_is(deps, MemberId(str(action["selected_user"])))
        if not chosen.may_see_accounts(deps.directory.team_id):
            raise UserError(
                f"{escape(chosen.name)} may not see accounts, so the alert cannot be theirs. Choose somebody of the team."
            )
        acting.assign(deps, made, to=chosen.id)

    def snooze(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        days = int(action["selected_option"]["value"])
        acting.snooze(deps, press(body, action, actions.id_in_block(action["block_id"])), days=days)

    def ask_outreach(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient
    ) -> None:
        ack()
        admitting.admit(deps, MemberId(body["user"]["id"]), what=str(action["action_id"]))
        name = acting.account_name(deps, AlertId(int(action["value"])))
        view = render_outreach(AlertId(int(action["value"])), name)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def log_outreach(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        member = admitting.admit(deps, MemberId(body["user"]["id"]), what=str(view["callback_id"]))
        alert_id = AlertId(int(json.loads(view["private_metadata"])["alert_id"]))
        made = Press(alert_id=alert_id, member=member.id, key=str(view["id"]), at=deps.clock.now())
        acting.log_outreach(deps, made, summary=read_outreach(view["state"]["values"]))
        # The modal stays open until we answer, so that what went wrong can be shown in it.
        ack()

    app.action(actions.ALERT_ACKNOWLEDGE)(apologetic(acknowledge))
    app.action(actions.ALERT_ASSIGN)(apologetic(assign))
    app.action(actions.ALERT_SNOOZE)(apologetic(snooze))
    app.action(actions.ALERT_OUTREACH)(apologetic(ask_outreach))
    app.view(actions.OUTREACH_SUBMIT)(apologetic(log_outreach))


def _key(body: dict[str, Any], action: dict[str, Any], member: Member) -> str:
    """The same for every delivery of one press."""
    container = body.get("container") or {}
    return f"{container.get('channel_id')}:{container.get('message_ts')}:{action['action_id']}:{action['action_ts']}:{member.id}"
