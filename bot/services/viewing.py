"""Viewing: everything an account card shows, read from the database alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.blocks.card import AccountView, SourceFreshness
from bot.deps import Deps
from bot.services import billing, observing
from integrations.registry import SOURCES
from scoring.accounts import Account
from scoring.readings import day_number
from scoring.records import SurveyKind, SurveyResponse
from storage import alerts, families, history, members, scores, sources, surveys, tasks, watches
from storage.billing import subscriptions

SURVEY_WINDOW = timedelta(days=180)
TREND_DAYS = 90
EVENTS_WINDOW = timedelta(days=365)
MOST_EVENTS = 2


def view_account(session: Session, deps: Deps, account: Account, *, at: datetime) -> AccountView:
    """The account card's content."""
    today = day_number(at)
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    told = subscriptions(session, [account.id]).get(account.id, ())
    _, left_over = billing.mrr_of(told, deps.config.rates, at.date())
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
        surveys=_latest_surveys(session, account, at=at),
        parent=families.parent_of(session, account.id),
        children=families.children_of(session, account.id),
        events=history.of_account(session, account.id, since=at - EVENTS_WINDOW, limit=MOST_EVENTS),
        left_over=left_over,
        at=at.astimezone(deps.config.zone),  # "today" is the team's
    )


def _latest_surveys(
    session: Session, account: Account, *, at: datetime
) -> Sequence[SurveyResponse]:
    """The latest answer of each kind within the window."""
    latest: dict[SurveyKind, SurveyResponse] = {}
    found = surveys.of_accounts(session, [account.id], since=at - SURVEY_WINDOW)
    for each in found.get(account.id, ()):
        latest.setdefault(each.kind, each)
    return [latest[kind] for kind in SurveyKind if kind in latest]


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
