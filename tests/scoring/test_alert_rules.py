"""When an alert opens, re-arms and recovers: worked examples, one evaluation a step."""

from dataclasses import replace
from datetime import timedelta

import pytest
from alert_watch import HOUR, START, Watched, scored

from scoring.alerts import Change, Phase
from scoring.policy import AlertPolicy, Drop, Threshold
from scoring.rules import Quiet, Rule
from scoring.sights import signals

AT_RISK, CRITICAL, EXPANSION = Rule.AT_RISK, Rule.CRITICAL, Rule.EXPANSION
OPENED, REOPENED, RESOLVED = Change.OPENED, Change.REOPENED, Change.RESOLVED


@pytest.mark.parametrize(("value", "fires"), [(59.999, True), (60, False), (60.001, False)])
def test_at_risk_fires_below_60_not_at_60(value, fires):
    account = Watched(value)
    assert account.sees(value) == ([(AT_RISK, OPENED, 1, True)] if fires else [])


@pytest.mark.parametrize(("value", "fires"), [(39.999, True), (40, False), (40.001, False)])
def test_critical_fires_below_40_not_at_40(value, fires):
    assert Watched(70).sees(value) == ([(CRITICAL, OPENED, 1, True)] if fires else [])


@pytest.mark.parametrize(("value", "fires"), [(79.999, False), (80, True), (80.001, True)])
def test_expansion_fires_at_80(value, fires):
    account = Watched(value)
    assert account.sees(value) == ([(EXPANSION, OPENED, 1, True)] if fires else [])


def test_a_crossing_is_told_when_a_second_look_at_new_data_confirms_it():
    account = Watched(70)
    assert account.sees(55) == []
    assert account.phase(AT_RISK) is Phase.PENDING
    assert account.sees(58) == [(AT_RISK, OPENED, 1, True)]
    assert account.phase(AT_RISK) is Phase.FIRING


def test_one_low_look_between_good_ones_is_not_told():
    account = Watched(70, 55)
    assert account.sees(61) == []
    assert account.sees(55) == []
    assert account.phase(AT_RISK) is Phase.PENDING


def test_critical_needs_no_second_look():
    assert Watched(70).sees(30) == [(CRITICAL, OPENED, 1, True)]


def test_an_open_alert_is_not_told_again():
    account = Watched(70, 55, 55)
    assert [account.sees(value) for value in (50, 45, 59, 41)] == [[]] * 4


@pytest.mark.parametrize(
    ("rule", "before", "fired", "not_yet", "clear"),
    [
        (AT_RISK, 70, 55, 64.999, 65),
        (CRITICAL, 70, 30, 44.999, 45),
        (EXPANSION, 70, 85, 75, 74.999),
    ],
)
def test_an_alert_recovers_five_points_clear_of_its_line(rule, before, fired, not_yet, clear):
    account = Watched(before, fired, fired)
    account.sees(not_yet)
    account.sees(not_yet)
    assert account.phase(rule) is Phase.FIRING
    account.sees(clear)
    assert account.phase(rule) is Phase.RECOVERING
    assert (rule, RESOLVED, 1, True) in account.sees(clear)


def test_a_recovery_that_does_not_last_two_looks_is_none():
    account = Watched(70, 55, 55, 66)
    assert account.sees(62) == []
    assert account.sees(66) == []
    assert account.sees(66) == [(AT_RISK, RESOLVED, 1, True)]


def test_a_score_that_hovers_on_the_line_alerts_once():
    account = Watched(70)
    told = [account.sees(59 if hour % 3 else 64) for hour in range(200)]
    assert [each for each in told if each] == [[(AT_RISK, OPENED, 1, True)]]


def test_within_the_cooldown_the_old_alert_speaks_again():
    account = Watched(70, 55, 55, 70)
    assert account.sees(70) == [(AT_RISK, RESOLVED, 1, True)]
    account.sees(55, after=22 * HOUR)
    assert account.sees(55) == [(AT_RISK, REOPENED, 1, True)]


def test_after_the_cooldown_it_is_a_new_alert():
    account = Watched(70, 55, 55, 70, 70)
    account.sees(55, after=23 * HOUR)
    assert account.sees(55) == [(AT_RISK, OPENED, 2, True)]


def test_an_episode_nobody_was_told_of_is_never_reopened():
    account = Watched()
    account.sees(55, silent=True)
    assert [account.sees(70), account.sees(70)] == [[], [(AT_RISK, RESOLVED, 1, False)]]
    account.sees(55)
    assert account.sees(55) == [(AT_RISK, OPENED, 2, True)]


def test_the_example_of_the_docs():
    account = Watched()
    told = [account.sees(value) for value in (70, 58, 57, 63, 66, 67, 58, 57)]
    assert told == [
        [],
        [],
        [(AT_RISK, OPENED, 1, True)],
        [],
        [],
        [(AT_RISK, RESOLVED, 1, True)],
        [],
        [(AT_RISK, REOPENED, 1, True)],
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (90, [(EXPANSION, OPENED, 1, False)]),
        (70, []),
        (55, [(AT_RISK, OPENED, 1, False)]),
        (30, [(CRITICAL, OPENED, 1, False), (AT_RISK, OPENED, 1, False)]),
    ],
)
def test_a_first_score_opens_at_once_and_tells_nobody(value, found):
    account = Watched()
    assert account.sees(value, silent=True) == found
    assert account.sees(value) == []


def test_what_gets_worse_after_a_silent_first_score_is_told():
    account = Watched()
    account.sees(55, silent=True)
    assert account.sees(35) == [(CRITICAL, OPENED, 1, True)]


def test_a_recovery_is_told_only_if_the_opening_was():
    silent, told = Watched(), Watched(70)
    silent.sees(30, silent=True)
    told.sees(30)
    assert [silent.sees(50), silent.sees(50)] == [[], [(CRITICAL, RESOLVED, 1, False)]]
    assert (CRITICAL, RESOLVED, 1, True) in [*told.sees(50), *told.sees(50)]


def test_a_changed_rubric_moves_the_alerts_and_tells_nobody():
    account = Watched(70, 55, 55)
    assert account.sees(70, silent=True) == [(AT_RISK, RESOLVED, 1, False)]
    assert account.sees(30, silent=True) == [
        (CRITICAL, OPENED, 1, False),
        (AT_RISK, REOPENED, 1, False),
    ]


@pytest.mark.parametrize("value", [None, 10.0, 90.0])
def test_stale_or_missing_data_freezes_everything(value):
    account = Watched(70, 55)
    before = account.state(AT_RISK)
    for _ in range(3):
        assert account.sees(value, fresh=False) == []
        assert account.sees(None) == []
    assert account.state(AT_RISK).standing is Phase.FROZEN
    assert replace(account.state(AT_RISK), frozen_since=None) == before
    assert account.sees(55) == [(AT_RISK, OPENED, 1, True)]  # and it goes on where it stood
    assert account.state(AT_RISK).standing is Phase.FIRING


@pytest.mark.parametrize("earlier", [0, 1, 48])
def test_a_look_at_nothing_new_confirms_nothing(earlier):
    account = Watched(70, 55)
    known, before = account.as_of, account.state(AT_RISK)
    assert account.sees(55, after=-earlier * HOUR) == []
    assert account.state(AT_RISK) == before
    account.as_of = known
    assert account.sees(55) == [(AT_RISK, OPENED, 1, True)]


def test_critical_needs_no_newer_data_than_the_last_look_had():
    account = Watched(70, 55)
    assert account.sees(20, after=timedelta(0)) == [(CRITICAL, OPENED, 1, True)]


def test_a_second_look_counts_when_every_source_has_answered_since_the_first():
    account = Watched()
    told = []
    # The first time, one source has answered anew, the other is still the one it was.
    for oldest, newest in ((0, 4), (4, 5), (5, 8)):
        score = scored(55, START + oldest * HOUR, newest=START + newest * HOUR)
        account.now = START + newest * HOUR
        found = account.looks(signals(score, None, (), account.policy))
        told.append([(each.rule, each.change) for each in found])
    assert told == [[], [], [(AT_RISK, OPENED)]]


def test_critical_says_it_for_at_risk_too():
    account = Watched(70, 30)
    assert account.sees(30) == [(AT_RISK, OPENED, 1, False)]
    assert account.phase(CRITICAL) is Phase.FIRING


def test_at_risk_that_came_first_stays_and_critical_is_told_beside_it():
    account = Watched(70, 55, 55)
    assert account.sees(30) == [(CRITICAL, OPENED, 1, True)]
    account.sees(70)
    assert account.sees(70) == [(CRITICAL, RESOLVED, 1, True), (AT_RISK, RESOLVED, 1, True)]


def test_leaving_critical_for_at_risk_tells_no_second_alert():
    account = Watched(70, 30, 30, 50)
    assert account.sees(50) == [(CRITICAL, RESOLVED, 1, True)]
    assert [account.sees(50) for _ in range(5)] == [[]] * 5
    account.sees(70)
    assert account.sees(70) == [(AT_RISK, RESOLVED, 1, False)]


def test_a_critical_alert_inhibits_at_risk_even_when_only_at_risk_has_something_new():
    policy = AlertPolicy(at_risk=Threshold(fires=60, clears=65, confirmations=1))
    account = Watched(70, 30, policy=policy)
    del account.states[AT_RISK]
    assert account.sees(30, after=timedelta(0)) == [(AT_RISK, OPENED, 1, False)]


def test_lines_and_confirmations_are_configuration():
    policy = AlertPolicy(at_risk=Threshold(fires=50, clears=70, confirmations=3))
    account = Watched(60, 45, 45, policy=policy)
    assert account.sees(45) == [(AT_RISK, OPENED, 1, True)]
    assert [account.sees(69), account.sees(69)] == [[], []]
    assert [account.sees(70), account.sees(70)] == [[], [(AT_RISK, RESOLVED, 1, True)]]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"fires": 60, "clears": 55}, "clear above"),
        ({"fires": 80, "clears": 85, "rising": True}, "clear below"),
        ({"fires": 60, "clears": 101}, "clear above"),
        ({"fires": float("nan"), "clears": 65}, "clear above"),
        ({"fires": 60, "clears": 65, "confirmations": 0}, "confirmations"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        Threshold(**wrong)


DROP, USAGE, PAYMENT = Rule.SHARP_DROP, Rule.DECLINING_USAGE, Rule.PAYMENT_ISSUE


@pytest.mark.parametrize(("value", "drops"), [(75.0, True), (75.1, False)])
def test_a_fall_of_15_points_within_7_days_is_a_sharp_drop_whatever_the_band(value, drops):
    account = Watched(90)
    account.sees(value, high=90)
    found = account.sees(value, high=90)
    assert ((DROP, OPENED, 1, True) in found) is drops


def test_a_sharp_drop_is_over_when_the_high_is_a_week_ago():
    account = Watched(78)
    assert [account.sees(62, high=78), account.sees(62, high=78)] == [[], [(DROP, OPENED, 1, True)]]
    assert account.sees(62, high=72.5) == []  # 10.5 points: not clear yet
    assert [account.sees(62, high=70), account.sees(62, high=70)] == [
        [],
        [(DROP, RESOLVED, 1, True)],
    ]


def test_critical_says_it_for_a_sharp_drop_too():
    account = Watched(70)
    assert account.sees(30, high=70) == [(CRITICAL, OPENED, 1, True)]
    assert account.sees(30, high=70) == [(AT_RISK, OPENED, 1, False), (DROP, OPENED, 1, False)]


def test_a_drop_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="clears"):
        Drop(points=10, clears=15)


def test_a_measured_flag_is_told_at_the_second_look_and_a_fact_at_the_first():
    account = Watched(70)
    assert account.sees(70, flags=[USAGE, PAYMENT]) == [(PAYMENT, OPENED, 1, True)]
    assert account.sees(70, flags=[USAGE, PAYMENT]) == [(USAGE, OPENED, 1, True)]
    account.sees(70, judged=[USAGE, PAYMENT])
    assert account.sees(70, judged=[USAGE, PAYMENT]) == [
        (PAYMENT, RESOLVED, 1, True),
        (USAGE, RESOLVED, 1, True),
    ]


def test_a_flag_that_cannot_be_judged_is_frozen_and_the_others_go_on():
    account = Watched(70)
    account.sees(70, flags=[USAGE])
    account.sees(70, flags=[USAGE])
    for _ in range(4):
        account.sees(70, fresh=False, judged=[PAYMENT])
    assert account.state(USAGE).standing is Phase.FROZEN
    assert account.sees(70, fresh=False, flags=[PAYMENT]) == [(PAYMENT, OPENED, 1, True)]


def test_the_fourth_opening_within_two_weeks_is_unstable_and_not_told():
    account = Watched(70)
    told = []
    for _ in range(5):
        for value in (55, 55, 70, 70):
            told += account.sees(value, after=25 * HOUR)
    opened = [each for each in told if each[1] is OPENED]
    assert [each[3] for each in opened] == [True, True, True, False, False]
    assert account.state(AT_RISK).quiet is Quiet.UNSTABLE
    resolved = [each for each in told if each[1] is RESOLVED]
    assert [each[3] for each in resolved] == [True, True, True, False, False]


def test_two_weeks_of_peace_make_it_stable_again():
    account = Watched(70)
    for _ in range(4):
        for value in (55, 55, 70, 70):
            account.sees(value, after=25 * HOUR)
    account.sees(55, after=timedelta(days=15))
    assert account.sees(55) == [(AT_RISK, OPENED, 5, True)]


def test_a_rule_that_is_off_moves_and_tells_nobody():
    account = Watched(70, policy=AlertPolicy(off=(AT_RISK,)))
    account.sees(55)
    assert account.sees(55) == [(AT_RISK, OPENED, 1, False)]


def test_a_look_from_a_future_that_did_not_come_does_not_hold_up_the_next():
    account = Watched(70)
    account.sees(55, after=timedelta(days=400))  # a clock that went wrong
    account.as_of = account.now = START + 2 * HOUR
    assert account.sees(55) == [(AT_RISK, OPENED, 1, True)]
