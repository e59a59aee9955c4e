"""Home: opened, switched between accounts, and everything that is pressed on it."""

from contextlib import suppress
from typing import Any

from slack_bolt import Ack
from slack_sdk import WebClient

from bot.blocks import actions
from bot.blocks.home import in_modal
from bot.blocks.kit import Message
from bot.blocks.look_up import render_look_up
from bot.commands import account, registry, statuses
from bot.deps import Deps
from bot.listeners.door import Door
from bot.services import annotating, homing, tasking
from bot.services.errors import UserError
from bot.services.homing import HomeRefusedError, HomesClosedError
from scoring.accounts import AccountId
from scoring.members import Member
from scoring.playbooks import TaskId

LATER = "Slack does not take your Home just now. It is brought up to date in a few minutes, with what you pressed."


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    def opened(event: dict[str, Any], member: Member) -> None:
        try:
            homing.opened(deps, member, view_hash=_hash(event))
        except HomesClosedError:
            return  # nobody pressed anything, and the next run publishes it

    def choose(body: dict[str, Any], action: dict[str, Any], member: Member) -> None:
        homing.choose(deps, member, str(action["value"]))
        _publish(deps, body, member)

    def finish(body: dict[str, Any], action: dict[str, Any], member: Member) -> None:
        tasking.finish(deps, TaskId(int(action["value"])), member=member.id, at=deps.clock.now())
        _publish(deps, body, member)

    door.event("app_home_opened", opened, matches=_is_home)
    door.action(actions.HOME_SCOPE, choose)
    door.action(actions.HOME_TASK_DONE, finish)
    _register_modals(door, deps)


def _register_modals(door: Door, deps: Deps) -> None:
    """What opens over Home: one account, or a list of them. On a phone a modal is one swipe from where one was."""

    def offer(ack: Ack, payload: dict[str, Any]) -> None:
        ack(options=homing.suggest(deps, str(payload["value"])))

    def look_up(
        body: dict[str, Any], action: dict[str, Any], client: WebClient, member: Member
    ) -> None:
        show_card(body, action["selected_option"]["value"], client, member)
        with suppress(HomesClosedError, HomeRefusedError):  # the card is there, which was asked for
            homing.publish(deps, member, view_hash=_hash(body))

    def view(
        body: dict[str, Any], action: dict[str, Any], client: WebClient, member: Member
    ) -> None:
        show_card(body, action["value"], client, member)

    def show_card(body: dict[str, Any], account_id: str, client: WebClient, member: Member) -> None:
        known, at = AccountId(int(account_id)), registry.local_now(deps, member)
        with deps.db.read() as session:
            found = annotating.known(session, known)
        _show(client, body, render_look_up(found, account.card(deps, known, at=at)))

    def show_list(
        body: dict[str, Any], action: dict[str, Any], client: WebClient, member: Member
    ) -> None:
        _show(client, body, in_modal(*rows(action, member)))

    def turn_page(
        body: dict[str, Any], action: dict[str, Any], client: WebClient, member: Member
    ) -> None:
        client.views_update(view_id=body["view"]["id"], view=in_modal(*rows(action, member)))

    def rows(action: dict[str, Any], member: Member) -> tuple[Message, str]:
        status, scope, offset = actions.read_page(str(action["value"]))
        at = registry.local_now(deps, member)
        title = f"{status.label} accounts" if status else "Ready to expand"
        return statuses.page(deps, member, status, scope=scope, offset=offset, at=at), title

    door.options(actions.HOME_LOOK_UP, offer)
    door.action(actions.HOME_LOOK_UP, look_up)
    door.action(actions.HOME_ACCOUNT, view)
    door.action(actions.HOME_LIST, show_list)
    door.action(actions.HOME_PAGE, turn_page)


def _publish(deps: Deps, body: dict[str, Any], member: Member) -> None:
    """At once after a press. Raises UserError where Slack does not take it, which then waits for the next run."""
    try:
        homing.publish(deps, member, view_hash=_hash(body))
    except (HomesClosedError, HomeRefusedError):
        raise UserError(LATER) from None


def _is_home(event: dict[str, Any]) -> bool:
    """The tab with the messages is told of by the same event."""
    return event.get("tab") == "home"


def _hash(told: dict[str, Any]) -> str:
    """The hash of the Home that was opened or pressed; empty where there was none."""
    return str((told.get("view") or {}).get("hash") or "")


def _show(client: WebClient, body: dict[str, Any], view: dict[str, Any]) -> None:
    """On top of the modal that was pressed, or of Home."""
    is_in_modal = body["view"]["type"] == "modal"
    show = client.views_push if is_in_modal else client.views_open
    show(trigger_id=body["trigger_id"], view=view)
