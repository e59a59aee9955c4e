"""Advising: what to do next about accounts, from their open tasks, their open alerts and the playbooks."""

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session

from bot.blocks import words
from bot.blocks.alert_words import RULES
from bot.blocks.lists import Row
from bot.config import Config
from scoring.accounts import AccountId
from scoring.alerts import Alert
from scoring.playbooks import Task
from scoring.rubric import Status
from scoring.rules import Rule
from storage import openings, tasks

_USUAL = {Status.CRITICAL: Rule.CRITICAL, Status.AT_RISK: Rule.AT_RISK}


def advise(session: Session, config: Config, rows: Sequence[Row]) -> list[Row]:
    """Say in each row what to do about its account: the first open task, else the next step of its most pressing alert.

    Of the accounts that are well nothing is to be done.
    """
    ids = [row.account.id for row in rows]
    found = openings.of_accounts(session, ids)
    return [
        _advised(session, config, row, found.get(row.account.id, ()), _USUAL[row.status])
        if row.status in _USUAL
        else row
        for row in rows
    ]


def propose(session: Session, config: Config, rows: Sequence[Row]) -> list[Row]:
    """Say in each row of an account that is ready to expand what makes it so, and what to do about that."""
    found = openings.of_accounts(session, [row.account.id for row in rows])
    return [_proposed(session, config, row, found.get(row.account.id, ())) for row in rows]


def _proposed(session: Session, config: Config, row: Row, found: Sequence[Alert]) -> Row:
    told = replace(
        row,
        reason=_opportunity(row, found),
        plan=_plans(config, row.account.plan),
        days_in_status=None,  # the reason says it
    )
    return _advised(session, config, told, found, Rule.EXPANSION)


def _advised(
    session: Session, config: Config, row: Row, found: Sequence[Alert], usual: Rule
) -> Row:
    """`usual` is whose playbook holds where no alert of its kind, good news or bad, is open."""
    ours = [each for each in found if each.rule.is_good is usual.is_good]
    lead = ours[0].rule if ours else usual
    return replace(
        row,
        task=_first_task(session, row.account.id, found, good=usual.is_good),
        next_step=config.playbooks[lead].next_step,
    )


def _first_task(
    session: Session, account_id: AccountId, found: Sequence[Alert], *, good: bool
) -> Task | None:
    """The task that is due first, of those about good news or of all others."""
    about_good = {each.id for each in found if each.rule.is_good}
    todo = tasks.of_account(session, account_id)
    return next((each for each in todo if (each.alert_id in about_good) is good), None)


def _opportunity(row: Row, found: Sequence[Alert]) -> str:
    """The flags with their evidence; without any, for how long it has been well, and what moved it if anything did."""
    flags = [each for each in found if each.rule.is_good and each.rule is not Rule.EXPANSION]
    if flags:
        return " · ".join(f"{RULES[each.rule]}: {each.evidence}" for each in flags)
    days = words.plural(row.days_in_status or 1, "day")
    moved = f", {row.reason[:1].lower()}{row.reason[1:]}" if row.change_7d else ""
    return f"{words.label(row.status)} for {days}{moved}"


def _plans(config: Config, plan: str | None) -> str:
    """What they have, and the next bigger plan where the rubric knows it."""
    if plan is None:
        return ""
    known = [each.casefold() for each in config.rubric.plans]
    at = known.index(plan.casefold()) + 1 if plan.casefold() in known else len(known)
    return f"{plan} → {config.rubric.plans[at]}" if at < len(known) else f"{plan} plan"
