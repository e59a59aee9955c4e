"""The guard: when so much moves at once that the data are at fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.accounts import AccountId
from scoring.alerts import Change, Decision
from scoring.guard import MassMove, Slump, is_everybodys, mass_moves, slump
from scoring.policy import MassChange
from scoring.rules import Quiet, Rule

POLICY = MassChange()


def moves(count, *, rule=Rule.AT_RISK, change=Change.OPENED, quiet=None, of=100):
    decisions = [
        Decision(account_id=AccountId(n), rule=rule, change=change, episode=1, quiet=quiet)
        for n in range(count)
    ]
    return mass_moves(decisions, accounts=of, policy=POLICY)


@pytest.mark.parametrize(
    ("accounts", "count", "holds"),
    [
        (700, 209, False),
        (700, 210, True),  # 30 %
        (20, 9, False),  # in a small book it takes ten
        (20, 10, True),
        (5, 5, False),
    ],
)
def test_it_is_a_mass_change_from_30_percent_on_and_ten_at_least(accounts, count, holds):
    found = moves(count, of=accounts)
    said = (MassMove(rule=Rule.AT_RISK, opens=True, accounts=count, of=accounts),)
    assert found == (said if holds else ())


def test_many_recoveries_at_once_are_as_suspicious():
    (found,) = moves(40, change=Change.RESOLVED)
    assert (found.opens, found.accounts) == (False, 40)


@pytest.mark.parametrize("quiet", [Quiet.BASELINE, Quiet.REBASED, Quiet.UNSTABLE, Quiet.OFF])
def test_what_nobody_is_told_of_holds_nothing(quiet):
    assert moves(90, quiet=quiet) == ()


def test_what_a_critical_alert_says_already_counts():
    assert moves(90, quiet=Quiet.INHIBITED)


def test_rules_are_counted_each_for_itself():
    some = [
        Decision(account_id=AccountId(n), rule=rule, change=Change.OPENED, episode=1, quiet=None)
        for n, rule in enumerate([*[Rule.AT_RISK] * 20, *[Rule.DETRACTOR] * 20])
    ]
    assert mass_moves(some, accounts=100, policy=POLICY) == ()


@pytest.mark.parametrize(
    ("told", "before", "found"),
    [
        (599, (1000, 900, 1100, 1000), Slump(told=599, usual=1000)),
        (600, (1000, 900, 1100, 1000), None),
        (0, (1000, 1000), Slump(told=0, usual=1000)),
        (0, (1000,), None),  # one week is no custom
        (0, (), None),
        (0, (0, 0), None),
    ],
)
def test_less_than_three_fifths_of_the_same_weekdays_median_is_a_slump(told, before, found):
    assert slump(told, before, POLICY) == found


def test_one_large_customer_that_is_away_is_no_fault():
    assert is_everybodys([0.5] * 10, POLICY)
    assert not is_everybodys([0.0] * 4 + [1.0] * 6, POLICY)
    assert not is_everybodys([0.0] * 9, POLICY)  # of nine nobody can say


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), max_size=6))
def test_more_events_never_make_a_slump(told, before):
    if slump(told, before, POLICY) is None:
        assert slump(told + 1, before, POLICY) is None


@pytest.mark.parametrize("wrong", [{"share": 0}, {"share": 1.1}, {"least": 0}, {"volume": 1.0}])
def test_a_guard_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="mass change"):
        MassChange(**wrong)
