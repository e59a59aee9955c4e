"""A month of a noisy book, looked at every six hours as the sources are read: few alerts, and nobody missed."""

from datetime import timedelta

import pytest

from tests.soak.month import live


@pytest.fixture(scope="module")
def month():
    return live(steady=1_000, declining=200, every=timedelta(hours=6))


def test_a_thousand_steady_noisy_accounts_alert_a_fifth_as_often_as_a_plain_line(month):
    steady, _ = month
    assert steady.crossings > 2_000
    assert steady.alerts < steady.crossings / 5


def test_none_of_two_hundred_declining_accounts_is_missed(month):
    _, declining = month
    assert declining.missed == 0


def test_a_decline_is_told_within_two_days_of_the_true_crossing(month):
    _, declining = month
    assert max(declining.delays) < 48
