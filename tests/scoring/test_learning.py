"""What alerts were good for: worked examples, and what must hold of every ledger."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.accounts import AccountId
from scoring.alerts import Outcome
from scoring.learning import Followed, Precision, Told, can_recover, effects, precision, wilson
from scoring.rules import Family, Rule

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ACTED, USEFUL, NOISE = Outcome.ACTED, Outcome.USEFUL, Outcome.NOISE


def told(rule=Rule.AT_RISK, *, days_ago=1, said=None, acted=False):
    opened_at = NOW - days_ago * DAY
    acted_at = opened_at + timedelta(hours=2) if acted else None
    return Told(
        account_id=AccountId(7), rule=rule, opened_at=opened_at, said=said, acted_at=acted_at
    )


def followed(before=50.0, after=60.0, *, rule=Rule.AT_RISK, acted=True, recovered=True):
    return Followed(rule=rule, acted=acted, before=before, after=after, recovered=recovered)


def test_what_a_person_says_goes_before_what_was_done():
    assert told(said=NOISE, acted=True).outcome is NOISE
    assert told(said=USEFUL).outcome is USEFUL


def test_what_was_acted_on_needs_no_word():
    assert told(acted=True).outcome is ACTED


def test_what_nobody_acted_on_or_judged_has_no_outcome():
    assert told().outcome is None


def test_precision_is_the_share_of_the_judged_ones_that_were_of_use():
    ledger = [
        *[told(acted=True)] * 5,
        *[told(said=USEFUL)] * 4,
        *[told(said=NOISE)] * 3,
        *[told()] * 20,
    ]
    (found,) = precision(ledger, since=NOW - 30 * DAY)
    assert found == Precision(rule=Rule.AT_RISK, acted=5, useful=4, noise=3, unknown=20)
    assert (found.good, found.judged, found.value) == (9, 12, 0.75)
    assert not found.is_noisy


def test_alerts_of_before_the_window_do_not_count():
    ledger = [told(days_ago=31, acted=True), told(days_ago=30, acted=True), told(days_ago=1)]
    (found,) = precision(ledger, since=NOW - 30 * DAY)
    assert (found.acted, found.unknown) == (1, 1)


def test_rules_come_most_pressing_first_and_only_those_that_spoke():
    ledger = [told(Rule.EXPANSION), told(Rule.AT_RISK), told(Rule.CRITICAL, acted=True)]
    assert [each.rule for each in precision(ledger, since=NOW - 30 * DAY)] == [
        Rule.CRITICAL,
        Rule.AT_RISK,
        Rule.EXPANSION,
    ]


@pytest.mark.parametrize(
    ("good", "noise", "noisy"), [(0, 9, False), (4, 6, True), (5, 5, False), (0, 10, True)]
)
def test_a_rule_is_noisy_from_ten_judged_on_when_less_than_half_were_of_use(good, noise, noisy):
    found = Precision(rule=Rule.AT_RISK, acted=good, noise=noise)
    assert found.is_noisy is noisy


def test_of_fewer_than_ten_judged_nothing_is_said():
    found = Precision(rule=Rule.AT_RISK, acted=9, unknown=100)
    assert (found.value, found.interval) == (None, None)


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (50, 100, 0.404, 0.596)],
)
def test_the_interval_is_wilsons(good, of, low, high):
    # By hand: (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), z = 1.96.
    assert wilson(good, of) == pytest.approx((low, high), abs=0.001)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_share_and_stays_within_0_and_1(case):
    good, of = case
    low, high = wilson(good, of)
    assert 0 <= low <= good / of + 1e-12
    assert good / of - 1e-12 <= high <= 1


@given(
    st.lists(
        st.builds(
            told,
            st.sampled_from(Rule),
            days_ago=st.integers(0, 100),
            said=st.sampled_from([None, USEFUL, NOISE]),
            acted=st.booleans(),
        ),
        max_size=40,
    )
)
def test_every_alert_of_the_window_is_counted_once(ledger):
    since = NOW - 30 * DAY
    found = precision(ledger, since=since)
    counted = sum(each.judged + each.unknown for each in found)
    assert counted == sum(each.opened_at >= since for each in ledger)


def test_the_effect_is_the_median_then_and_thirty_days_later():
    acted = [followed(50 + n, 60 + 2 * n, recovered=n > 5) for n in range(11)]
    others = [followed(50, 45, acted=False, recovered=False)] * 10
    (effect,) = effects([*acted, *others])
    assert (effect.acted.n, effect.acted.before, effect.acted.after) == (11, 55, 70)
    assert (effect.acted.change, effect.acted.recovered) == (15, 5)
    assert (effect.others.n, effect.others.change, effect.others.recovered) == (10, -5, 0)


def test_of_fewer_than_ten_no_median_is_told():
    (effect,) = effects([followed()] * 9)
    assert (effect.acted.n, effect.acted.before, effect.acted.change) == (9, None, None)
    assert effect.acted.recovered == 9


def test_a_rule_nobody_ever_acted_on_has_no_effect():
    assert effects([followed(acted=False)] * 50) == ()


def test_an_event_does_not_recover():
    assert {rule for rule in Rule if not can_recover(rule)} == {
        rule for rule in Rule if rule.family is Family.EVENT
    }
    (effect,) = effects([followed(rule=Rule.CANCELLATION, recovered=None)] * 10)
    assert effect.acted.recovered is None
