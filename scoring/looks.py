"""Looks: an account's subscriptions as they were seen, kept so that the next look tells only what is new."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from scoring.accounts import Money
from scoring.records import Subscription, SubscriptionState

# Two subscriptions that touch within a day are one stay, and an end within a day of the term's is at its end.
SLACK = timedelta(days=1)


class Standing(StrEnum):
    """Where a subscription stood. One that rests (paused, unpaid, on trial again) brings what it brought."""

    PAYING = "paying"
    RESTING = "resting"
    TRYING = "trying"
    ENDED = "ended"


_STANDINGS = {
    SubscriptionState.ACTIVE: Standing.PAYING,
    SubscriptionState.PAST_DUE: Standing.PAYING,
    SubscriptionState.UNPAID: Standing.RESTING,
    SubscriptionState.PAUSED: Standing.RESTING,
    SubscriptionState.TRIAL: Standing.TRYING,
    SubscriptionState.INCOMPLETE: Standing.TRYING,
    SubscriptionState.ENDED: Standing.ENDED,
}
_BOUGHT = frozenset({Standing.PAYING, Standing.RESTING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A subscription as it was seen. `worth` is its part of MRR, None: not known. `paid`: somebody ever paid for it."""

    id: str
    standing: Standing
    worth: Money | None = None
    started_at: datetime
    renews_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    ended_at: datetime | None = None
    paid: bool = True

    @property
    def is_bought(self) -> bool:
        return self.standing in _BOUGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingState:
    """An account's subscriptions at a look, by id. `lapsed`: it paid once, left, and has not paid since."""

    seen_at: datetime
    subscriptions: Mapping[str, Seen]
    lapsed: bool = False

    @property
    def bought(self) -> list[Seen]:
        return [each for each in self.subscriptions.values() if each.is_bought]

    def is_like(self, other: "BillingState") -> bool:
        """Whether the other look saw the same."""
        return (self.subscriptions, self.lapsed) == (other.subscriptions, other.lapsed)


def look(
    subscriptions: Iterable[Subscription], before: BillingState | None, *, seen_at: datetime
) -> BillingState:
    """What is seen now, keeping from before what a subscription was worth when it last could be priced."""
    known = before.subscriptions if before else {}
    ordered = sorted(subscriptions, key=lambda each: (each.id, each.started_at, each.account_ref))
    seen = {each.id: _seen(each, known.get(each.id)) for each in ordered}
    now = BillingState(seen_at=seen_at, subscriptions=seen)
    return replace(now, lapsed=_first_lapse(now) if before is None else _lapsed(before, now))


def _seen(now: Subscription, known: Seen | None) -> Seen:
    standing = _STANDINGS[now.state]
    was_bought = known is not None and known.is_bought
    if standing is Standing.TRYING and was_bought:
        standing = Standing.RESTING
    kept = known.worth if known is not None and was_bought and standing in _BOUGHT else None
    return Seen(
        id=now.id,
        standing=standing,
        worth=kept if now.mrr is None else now.mrr,
        started_at=now.started_at,
        renews_at=now.renews_at or (known.renews_at if known and now.ended_at else None),
        cancel_requested_at=now.cancel_requested_at,
        ended_at=now.ended_at,
        paid=_was_paid(now, standing, known),
    )


def _was_paid(now: Subscription, standing: Standing, known: Seen | None) -> bool:
    """Whether anybody ever paid for it. One that ended at no instant that is told never was, unless it was seen to be."""
    if standing in _BOUGHT or (known is not None and known.paid):
        return True
    return known is None and standing is Standing.ENDED and now.ended_at is not None


def _lapsed(before: BillingState, now: BillingState) -> bool:
    """Nothing runs any more of what was paid for; and it stays so until something is paid again."""
    seen = now.subscriptions.values()
    if any(each.standing is Standing.PAYING for each in seen):
        return False
    runs = any(each.standing is not Standing.ENDED for each in seen)
    return before.lapsed or (not runs and any(each.paid for each in seen))


def stays(seen: Iterable[Seen]) -> list[list[Seen]]:
    """The subscriptions as unbroken stays, in their order. A trial nobody paid for yet holds a stay together."""
    found: list[list[Seen]] = []
    ends_at: datetime | None = None
    for each in sorted(seen, key=lambda each: (each.started_at, each.id)):
        if not each.paid and each.standing is Standing.ENDED:
            continue  # a trial that was not taken up is no stay
        if not found or (ends_at is not None and each.started_at > ends_at + SLACK):
            found.append([])
            ends_at = each.started_at
        found[-1].append(each)
        own = (each.ended_at or each.started_at) if each.standing is Standing.ENDED else None
        ends_at = None if ends_at is None or own is None else max(ends_at, own)
    return found


def last_of(stay: Sequence[Seen]) -> Seen | None:
    """The subscription a stay ended with, None when it has not."""
    if any(each.standing is not Standing.ENDED for each in stay):
        return None
    return max(stay, key=lambda each: (each.ended_at or each.started_at, each.id))


def _first_lapse(now: BillingState) -> bool:
    lapsed = False
    for stay in stays(now.subscriptions.values()):
        if any(each.is_bought for each in stay):
            lapsed = False
        elif last_of(stay) is not None:
            lapsed = True
    return lapsed
