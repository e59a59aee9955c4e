"""A series that somebody wrote down goes through the alerts as it would in life."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scoring.alerts import Change
from scoring.lagging import BillingEventKind
from scoring.policy import AlertPolicy, Drop
from scoring.rehearsing import Happening, Step, compare, rehearse
from scoring.rules import Quiet, Rule

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = AlertPolicy()
OPENED, RESOLVED, REOPENED = Change.OPENED, Change.RESOLVED, Change.REOPENED


def steps(*values, every=timedelta(days=1), **more):
    return [
        Step(number=n, at=START + n * every, value=value, **more)
        for n, value in enumerate(values, start=1)
    ]


def told(found):
    return [(each.look, each.rule, each.change) for each in found if each.quiet is None]


def test_at_risk_opens_at_the_second_look_and_recovers_at_the_second_one_clear():
    assert told(rehearse(steps(70, 58, 57, 66, 66), POLICY)) == [
        (3, Rule.AT_RISK, OPENED),
        (5, Rule.AT_RISK, RESOLVED),
    ]


def test_what_is_so_at_the_first_look_is_told_to_nobody():
    found = rehearse(steps(30, 30), POLICY)
    assert told(found) == []
    assert Happening(look=1, rule=Rule.CRITICAL, change=OPENED, quiet=Quiet.BASELINE) in found


def test_stale_looks_and_looks_without_a_score_change_nothing():
    calm = steps(70, 58)
    late = [
        Step(number=3, at=START + timedelta(days=3), value=58, is_stale=True),
        Step(number=4, at=START + timedelta(days=4), value=None),
    ]
    last = Step(number=5, at=START + timedelta(days=5), value=57)
    assert told(rehearse([*calm, *late], POLICY)) == []
    assert told(rehearse([*calm, *late, last], POLICY)) == [(5, Rule.AT_RISK, OPENED)]


def test_a_fall_counts_against_the_highest_of_the_seven_days_before():
    assert told(rehearse(steps(78, 77, 75, 70, 68, 63, 63), POLICY)) == [
        (7, Rule.SHARP_DROP, OPENED)
    ]
    slower = steps(78, 78, *[72] * 8, 63, 63)
    assert told(rehearse(slower, POLICY)) == []


def test_a_fall_within_a_day_counts_from_the_next_day_on():
    quick = AlertPolicy(sharp_drop=Drop(confirmations=1))
    within = steps(78, 62, 61, every=timedelta(hours=1))
    assert told(rehearse(within, quick)) == []
    after = steps(78, 62)
    assert told(rehearse(after, quick)) == [(2, Rule.SHARP_DROP, OPENED)]


def test_a_flag_is_judged_at_every_fresh_look_and_at_no_stale_one():
    flag = frozenset({Rule.PAYMENT_ISSUE})
    raised = Step(number=2, at=START + timedelta(days=2), value=70, raised=flag)
    gone = [Step(number=n, at=START + n * timedelta(days=1), value=70) for n in (3, 4)]
    stale = [
        Step(number=n, at=START + n * timedelta(days=1), value=70, is_stale=True) for n in (3, 4)
    ]
    first = steps(70)
    assert told(rehearse([*first, raised, *gone], POLICY, judged=flag)) == [
        (2, Rule.PAYMENT_ISSUE, OPENED),
        (4, Rule.PAYMENT_ISSUE, RESOLVED),
    ]
    assert told(rehearse([*first, raised, *stale], POLICY, judged=flag)) == [
        (2, Rule.PAYMENT_ISSUE, OPENED)
    ]


def test_a_billing_event_is_told_at_once():
    asked = Step(
        number=2,
        at=START + timedelta(days=2),
        value=70,
        events=(BillingEventKind.CANCELLATION_REQUESTED,),
    )
    assert told(rehearse([*steps(70), asked], POLICY)) == [(2, Rule.CANCELLATION, OPENED)]


def test_a_rule_that_is_off_is_told_to_nobody():
    found = rehearse(steps(70, 35), AlertPolicy(off=(Rule.CRITICAL,)))
    assert [(each.rule, each.quiet) for each in found] == [(Rule.CRITICAL, Quiet.OFF)]


AT_RISK = Happening(look=3, rule=Rule.AT_RISK, change=OPENED)
UNTOLD = Happening(look=3, rule=Rule.AT_RISK, change=OPENED, quiet=Quiet.INHIBITED)


def test_what_people_are_told_must_be_exactly_what_was_expected():
    assert compare([AT_RISK], [AT_RISK]).is_right
    assert compare([], [AT_RISK]).missed == (AT_RISK,)
    assert compare([AT_RISK], []).unexpected == (AT_RISK,)
    assert compare([AT_RISK, AT_RISK], [AT_RISK]).unexpected == (AT_RISK,)


def test_what_nobody_is_told_of_need_not_be_expected_but_must_happen_where_it_is():
    assert compare([UNTOLD], []).is_right
    assert compare([UNTOLD], [UNTOLD]).is_right
    assert compare([], [UNTOLD]).missed == (UNTOLD,)
    wrong = compare([UNTOLD], [AT_RISK])
    assert (wrong.missed, wrong.unexpected) == ((AT_RISK,), ())


SERIES = st.lists(st.one_of(st.none(), st.floats(0, 100, allow_nan=False)), min_size=1, max_size=40)


@given(SERIES)
def test_a_series_that_expects_what_it_does_is_right(values):
    found = rehearse(steps(*values), POLICY)
    assert compare(found, found).is_right
    assert compare(reversed(found), found).is_right


@given(SERIES)
def test_openings_and_recoveries_of_a_rule_take_turns(values):
    found = rehearse(steps(*values), POLICY)
    for rule in Rule:
        opens = [each.change in {OPENED, REOPENED} for each in found if each.rule is rule]
        assert opens == [n % 2 == 0 for n in range(len(opens))]
