"""Viewing: everything an account card shows, read from the database alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.blocks.account_view import AccountView, SourceFreshness
from bot.blocks.alert_words import RULES
from bot.blocks.billed import VERBS
from bot.blocks.charts import Marker, MarkerKind
from bot.blocks.history import HistoryView
from bot.deps import Deps
from bot.services import billing, observing
from integrations.addresses import page_of
from integrations.registry import SOURCES
from scoring.accounts import Account
from scoring.alerts import Alert
from scoring.health import PastScore
from scoring.lagging import BillingEvent
from scoring.notes import Note
from scoring.readings import day_number
from scoring.records import Kind, SurveyKind, SurveyResponse
from storage import (
    alerts,
    contacts,
    families,
    history,
    links,
    members,
    notes,
    scores,
    sentiments,
    sources,
    surveys,
    tasks,
    watches,
)
from storage.billing import subscriptions

SURVEY_WINDOW = timedelta(days=180)
TREND_DAYS = 90
EVENTS_WINDOW = timedelta(days=365)
MOST_EVENTS = 2
MOST_NOTES, MOST_MARKED = 2, 20
MOST_LINKS = 4
OUTREACH = ("outreach", "call")


def view_account(session: Session, deps: Deps, account: Account, *, at: datetime) -> AccountView:
    """The account card's content. `at` is now, in the reader's zone: its days are theirs."""
    today = day_number(at)
    csm = members.by_email(session, account.csm_email) if account.csm_email else None
    told = subscriptions(session, [account.id]).get(account.id, ())
    people = contacts.of_accounts(session, [account.id]).get(account.id, ())
    _, left_over = billing.mrr_of(told, deps.config.rates, at.date())
    past = {
        each.day: each
        for each in scores.past(session, account.id, until_day=today, days=TREND_DAYS)
    }
    events = history.of_account(session, account.id, since=at - EVENTS_WINDOW)
    since = at - timedelta(days=TREND_DAYS)
    known = alerts.of_account(session, account.id, since=since)
    noted = notes.latest(session, account.id, MOST_MARKED)
    parent, children = families.relatives(session, account.id)
    return AccountView(
        account=account,
        score=scores.latest(session, [account.id]).get(account.id),
        week_ago=past.get(today - 7),
        month_ago=past.get(today - 30),
        trend=_trend(past.values()),
        markers=_markers(session, account, known, events, noted, since=since),
        csm_mention=csm.id if csm else None,
        open_alerts=alerts.by_pressing(each for each in known if each.closed_at is None),
        tasks=tasks.of_account(session, account.id),
        watches=watches.of_accounts(session, [account.id]).get(account.id, ()),
        sources=freshness(session, deps, at=at),
        surveys=_latest_surveys(session, account, at=at),
        parent=parent,
        children=children,
        events=events[:MOST_EVENTS],
        left_over=left_over,
        notes=noted[:MOST_NOTES],
        sentiment=sentiments.current(session, [account.id], on=at.date()).get(account.id),
        links=_links(session, deps, account),
        contacts=len(people) if people or _tells_contacts(deps) else None,
        replied_at=max(
            (each.last_replied_at for each in people if each.last_replied_at), default=None
        ),
        at=at,
    )


def view_history(session: Session, account: Account, *, days: int, at: datetime) -> HistoryView:
    """An account's last days, and each week's end of them."""
    today = day_number(at)
    since = at - timedelta(days=days)
    past = {each.day: each for each in scores.past(session, account.id, until_day=today, days=days)}
    events = history.of_account(session, account.id, since=since)
    known = alerts.of_account(session, account.id, since=since)
    noted = notes.latest(session, account.id, MOST_MARKED)
    return HistoryView(
        account=account,
        trend=_trend(past.values()),
        weeks=[past[day] for day in range(today, today - days, -7) if day in past],
        markers=_markers(session, account, known, events, noted, since=since),
        days=days,
        at=at,
    )


def _links(session: Session, deps: Deps, account: Account) -> list[tuple[str, str]]:
    """Where the vendors show the account, as (label, address)."""
    found = []
    for link in links.of_account(session, account.id):
        source = deps.config.sources.get(link.source)
        address = page_of(link.source, source.settings, link.ref) if source else None
        if address:
            found.append((SOURCES[link.source].title, address))
    return found[:MOST_LINKS]


def _trend(past: Iterable[PastScore]) -> list[tuple[int, float]]:
    return [(each.day, each.value) for each in past if each.value is not None]


def _markers(
    session: Session,
    account: Account,
    known: Sequence[Alert],
    events: Sequence[BillingEvent],
    noted: Sequence[Note],
    *,
    since: datetime,
) -> list[Marker]:
    """What happened to an account, and what was done about it: the marks beside its line."""
    opened = [
        Marker(day=day_number(each.opened_at), kind=MarkerKind.ALERT, label=RULES[each.rule])
        for each in known
        if each.opened_at >= since and each.quiet is None
    ]
    deeds = alerts.actions_on(session, account.id, kinds=OUTREACH, since=since) if known else ()
    reached = [Marker(day=day_number(each.at), kind=MarkerKind.OUTREACH) for each in deeds]
    billed = [
        Marker(day=day_number(each.at), kind=MarkerKind.PLAN, label=VERBS[each.kind])
        for each in events
        if each.at >= since
    ]
    written = [
        Marker(day=day_number(each.at), kind=MarkerKind.NOTE) for each in noted if each.at >= since
    ]
    return [*opened, *reached, *billed, *written]


def _tells_contacts(deps: Deps) -> bool:
    return any(Kind.ENGAGEMENT in each.tells for each in deps.config.sources.values())


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
