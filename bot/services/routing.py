"""Routing: who is told of an account, and from when on."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Config
from scoring.accounts import Account
from scoring.alerts import Alert
from scoring.members import Member, MemberId
from scoring.metrics.mrr import major
from scoring.rules import Family, Rule
from storage import members

SAME_DAY = timedelta(hours=18)
"""Somebody's morning may come later than the team's, but not by more than this."""


@dataclass(frozen=True, slots=True)
class Audience:
    """A channel or a member (for direct messages), and the zone whose hours hold for it."""

    target: str
    zone: ZoneInfo


def audiences(session: Session, config: Config, account: Account, alert: Alert) -> list[Audience]:
    """Who hears of an alert: the account's CSM, and for all but flags the team's channel too.

    Without a CSM who can be reached the fallback hears of it; without either, the channel hears of flags as well.
    """
    person = csm_of(session, config, account)
    direct = [Audience(person.id, zone_of(person))] if person else []
    is_flag = alert.rule.family in {Family.RISK, Family.OPPORTUNITY}
    if direct and is_flag:
        return direct
    return [Audience(channel_of(config, account), config.zone), *direct]


def channel_of(config: Config, account: Account) -> str:
    """The channel of the first route that takes the account, else the team's."""
    mrr = float(major(account.mrr)) if account.mrr else None
    taking = (each.channel for each in config.alerts.routes if each.takes(account.plan, mrr))
    return next(taking, config.slack.team_channel)


def csm_of(session: Session, config: Config, account: Account) -> Member | None:
    """The account's CSM where they can be reached, else the fallback, else nobody."""
    return reachable(session, account.csm_email) or reachable(session, config.alerts.fallback)


def reachable(session: Session, email: str | None) -> Member | None:
    """The member of this address, unless they have left."""
    member = members.by_email(session, email) if email else None
    return None if member is None or member.is_deactivated or member.is_bot else member


def zone_of(member: Member) -> ZoneInfo:
    """Their time zone as Slack says it; Greenwich where it says one nobody knows."""
    try:
        return ZoneInfo(member.tz)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def today_of(session: Session, config: Config, member_id: MemberId, *, at: datetime) -> date:
    """The day it is where a member is."""
    member = members.by_id(session, member_id)
    return at.astimezone(zone_of(member) if member else config.zone).date()


def may_be_told_at(config: Config, audience: Audience, rule: Rule, *, at: datetime) -> datetime:
    """From when on: within their working hours, at once where it is urgent and urgent passes."""
    return config.alerts.hours.opens_at(at, audience.zone, urgent=rule.is_urgent)


def reply_from(session: Session, config: Config, target: str, *, at: datetime) -> datetime | None:
    """From when on what can wait may be said there; None: at once."""
    opens = config.alerts.hours.opens_at(at, _zone_at(session, config, target))
    return opens if opens > at else None


def tellable_at(
    session: Session, config: Config, target: str, rule: Rule, *, at: datetime
) -> datetime:
    """From when on a rule's alert may be told there: `at` itself within the hours."""
    zone = _zone_at(session, config, target)
    return config.alerts.hours.opens_at(at, zone, urgent=rule.is_urgent)


def told_until(
    session: Session, config: Config, target: str, *, at: datetime, urgent: bool = False
) -> datetime | None:
    """Until when a message may be said there that is said at `at`; None: at any hour."""
    zone = _zone_at(session, config, target)
    return config.alerts.hours.closes_at(at, zone, urgent=urgent)


def _zone_at(session: Session, config: Config, target: str) -> ZoneInfo:
    member = members.by_id(session, MemberId(target)) if target.startswith(("U", "W")) else None
    return zone_of(member) if member else config.zone
