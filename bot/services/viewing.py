"""Viewing: everything an account card shows, read from the database alone."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from bot.blocks.card import AccountView, SourceFreshness
from bot.deps import Deps
from bot.services import observing
from integrations.registry import SOURCES
from scoring.accounts import Account
from scoring.readings import day_number
from storage import alerts, members, scores, sources, tasks, watches

TREND_DAYS = 90


def view_account(session: Session, deps: Deps, account: Account, *, at: datetime) -> AccountView:
    """The account card's content."""
    today = day_number(at)
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    return AccountView(
        account=account,
        score=scores.latest(session, [account.id]).get(account.id),
        week_ago=scores.on_day(session, [account.id], today - 7).get(account.id),
        month_ago=scores.on_day(session, [account.id], today - 30).get(account.id),
        trend=scores.trend(session, account.id, until_day=today, days=TREND_DAYS),
        csm_mention=csm.id if csm else None,
        open_alerts=alerts.open_alerts(session, account.id),
        tasks=tasks.open_tasks(session, account_id=account.id),
        watches=watches.of_accounts(session, [account.id]).get(account.id, ()),
        sources=freshness(session, deps, at=at),
        at=at.astimezone(deps.config.zone),  # "today" is the team's
    )


def freshness(session: Session, deps: Deps, *, at: datetime) -> Mapping[str, SourceFreshness]:
    """How fresh each configured source is, by its title."""
    states = sources.states(session)
    fresh = {}
    for name in deps.config.sources:
        state = states.get(name)
        stale = observing.is_stale(state, deps.config, at=at)
        fresh[SOURCES[name].title] = SourceFreshness(
            state.last_ok_at if state else None, is_stale=stale
        )
    return fresh
