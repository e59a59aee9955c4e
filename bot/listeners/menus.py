"""The overflow menus: of an alert, and of each line of a message about several accounts."""

from typing import Any

from slack_bolt import Respond
from slack_sdk import WebClient

from bot.blocks import actions
from bot.commands import account, registry
from bot.deps import Deps
from bot.listeners.alert_forms import outreach_form, task_form
from bot.listeners.door import Door
from bot.listeners.pressing import press_of
from bot.listeners.replying import reply
from bot.services import acting, calling
from bot.services.acting import Press
from scoring.accounts import AccountId
from scoring.alerts import Outcome
from scoring.members import Member

SNOOZE_DAYS = 7


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def choose(
        respond: Respond,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        member: Member,
    ) -> None:
        what, of = actions.read_menu(action["selected_option"]["value"])
        if what == "view":
            at = registry.local_now(deps, member)
            reply(respond, account.card(deps, AccountId(of), at=at), pictures=deps.pictures)
            return
        made = press_of(deps, member, body, action, of)
        form = _form_for(deps, what, made, member)
        if form:
            client.views_open(trigger_id=body["trigger_id"], view=form)
        else:
            _act(deps, what, made)

    door.action(actions.ALERT_MORE, choose)
    door.action(actions.ALERT_MENU, choose)


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
