"""What follows when a rule fires: the one thing to do next, the task it makes, and who keeps watching."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from scoring.accounts import AccountId
from scoring.alerts import AlertId, Rule

TaskId = NewType("TaskId", int)


class WatchKind(StrEnum):
    """A list an account is on until it recovers."""

    WEEKLY_REVIEW = "weekly_review"
    DAILY_MONITORING = "daily_monitoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The steps for one rule. `task_due_days` counts from the day it fires; 0 is today."""

    next_step: str
    watch: WatchKind | None = None
    task: str | None = None
    task_due_days: int = 0


PLAYBOOKS: Mapping[Rule, Playbook] = {
    Rule.AT_RISK: Playbook(
        next_step="Ask what changed for them, and agree on one next step this week.",
        watch=WatchKind.WEEKLY_REVIEW,
    ),
    Rule.CRITICAL: Playbook(
        next_step="Reach out today, by phone if you can.",
        watch=WatchKind.DAILY_MONITORING,
        task="Urgent outreach",
        task_due_days=0,
    ),
    Rule.EXPANSION: Playbook(
        next_step="Schedule a review call and talk about what they could do next.",
        task="Schedule a review call",
        task_due_days=7,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to be done for an account. `csm_email` None: for whoever takes it."""

    id: TaskId
    account_id: AccountId
    alert_id: AlertId | None
    title: str
    due_on: date
    csm_email: str | None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """An account on a list since a date; `until_on` None: still."""

    account_id: AccountId
    kind: WatchKind
    since_on: date
    until_on: date | None = None
