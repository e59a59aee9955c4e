"""Briefing: what each CSM hears in the morning: who is critical, what keeps changing, and what is due."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session

from bot.blocks.brief import BriefView, CriticalLine, TaskLine, UnstableLine, render_brief
from bot.deps import Deps
from bot.services import routing, speaking
from bot.services.addressing import to_all
from scoring.accounts import Account, AccountId
from scoring.alerts import Alert
from scoring.members import Member, MemberId
from scoring.playbooks import Task
from scoring.rules import Quiet, Rule
from storage import accounts, alerts, members, scores, tasks


def brief(deps: Deps, *, at: datetime) -> int:
    """Tell everybody who has something to hear of today, once a day and person. Returns how many that were.

    Who does not work today is told on the next day they do, of that day.
    """
    today = at.astimezone(deps.config.zone).date()
    with deps.db.write() as session:
        views = _views(session, deps, today, at=at)
        return sum(
            _say(session, deps, member, view, at=at)
            for member, view in views.items()
            if not view.is_empty
        )


def _say(session: Session, deps: Deps, member: str, view: BriefView, *, at: datetime) -> bool:
    opens = routing.reply_from(session, deps.config, member, at=at)
    if opens and opens - at > routing.SAME_DAY:
        return False
    return speaking.say(
        session,
        to_all(deps.config, render_brief, view, rubric=deps.config.rubric),
        key=f"brief:{member}:{view.on}",
        target=member,
        at=at,
        not_before=opens,
        expires_at=routing.told_until(session, deps.config, member, at=opens or at),
    )


def _views(session: Session, deps: Deps, today: date, *, at: datetime) -> dict[str, BriefView]:
    critical = [each for each in alerts.firing(session, Rule.CRITICAL) if each.quiet is None]
    unstable = alerts.open_quiet(session, Quiet.UNSTABLE)
    due = tasks.open_tasks(session, due_by=today)
    concerned = {each.account_id for each in critical + unstable} | {
        each.account_id for each in due
    }
    named = accounts.by_ids(session, concerned)
    latest = scores.latest(session, [each.account_id for each in critical])
    owners = _Owners(session, deps)
    by_member: dict[str, tuple[list[CriticalLine], list[UnstableLine], list[TaskLine]]] = (
        defaultdict(lambda: ([], [], []))
    )
    for alert in critical:
        score = latest.get(alert.account_id)
        line = CriticalLine(
            account=named[alert.account_id],
            days=(today - alert.opened_at.astimezone(deps.config.zone).date()).days + 1,
            value=score.value if score else alert.value,
            held_by=alert.assigned_to or alert.acknowledged_by,
        )
        for member in owners.of(named[alert.account_id], alert):
            by_member[member][0].append(line)
    for alert in unstable:
        for member in owners.of(named[alert.account_id], alert):
            by_member[member][1].append(
                UnstableLine(account=named[alert.account_id], rule=alert.rule)
            )
    for task in due:
        for member in owners.of_task(task, named[task.account_id]):
            by_member[member][2].append(TaskLine(task=task, account=named[task.account_id]))
    return {
        member: BriefView(on=today, critical=tuple(c), unstable=tuple(u), tasks=tuple(t), at=at)
        for member, (c, u, t) in by_member.items()
    }


class _Owners:
    """Who is told of an account or a task, each address looked up once."""

    def __init__(self, session: Session, deps: Deps) -> None:
        self._session = session
        self._deps = deps
        self._known: dict[AccountId, Member | None] = {}

    def of(self, account: Account, alert: Alert) -> Sequence[str]:
        """Whoever an alert was given to, else the account's CSM or the fallback."""
        return [alert.assigned_to] if alert.assigned_to else self._csm(account)

    def _csm(self, account: Account) -> Sequence[str]:
        if account.id not in self._known:
            self._known[account.id] = routing.csm_of(self._session, self._deps.config, account)
        member = self._known[account.id]
        return [member.id] if member else []

    def of_task(self, task: Task, account: Account) -> Sequence[str]:
        """Whoever it was given to and is still here, else the account's CSM as they are now."""
        given = task.assigned_to and members.by_id(self._session, MemberId(task.assigned_to))
        if given and not given.is_deactivated:
            return [given.id]
        return self._csm(account)
