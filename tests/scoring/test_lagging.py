"""Lagging events: told once, dated, never wrong; worked examples and the laws."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.accounts import Money
from scoring.lagging import BillingEvent, BillingEventKind, billing_events
from scoring.looks import look
from scoring.rates import NO_RATES, Rates, RateTable
from scoring.records import Subscription, SubscriptionState

Kind, State = BillingEventKind, SubscriptionState
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RATES = Rates(
    reporting="usd", tables=(RateTable(on=date(2026, 1, 1), rates={"eur": Decimal("1.1")}),)
)


def usd(cents):
    return Money(Decimal(cents), "usd")


def eur(cents):
    return Money(Decimal(cents), "eur")


def sub(ident="a", mrr=10_000, state=State.ACTIVE, **more):
    """A subscription of $100 a month since a year, unless said otherwise."""
    return Subscription(
        **{
            "id": ident,
            "account_ref": "cus",
            "state": state,
            "plan": "Team",
            "mrr": Money(Decimal(mrr), "usd") if isinstance(mrr, int) else mrr,
            "started_at": NOW - 365 * DAY,
            "renews_at": NOW + 20 * DAY,
            **more,
        }
    )


def gone(ident="a", at=NOW - DAY, **more):
    return sub(ident, None, State.ENDED, ended_at=at, **more)


def told(*looks, rates=NO_RATES):
    """What each of these looks, a day apart and the last one now, tells."""
    events, before = [], None
    for number, subscriptions in enumerate(looks):
        at = NOW - (len(looks) - 1 - number) * DAY
        now = look(subscriptions, before, seen_at=at)
        events.append(billing_events(before, now, at=at, rates=rates))
        before = now
    return events


def last(*looks, **more):
    return told(*looks, **more)[-1]


def kinds(events):
    return [each.kind for each in events]


# More and less.


def test_a_smaller_plan_is_a_downgrade_and_a_larger_one_an_expansion():
    assert last([sub(mrr=50_000)], [sub(mrr=30_000)]) == (
        BillingEvent(kind=Kind.DOWNGRADE, at=NOW, before=usd(50_000), after=usd(30_000)),
    )
    assert last([sub(mrr=30_000)], [sub(mrr=50_000)]) == (
        BillingEvent(kind=Kind.EXPANSION, at=NOW, before=usd(30_000), after=usd(50_000)),
    )


def test_one_of_two_subscriptions_lost_is_a_downgrade_not_a_churn():
    [event] = last([sub("a"), sub("b", 5_000)], [sub("a"), gone("b")])
    assert (event.kind, event.before, event.after) == (Kind.DOWNGRADE, usd(15_000), usd(10_000))


def test_a_plan_that_another_replaces_in_one_look_is_one_change():
    new = sub("b", 15_000, started_at=NOW - timedelta(hours=3))
    assert kinds(last([sub("a")], [gone("a"), new])) == [Kind.EXPANSION]
    same = replace(new, mrr=usd(10_000))
    assert last([sub("a")], [gone("a"), same]) == ()


def test_a_trial_that_turns_paid_is_no_event_of_an_account_that_paid_nothing():
    assert last([sub(mrr=None, state=State.TRIAL)], [sub()]) == ()
    assert last([sub(mrr=None, state=State.INCOMPLETE)], [sub()]) == ()


def test_where_the_account_paid_before_a_trial_that_turns_paid_is_an_expansion():
    trial = sub("b", None, State.TRIAL)
    assert kinds(last([sub("a"), trial], [sub("a"), sub("b", 500)])) == [Kind.EXPANSION]


@pytest.mark.parametrize("state", [State.PAUSED, State.UNPAID, State.TRIAL])
def test_a_subscription_that_rests_is_no_downgrade_and_no_expansion_when_it_goes_on(state):
    both, resting = [sub("a"), sub("b", 5_000)], [sub("a"), sub("b", None, state)]
    assert told(both, resting, resting, both)[1:] == [(), (), ()]


def test_one_that_goes_on_for_less_is_a_downgrade():
    events = told([sub()], [sub(mrr=None, state=State.PAUSED)], [sub(mrr=6_000)])
    assert [kinds(each) for each in events] == [[], [], [Kind.DOWNGRADE]]


def test_past_due_is_paid_for_until_it_is_given_up():
    assert last([sub()], [sub(state=State.PAST_DUE)]) == ()


def test_a_price_that_cannot_be_known_for_a_while_is_no_change():
    assert told([sub()], [sub(mrr=None)], [sub()])[1:] == [(), ()]
    assert last([sub(mrr=None)], [sub()]) == ()
    new = sub("c", None, started_at=NOW)
    assert last([sub("a"), sub("b", 5_000)], [sub("a"), gone("b"), new]) == ()


def test_parts_of_a_cent_are_no_change():
    assert last([sub(mrr=10_000)], [sub(mrr=Money(Decimal("10000.4"), "usd"))]) == ()


def test_from_and_to_nothing_is_neither_expansion_nor_downgrade():
    assert last([sub(mrr=0)], [sub()]) == ()
    assert last([sub()], [sub(mrr=0)]) == ()


def test_a_customer_that_is_linked_only_now_brings_no_expansion_and_one_that_leaves_no_downgrade():
    found = sub("b", 5_000, started_at=NOW - 90 * DAY)
    assert told([sub("a")], [sub("a"), found], [sub("a")])[1:] == [(), ()]


def test_one_that_began_while_nothing_changed_for_months_is_new_if_it_is_recent():
    before = look([sub("a")], None, seen_at=NOW - 200 * DAY)
    for days, expected in ((3, [Kind.EXPANSION]), (30, [])):
        new = sub("b", 5_000, started_at=NOW - days * DAY)
        after = look([sub("a"), new], before, seen_at=NOW)
        assert kinds(billing_events(before, after, at=NOW)) == expected


# Several currencies.


def test_each_currency_is_compared_with_itself_whatever_the_rates_do():
    both = [sub("a", usd(10_000)), sub("b", eur(10_000))]
    assert last(both, both, rates=RATES) == ()
    more = [sub("a", usd(10_000)), sub("b", eur(12_000))]
    assert kinds(last(both, more)) == [Kind.EXPANSION]
    assert last(both, more)[0].before is None  # in two currencies, and no rate to tell them as one
    assert last(both, more, rates=RATES)[0].before == usd(21_000)


def test_one_that_rose_while_another_fell_needs_a_rate_to_be_told():
    before = [sub("a", usd(10_000)), sub("b", eur(10_000))]
    after = [sub("a", usd(12_000)), sub("b", eur(9_000))]
    assert last(before, after) == ()
    assert kinds(last(before, after, rates=RATES)) == [Kind.EXPANSION]


def test_another_currency_is_compared_at_one_dates_rate():
    assert last([sub(mrr=usd(11_000))], [sub(mrr=eur(10_000))]) == ()
    assert last([sub(mrr=usd(11_000))], [sub(mrr=eur(10_000))], rates=RATES) == ()
    [event] = last([sub(mrr=usd(11_000))], [sub(mrr=eur(9_000))], rates=RATES)
    assert (event.kind, event.before, event.after) == (Kind.DOWNGRADE, usd(11_000), eur(9_000))


# Leaving.


def test_a_request_to_cancel_is_told_at_its_own_date_and_once():
    asked = sub(cancel_requested_at=NOW - 3 * DAY)
    [event] = last([sub()], [asked])
    assert event == BillingEvent(
        kind=Kind.CANCELLATION_REQUESTED, at=NOW - 3 * DAY, subject="a", before=usd(10_000)
    )
    assert last([sub()], [asked], [asked]) == ()


def test_a_request_for_one_of_two_says_what_is_left():
    asked = sub("b", 5_000, cancel_requested_at=NOW)
    [event] = last([sub("a"), sub("b", 5_000)], [sub("a"), asked])
    assert (event.before, event.after) == (usd(15_000), usd(10_000))


def test_a_request_that_is_taken_back_is_told():
    assert last([sub(cancel_requested_at=NOW - 9 * DAY)], [sub()]) == (
        BillingEvent(kind=Kind.CANCELLATION_WITHDRAWN, at=NOW, subject="a"),
    )


def test_an_end_before_the_term_is_a_cancellation_and_one_at_its_end_no_renewal():
    [event] = last([sub()], [gone(at=NOW - DAY)])
    assert event == BillingEvent(kind=Kind.CANCELLED, at=NOW - DAY, subject="a", before=usd(10_000))
    term = [sub(renews_at=NOW)], [gone(at=NOW - timedelta(hours=2), renews_at=None)]
    assert kinds(last(*term)) == [Kind.NOT_RENEWED]


def test_a_request_and_its_effect_are_two_events():
    ended = gone(at=NOW, cancel_requested_at=NOW - 20 * DAY, renews_at=NOW)
    both = [Kind.CANCELLATION_REQUESTED, Kind.NOT_RENEWED]
    assert kinds(last([sub()], [ended])) == both
    asked = sub(cancel_requested_at=NOW - 20 * DAY)
    assert [kinds(each) for each in told([sub()], [asked], [ended])[1:]] == [both[:1], both[1:]]


def test_an_end_that_was_asked_for_at_once_is_one_event():
    ended = gone(at=NOW - DAY, cancel_requested_at=NOW - DAY)
    assert kinds(last([sub()], [ended])) == [Kind.CANCELLED]


def test_an_unpaid_subscription_that_is_given_up_was_cancelled():
    events = told([sub()], [sub(mrr=None, state=State.UNPAID)], [gone()])
    assert [kinds(each) for each in events] == [[], [], [Kind.CANCELLED]]


def test_a_trial_that_is_not_taken_up_is_nobody_leaving():
    trial = sub(mrr=None, state=State.TRIAL)
    never_paid = sub(mrr=None, state=State.ENDED, cancel_requested_at=NOW - DAY)
    assert last([trial], [never_paid]) == ()
    assert last([trial], [gone()]) == ()
    assert last([never_paid]) == ()


def test_a_customer_that_is_linked_elsewhere_did_not_leave():
    assert last([sub("a"), gone("b", NOW - 90 * DAY)], [gone("b", NOW - 90 * DAY)]) == ()


# Coming back.


def test_who_had_left_and_pays_again_is_reactivated():
    again = sub("b", 8_000, started_at=NOW - timedelta(hours=5))
    assert last([sub()], [gone()], [gone(), again]) == (
        BillingEvent(kind=Kind.REACTIVATION, at=again.started_at, subject="b", after=usd(8_000)),
    )
    assert last([sub()], [gone()], [gone(), again], [gone(), again]) == ()


def test_who_comes_back_on_trial_is_back_when_it_is_paid():
    left = gone(at=NOW - 40 * DAY)
    trial = sub("b", None, State.TRIAL, started_at=NOW - 30 * DAY)
    paid = replace(trial, state=State.ACTIVE, mrr=usd(500))
    events = told([left], [left, trial], [left, paid])
    assert [kinds(each) for each in events] == [[Kind.CANCELLED], [], [Kind.REACTIVATION]]


# The first look.


def test_a_first_look_tells_the_past_by_its_dates_and_no_change():
    first, second = gone("a", NOW - 300 * DAY), sub("b", started_at=NOW - 100 * DAY)
    asked = replace(second, cancel_requested_at=NOW - 5 * DAY)
    assert [(each.kind, each.at) for each in last([first, asked])] == [
        (Kind.CANCELLED, NOW - 300 * DAY),
        (Kind.REACTIVATION, NOW - 100 * DAY),
        (Kind.CANCELLATION_REQUESTED, NOW - 5 * DAY),
    ]


def test_a_first_look_takes_plans_that_follow_each_other_for_one_stay():
    switched = NOW - 100 * DAY
    assert last([gone("a", switched), sub("b", started_at=switched)]) == ()
    assert last([sub("a"), gone("b", NOW - 50 * DAY, started_at=NOW - 90 * DAY)]) == ()
    assert kinds(last([gone("a", NOW - 9 * DAY), gone("b", NOW - 8 * DAY)])) == [Kind.CANCELLED]


# Laws.

states = st.sampled_from(State)
instants = st.integers(-400, 0).map(lambda days: NOW + days * DAY)
subscriptions = st.lists(
    st.builds(
        Subscription,
        id=st.sampled_from("abcd"),
        account_ref=st.just("cus"),
        state=states,
        plan=st.none(),
        mrr=st.none()
        | st.builds(
            Money,
            st.integers(0, 3).map(lambda n: Decimal(n * 500)),
            st.sampled_from(["usd", "eur"]),
        ),
        started_at=instants,
        renews_at=st.none() | instants,
        cancel_requested_at=st.none() | instants,
        ended_at=st.none() | instants,
    ),
    max_size=4,
    unique_by=lambda each: each.id,
)
histories = st.lists(subscriptions, min_size=1, max_size=5)
tables = st.sampled_from([NO_RATES, RATES])


@given(histories, tables)
def test_the_same_twice_tells_nothing(history, rates):
    assert told(*history, history[-1], rates=rates)[-1] == ()


@given(histories, tables)
def test_the_order_of_subscriptions_changes_nothing(history, rates):
    assert told(*history, rates=rates) == told(*(each[::-1] for each in history), rates=rates)


@given(histories, tables)
def test_no_event_is_told_twice_in_one_look_and_more_and_less_never_together(history, rates):
    for events in told(*history, rates=rates):
        assert len({(each.kind, each.at, each.subject) for each in events}) == len(events)
        found = kinds(events)
        assert not {Kind.EXPANSION, Kind.DOWNGRADE} <= set(found)


@given(histories)
def test_a_first_look_never_tells_a_change(history):
    first = told(history[0])[0]
    assert not {Kind.EXPANSION, Kind.DOWNGRADE, Kind.CANCELLATION_WITHDRAWN} & set(kinds(first))


@given(st.lists(st.integers(1, 900), min_size=2, max_size=6))
def test_each_change_of_one_subscription_is_told_as_what_it_is(cents):
    looks = [[sub(mrr=each * 100)] for each in cents]
    for (was, now), events in zip(pairwise(cents), told(*looks)[1:], strict=True):
        expected = [Kind.EXPANSION] if now > was else [Kind.DOWNGRADE] if now < was else []
        assert kinds(events) == expected
