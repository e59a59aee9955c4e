"""The names of everything that can be pressed; a value beside one carries ids only."""

import re
from collections.abc import Sequence

from scoring.accounts import AccountId
from scoring.alerts import AlertId
from scoring.rubric import Status

# On an alert. The buttons' value is the alert's id; the two menus have none, so the row's block_id tells it.
ALERT_ACKNOWLEDGE = "alert.acknowledge"
ALERT_ASSIGN = "alert.assign"
ALERT_OUTREACH = "alert.outreach"
ALERT_SNOOZE = "alert.snooze"

# An account's id is the value.
ACCOUNT_VIEW = "account.view"
ACCOUNT_CHOOSE = "account.choose"

# Two buttons of one row may not share a name; one listener takes both.
LIST_NEXT = "list.page.next"
LIST_PREVIOUS = "list.page.previous"
LIST_PAGE = re.compile(r"^list\.page\.(next|previous)$")

# In the queue of matches. The value says which organisation, which accounts, and where the list stood.
MATCH_CONFIRM = re.compile(r"^match\.confirm\.\d$")
MATCH_REFUSE = "match.refuse"
MATCH_IGNORE = "match.ignore"
MATCH_NEXT = "match.page.next"
MATCH_PREVIOUS = "match.page.previous"
MATCH_PAGE = re.compile(r"^match\.page\.(next|previous)$")

# The outreach modal: each field's block_id; the element in it is always called FIELD.
OUTREACH_SUBMIT = "outreach.submit"
OUTREACH_HOW = "outreach.how"
OUTREACH_WHOM = "outreach.whom"
OUTREACH_OUTCOME = "outreach.outcome"
OUTREACH_NOTE = "outreach.note"
FIELD = "field"

SNOOZE_DAYS = (1, 3, 7, 14)


def page(status: Status, scope: str, offset: int) -> str:
    """The value of Next and Previous: which rows of which list."""
    return f"{status.value}:{scope}:{offset}"


def match(link_id: int, accounts: Sequence[AccountId], offset: int) -> str:
    """The value of a button in the queue of matches."""
    return f"{link_id}:{'+'.join(map(str, accounts))}:{offset}"


def read_match(value: str) -> tuple[int, list[AccountId], int]:
    """What `match` put into a value."""
    link_id, ids, offset = value.split(":")
    return int(link_id), [AccountId(int(each)) for each in ids.split("+") if each], int(offset)


def block_of(alert_id: AlertId) -> str:
    """The block_id of an alert's row of buttons."""
    return f"alert:{alert_id}"


def id_in_block(block_id: str) -> str:
    """The id that `block_of` put into a block_id."""
    return block_id.partition(":")[2]
