"""The names of everything that can be pressed; a value beside one carries ids only."""

import re
from collections.abc import Sequence

from scoring.accounts import AccountId
from scoring.alerts import AlertId
from scoring.playbooks import TaskId
from scoring.rubric import Status

# On an alert. The buttons' value is the alert's id, and a choice of the overflow menu has it too; the two other
# menus have none, so the row's block_id tells it.
ALERT_ACKNOWLEDGE = "alert.acknowledge"
ALERT_ASSIGN = "alert.assign"
ALERT_OUTREACH = "alert.outreach"
ALERT_WAKE = "alert.wake"
ALERT_SNOOZE = "alert.snooze"
ALERT_MORE = "alert.more"
ALERT_USEFUL = "alert.useful"
ALERT_NOISE = "alert.noise"

# On a line of a message about several alerts: an overflow menu, whose choice says what is to be done with which.
ALERT_MENU = "alert.menu"

# On a hold; its id is the value.
HOLD_RELEASE = "hold.release"
HOLD_DROP = "hold.drop"

# An account's id is the value.
ACCOUNT_VIEW = "account.view"
ACCOUNT_CHOOSE = "account.choose"

# Two buttons of one row may not share a name; one listener takes both.
LIST_NEXT = "list.page.next"
LIST_PREVIOUS = "list.page.previous"
LIST_PAGE = re.compile(r"^list\.page\.(next|previous)$")

# On Home, and in the modals it opens. The value of a list is that of `page`.
HOME_SCOPE = re.compile(r"^home\.scope\.(mine|team)$")
HOME_LOOK_UP = "home.look_up"
HOME_LIST = re.compile(r"^home\.list\.\w+$")
HOME_NEXT = "home.page.next"
HOME_PREVIOUS = "home.page.previous"
HOME_PAGE = re.compile(r"^home\.page\.(next|previous)$")
HOME_ACCOUNT = "home.account"
HOME_TASK_DONE = "home.task.done"

# What cannot be undone; the account's id is the value.
ERASE = "account.erase"

# Below an answer; the value is what asks for it again.
SHARE = "answer.share"

# In the queue of matches. The value says which organisation, which accounts, and where the list stood.
MATCH_CONFIRM = re.compile(r"^match\.confirm\.\d$")
MATCH_REFUSE = "match.refuse"
MATCH_IGNORE = "match.ignore"
MATCH_NEXT = "match.page.next"
MATCH_PREVIOUS = "match.page.previous"
MATCH_PAGE = re.compile(r"^match\.page\.(next|previous)$")

# Of notes. An account's id is the value of the first two, a note's of the third; the menu offers accounts by id while
# somebody types a name, in the form of a note and where one is looked up.
NOTE_ADD = "note.add"
NOTE_LIST = "note.list"
NOTE_DELETE = "note.delete"
NOTE_SUBMIT = "note.submit"
NOTE_BODY = "note.body"
NOTE_ACCOUNT = "note.account"
NOTE_FROM_MESSAGE = "note.from_message"
ACCOUNT_FIND = "account.find"
ACCOUNT_LOOK_UP = "account.look_up"

# The outreach modal: each field's block_id; the element in it is always called FIELD.
OUTREACH_SUBMIT = "outreach.submit"
OUTREACH_HOW = "outreach.how"
OUTREACH_WHOM = "outreach.whom"
OUTREACH_OUTCOME = "outreach.outcome"
OUTREACH_NEXT = "outreach.next"
OUTREACH_DUE = "outreach.due"
OUTREACH_NOTE = "outreach.note"
FIELD = "field"

# The modals of a snooze until a date and of a task; their fields likewise.
SNOOZE_SUBMIT = "snooze.submit"
SNOOZE_UNTIL = "snooze.until"
TASK_SUBMIT = "task.submit"
TASK_TITLE = "task.title"
TASK_DUE = "task.due"
TASK_OWNER = "task.owner"
TASK_NOTE = "task.note"

# In a list of tasks. The row's block_id says which task it is, and where the list stood.
TASK_DONE = "task.done"
TASK_REASSIGN = "task.reassign"
TASK_NEXT = "task.page.next"
TASK_PREVIOUS = "task.page.previous"
TASK_PAGE = re.compile(r"^task\.page\.(next|previous)$")

# The modals of a call and of a draft; their fields likewise.
CALL_SUBMIT = "call.submit"
CALL_START = "call.start"
CALL_MINUTES = "call.minutes"
CALL_AUDIENCE = "call.audience"
DRAFT_SUBMIT = "draft.submit"
DRAFT_SUBJECT = "draft.subject"
DRAFT_TEXT = "draft.text"
DRAFT_READY = "draft.ready"

SNOOZE_DAYS = (1, 3, 7, 14)
SNOOZE_PICK = "pick"
SNOOZE_WORSE = "worse"


def page(status: Status | None, scope: str, offset: int) -> str:
    """The value of Next and Previous: which rows of which list. `status` None: of those ready to expand."""
    return f"{'' if status is None else status.value}:{scope}:{offset}"


def read_page(value: str) -> tuple[Status | None, str, int]:
    """What `page` put into a value."""
    status, scope, offset = value.split(":")
    return Status(int(status)) if status else None, scope, int(offset)


def match(link_id: int, accounts: Sequence[AccountId], offset: int) -> str:
    """The value of a button in the queue of matches."""
    return f"{link_id}:{'+'.join(map(str, accounts))}:{offset}"


def read_match(value: str) -> tuple[int, list[AccountId], int]:
    """What `match` put into a value."""
    link_id, ids, offset = value.split(":")
    return int(link_id), [AccountId(int(each)) for each in ids.split("+") if each], int(offset)


def menu(what: str, of: int) -> str:
    """The value of a choice in a line's menu: what is to be done, with which alert or account."""
    return f"{what}:{of}"


def read_menu(value: str) -> tuple[str, int]:
    """What `menu` put into a value."""
    what, _, of = value.partition(":")
    return what, int(of)


def block_of(alert_id: AlertId) -> str:
    """The block_id of an alert's row of buttons."""
    return f"alert:{alert_id}"


def id_in_block(block_id: str) -> str:
    """The id that `block_of` put into a block_id."""
    return block_id.partition(":")[2]


def task_block(task_id: TaskId, scope: str, offset: int) -> str:
    """The block_id of a task's row in a list: which task, and which rows of whose list are shown."""
    return f"task:{task_id}:{scope}:{offset}"


def read_task_block(block_id: str) -> tuple[TaskId, str, int]:
    """What `task_block` put into a block_id."""
    _, task_id, scope, offset = block_id.split(":")
    return TaskId(int(task_id)), scope, int(offset)


def task_page(scope: str, offset: int) -> str:
    """The value of Next and Previous in a list of tasks."""
    return f"{scope}:{offset}"


def read_task_page(value: str) -> tuple[str, int]:
    """What `task_page` put into a value."""
    scope, _, offset = value.partition(":")
    return scope, int(offset)
