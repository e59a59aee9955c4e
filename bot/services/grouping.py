"""Grouping: which alerts are told in one message, and in whose thread."""

from collections import defaultdict

from sqlmodel import Session

from bot.services.conversing import Conversation, conversation
from scoring.accounts import AccountId
from scoring.alerts import Alert
from scoring.rules import Quiet
from storage import accounts, alerts
from storage.notices import Notice

MOST_URGENT = 3
"""Urgent accounts of one run and target that get a message each; from four on they share one."""

Told = list[tuple[Alert, Notice]]
"""What one message tells: alerts, each with the notice that asked for it."""


def split(session: Session, target: str, told: Told) -> tuple[list[Told], list[Told]]:
    """Which accounts get a message each, and which share one: a message for each CSM's, good news apart."""
    by_account: dict[AccountId, Told] = defaultdict(list)
    for alert, notice in told:
        by_account[alert.account_id].append((alert, notice))
    alone = [each for each in by_account.values() if thread_of(session, target, each)]
    rest = [each for each in by_account.values() if each not in alone]
    urgent = [each for each in rest if any(alert.rule.is_urgent for alert, _ in each)]
    if len(urgent) <= MOST_URGENT:
        alone += urgent
        rest = [each for each in rest if each not in urgent]
    by_csm: dict[tuple[str, bool], list[Told]] = defaultdict(list)
    owners = accounts.by_ids(session, [each[0][0].account_id for each in rest])
    for each in rest:
        owner = owners[each[0][0].account_id].csm_email or ""
        is_good = lead_of(each).rule.is_good
        by_csm["" if target.startswith(("U", "W")) else owner, is_good].append(each)
    return alone, [[pair for each in of_csm for pair in each] for of_csm in by_csm.values()]


def thread_of(session: Session, target: str, told: Told) -> Conversation | None:
    """The conversation it goes on in; None: it begins one."""
    lead = lead_of(told)
    if len({alert.account_id for alert, _ in told}) > 1 or lead.quiet is Quiet.REBASED:
        return None
    return conversation(session, target, lead.account_id, is_good=lead.rule.is_good)


def lead_of(told: Told) -> Alert:
    """The most pressing of them."""
    return alerts.by_pressing(alert for alert, _ in told)[0]
