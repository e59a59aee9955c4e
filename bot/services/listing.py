"""Listing: the accounts of one status or ready to expand, a page at a time, and a book of business at a glance."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlmodel import Session

from bot.blocks.lists import ListPage, Overview, Row, Tally
from bot.blocks.moves import reason
from bot.config import Config
from bot.services.advising import advise, propose
from scoring.accounts import Account, AccountId, Money
from scoring.members import Member
from scoring.playbooks import Watch, WatchKind
from scoring.rates import Rates, told
from scoring.readings import day_number
from scoring.rubric import Rubric, Status
from storage import accounts, members, openings, scores, tasks, watches
from storage.scores import Standing

PAGE_SIZE = 10
WORST = 5


def page(
    session: Session,
    member: Member,
    status: Status | None,
    *,
    scope: str,
    offset: int,
    config: Config,
    at: datetime,
) -> ListPage:
    """One page of the accounts in a status, None: of those ready to expand. `scope` is "mine" or "team"."""
    email = email_of(member, scope)
    if status is None:
        found = ready(session, email, config=config, at=at, limit=PAGE_SIZE, offset=offset)
        total = openings.count_ready(session, email)
    else:
        found = of_status(
            session, email, status, config=config, at=at, limit=PAGE_SIZE, offset=offset
        )
        total, _ = scores.count_by_status(session, email).get(status, (0, {}))
    return ListPage(
        status=status,
        scope=scope,
        rows=found,
        total=total,
        offset=offset,
        page_size=PAGE_SIZE,
        at=at,
    )


def email_of(member: Member, scope: str) -> str | None:
    """Whose accounts are looked at: "mine" are those that name the member as their CSM, None: everybody's."""
    return (member.email or "") if scope == "mine" else None


def of_status(
    session: Session,
    csm_email: str | None,
    status: Status,
    *,
    config: Config,
    at: datetime,
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """The accounts in a status, with what to do next about those that slip."""
    listed = scores.with_status(
        session, status, day=day_number(at), csm_email=csm_email, limit=limit, offset=offset
    )
    return advise(session, config, rows(session, listed, rubric=config.rubric, at=at))


def ready(
    session: Session,
    csm_email: str | None,
    *,
    config: Config,
    at: datetime,
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """The accounts that are ready to expand, with the opportunity and what to do about it."""
    listed = openings.ready(
        session, day=day_number(at), csm_email=csm_email, limit=limit, offset=offset
    )
    return propose(session, config, rows(session, listed, rubric=config.rubric, at=at))


def overview(session: Session, member: Member, *, config: Config, at: datetime) -> Overview:
    """The member's own book; somebody who owns no account sees the whole team's."""
    own = (
        (member.email or "") if member.email and accounts.owned_by(session, member.email) else None
    )
    due = tasks.open_tasks(session, member=None if own is None else member)
    named = accounts.by_ids(session, [each.account_id for each in due])
    first = worst(session, own, rubric=config.rubric, at=at)
    return Overview(
        counts=tally(session, own, rates=config.rates, on=at.date()),
        worst=advise(session, config, first),
        tasks=[(each, named[each.account_id]) for each in due if each.account_id in named],
        is_mine=own is not None,
        at=at,
    )


def worst(session: Session, csm_email: str | None, *, rubric: Rubric, at: datetime) -> list[Row]:
    """The accounts to look at first: the lowest of the critical ones, then of the at-risk ones."""
    found: list[Row] = []
    for status in (Status.CRITICAL, Status.AT_RISK):
        listed = scores.with_status(
            session, status, day=day_number(at), csm_email=csm_email, limit=WORST - len(found)
        )
        found += rows(session, listed, rubric=rubric, at=at)
    return found


def tally(
    session: Session,
    csm_email: str | None,
    *,
    rates: Rates,
    on: date,
) -> Mapping[Status | None, Tally]:
    """How many accounts are in each status, with their MRR.

    It is told in the reporting currency where the rate of every currency is known `on` that date;
    else, in every status alike, by currency.
    """
    counted = scores.count_by_status(session, csm_email)
    sums = {
        status: [Money(minor, currency) for currency, minor in mrr.items()]
        for status, (_, mrr) in counted.items()
    }
    all_known = all(
        rates.convert(each, on) is not None for amounts in sums.values() for each in amounts
    )
    return {
        status: Tally(count, told(sums[status], rates, on) if all_known else sums[status])
        for status, (count, _) in counted.items()
    }


def rows(
    session: Session, listed: Sequence[Standing], *, rubric: Rubric, at: datetime
) -> list[Row]:
    ids = [each.account.id for each in listed]
    today = day_number(at)
    latest = scores.latest(session, ids)
    week_ago = scores.on_day(session, ids, today - 7)
    watched = watches.of_accounts(session, ids)
    csms = _csms(session, [each.account for each in listed])
    found = []
    for each in listed:
        score = latest.get(each.account.id)
        status = score.status if score else None
        found.append(
            Row(
                account=each.account,
                value=each.score,
                status=status,
                change_7d=each.change,
                reason=reason(score, week_ago.get(each.account.id), rubric),
                csm_mention=csms.get(each.account.id),
                days_in_status=scores.days_in_status(session, each.account.id, status, today)
                if status
                else None,
                watch=_closest(watched.get(each.account.id, ())),
            )
        )
    return found


def _closest(watched: Sequence[Watch]) -> WatchKind | None:
    """Of the lists an account is on, the one that looks at it most often."""
    kinds = {watch.kind for watch in watched}
    return next(
        (kind for kind in (WatchKind.DAILY_MONITORING, WatchKind.WEEKLY_REVIEW) if kind in kinds),
        None,
    )


def _csms(session: Session, listed: Sequence[Account]) -> Mapping[AccountId, str]:
    found = {
        each.id: members.by_email(session, each.csm_email) for each in listed if each.csm_email
    }
    return {account_id: member.id for account_id, member in found.items() if member}
