"""Tasking: tasks that people make, hand on and finish, and the list of them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.blocks import actions, words
from bot.blocks.outreach import Outreach
from bot.blocks.task_modal import NewTask
from bot.blocks.tasks import TaskItem, TasksPage, render_given
from bot.blocks.text import escape
from bot.deps import Deps
from bot.services import admitting, noting, routing, speaking
from bot.services.addressing import to_all
from bot.services.errors import UserError
from scoring.accounts import Account
from scoring.alerts import Alert, AlertId
from scoring.members import Member, MemberId
from scoring.playbooks import Task, TaskId
from storage import accounts, alerts, members, tasks

PAGE_SIZE = 8
USUAL = timedelta(days=7)
"""When a next step is due of which nobody said when."""
LONGEST = timedelta(days=366)


def create(
    deps: Deps, alert_id: AlertId, new: NewTask, *, member: MemberId, key: str, at: datetime
) -> None:
    """Make a task for an alert's account, and show it in the alert. A modal that is sent twice makes one. Raises UserError."""
    if not new.title:
        raise UserError("Say what is to be done.", field=actions.TASK_TITLE)
    with deps.db.read() as session:
        today = routing.today_of(session, deps.config, member, at=at)
    due_on = _checked(new.due_on, today)
    assigned_to = owner(deps, new.owner, of="task", field=actions.TASK_OWNER)
    with deps.db.write() as session:
        alert = noting.alert_to_change(session, alert_id)
        is_new = tasks.add(
            session,
            key=key,
            account_id=alert.account_id,
            title=new.title,
            due_on=due_on,
            alert_id=alert_id,
            assigned_to=assigned_to,
            note=new.note or None,
            created_by=member,
        )
        task = tasks.by_key(session, key)
        if not is_new or task is None:
            return
        noting.note(session, alert, "task", member=member, key=key, at=at, task=task.id)
        noting.show(session, deps, [alert], at=at, after=key)
        _tell_owner(session, deps, task, by=member, key=key, at=at)


def add_next_step(
    session: Session, alert: Alert, outreach: Outreach, *, member: MemberId, key: str, today: date
) -> None:
    """The next step of an outreach is a task of whoever logged it."""
    tasks.add(
        session,
        key=f"{key}:next",
        account_id=alert.account_id,
        title=outreach.next_step,
        due_on=outreach.due_on or today + USUAL,
        alert_id=alert.id,
        assigned_to=member,
        created_by=member,
    )


def finish(deps: Deps, task_id: TaskId, *, member: MemberId, at: datetime) -> str:
    """Mark a task done. Returns what became of it, as mrkdwn. Raises UserError when there is none."""
    with deps.db.write() as session:
        task, account = _the_task(session, task_id)
        what = f"{escape(task.title, 150)}, {words.name_of(account)}"
        if not tasks.finish(session, task_id, at=at, by=member):
            if task.done_by and task.done_by != member:
                return f"{words.mention(task.done_by)} has done that already: {what}"
            return f"☑ Done: {what}"
        alert = alerts.get(session, task.alert_id) if task.alert_id else None
        if alert:
            _note_done(session, alert, task, member=member, at=at)
            noting.show(session, deps, [alert], at=at, after=f"task:{task_id}:done")
    return f"☑ Done: {what}"


def finish_of_alerts(
    session: Session, of: Sequence[Alert], *, member: MemberId, at: datetime
) -> None:
    """The tasks that playbooks made for alerts are done."""
    for alert in of:
        for task in tasks.finish_of_alert(session, alert.id, at=at, by=member):
            _note_done(session, alert, task, member=member, at=at)


def reassign(
    deps: Deps, task_id: TaskId, *, to: MemberId, member: MemberId, key: str, at: datetime
) -> str:
    """Give a task to somebody, who hears of it. Returns what became of it, as mrkdwn. Raises UserError."""
    to = owner(deps, to, of="task")
    with deps.db.write() as session:
        task, account = _the_task(session, task_id)
        if task.done_at:
            raise UserError("That task is done already.")
        if tasks.give(session, task_id, to=to):
            _tell_owner(session, deps, task, by=member, to=to, key=key, at=at)
            alert = alerts.get(session, task.alert_id) if task.alert_id else None
            if alert:
                noting.show(session, deps, [alert], at=at, after=key)
    return f"{words.mention(to)} has it: {escape(task.title, 150)}, {words.name_of(account)}"


def page(
    session: Session, deps: Deps, member: Member, *, scope: str, offset: int, at: datetime
) -> TasksPage:
    """Some of the open tasks; `scope` is "mine" or "team"."""
    whose = member if scope == "mine" else None
    today = at.astimezone(deps.config.zone).date()
    total = tasks.count_open(session, member=whose)
    # The last one of a page may just have been done.
    offset = min(offset, max(0, total - 1) // PAGE_SIZE * PAGE_SIZE)
    found = tasks.open_tasks(session, member=whose, limit=PAGE_SIZE, offset=offset)
    named = accounts.by_ids(session, {each.account_id for each in found})
    return TasksPage(
        scope=scope,
        items=[_item(session, each, named[each.account_id]) for each in found],
        total=total,
        overdue=tasks.count_open(session, member=whose, due_by=today - timedelta(days=1)),
        offset=offset,
        page_size=PAGE_SIZE,
        at=at.astimezone(deps.config.zone),
    )


def usual_due(deps: Deps, at: datetime) -> date:
    """The day a new task's form starts with."""
    return at.astimezone(deps.config.zone).date() + USUAL


def owner(deps: Deps, member_id: str, *, of: str, field: str = "") -> MemberId:
    """Whose an alert or a task may become. Raises UserError for anybody but a full member of our own team."""
    if not member_id:
        raise UserError("Choose whose it is.", field=field)
    chosen = admitting.who_is(deps, MemberId(member_id))
    if not admitting.may_see_accounts(deps, chosen):
        raise UserError(
            f"{escape(chosen.name)} may not see accounts, so the {of} cannot be theirs. Choose somebody of the team.",
            field=field,
        )
    return chosen.id


def _checked(due_on: date | None, today: date) -> date:
    if due_on is None:
        raise UserError("Choose a date.", field=actions.TASK_DUE)
    if due_on < today:
        raise UserError(
            "That date has passed. Choose today or a later one.", field=actions.TASK_DUE
        )
    if due_on > today + LONGEST:
        raise UserError(
            "That is more than a year ahead. Choose an earlier date.", field=actions.TASK_DUE
        )
    return due_on


def _the_task(session: Session, task_id: TaskId) -> tuple[Task, Account]:
    task = tasks.get(session, task_id)
    account = accounts.get(session, task.account_id) if task else None
    if task is None or account is None:
        raise UserError("That task is no longer kept here.")
    return task, account


def _note_done(
    session: Session, alert: Alert, task: Task, *, member: MemberId, at: datetime
) -> None:
    key = f"task:{task.id}:done"
    noting.note(session, alert, "task_done", member=member, key=key, at=at, task=task.id)


def _item(session: Session, task: Task, account: Account) -> TaskItem:
    whose = task.assigned_to
    if whose is None and task.csm_email:
        csm = members.by_email(session, task.csm_email)
        whose = csm.id if csm else None
    return TaskItem(task=task, account=account, owner=whose)


def _tell_owner(
    session: Session,
    deps: Deps,
    task: Task,
    *,
    by: MemberId,
    key: str,
    at: datetime,
    to: MemberId | None = None,
) -> None:
    """Whoever was given a task by somebody else hears of it in their working hours."""
    whose = to or task.assigned_to
    account = accounts.get(session, task.account_id)
    if whose is None or whose == by or account is None:
        return
    item = TaskItem(task=task, account=account, owner=whose)
    speaking.say(
        session,
        to_all(deps.config, render_given, item, by=by, at=at.astimezone(deps.config.zone)),
        key=f"task:{task.id}:for:{whose}:{key}",
        target=whose,
        at=at,
        not_before=routing.reply_from(session, deps.config, whose, at=at),
    )
