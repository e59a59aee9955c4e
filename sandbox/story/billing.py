"""Billing: what an account owes, whether its card works, and how its subscription stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.story.accounts import Account
from sandbox.story.dice import chance, mix

PLANS = ("Basic", "Pro", "Enterprise")  # as Stripe calls them, the smallest first
SEAT_CENTS = {"basic": 1900, "pro": 4900, "enterprise": 7900}  # a seat and month
ATTEMPTS_AFTER = (timedelta(0), timedelta(days=3), timedelta(days=5), timedelta(days=8))
UNPAID_AFTER = timedelta(days=12)  # the last attempt failed; the subscription is given up
_DUE_AFTER = timedelta(days=30)
COUPON_PERCENT = 20
TIERS: tuple[tuple[int | None, int], ...] = (
    (10, 3000),
    (50, 2500),
    (None, 2000),
)  # (up to, cents a seat)


@dataclass(frozen=True, slots=True)
class Invoice:
    """One period's invoice with its whole life. `attempts` are (when, whether it succeeded)."""

    account: Account
    number: int  # periods since the account joined
    created_at: datetime
    ends_at: datetime
    amount: int  # minor units
    due_at: datetime | None
    attempts: tuple[tuple[datetime, bool], ...]

    @property
    def finalized_at(self) -> datetime:
        return self.created_at + timedelta(hours=1)

    @property
    def paid_at(self) -> datetime | None:
        return next((at for at, succeeded in self.attempts if succeeded), None)

    @property
    def failed(self) -> bool:
        return any(not succeeded for _, succeeded in self.attempts)


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription's status and the instant it took it."""

    status: str
    since: datetime


def is_tiered(account: Account) -> bool:
    """Pays by a graduated price instead of one price a seat."""
    return account.index % 40 == 6 and not account.yearly and account.currency == "usd"


def price_cents(account: Account) -> int:
    """A seat's price for one billing period, in minor units; a year costs ten months."""
    return SEAT_CENTS[account.plan] * (10 if account.yearly else 1)


def amount_cents(account: Account, day: int) -> int:
    """What a period costs, after the coupon, in minor units."""
    seats = account.seats_on(day)
    amount = _graduated(seats) if is_tiered(account) else price_cents(account) * seats
    return amount * (100 - COUPON_PERCENT) // 100 if account.coupon else amount


def _graduated(seats: int) -> int:
    total, below = 0, 0
    for up_to, cents in TIERS:
        upper = seats if up_to is None else min(seats, up_to)
        total += max(0, upper - below) * cents
        below = upper
    return total


def joined_at(account: Account, start: datetime) -> datetime:
    """Sign-up, on a day of the month that every month has."""
    at = start + timedelta(days=account.joined, minutes=7 * 60 + mix(account.seed, 50) % 600)
    return at.replace(day=min(at.day, 28))


def period_start(account: Account, start: datetime, number: int) -> datetime:
    first = joined_at(account, start)
    months = first.month - 1 + number * (12 if account.yearly else 1)
    return first.replace(year=first.year + months // 12, month=months % 12 + 1)


def period_at(account: Account, start: datetime, at: datetime) -> int:
    """The number of the period that runs at an instant; 0 is the first."""
    first = joined_at(account, start)
    months = (at.year - first.year) * 12 + at.month - first.month
    number = months // 12 if account.yearly else months
    return max(0, number if period_start(account, start, number) <= at else number - 1)


def current_period(account: Account, start: datetime, now: datetime) -> int:
    """The last period that was invoiced by `now`: no new one begins once the account left or went unpaid."""
    ends = [at for at in (ended_at(account, start), _unpaid_at(account, start)) if at is not None]
    last = min([now, *(at - timedelta(seconds=1) for at in ends)])
    return period_at(account, start, last)


def ended_at(account: Account, start: datetime) -> datetime | None:
    if account.course.ended is None:
        return None
    return start + timedelta(days=account.course.ended, hours=6)


def invoice(account: Account, start: datetime, number: int) -> Invoice | None:
    """The invoice of a period; None once the account has left."""
    created_at = period_start(account, start, number)
    end = ended_at(account, start)
    if end is not None and created_at >= end:
        return None
    unpaid_at = _unpaid_at(account, start)
    if unpaid_at is not None and created_at >= unpaid_at:
        return None
    return Invoice(
        account=account,
        number=number,
        created_at=created_at,
        ends_at=period_start(account, start, number + 1),
        amount=amount_cents(account, (created_at - start).days),
        due_at=created_at + _DUE_AFTER if account.by_invoice else None,
        attempts=_attempts(account, start, number, created_at),
    )


def _attempts(
    account: Account, start: datetime, number: int, created_at: datetime
) -> tuple[tuple[datetime, bool], ...]:
    if account.by_invoice:
        slow = chance(account.seed, number, 51)
        return ((created_at + timedelta(days=38 if slow < 0.06 else 12 + slow * 15), True),)
    first = created_at + timedelta(hours=1, minutes=5)
    failure = account.course.failure
    if failure is None or number != failing_period(account, start):
        return ((first, True),)
    times = ATTEMPTS_AFTER[: failure.recovers_at] if failure.recovers_at else ATTEMPTS_AFTER
    return tuple(
        (first + after, place + 1 == failure.recovers_at) for place, after in enumerate(times)
    )


def failing_period(account: Account, start: datetime) -> int | None:
    """The period whose invoice fails: the first that begins on or after the day of the failure."""
    if account.course.failure is None:
        return None
    return period_at(account, start, start + timedelta(days=account.course.failure.on)) + 1


def _unpaid_at(account: Account, start: datetime) -> datetime | None:
    failure, number = account.course.failure, failing_period(account, start)
    if failure is None or number is None or failure.recovers_at is not None:
        return None
    return period_start(account, start, number) + UNPAID_AFTER


def standings(account: Account, start: datetime) -> list[Standing]:
    """The statuses a subscription goes through, from first to last."""
    found = [Standing("active", joined_at(account, start))]
    number = failing_period(account, start)
    failing = invoice(account, start, number) if number is not None else None
    if failing is not None:
        found.append(Standing("past_due", failing.attempts[0][0]))
        paid_at, unpaid_at = failing.paid_at, _unpaid_at(account, start)
        if paid_at is not None:
            found.append(Standing("active", paid_at))
        elif unpaid_at is not None:
            found.append(Standing("unpaid", unpaid_at))
    end = ended_at(account, start)
    if end is not None:
        found = [one for one in found if one.since < end] + [Standing("canceled", end)]
    return found


def standing(account: Account, start: datetime, now: datetime) -> Standing:
    """How the subscription stands at `now`, which is not before the account joined."""
    return [one for one in standings(account, start) if one.since <= now][-1]


def card_expires(account: Account, start: datetime) -> tuple[int, int]:
    """Month and year printed on the card: spread over three years, so a few expire in any month."""
    months = start.year * 12 + start.month - 1 + 6 + mix(account.seed, 52) % 30
    if account.index == 0:
        months = start.year * 12 + start.month - 1 + 30
    return months % 12 + 1, months // 12
