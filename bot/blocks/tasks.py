"""The list of tasks: what is overdue first, each with what can be done about it; and what who is given one hears."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import actions, kit, words
from bot.blocks.kit import Block, Element, Message
from bot.blocks.text import escape, plain
from scoring.accounts import Account
from scoring.playbooks import Task

MOST_ROWS = 20  # two blocks each, of the 50 a message may have


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskItem:
    """A task with its account. `owner` is the Slack user id of whose it is, None: no member's."""

    task: Task
    account: Account
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksPage:
    """Some of the open tasks. `scope` is "mine" or "team"; `offset` counts from 0; `overdue` of all of them."""

    scope: str
    items: Sequence[TaskItem]
    total: int
    overdue: int
    offset: int
    page_size: int
    at: datetime


def render_tasks(page: TasksPage, *, done: str = "") -> Message:
    """The list; `done` is what was done just now, mrkdwn."""
    title = "Your tasks" if page.scope == "mine" else "Tasks"
    said = kit.section(done) if done else None
    if not page.items:
        return kit.message(f"{title}: none", [kit.header(title), said, kit.section(_nothing(page))])
    late = f", {words.count(page.overdue)} overdue" if page.overdue else ""
    shown = page.items[:MOST_ROWS]
    last = page.offset + len(shown)
    turns = _turns(page, last)
    return kit.message(
        f"{title}: {words.count(page.total)}{late}. First: {_line(shown[0], page)}",
        [
            kit.header(f"{title}: {words.count(page.total)}{late}"),
            said,
            *(block for item in shown for block in _item(item, page)),
            kit.context(
                f"{words.count(page.offset + 1)}–{words.count(last)} of {words.count(page.total)}"
                if turns
                else ""
            ),
            kit.actions(turns) if turns else None,
        ],
    )


def render_given(item: TaskItem, *, by: str, at: datetime) -> Message:
    """What who is given a task by somebody else is told."""
    of = words.name_of(item.account)
    text = f"{words.mention(by)} gave you a task"
    note = f"\n{escape(item.task.note, 500)}" if item.task.note else ""
    line = words.task_line(item.task, at, of=of)
    return kit.message(
        f"{text}: {line}",
        [
            kit.section(f"{text}\n{line}{note}"),
            kit.context("`/health tasks` has all of yours."),
        ],
    )


def _item(item: TaskItem, page: TasksPage) -> list[Block]:
    task = item.task
    note = f"\n{escape(task.note, 300)}" if task.note else ""
    block_id = actions.task_block(task.id, page.scope, page.offset)
    elements = [
        kit.button("Done", actions.TASK_DONE, str(task.id), about=f"Done: {plain(task.title)}"),
        kit.users_select("Reassign…", actions.TASK_REASSIGN),
        kit.button("View account", actions.ACCOUNT_VIEW, str(item.account.id)),
    ]
    return [kit.section(_line(item, page) + note), kit.actions(elements, block_id=block_id)]


def _line(item: TaskItem, page: TasksPage) -> str:
    whose = "" if page.scope == "mine" else f" · {_owner(item)}"
    return words.task_line(item.task, page.at, of=words.name_of(item.account)) + whose


def _owner(item: TaskItem) -> str:
    return words.mention(item.owner) if item.owner else "nobody's yet"


def _turns(page: TasksPage, last: int) -> list[Element]:
    def turn(label: str, action_id: str, offset: int) -> Element:
        return kit.button(label, action_id, actions.task_page(page.scope, offset))

    before = max(0, page.offset - page.page_size)
    return [
        *([turn("Previous", actions.TASK_PREVIOUS, before)] if page.offset else []),
        *([turn("Next", actions.TASK_NEXT, last)] if last < page.total else []),
    ]


def _nothing(page: TasksPage) -> str:
    if page.offset:
        return f"There are no more. See them from the start: `/health tasks {page.scope}`"
    if page.scope == "mine":
        return "✅ Nothing is left to be done by you. See everybody's: `/health tasks team`"
    return "✅ No task is open. They come from playbooks, logged outreach and *Create task* on an alert."
