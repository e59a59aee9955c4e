"""What an alert's message shows: the alert with its account, and who did what about it."""

from dataclasses import dataclass
from datetime import datetime

from bot.blocks import words
from bot.blocks.text import escape
from scoring.accounts import Account
from scoring.alerts import Alert, Outcome
from scoring.health import HealthScore, PastScore
from scoring.lagging import BillingEvent
from scoring.playbooks import Playbook, Task
from scoring.pursuit import UNTIL_WORSE

MOST_TASKS_SHOWN = 3

_OUTCOMES = {Outcome.USEFUL: "👍 Useful", Outcome.NOISE: "🔇 Noise"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert with its account as both stand at `at`.

    `also` are the other alerts of the account that the same message tells. `event` is what was billed,
    where the alert is about that. `csm_mention` is a Slack user id, None: not known. `call_by` planned
    the call at `call_at`, the last one that was planned; None: none was. `tasks` are those of the alert,
    done or not, oldest first.
    """

    alert: Alert
    account: Account
    score: HealthScore | None
    week_ago: PastScore | None
    csm_mention: str | None
    at: datetime
    playbook: Playbook
    also: tuple[Alert, ...] = ()
    event: BillingEvent | None = None
    call_by: str | None = None
    call_at: datetime | None = None
    tasks: tuple[Task, ...] = ()

    @property
    def value(self) -> float | None:
        """The score now, else the one it opened at."""
        now = self.score.value if self.score else None
        return self.alert.value if now is None else now

    @property
    def is_snoozed(self) -> bool:
        until = self.alert.snoozed_until
        return until is not None and until > self.at and self.alert.closed_at is None


def deeds(view: AlertView) -> list[str]:
    """Who did what, and when, as far as it was kept."""
    alert = view.alert
    done = [
        _deed("✅ Acknowledged", alert.acknowledged_by, alert.acknowledged_at),
        _deed("📞 Outreach logged", alert.outreach_by, alert.outreach_at)
        + (f": “{escape(alert.outreach_note)}”" if alert.outreach_note else ""),
        f"👤 Assigned to {words.mention(alert.assigned_to)} by {words.mention(alert.assigned_by)}"
        if alert.assigned_to
        else "",
    ]
    if view.call_at:
        done.append(
            f"📅 Call {words.moment(view.call_at)}, planned by {words.mention(view.call_by)}"
        )
    if alert.snoozed_until and view.is_snoozed:
        done.append(
            f"💤 Snoozed {_until(alert.snoozed_until)} by {words.mention(alert.snoozed_by)}"
        )
    done += _tasks(view)
    if alert.outcome in _OUTCOMES:
        done.append(f"{_OUTCOMES[alert.outcome]}, says {words.mention(alert.outcome_by)}")
    return done


def _deed(what: str, who: str | None, when: datetime | None) -> str:
    if who is None:
        return ""
    return f"{what} by {words.mention(who)}{f', {words.moment(when)}' if when else ''}"


def _until(end: datetime) -> str:
    return "until it gets worse" if end >= UNTIL_WORSE else f"until {words.moment(end)}"


def _tasks(view: AlertView) -> list[str]:
    """What people made for it, the newest last; the playbook's stands under what is next."""
    made = [each for each in view.tasks if each.created_by][-MOST_TASKS_SHOWN:]
    return [_task(each, view.at) for each in made]


def _task(task: Task, at: datetime) -> str:
    if task.done_at:
        return f"☑ {escape(task.title, 150)}, done by {words.mention(task.done_by)}"
    return f"{words.task_line(task, at)} · {words.mention(task.assigned_to)}"
