"""Lagging events: what became of an account's subscriptions, told once and dated.

An account is looked at over all its subscriptions: one of two that is lost is a downgrade, and a plan
that another replaces in one look is one change. What was seen is kept as a `BillingState`, so that
the next look tells only what is new. Where it cannot be known whether more or less is paid, nothing is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from scoring.accounts import Money
from scoring.looks import SLACK, BillingState, Seen, Standing, last_of, stays
from scoring.rates import NO_RATES, Rates, by_currency

# A subscription that is new to us, but began so long before the last look, or before this one, was not
# bought: it was found, by a customer that was linked only now.
_BEFORE_LAST, _BEFORE_NOW = timedelta(days=2), timedelta(days=7)
# Tax that is taken out by the ratio of an invoice's two totals trembles by parts of a cent.
_NOTICED = Decimal(1)


class BillingEventKind(StrEnum):
    """What can become of an account."""

    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLATION_WITHDRAWN = "cancellation_withdrawn"
    CANCELLED = "cancelled"
    NOT_RENEWED = "not_renewed"
    DOWNGRADE = "downgrade"
    EXPANSION = "expansion"
    REACTIVATION = "reactivation"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingEvent:
    """Something that happened to an account, once: `kind`, `subject` and `at` tell it from every other.

    `subject` is the subscription it is about, "" where it is about all of them. `before` and `after`
    are the account's MRR; None where it is nothing, not known, or in several currencies without rates.
    """

    kind: BillingEventKind
    at: datetime
    subject: str = ""
    before: Money | None = None
    after: Money | None = None


def billing_events(
    before: BillingState | None, after: BillingState, *, at: datetime, rates: Rates = NO_RATES
) -> tuple[BillingEvent, ...]:
    """What is new since the look before, oldest first; `at` dates what the vendor does not.

    The first look at an account tells what its subscriptions say of the past, with their dates.
    A cancellation in trial, and a trial that is not taken up, tell nothing: nobody had paid. Where
    the account paid before, a trial that turns paid is an expansion.
    """
    events = [*_requests(before, after, at, rates)]
    if before is None:
        events += _history(after)
    else:
        events += _end(before, after, at, rates)
        events += _return(before, after, at, rates)
        events += _change(before, after, at, rates)
    return tuple(sorted(events, key=lambda each: (each.at, each.kind, each.subject)))


# The first look: the past, by its dates.


def _history(after: BillingState) -> list[BillingEvent]:
    """Every end of a stay, and every return after one."""
    events: list[BillingEvent] = []
    for number, stay in enumerate(stays(after.subscriptions.values())):
        first = next((each for each in stay if each.standing is not Standing.TRYING), None)
        if number and first is not None:
            kind = BillingEventKind.REACTIVATION
            events.append(BillingEvent(kind=kind, at=first.started_at, subject=first.id))
        last = last_of(stay)
        if last is not None and last.ended_at is not None:
            events.append(BillingEvent(kind=_kind_of_end(last), at=last.ended_at, subject=last.id))
    return events


# Every further look: what is new.


def _requests(
    before: BillingState | None, after: BillingState, at: datetime, rates: Rates
) -> list[BillingEvent]:
    """Who asked to cancel, or took it back, by subscription. `after` is what is left when all are done."""
    known = before.subscriptions if before else {}
    staying = [each for each in after.bought if each.cancel_requested_at is None]
    events: list[BillingEvent] = []
    for each in after.subscriptions.values():
        was = known.get(each.id)
        asked_before = was is not None and was.is_bought and was.cancel_requested_at is not None
        if not asked_before and (asked_at := _asked_at(each)) and not _is_over(was):
            kind = BillingEventKind.CANCELLATION_REQUESTED
            told = _money(after.bought, at, rates), _money(staying, at, rates)
            event = BillingEvent(kind=kind, at=asked_at, subject=each.id)
            events.append(
                event if before is None else replace(event, before=told[0], after=told[1])
            )
        elif asked_before and each.cancel_requested_at is None and each.is_bought:
            kind = BillingEventKind.CANCELLATION_WITHDRAWN
            events.append(BillingEvent(kind=kind, at=at, subject=each.id))
    return events


def _asked_at(each: Seen) -> datetime | None:
    """When its end was asked for; None where it was not, or where asking was ending."""
    asked_at = each.cancel_requested_at
    if not each.paid or each.standing is Standing.TRYING or asked_at is None:
        return None
    return None if each.ended_at is not None and asked_at >= each.ended_at else asked_at


def _is_over(was: Seen | None) -> bool:
    return was is not None and was.standing is Standing.ENDED


def _end(
    before: BillingState, after: BillingState, at: datetime, rates: Rates
) -> list[BillingEvent]:
    if before.lapsed or not after.lapsed or _are_gone(before, after):
        return []
    ended = [each for each in after.subscriptions.values() if each.paid]
    last = max(ended, key=lambda each: (each.ended_at or at, each.id))
    was = before.subscriptions.get(last.id)
    return [
        BillingEvent(
            kind=_kind_of_end(last, was),
            at=last.ended_at or at,
            subject=last.id,
            before=_money(before.bought, at, rates),
        )
    ]


def _kind_of_end(last: Seen, was: Seen | None = None) -> BillingEventKind:
    term = last.renews_at or (was.renews_at if was else None)
    if term is not None and last.ended_at is not None and abs(last.ended_at - term) <= SLACK:
        return BillingEventKind.NOT_RENEWED
    return BillingEventKind.CANCELLED


def _return(
    before: BillingState, after: BillingState, at: datetime, rates: Rates
) -> list[BillingEvent]:
    if not before.lapsed or after.lapsed:
        return []
    paying = [each for each in after.bought if not _is_found(each, before, after)]
    if not paying:
        return []
    first = min(paying, key=lambda each: (each.started_at, each.id))
    ends = [each.ended_at for each in before.subscriptions.values() if each.ended_at]
    began_again = not ends or first.started_at >= max(ends)
    return [
        BillingEvent(
            kind=BillingEventKind.REACTIVATION,
            at=first.started_at if began_again else at,
            subject=first.id,
            after=_money(after.bought, at, rates),
        )
    ]


def _change(
    before: BillingState, after: BillingState, at: datetime, rates: Rates
) -> list[BillingEvent]:
    """More or less MRR, where it was and is above nothing, and both looks saw all there was to see."""
    if before.lapsed or after.lapsed or not _are_comparable(before, after):
        return []
    was, now = _worths(before.bought), _worths(after.bought)
    sums, new_sums = by_currency(was), by_currency(now)
    if not sums or not new_sums:
        return []
    told = _money(before.bought, at, rates), _money(after.bought, at, rates)
    growth = _growth(sums, new_sums)
    if growth is None:
        old, new = rates.total(was, at.date()), rates.total(now, at.date())
        growth = new.minor - old.minor if old and new else None
    if growth is None or abs(growth) < _NOTICED:
        return []
    kind = BillingEventKind.EXPANSION if growth > 0 else BillingEventKind.DOWNGRADE
    return [BillingEvent(kind=kind, at=at, before=told[0], after=told[1])]


def _growth(sums: Mapping[str, Decimal], new: Mapping[str, Decimal]) -> Decimal | None:
    """By how much MRR moved, by its sign; None where one currency rose and another fell, so that only a rate can tell."""
    zero = Decimal(0)
    moved = [new.get(each, zero) - sums.get(each, zero) for each in {*sums, *new}]
    moved = [each for each in moved if abs(each) >= _NOTICED]
    if any(each > 0 for each in moved) and any(each < 0 for each in moved):
        return None
    return sum(moved, zero)


def _are_comparable(before: BillingState, after: BillingState) -> bool:
    """Whether the difference of two looks is something the account did, not something we came to know."""
    if _are_gone(before, after):
        return False
    for each in after.bought:
        was = before.subscriptions.get(each.id)
        if was is None and (_is_found(each, before, after) or each.worth is None):
            return False
        if was is not None and was.is_bought and was.worth is None and each.worth is not None:
            return False
        if was is not None and not was.is_bought and each.worth is None:
            return False
    return True


def _are_gone(before: BillingState, after: BillingState) -> bool:
    """Whether something that was bought is not there any more, not even as ended: its customer was linked elsewhere."""
    return any(each.id not in after.subscriptions for each in before.bought)


def _is_found(each: Seen, before: BillingState, after: BillingState) -> bool:
    seen_from = max(before.seen_at - _BEFORE_LAST, after.seen_at - _BEFORE_NOW)
    return each.id not in before.subscriptions and each.started_at < seen_from


def _worths(seen: Iterable[Seen]) -> list[Money]:
    return [each.worth for each in seen if each.worth is not None]


def _money(seen: Iterable[Seen], at: datetime, rates: Rates) -> Money | None:
    """What they bring together: in their currency when it is one, else in the reporting one."""
    sums = [Money(minor, currency) for currency, minor in by_currency(_worths(seen)).items()]
    return sums[0] if len(sums) == 1 else rates.total(sums, at.date())
