"""Reviewing: the last seven days of one book of business, or of everybody's, from what is stored alone."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.blocks.lists import Row
from bot.blocks.review import (
    DAYS,
    MOST_MOVERS,
    MOST_ROWS,
    MOST_TASKS,
    AlertsOfWeek,
    MovedRows,
    ReviewView,
)
from bot.config import Config
from bot.services import listing
from bot.services.advising import advise
from scoring.learning import precision
from scoring.members import Member
from scoring.playbooks import WatchKind
from scoring.readings import day_number
from scoring.rubric import Status
from storage import accounts, openings, outcomes, scores, tasks, weeks

WEEK = timedelta(days=DAYS)
JUDGED_IN = timedelta(days=30)


def review(session: Session, member: Member | None, *, config: Config, at: datetime) -> ReviewView:
    """A member's week, None: the team's. `at` is now, in the zone of who reads it."""
    email = None if member is None else (member.email or "")
    today, due_by = day_number(at), at.date() + WEEK
    todo = tasks.open_tasks(session, member=member, due_by=due_by, limit=MOST_TASKS)
    named = accounts.by_ids(session, {each.account_id for each in todo})
    then = scores.distribution(session, today - DAYS, email)
    return ReviewView(
        counts=listing.tally(session, email, rates=config.rates, on=at.date()),
        week_ago=then or None,
        moved=_moved(session, email, config=config, at=at),
        critical=listing.of_status(
            session, email, Status.CRITICAL, config=config, at=at, limit=MOST_ROWS
        ),
        at_risk=_at_risk(session, email, config=config, at=at),
        ready=listing.ready(session, email, config=config, at=at, limit=MOST_ROWS),
        ready_total=openings.count_ready(session, email),
        alerts=_alerts(session, email, at=at),
        tasks=[(each, named[each.account_id]) for each in todo],
        due=tasks.count_open(session, member=member, due_by=due_by),
        is_mine=member is not None,
        at=at,
    )


def _moved(session: Session, email: str | None, *, config: Config, at: datetime) -> MovedRows:
    since = day_number(at) - DAYS
    counted = weeks.count_moved(session, since_day=since, csm_email=email)
    down, up = (
        listing.rows(
            session,
            weeks.movers(
                session, since_day=since, csm_email=email, rising=rising, limit=MOST_MOVERS
            ),
            rubric=config.rubric,
            at=at,
        )
        for rising in (False, True)
    )
    return MovedRows(down=down, up=up, downs=counted.down, ups=counted.up, of=counted.of)


def _at_risk(session: Session, email: str | None, *, config: Config, at: datetime) -> list[Row]:
    """The accounts at risk: those an alert put on the weekly watch list first, then the worst."""
    found = scores.with_status(
        session,
        Status.AT_RISK,
        day=day_number(at),
        csm_email=email,
        first=WatchKind.WEEKLY_REVIEW,
        limit=MOST_ROWS,
    )
    return advise(session, config, listing.rows(session, found, rubric=config.rubric, at=at))


def _alerts(session: Session, email: str | None, *, at: datetime) -> AlertsOfWeek:
    week = weeks.alerts(session, since=at - WEEK, csm_email=email)
    told = outcomes.told(session, since=at - JUDGED_IN)
    if email is not None:
        own = set(accounts.owned_by(session, email))
        told = [each for each in told if each.account_id in own]
    judged = precision(told, since=at - JUDGED_IN)
    return AlertsOfWeek(
        opened=week.opened,
        recovered=week.recovered,
        acknowledged=week.acknowledged,
        good=sum(each.good for each in judged),
        judged=sum(each.judged for each in judged),
    )
