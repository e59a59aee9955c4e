"""The forms an alert's buttons open, and what is done with two of them when they are sent."""

from typing import Any

from slack_bolt import Ack

from bot.blocks import actions
from bot.blocks.outreach import read_outreach, render_outreach
from bot.blocks.snooze import read_snooze, render_snooze
from bot.blocks.task_modal import render_task
from bot.deps import Deps
from bot.listeners.door import Door
from bot.listeners.pressing import submit_of
from bot.services import acting, tasking
from bot.services.acting import Press
from scoring.members import Member


def register(door: Door, deps: Deps) -> None:
    """Hang the story's listeners into the app."""

    # A modal stays open until we answer, so that what went wrong can be shown in it.
    def log_outreach(ack: Ack, view: dict[str, Any], member: Member) -> None:
        made = submit_of(deps, member, view)
        acting.log_outreach(deps, made, read_outreach(view["state"]["values"]))
        ack()

    def snooze_until(ack: Ack, view: dict[str, Any], member: Member) -> None:
        made = submit_of(deps, member, view)
        acting.snooze_until(deps, made, on=read_snooze(view["state"]["values"]))
        ack()

    door.view(actions.OUTREACH_SUBMIT, log_outreach)
    door.view(actions.SNOOZE_SUBMIT, snooze_until)


def outreach_form(deps: Deps, made: Press) -> dict[str, Any]:
    return render_outreach(made.alert_id, acting.account_name(deps, made.alert_id))


def snooze_form(deps: Deps, made: Press) -> dict[str, Any]:
    name = acting.account_name(deps, made.alert_id)
    return render_snooze(made.alert_id, name, proposed=acting.proposed_end(deps, made.at))


def task_form(deps: Deps, made: Press) -> dict[str, Any]:
    name = acting.account_name(deps, made.alert_id)
    due_on = tasking.usual_due(deps, made.at)
    return render_task(made.alert_id, name, owner=made.member, proposed=due_on)
