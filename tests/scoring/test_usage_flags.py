"""Flags of use, in numbers a CSM can check: declining, growing, features, first value, champion."""

import pytest
from flag_samples import (
    AT,
    DAY,
    RUBRIC,
    TODAY,
    UNTIL,
    evidence,
    flagged,
    score,
    signs,
    stood,
    use,
    workdays,
)

from scoring.readings import Fresh, Stale
from scoring.rubric import Rubric
from scoring.rules import Rule
from scoring.signs import People
from scoring.trends import Movement

EVERYBODY = Movement(-0.03, 400)


def declining(daily, *, previous=None, **more):
    return evidence(flagged(signs(use(daily, **more)), previous=previous), Rule.DECLINING_USAGE)


def weeks(*shares, usual=40, days=120):
    """Working days at a share of the usual 200 events a week; the first share is this week's."""
    return workdays(
        lambda back: round(usual * (shares[back // 7] if back // 7 < len(shares) else 1)), days=days
    )


# Declining usage.


def test_a_decline_is_told_with_its_numbers():
    said = declining(weeks(0.45), fleet=EVERYBODY, fleet_before=EVERYBODY)
    assert said == (
        "events down 55% in 7 days: 90 where 200 a week were usual "
        "(median of 6 weeks; everybody: -3%)"
    )


@pytest.mark.parametrize(
    ("shares", "is_raised"),
    [
        ((1.0, 1.0), False),
        ((0.65, 1.0), False),  # 35 % down
        ((0.5, 1.0), True),  # and so 25 % down over the fortnight
        ((0.55, 1.0), False),  # one bad week after a good one: wait and see
        ((0.55, 0.9), True),
        ((0.7, 0.6), True),  # slower, and for longer
        ((0.0, 1.0), True),
        ((1.0, 0.0), False),  # it is back
    ],
)
def test_it_is_raised_at_40_percent_down_in_7_days_and_25_in_14(shares, is_raised):
    assert bool(declining(weeks(*shares))) is is_raised


@pytest.mark.parametrize(("share", "stands"), [(0.6, True), (0.75, True), (0.775, False)])
def test_it_stands_until_less_than_25_percent_are_missing(share, stands):
    before = stood(Rule.DECLINING_USAGE)
    assert bool(declining(weeks(share, share), previous=before)) is stands


def test_one_good_week_does_not_take_it_back():
    before = stood(Rule.DECLINING_USAGE)
    assert declining(weeks(0.9, 0.5), previous=before) is not None
    assert declining(weeks(0.9, 0.7), previous=before) is None


def test_a_few_events_cannot_decline():
    assert declining(weeks(0.0, usual=0.6)) is None  # from 3 events a week
    assert declining(weeks(0.0, usual=3)) is None  # 15 a week are too few, even to nothing
    assert (
        declining(weeks(0.6, 0.6, usual=5)) is None
    )  # 15 of 25: counts of that size scatter as much
    assert declining(weeks(0.0, usual=5)) is not None  # but not to nothing


def test_two_days_off_are_no_decline():
    off = {UNTIL - back: 0 for back in (2, 3)}  # Thursday and Friday
    assert declining(workdays(40) | off) is None


def test_a_whole_fleet_that_moves_is_no_customer_that_slides():
    halved = Movement(-0.5, 400)
    assert declining(weeks(0.5, 0.5), fleet=halved, fleet_before=halved) is None
    assert declining(weeks(0.2, 0.2), fleet=halved, fleet_before=halved) is not None
    grown = Movement(1.0, 400)
    assert declining(weeks(0.8, 0.8), fleet=grown, fleet_before=grown) is None


def test_the_fleet_of_a_few_says_nothing():
    few = Movement(-0.5, 9)
    said = declining(weeks(0.5, 0.5), fleet=few, fleet_before=few)
    assert said is not None
    assert "everybody" not in said


def test_when_everybody_is_gone_nobody_can_be_judged():
    gone = {"fleet": Movement(-1.0, 400), "fleet_before": Movement(-1.0, 400)}
    assert declining(weeks(0.0, 0.0), **gone) == "?"
    told = flagged(signs(use(weeks(0.0), **gone)), previous=stood(Rule.DECLINING_USAGE))
    assert [flag.evidence for flag in told.flags] == ["as it was"]


def test_an_account_known_for_four_weeks_cannot_be_judged():
    assert declining(workdays(40, days=28)) == "?"


def test_a_slide_does_not_become_its_own_measure():
    halved = weeks(*[0.5] * 6)  # for six weeks: the median of the last ones is half already
    assert declining(halved) is None
    before = stood(Rule.DECLINING_USAGE, days=35)
    assert "90 where" not in (said := declining(halved, previous=before))
    assert "events down 50% in 7 days: 100 where 200 a week were usual" in said
    long_ago = stood(Rule.DECLINING_USAGE, days=120)
    assert declining(weeks(*[0.5] * 17, days=150), previous=long_ago) is None  # it is how it is


@pytest.mark.parametrize(
    ("a_year_ago", "tail"),
    [
        (1.0, "(median of 6 weeks)"),
        (0.5, "; it was as quiet at this time last year"),
        (0.3, "; it was as quiet at this time last year"),
        (0.7, "; at this time last year it was down 30% as well"),
    ],
)
def test_an_account_that_was_quiet_at_this_time_last_year_is_said_to_be_so(a_year_ago, tail):
    then = {
        day - 364: round(count * (a_year_ago if day > UNTIL - 7 else 1))
        for day, count in workdays(20).items()
    }
    assert declining(weeks(0.45), older=then).endswith(tail)


# Growing.


def growing(daily, *, previous=None, **more):
    return evidence(flagged(signs(use(daily, **more)), previous=previous), Rule.GROWING)


def test_growth_is_told_when_it_lasts_for_a_fortnight():
    assert growing(weeks(1.5, 1.4)) == (
        "events up 45% in 14 days, where 200 a week were usual (median of 6 weeks)"
    )
    assert growing(weeks(1.9, 1.0)) is not None  # 45 % over the fortnight
    assert growing(weeks(1.3, 1.6)) is None  # it is over again
    assert growing(weeks(1.3, 1.6), previous=stood(Rule.GROWING)) is not None
    assert growing(weeks(1.1, 1.2), previous=stood(Rule.GROWING)) is None


def test_a_small_account_grows_by_a_third_for_nothing():
    assert growing(weeks(3.0, 3.0, usual=7)) is None  # 35 a week
    assert growing(weeks(3.0, 3.0, usual=7), previous=stood(Rule.GROWING)) is not None
    assert growing(weeks(3.0, 3.0, usual=8)) is not None


def test_who_grows_with_everybody_does_not_grow():
    assert growing(weeks(1.5, 1.5), fleet=Movement(0.3, 400)) is None
    assert growing(weeks(1.5, 1.5), fleet=Movement(-0.3, 400)).endswith("; everybody: -30%)")


def known(now, before):
    return People(now=now, before=before, first_day=UNTIL - 55)


@pytest.mark.parametrize(
    ("before", "now", "is_raised"),
    [(10, 13, True), (10, 12, False), (4, 12, False), (6, 8, False), (100, 129, False)],
)
def test_more_people_are_growth_from_30_percent_on(before, now, is_raised):
    said = growing(workdays(40), people=known(now, before))
    assert said == (
        f"{now} people active in 28 days, {before} in the 28 before" if is_raised else None
    )


def test_growth_in_people_stands_while_half_of_it_is_left():
    before = stood(Rule.GROWING)
    assert growing(workdays(40), people=known(12, 10), previous=before) is not None
    assert growing(workdays(40), people=known(11, 10), previous=before) is None


def test_people_of_before_who_may_be_forgotten_are_no_growth():
    forgotten = People(now=13, before=6, first_day=UNTIL - 34)
    assert growing(workdays(40), people=forgotten) is None


# Features.


def on(*back):
    return frozenset(UNTIL - each for each in back)


WEEKLY = range(3, 60, 7)


def feature(rule, days, *, previous=None, daily=None, name="export"):
    used = use(daily, features={"report": on(*range(60)), name: days})
    return evidence(flagged(signs(used), previous=previous), rule)


def abandoned(days, **more):
    return feature(Rule.FEATURE_ABANDONMENT, days, **more)


def test_a_feature_used_every_day_is_missed_after_two_weeks():
    assert abandoned(on(*range(14, 60))) == "export not used for 14 days; before, week after week"
    assert abandoned(on(*range(13, 60))) is None


def test_a_feature_used_once_a_week_is_missed_after_three_weeks():
    assert abandoned(on(*range(20, 60, 7))) is None
    assert abandoned(on(*range(21, 60, 7))) is not None


def test_a_feature_that_was_used_now_and_then_is_not_missed():
    assert abandoned(on(30, 58)) is None
    assert abandoned(on(30)) is None
    assert abandoned(on()) is None
    assert abandoned(on(*range(30, 36))) is None  # tried out for a week


def test_using_it_once_takes_the_flag_back_today_already():
    gone = on(*range(20, 60))
    assert abandoned(gone) is not None
    before = stood(Rule.FEATURE_ABANDONMENT)
    assert abandoned(gone | {TODAY}, previous=before) is None


def test_an_account_that_does_nothing_at_all_has_not_given_up_one_feature():
    quiet = workdays(lambda back: 0 if back < 14 else 40)
    assert abandoned(on(*range(20, 60)), daily=quiet) == "?"
    told = flagged(
        signs(use(quiet, features={"export": on(*range(20, 60))})),
        previous=stood(Rule.FEATURE_ABANDONMENT),
    )
    assert Rule.FEATURE_ABANDONMENT in {flag.rule for flag in told.flags}


def test_without_core_features_none_can_be_given_up():
    told = flagged(signs(use()), rubric=Rubric())
    assert Rule.FEATURE_ABANDONMENT not in told.judged
    assert Rule.NO_FIRST_VALUE not in told.judged
    assert Rule.ADVANCED_FEATURE not in told.judged


def taken_up(days, **more):
    return feature(Rule.ADVANCED_FEATURE, days, name="api", **more)


def test_an_advanced_feature_is_taken_up_when_it_is_used_twice_and_was_not_before():
    assert taken_up(on(2, 5)) == "api used on 2 days, for the first time this month"
    assert taken_up(on(2)) is None
    assert taken_up(on(2, 5, 40)) is None
    assert taken_up(on(2, 5), daily=workdays(40, days=35)) == "?"  # what was before is not known


def test_it_is_news_for_six_weeks():
    before = stood(Rule.ADVANCED_FEATURE)
    assert taken_up(on(2, 5, 40), previous=before) is not None
    assert taken_up(on(2, 5, 43), previous=before) is None


# The first value.


@pytest.mark.parametrize(
    ("age", "used", "is_raised"),
    [(6, (), False), (7, (), True), (30, (), True), (31, (), False), (10, (3,), False)],
)
def test_a_new_account_has_a_week_to_its_first_value(age, used, is_raised):
    told = flagged(
        signs(
            use(workdays(5, days=age), features={"report": on(*used)}),
            joined_on=UNTIL - age + 1,
        )
    )
    said = f"no core feature used in the {age} days since it joined" if is_raised else None
    assert evidence(told, Rule.NO_FIRST_VALUE) == said


def test_it_stands_past_the_first_month_until_there_is_one():
    used = signs(use(workdays(5)), joined_on=UNTIL - 49)
    before = stood(Rule.NO_FIRST_VALUE)
    assert evidence(flagged(used), Rule.NO_FIRST_VALUE) is None
    assert evidence(flagged(used, previous=before), Rule.NO_FIRST_VALUE) is not None


def test_whose_beginning_nobody_knows_is_not_new():
    assert evidence(flagged(signs(use())), Rule.NO_FIRST_VALUE) == "?"


# The champion.


def champion(*, silent, days=25, runner_up=10, daily=None, previous=None):
    people = People(
        now=4, before=5, champion_days=days, champion_last=UNTIL - silent, runner_up_days=runner_up
    )
    told = flagged(signs(use(daily, people=people)), previous=previous)
    return evidence(told, Rule.CHAMPION_QUIET)


def test_the_busiest_end_user_is_missed_after_three_weeks():
    assert champion(silent=20) is None
    assert champion(silent=21) == (
        "the busiest end user has not been seen for 21 days; "
        "the account was active on 5 of the last 7"
    )


def test_one_of_many_as_busy_is_no_champion_and_neither_is_one_who_was_hardly_there():
    assert champion(silent=30, days=25, runner_up=24) is None
    assert champion(silent=30, days=7, runner_up=0) is None
    before = stood(Rule.CHAMPION_QUIET)  # the weeks before slide out of sight, and it stands
    assert champion(silent=40, days=4, runner_up=0, previous=before) is not None
    assert champion(silent=40, days=3, runner_up=0, previous=before) is None


def test_where_nobody_works_any_more_it_is_not_the_champion_who_is_missed():
    idle = workdays(lambda back: 0 if back < 10 else 40)
    assert champion(silent=21, daily=idle) is None
    assert champion(silent=21, daily=idle, previous=stood(Rule.CHAMPION_QUIET)) is not None


# Stale usage.


def test_a_stale_source_raises_and_lowers_nothing():
    told = flagged(signs(Stale(AT - 3 * DAY)), previous=stood(Rule.DECLINING_USAGE))
    assert [flag.rule for flag in told.flags] == [Rule.DECLINING_USAGE]
    of_use = {Rule.DECLINING_USAGE, Rule.FEATURE_ABANDONMENT, Rule.GROWING, Rule.NO_FIRST_VALUE}
    assert not of_use & told.judged.keys()


def test_zero_is_judged():
    told = flagged(signs(Fresh(use(weeks(0.0)), AT)), of=score(usage="inactive"), rubric=RUBRIC)
    assert told.judged[Rule.DECLINING_USAGE] == AT
    said = "no events in 7 days where 200 a week were usual (median of 6 weeks)"
    assert evidence(told, Rule.DECLINING_USAGE) == said
