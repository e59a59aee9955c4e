"""A year of accounts that live their lives: few false alarms, and a real slide is seen in time."""

import random
from functools import cache

from flag_samples import AT, DAY, UNTIL, flagged, signs, use

from scoring.rules import Rule

YEAR, KNOWN = 364, 60
ACCOUNTS = range(12)


def life(seed, *, events=200, noise=0.20, turn=None, days=YEAR + KNOWN):
    """The events of each day: a week is so many, give or take `noise`; from day `turn` on it is half."""
    dice = random.Random(seed)
    told, week = {}, 1.0
    for number in range(days):
        day = UNTIL + number
        if number % 7 == 0:
            week = max(0.0, dice.gauss(1, noise))
        usual = events * week * (0.19 if (day + 3) % 7 < 5 else 0.025)
        usual *= 0.5 if turn is not None and number >= turn else 1
        told[day] = max(0, round(dice.gauss(usual, usual**0.5)))
    return told


def looks(daily, *, first=KNOWN, last=YEAR + KNOWN):
    """The rules that are raised on each day, looked at once a day."""
    previous, found = None, []
    for number in range(first, last):
        until = UNTIL + number
        at = AT + number * DAY
        recent = {day: daily[day] for day in range(until - 59, until + 1) if day in daily}
        older = {day: daily[day] for day in range(until - 111, until - 59) if day in daily}
        used = use(recent, until=until, older=older)
        previous = flagged(signs(used, at=at), previous=previous, at=at)
        found.append({flag.rule for flag in previous.flags})
    return found


def openings(found, rule):
    return sum(
        rule in now and rule not in before
        for before, now in zip([set(), *found], found, strict=False)
    )


@cache
def steady():
    return [looks(life(seed)) for seed in ACCOUNTS]


def test_a_steady_account_whose_weeks_differ_by_a_fifth_hardly_ever_declines():
    declines = [openings(each, Rule.DECLINING_USAGE) for each in steady()]
    assert max(declines) <= 4
    assert sum(declines) / len(declines) < 2


def test_nor_does_it_grow():
    growths = [openings(each, Rule.GROWING) for each in steady()]
    assert max(growths) <= 4
    assert sum(growths) / len(growths) < 2


def test_a_calm_account_does_neither_in_a_year():
    found = looks(life(1, noise=0.05))
    assert openings(found, Rule.DECLINING_USAGE) == openings(found, Rule.GROWING) == 0


def test_usage_that_halves_is_seen_within_two_weeks_and_stays_seen():
    turn = KNOWN + 10
    for seed in ACCOUNTS:
        daily = life(seed + 100, noise=0.10, turn=turn, days=turn + 60)
        found = looks(daily, last=turn + 56)
        since = next(
            number
            for number, rules in enumerate(found, start=KNOWN)
            if Rule.DECLINING_USAGE in rules and number >= turn
        )
        assert since - turn < 14
        assert all(Rule.DECLINING_USAGE in rules for rules in found[since - KNOWN :])
