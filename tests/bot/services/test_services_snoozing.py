"""Snoozing an account: all its open alerts, until a day, until it is worse, and back."""

from datetime import timedelta
from itertools import count

import pytest
from service_world import DANA, NOON, World, config_of

from bot.commands import registry
from bot.services.errors import UserError
from scoring.pursuit import UNTIL_WORSE
from storage import alerts


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


_numbers = count(1)


@pytest.fixture
def book(db, tmp_path):
    """Acme has two open alerts, told in different messages; Bolt has none."""
    world = World(db, tmp_path, config=config_of(tmp_path, alerts={"hours": {"always": True}}))
    world.begin(acme="positive", bolt="positive")
    world.look(acme="negative")
    world.look(acme="negative")
    world.look(acme="escalated")
    world.said()
    return world


def ask(world, text, key=None):
    command, asked = registry.ask(world.deps, DANA, text, key=key or f"k{next(_numbers)}")
    return command.run(world.deps, asked)


def told(world):
    with world.deps.db.read() as session:
        found = alerts.open_alerts(session, world.account("acme").id)
    return [each for each in found if each.quiet is None]


def ledger(world, kind="snooze"):
    with world.deps.db.read() as session:
        return [
            each
            for alert in told(world)
            for each in alerts.actions(session, alert.id)
            if each.kind == kind
        ]


@pytest.mark.parametrize(("span", "days"), [("7d", 7), ("1d", 1), ("30", 30), ("2W", 14)])
def test_every_open_alert_of_the_account_sleeps_until_a_day_begins(book, span, days):
    count = len(told(book))
    assert count > 1
    said = ask(book, f"snooze acme {span}")
    on = (NOON + timedelta(days=days)).date()
    assert {each.snoozed_until.date() for each in told(book)} == {on}
    assert all(each.snoozed_by == DANA.id for each in told(book))
    assert said.text.startswith(f"Acme: {count} open alerts are quiet until {on.day} ")
    assert "It stands at 30 of 100, Critical" in said.text
    assert len(ledger(book)) == count


def test_delivered_twice_it_is_written_down_once(book):
    for _ in range(2):
        ask(book, "snooze acme 7d", key="once")
    assert len(ledger(book)) == len(told(book))


def test_until_worse_has_no_day(book):
    said = ask(book, "snooze acme until worse")
    assert {each.snoozed_until for each in told(book)} == {UNTIL_WORSE}
    assert "quiet until it gets worse" in said.text
    assert "if the score falls by 5 points" in str(said.blocks)


def test_off_wakes_them_all(book):
    assert "no alert of it was snoozed" in ask(book, "snooze acme off").text
    ask(book, "snooze acme 7d")
    count = len(told(book))
    assert ask(book, "snooze acme off").text.startswith(f"Acme: {count} alerts are awake again")
    assert {each.snoozed_until for each in told(book)} == {None}
    assert len(ledger(book, "wake")) == count


def test_a_later_snooze_takes_the_place_of_an_earlier_one(book):
    ask(book, "snooze acme until worse")
    ask(book, "snooze acme 3d")
    assert {each.snoozed_until.date() for each in told(book)} == {(NOON + timedelta(3)).date()}


@pytest.mark.parametrize("text", ["7d", "until worse"])
def test_where_nothing_is_open_it_says_so(book, text):
    said = ask(book, f"snooze bolt {text}")
    assert said.text.startswith("Bolt: no alert is open, so there is nothing to snooze.")


@pytest.mark.parametrize("text", ["", "0d", "31d", "5w", "soon", "until better", "-1d"])
def test_a_span_nobody_can_read_changes_nothing(book, text):
    with pytest.raises(UserError, match="1 to 30 days"):
        ask(book, f"snooze acme {text}")
    assert {each.snoozed_until for each in told(book)} == {None}
