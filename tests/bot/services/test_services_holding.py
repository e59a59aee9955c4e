"""Holding: when the data look at fault nobody hears of customers, and the operators are asked once."""

from datetime import timedelta

import pytest
from service_world import (
    ADMIN,
    DANA,
    ERIN,
    HOUR,
    TEAM,
    World,
    config_of,
    subscription,
    ticket,
)

from bot.services import alerting, holding, rescoring
from bot.services.errors import UserError
from scoring.guard import HoldKind, Verdict
from scoring.readings import day_number
from scoring.records import ActiveUser, FeatureCount, UsageDays
from storage import dirty, holds


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


DAY = timedelta(days=1)
KEYS = [f"a{n}" for n in range(20)]


@pytest.fixture
def book(world):
    """Twenty accounts that do well."""
    world.begin(**dict.fromkeys(KEYS, "neutral"))
    world.said()
    return world


def fall(world, keys=KEYS, mood="negative"):
    for _ in range(2):
        world.look(**dict.fromkeys(keys, mood))


def current(world):
    with world.deps.db.read() as session:
        return holds.current(session)


def decide(world, verdict, member=ERIN.id):
    (hold,) = current(world)
    holding.decide_hold(world.deps, hold.id, verdict, member=member)


def test_if_a_third_of_the_accounts_would_cross_at_once_one_message_asks_the_operators(book):
    fall(book)
    ((kind, target, words),) = book.said()
    assert (kind, target) == ("post", ADMIN)
    assert "20 of 20 accounts would get the alert “At-risk”" in words
    assert "nobody has been alerted" in words
    assert all(book.alerts(key) == {} for key in KEYS)


def test_nine_of_twenty_are_told_of(book):
    fall(book, KEYS[:9])
    assert {target for _, target, _ in book.said()} == {TEAM, DANA.id}
    assert current(book) == []


def test_a_run_is_judged_as_a_whole_not_by_the_part_that_is_scored(book):
    book.clock.at += HOUR
    for name in book.shelves:
        told = [ticket(key, "escalated", at=book.clock.at) for key in KEYS]
        book.sync(name, *(told if name == "zendesk" else ()))
    while rescoring._rescore_chunk(book.deps):
        pass
    with book.deps.db.write() as session:
        dirty.mark(session, [book.account("a0").id], at=book.clock.at)
    assert alerting.look(book.deps) == 0  # somebody else is still scoring
    book.clock.at += timedelta(minutes=6)
    assert alerting.look(book.deps) == 20  # but that is not waited for for ever
    assert [each.kind for each in current(book)] == [HoldKind.CROSSINGS]


def test_however_often_it_is_looked_at_the_operators_are_asked_once(book):
    fall(book)
    book.said()
    for _ in range(4):
        book.look(**dict.fromkeys(KEYS, "negative"))
    assert book.said() == []


def test_released_it_is_told_in_one_message_a_csm(book):
    fall(book)
    book.said()
    decide(book, Verdict.RELEASED)
    fall(book)
    told = book.said()
    assert [(kind, target) for kind, target, _ in told] == [
        ("update", ADMIN),
        ("post", TEAM),
        ("post", DANA.id),
    ]
    assert "Released by @U0ERIN" in told[0][2]
    assert "20 accounts need a look" in told[1][2]
    assert set(book.alerts("a0")) == {"at_risk"}


def test_dropped_it_is_taken_as_it_is_and_nobody_is_told(book):
    fall(book)
    book.said()
    decide(book, Verdict.DROPPED)
    fall(book)
    ((kind, target, words),) = book.said()
    assert (kind, target) == ("update", ADMIN)
    assert "Dropped by @U0ERIN" in words
    assert not any(each.announced for each in book.every_alert())
    fall(book, mood="neutral")
    assert book.said() == []  # nor that it is over


def test_it_ends_by_itself_when_the_data_are_as_usual_again(book):
    fall(book)
    book.said()
    fall(book, mood="neutral")
    told = book.said()
    assert [(kind, target) for kind, target, _ in told] == [("update", ADMIN), ("reply", ADMIN)]
    assert "as usual again" in told[1][2]
    assert current(book) == []
    book.look(a0="escalated")
    assert {target for _, target, _ in book.said()} == {TEAM, DANA.id}


def test_many_recoveries_at_once_are_held_too(book):
    for some in (KEYS[:9], KEYS[9:18]):
        fall(book, some)
    book.said()
    fall(book, KEYS[:18], mood="neutral")
    ((_, target, words),) = book.said()
    assert target == ADMIN
    assert "would end the alert “At-risk”" in words
    assert set(book.alerts("a0")) == {"at_risk"}


def test_a_decision_counts_once(book):
    fall(book)
    (hold,) = current(book)
    holding.decide_hold(book.deps, hold.id, Verdict.RELEASED, member=ERIN.id)
    with pytest.raises(UserError, match="decided already"):
        holding.decide_hold(book.deps, hold.id, Verdict.DROPPED, member=DANA.id)


# A source that tells much less than it used to.

USERS = [f"u{n}" for n in range(12)]


@pytest.fixture
def used(db, tmp_path):
    """Twelve accounts that do well; their product told a thousand events a day of each for six weeks."""
    world = World(db, tmp_path, config=config_of(tmp_path, "stripe", "zendesk", "mixpanel"))
    world.begin(**dict.fromkeys(USERS, "neutral"))
    today = day_number(world.clock.at)
    world.sync("mixpanel", usage=events(range(today - 42, today)))
    world.rescore()
    world.said()
    return world


def events(days, count=1000, others=None):
    """The first account's events a day, and everybody else's."""
    days = tuple(days)
    told = {key: count if others is None or key == USERS[0] else others for key in USERS}
    return UsageDays(
        days=days,
        counts=iter(
            [[FeatureCount(day, key, "Report Viewed", told[key]) for day in days for key in USERS]]
        ),
        users=iter([[ActiveUser(day, key, 1) for day in days for key in USERS]]),
    )


def next_day(world, count, **more):
    """A day later the day before is told whole."""
    world.clock.at += DAY
    for name in ("stripe", "zendesk"):
        world.sync(name)
    world.sync("mixpanel", usage=events([day_number(world.clock.at) - 1], count, **more))
    world.rescore()


def test_a_day_with_half_of_what_is_usual_asks_the_operators_once(used):
    next_day(used, 500)
    ((kind, target, words),) = used.said()
    assert (kind, target) == ("post", ADMIN)
    assert "Mixpanel told 50% less than usual" in words
    assert "told 6,000 events" in words
    for _ in range(3):
        next_day(used, 400)
    assert used.said() == []
    assert [each.kind for each in current(used)] == [HoldKind.VOLUME]


def test_three_fifths_of_what_is_usual_is_an_ordinary_bad_day(used):
    next_day(used, 600)
    assert used.said() == []


def test_one_large_customer_that_falls_silent_is_no_data_fault(used):
    today = day_number(used.clock.at)
    used.sync("mixpanel", usage=events(range(today - 42, today), 100_000, others=10))
    next_day(used, 0, others=10)
    assert used.said() == []


def test_while_it_is_held_nothing_of_the_score_is_told_and_facts_are(used):
    next_day(used, 100)
    used.said()
    used.look(u0="escalated")
    assert used.said() == []
    used.sync("stripe", subscription("cus_u0", cents=5_000))
    used.rescore()
    told = used.said()
    assert {target for _, target, _ in told} == {TEAM, DANA.id}
    assert "pays less" in told[0][2]


def test_a_slump_ends_by_itself_when_the_volume_is_back(used):
    next_day(used, 100)
    used.said()
    next_day(used, 1000)
    assert [(kind, target) for kind, target, _ in used.said()] == [
        ("update", ADMIN),
        ("reply", ADMIN),
    ]
    next_day(used, 100)
    assert len(used.said()) == 1  # and the next one is another


def test_what_was_released_is_not_asked_again_while_it_lasts(used):
    next_day(used, 100)
    decide(used, Verdict.RELEASED)
    used.said()
    for _ in range(5):
        next_day(used, 100)
    assert [words for _, target, words in used.said() if target == ADMIN] == []


def test_a_day_is_counted_when_it_is_six_hours_over(used):
    """Late events are still to come."""
    used.clock.at += DAY - 9 * HOUR  # three in the morning
    used.sync("mixpanel", usage=events([day_number(used.clock.at) - 1], 10))
    used.rescore()
    assert used.said() == []
