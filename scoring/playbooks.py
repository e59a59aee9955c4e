"""What follows when a rule fires: what to do next, the task it makes, what to write, and who keeps watching."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NewType

from scoring.accounts import AccountId
from scoring.alerts import AlertId
from scoring.drafts import DRAFTS, check_draft
from scoring.rules import Rule

TaskId = NewType("TaskId", int)

MOST_STEPS, LONGEST_STEP = 8, 150  # a checklist longer than this is not read
MOST_DAYS = 365
CALL_MINUTES = (15, 30, 45, 60, 90)


class WatchKind(StrEnum):
    """A list an account is on until it recovers."""

    WEEKLY_REVIEW = "weekly_review"
    DAILY_MONITORING = "daily_monitoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The steps for one rule. `task_due_days` counts from the day it fires; 0 is today.

    `checklist` are short steps in their order. `draft` is a text to the customer with a subject in its
    first line (scoring/drafts.py has its fields); empty: there is none. A call takes `call_minutes`;
    where `call_is_task`, the task is done once a call is in the calendar.
    """

    next_step: str
    checklist: tuple[str, ...] = ()
    watch: WatchKind | None = None
    task: str | None = None
    task_due_days: int = 0
    call_is_task: bool = False
    call_minutes: int = 30
    draft: str = ""

    def __post_init__(self) -> None:
        if not self.next_step.strip():
            raise ValueError("next_step must say something")
        if len(self.checklist) > MOST_STEPS:
            raise ValueError(f"checklist has {len(self.checklist)} steps, of at most {MOST_STEPS}")
        for step in self.checklist:
            if not 0 < len(step.strip()) <= LONGEST_STEP:
                raise ValueError(f"each step of checklist has 1 to {LONGEST_STEP} characters")
        if self.task is not None and not 0 < len(self.task.strip()) <= LONGEST_STEP:
            raise ValueError(f"task has 1 to {LONGEST_STEP} characters")
        if not 0 <= self.task_due_days <= MOST_DAYS:
            raise ValueError(f"task_due_days must be 0 to {MOST_DAYS}")
        if self.call_minutes not in CALL_MINUTES:
            raise ValueError(f"call_minutes must be one of: {', '.join(map(str, CALL_MINUTES))}")
        try:
            check_draft(self.draft)
        except ValueError as error:
            raise ValueError(f"draft: {error}") from None


def _playbook(rule: Rule, next_step: str, *checklist: str, **more: Any) -> tuple[Rule, Playbook]:
    made = Playbook(next_step=next_step, checklist=checklist, draft=DRAFTS[rule], **more)
    return rule, made


PLAYBOOKS: Mapping[Rule, Playbook] = dict(
    [
        _playbook(
            Rule.CRITICAL,
            "Reach out today, by phone if you can.",
            "Call the contact you know best; if nobody answers, write and try another one",
            "Ask support and billing what is open, before they tell you",
            "Agree on one thing that is better within a week, and on who does it",
            "Tell your lead how the call went",
            watch=WatchKind.DAILY_MONITORING,
            task="Urgent outreach",
            task_due_days=0,
        ),
        _playbook(
            Rule.CANCELLATION,
            "Call whoever decided, ask why, and what would have to be different.",
            "Find out who decided, and until when it can be taken back",
            "Listen to the reason before you offer anything",
            "Write the reason down, in their words",
            task="Talk about the cancellation",
            task_due_days=1,
        ),
        _playbook(
            Rule.NON_RENEWAL,
            "Ask for the reason while it is fresh, and leave the door open.",
            "Write the reason down, in their words",
            "Say how they get their data, and whom to ask should they come back",
        ),
        _playbook(
            Rule.DOWNGRADE,
            "Ask what they no longer need, and whether they know what the rest is for.",
            "See what they used of what they gave up",
            "Make sure that the new plan has what they rely on",
        ),
        _playbook(
            Rule.DETRACTOR,
            "Thank them for their honesty today, and ask what one thing would change their mind.",
            "Read what they wrote, and what their tickets say",
            "Promise only what has a date, and tell them when it is done",
        ),
        _playbook(
            Rule.AT_RISK,
            "Ask what changed for them, and agree on one next step this week.",
            "Look at what moved before you write",
            "Ask, in a call or a personal mail, what changed",
            "Agree on one next step, and log it here",
            watch=WatchKind.WEEKLY_REVIEW,
        ),
        _playbook(
            Rule.SHARP_DROP,
            "Find out today what happened; it is too fast to be a trend.",
            "See which part fell, and on which day",
            "Ask whether something broke, on our side or theirs",
        ),
        _playbook(
            Rule.PAYMENT_ISSUE,
            "Tell their billing contact, before access is at stake.",
            "Ask billing whether it is a card, an invoice or a decision",
            "If it is a decision, treat it as a cancellation",
        ),
        _playbook(
            Rule.SUPPORT_ESCALATION,
            "Ask support for the state of the ticket, and tell the customer who has it.",
            "Agree with support on when the customer hears next",
            "Call them once it is solved",
        ),
        _playbook(
            Rule.DECLINING_USAGE,
            "Ask the champion what changed in how they work.",
            "See who stopped, and which features",
            "Rule out a holiday, a project's end or a broken integration",
        ),
        _playbook(
            Rule.FEATURE_ABANDONMENT,
            "Ask what they use instead, and offer half an hour on that feature.",
            "See who used it last",
            "Tell product, if something else does it better",
        ),
        _playbook(
            Rule.CHAMPION_QUIET,
            "Find out whether the champion is still there, and get to know a second person.",
            "Look them up: a new job, a leave, a new role",
            "Ask for an introduction to somebody else on the team",
        ),
        _playbook(
            Rule.LOW_ENGAGEMENT,
            "Try another channel: a short call, or another contact.",
            "Ask what would be worth their time",
        ),
        _playbook(
            Rule.NO_FIRST_VALUE,
            "Walk them through the first thing that pays off, on a call this week.",
            "Ask for a real case of theirs",
            "Do it together, and do not hang up before it works",
            call_minutes=45,
        ),
        _playbook(
            Rule.SCORE_AND_MONEY,
            "Believe the money: ask about their plans before the renewal.",
            "Find out who signs, and when they decide",
        ),
        _playbook(
            Rule.EXPANSION,
            "Schedule a review call and talk about what they could do next.",
            "Collect what they got out of it so far, in numbers",
            "Bring two ideas: more people, or the next feature",
            "Ask who else in the house has the same problem",
            task="Schedule a review call",
            task_due_days=7,
            call_is_task=True,
            call_minutes=45,
        ),
        _playbook(
            Rule.GROWING,
            "Congratulate them, and ask who else could use it.",
            "See which team the new people are from",
        ),
        _playbook(
            Rule.ADVANCED_FEATURE,
            "Ask what they do with it: it may be a story worth telling.",
            "Offer a call with somebody who built it",
        ),
        _playbook(
            Rule.READY_FOR_MORE,
            "Show them what the next plan would do for what they do already.",
            "See which limit of their plan they are near",
        ),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to be done for an account. It is the member's it is assigned to, else the CSM's, else whoever takes it.

    `created_by` None: a playbook made it.
    """

    id: TaskId
    account_id: AccountId
    alert_id: AlertId | None
    title: str
    due_on: date
    csm_email: str | None
    done_at: datetime | None = None
    assigned_to: str | None = None
    note: str | None = None
    created_by: str | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """An account on a list since a date; `until_on` None: still."""

    account_id: AccountId
    kind: WatchKind
    since_on: date
    until_on: date | None = None
