"""Learning: how the alerts stand, what they were good for, and what acting on them did."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.blocks.alerts_page import AlertsPage, HeldLine, OpenLine, TroubleLine
from bot.blocks.notices import problem_words
from bot.deps import Deps
from integrations.registry import SOURCES
from scoring.accounts import AccountId
from scoring.alerts import Alert
from scoring.guard import Hold
from scoring.learning import (
    FOLLOWED_DAYS,
    Followed,
    Told,
    can_recover,
    effects,
    precision,
)
from scoring.members import Member
from scoring.readings import day_number
from scoring.rules import Quiet
from storage import accounts, alerts, channels, holds, outbox, outcomes
from storage.outcomes import DayScore

LATELY, LONGER = timedelta(days=30), timedelta(days=90)
_FOLLOWED = timedelta(days=180)
_TROUBLE = timedelta(days=7)
_NEAR_DAYS = 3  # where a day has no row, the bot was down: one of the days before it does


def page(session: Session, deps: Deps, member: Member, *, mine: bool, at: datetime) -> AlertsPage:
    """How the alerts stand; `mine`: of the member's accounts, and those given to the member."""
    found = (
        outcomes.still_open(session, csm_email=member.email or "", member=member.id)
        if mine
        else outcomes.still_open(session)
    )
    told = outcomes.told(session, since=at - _FOLLOWED)
    awake, asleep, unstable = _sorted_out(found, at=at)
    return AlertsPage(
        mine=mine,
        open=_lines(session, awake),
        snoozed=sorted(_lines(session, asleep), key=lambda each: each.snoozed_until or at),
        unstable=_lines(session, unstable),
        untold=Counter(each.quiet for each in found if each.quiet is not None),
        held=[_held(each) for each in holds.current(session)],
        trouble=_trouble(session, since=at - _TROUBLE),
        lately=precision(told, since=at - LATELY),
        longer=precision(told, since=at - LONGER),
        effects=effects(follow(session, told, at=at)),
        admin_channel=deps.config.slack.admin_channel,
        at=at,
    )


def follow(session: Session, told: Iterable[Told], *, at: datetime) -> list[Followed]:
    """The alerts with a score at both ends that can be compared: by one rubric, on the same components.

    One begins with the first action, or where nobody acted with its opening. Good news is left out:
    there is nothing to mend.
    """
    today = day_number(at)
    ended = [
        (each, day_number(each.acted_at or each.opened_at))
        for each in told
        if not each.rule.is_good
    ]
    ended = [(each, day) for each, day in ended if day + FOLLOWED_DAYS <= today]
    days = {
        (each.account_id, near)
        for each, day in ended
        for last in (day, day + FOLLOWED_DAYS)
        for near in _near(last)
    }
    known = outcomes.scores_on(session, days)
    ways = [_followed(each, day, known) for each, day in ended]
    return [each for each in ways if each]


def _followed(
    told: Told, day: int, known: Mapping[tuple[AccountId, int], DayScore]
) -> Followed | None:
    before = _score(told.account_id, day, known)
    after = _score(told.account_id, day + FOLLOWED_DAYS, known)
    if before is None or after is None or not before.is_like(after):
        return None
    is_over = told.closed_at is not None and day_number(told.closed_at) <= day + FOLLOWED_DAYS
    return Followed(
        rule=told.rule,
        acted=told.acted_at is not None,
        before=before.value,
        after=after.value,
        recovered=is_over if can_recover(told.rule) else None,
    )


def _score(
    account_id: AccountId, day: int, known: Mapping[tuple[AccountId, int], DayScore]
) -> DayScore | None:
    return next(
        (known[account_id, near] for near in _near(day) if (account_id, near) in known), None
    )


def _near(day: int) -> range:
    """The day, and those before it that may stand for it, the nearest first."""
    return range(day, day - _NEAR_DAYS - 1, -1)


def _sorted_out(
    found: Sequence[Alert], *, at: datetime
) -> tuple[list[Alert], list[Alert], list[Alert]]:
    """The alerts people were told of that are awake, those that are snoozed, and the unstable ones."""
    shown = [each for each in found if each.quiet in {None, Quiet.INHIBITED}]
    asleep = [each for each in shown if _sleeps(each, at)]
    awake = [each for each in shown if not _sleeps(each, at)]
    # What a snoozed alert says for another sleeps with it.
    sleeping = {each.account_id for each in asleep}
    awake = [each for each in awake if each.quiet is None or each.account_id not in sleeping]
    return awake, asleep, [each for each in found if each.quiet is Quiet.UNSTABLE]


def _sleeps(alert: Alert, at: datetime) -> bool:
    return alert.snoozed_until is not None and alert.snoozed_until > at


def _lines(session: Session, found: Sequence[Alert]) -> list[OpenLine]:
    """A line an account, the worst first; opportunities come last."""
    of: dict[AccountId, list[Alert]] = defaultdict(list)
    for alert in alerts.by_pressing(found):
        of[alert.account_id].append(alert)
    named = accounts.by_ids(session, of)
    standing = outcomes.scores_now(session, of)
    lines = []
    for account_id, ours in of.items():
        lead = ours[0]
        value, status = standing.get(account_id, (None, None))
        lines.append(
            OpenLine(
                account=named[account_id],
                rules=tuple(each.rule for each in ours),
                value=value,
                status=status,
                since=lead.opened_at,
                held_by=lead.assigned_to or lead.acknowledged_by,
                snoozed_until=lead.snoozed_until,
                snoozed_by=lead.snoozed_by,
            )
        )
    return sorted(lines, key=_urgency)


def _urgency(line: OpenLine) -> tuple[bool, bool, float, int]:
    is_good = line.rules[0].is_good
    value = line.value or 0.0
    return (is_good, line.value is None, -value if is_good else value, line.account.id)


def _held(hold: Hold) -> HeldLine:
    return HeldLine(
        since=hold.opened_at,
        source=SOURCES[hold.source].title if hold.source in SOURCES else hold.source,
        told=hold.detail.get("told", 0),
        usual=hold.detail.get("usual", 0.0),
        moves=hold.moves,
    )


def _trouble(session: Session, *, since: datetime) -> list[TroubleLine]:
    """Channels that take nothing now, and the messages of the last week that were given up, by where and why."""
    closed = [
        TroubleLine(
            target=each.id,
            why=problem_words(each.problem or ""),
            messages=0,
            at=each.problem_since,
        )
        for each in channels.with_problem(session)
    ]
    dead = outbox.dead(session, since=since)
    counts = Counter((each.target, each.error) for each in dead)
    last = {(each.target, each.error): each.at for each in reversed(dead)}
    return closed + [
        TroubleLine(target=target, why=why, messages=count, at=last[target, why])
        for (target, why), count in counts.most_common()
    ]
