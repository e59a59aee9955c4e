"""The overflow menus: of an alert, and of each line of a message about several accounts."""

from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot.blocks import actions
from bot.deps import Deps
from bot.listeners.alert_forms import outreach_form, task_form
from bot.listeners.apologising import apologetic
from bot.listeners.pressing import admit, press_of
from bot.services import acting, answering, calling
from bot.services.acting import Press
from scoring.accounts import AccountId
from scoring.alerts import Outcome
from scoring.members import Member

SNOOZE_DAYS = 7


def register(app: App, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def choose(
        ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any], client: WebClient
    ) -> None:
        ack()
        what, of = actions.read_menu(action["selected_option"]["value"])
        member = admit(deps, body, what=str(action["action_id"]))
        if what == "view":
            _show_account(deps, respond, AccountId(of))
            return
        made = press_of(deps, body, action, of)
        form = _form_for(deps, what, made, member)
        if form:
            client.views_open(trigger_id=body["trigger_id"], view=form)
        else:
            _act(deps, what, made)

    app.action(actions.ALERT_MORE)(apologetic(choose))
    app.action(actions.ALERT_MENU)(apologetic(choose))


def _act(deps: Deps, what: str, made: Press) -> None:
    """Do at once what needs no form."""
    match what:
        case "acknowledge":
            acting.acknowledge(deps, made)
        case "snooze":
            acting.snooze(deps, made, days=SNOOZE_DAYS)
        case _:
            acting.judge(deps, made, outcome=Outcome(what))


def _form_for(deps: Deps, what: str, made: Press, member: Member) -> dict[str, Any] | None:
    """The form of what was chosen; None: it needs none."""
    match what:
        case "outreach":
            return outreach_form(deps, made)
        case "task":
            return task_form(deps, made)
        case "call":
            return calling.call_view(deps, made.alert_id, member, made.at)
        case "draft":
            return calling.draft_view(deps, made.alert_id, member, made.at)
        case _:
            return None


def _show_account(deps: Deps, respond: Respond, account_id: AccountId) -> None:
    message = answering.card(deps, account_id)
    respond(
        text=message.text,
        blocks=message.blocks,
        response_type="ephemeral",
        replace_original=False,
        unfurl_links=False,
        unfurl_media=False,
    )
