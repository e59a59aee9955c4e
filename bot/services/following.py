"""Following the playbook: the list an account joins and the task that is made when a rule fires, and the list's end."""

from datetime import date, timedelta

from sqlmodel import Session

from bot.deps import Deps
from scoring.accounts import Account
from scoring.alerts import Alert
from scoring.playbooks import PLAYBOOKS
from storage import alerts, tasks, watches


def follow(session: Session, deps: Deps, account: Account, alert: Alert, *, on: date) -> None:
    """Put the account on the rule's list while the alert is open, and make its task unless nobody is told."""
    playbook = deps.config.playbooks[alert.rule]
    if playbook.watch and alert.closed_at is None:
        watches.begin(session, account.id, playbook.watch, on=on)
    if playbook.task and alert.quiet is None:
        tasks.add(
            session,
            key=f"{alert.rule}:{account.id}:{alert.episode}",
            account_id=account.id,
            alert_id=alert.id,
            title=playbook.task,
            due_on=on + timedelta(days=playbook.task_due_days),
            csm_email=account.csm_email,
        )


def stop(session: Session, deps: Deps, alert: Alert, *, on: date) -> None:
    """Take the account off the rule's list, unless another open alert keeps it there.

    The usual list ends too: the playbook may have named that one when the alert opened.
    """
    book = deps.config.playbooks
    ending = {book[alert.rule].watch, PLAYBOOKS[alert.rule].watch}
    still_open = alerts.open_alerts(session, alert.account_id)
    kept = {book[each.rule].watch for each in still_open}
    for watch in ending - kept:
        if watch is not None:
            watches.end(session, alert.account_id, watch, on=on)
