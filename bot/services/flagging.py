"""Flagging: from what is stored to the signs that flags are judged by, in bulk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlmodel import Session

from bot.config import Config
from bot.services import observing
from bot.services.observing import Facts
from scoring.accounts import Account, AccountId
from scoring.health import HealthScore
from scoring.lagging import BillingEvent
from scoring.readings import Engagement, Fresh, Missing, Reading, Stale, day_number
from scoring.records import Kind, SurveyResponse
from scoring.rubric import Status
from scoring.rules import Rule
from scoring.signs import Bills, People, Signs, Surveys, Use
from scoring.trends import TREND_DAYS, WEEK, YEAR, Movement, last_complete_day
from scoring.usage_flags import OLDER_DAYS, decline_of
from storage import fleet, history, stays, surveys, traces, usage

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What is stored of some accounts that only flags need, each by account. `older` has those who may slide."""

    features: Mapping[AccountId, Mapping[str, frozenset[int]]]
    people: Mapping[AccountId, People]
    older: Mapping[AccountId, Mapping[int, int]]
    surveys: Mapping[AccountId, Sequence[SurveyResponse]]
    events: Mapping[AccountId, Sequence[BillingEvent]]
    healthy: Mapping[AccountId, tuple[int, int]]
    fleet: Mapping[int, Movement]


def gather(
    session: Session,
    ids: Sequence[AccountId],
    facts: Facts,
    config: Config,
    *,
    previous: Mapping[AccountId, HealthScore],
    at: datetime,
) -> Traces:
    """Read what flags need of these accounts; the number of queries does not grow with them."""
    today, rubric, lines = day_number(at), config.rubric, config.rubric.flags
    untils = {each: until for each in ids if (until := _until(facts, each, config, at=at))}
    days = {day for until in untils.values() for day in (until, until - WEEK)}
    return Traces(
        features=traces.feature_days(
            session, ids, {*rubric.core_features, *rubric.advanced_features}, until=today
        ),
        people=traces.people(session, ids, until=today - 1, silent_days=lines.champion_silent_days),
        older=_older(session, _sliding(facts, untils, previous, config), today),
        surveys=surveys.of_accounts(session, ids, since=at - timedelta(days=lines.detractor_days)),
        events=history.recent(session, ids, since=at - timedelta(days=lines.money_days)),
        healthy=stays.days_in(session, ids, Status.HEALTHY, until=today - 1, days=lines.ready_days),
        fleet=fleet.movements(session, days),
    )


def signs(facts: Facts, found: Traces, account: Account, config: Config, *, at: datetime) -> Signs:
    """What is known of one account beside its score: missing, stale or fresh, as its score is."""
    of = account.id
    subscriptions = tuple(facts.subscriptions.get(of, ()))
    started = [each.started_at for each in subscriptions]
    healthy_days, known_days = found.healthy.get(of, (0, 0))

    def read(kind: Kind, value: T) -> Reading[T]:
        return observing.read(facts, of, kind, value, config, at=at)

    return Signs(
        use=_use(facts, found, of, config, at=at),
        engagement=read(Kind.ENGAGEMENT, Engagement(tuple(facts.contacts.get(of, ())))),
        surveys=read(Kind.SURVEYS, Surveys(tuple(found.surveys.get(of, ())))),
        bills=read(Kind.BILLING, Bills(subscriptions, tuple(found.events.get(of, ())))),
        joined_on=day_number(min(started)) if started else None,
        plan=account.plan,
        healthy_days=healthy_days,
        known_days=known_days,
    )


def _use(
    facts: Facts, found: Traces, of: AccountId, config: Config, *, at: datetime
) -> Reading[Use]:
    match observing.read(facts, of, Kind.USAGE, facts.active_days.get(of, {}), config, at=at):
        case Fresh(daily, as_of):
            until = last_complete_day(as_of)
            use = Use(
                until=until,
                daily=daily,
                older=found.older.get(of, {}),
                features=found.features.get(of, {}),
                people=found.people.get(of, People()),
                fleet=found.fleet.get(until),
                fleet_before=found.fleet.get(until - WEEK),
            )
            return Fresh(use, as_of)
        case Missing() | Stale() as unknown:
            return unknown


def _until(facts: Facts, of: AccountId, config: Config, *, at: datetime) -> int | None:
    """The last complete day of an account's usage; None: it is missing or stale."""
    where = observing.standing(Kind.USAGE, facts.linked[of], facts.states, config, at=at)
    return last_complete_day(where.as_of) if where.as_of else None


def _sliding(
    facts: Facts,
    untils: Mapping[AccountId, int],
    previous: Mapping[AccountId, HealthScore],
    config: Config,
) -> list[AccountId]:
    """The accounts whose usage is down, or was said to be: only of these older days are asked for."""
    down = 1 - config.rubric.flags.usage_recovers
    found = []
    for each, until in untils.items():
        stood = each in previous and any(
            flag.rule is Rule.DECLINING_USAGE for flag in previous[each].flags
        )
        now = decline_of(Use(until=until, daily=facts.active_days.get(each, {})), None)
        if stood or (now is not None and now.week <= down):
            found.append(each)
    return found


def _older(
    session: Session, ids: Sequence[AccountId], today: int
) -> dict[AccountId, dict[int, int]]:
    """The events of each day before the last two months, as far as a long slide may look, and those of a year ago."""
    slack = observing.DAILY_WINDOW_DAYS - TREND_DAYS
    spans = (
        (today - OLDER_DAYS - slack, today - observing.DAILY_WINDOW_DAYS),
        (today - YEAR - TREND_DAYS - slack, today - YEAR),
    )
    found: dict[AccountId, dict[int, int]] = {each: {} for each in ids}
    for since, until in spans:
        told = usage.active_days(session, ids, since=since, until=until) if ids else {}
        for account_id, daily in told.items():
            found[account_id] |= daily
    return found
