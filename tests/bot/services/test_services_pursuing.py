"""Pursuing: reminders, escalation, acknowledgements that run out, snoozes that end early; and the morning's brief."""

from datetime import timedelta

import pytest
from service_world import DANA, ERIN, HOUR, TEAM, World, config_of

from bot.services import acting, briefing, pursuing
from bot.services.acting import Press
from scoring.members import Member, MemberId


@pytest.fixture
def database_url(sqlite_url):
    """What differs between the two is told in tests/storage."""
    return sqlite_url


DAY = timedelta(days=1)
BOSS = Member(id=MemberId("U0BOSS"), team_id="T0", name="Bo", email="bo@us.example")
ALERTS = {"hours": {"always": True}, "escalation": {"manager": BOSS.email}}


@pytest.fixture
def book(db, tmp_path):
    """Acme and Globex do well; who does not act is known to the boss."""
    config = config_of(tmp_path, alerts=ALERTS)
    world = World(db, tmp_path, config=config, people=(DANA, ERIN, BOSS))
    world.begin(acme="neutral", globex="neutral")
    world.said()
    return world


def press(world, rule="critical", *, key="1", by=ERIN):
    alert = world.alerts("acme")[rule]
    return Press(alert_id=alert.id, member=by.id, key=key, at=world.clock.at)


def pursue(world):
    return pursuing.pursue(world.deps, at=world.clock.at)


def test_what_nobody_acknowledged_in_four_hours_goes_to_the_manager_once(book):
    book.look(acme="escalated")
    book.said()
    assert pursue(book) == 0
    book.clock.at += 4 * HOUR
    assert (pursue(book), pursue(book)) == (1, 0)
    told = book.said()
    posts = [(target, words) for kind, target, words in told if kind == "post"]
    assert [target for target, _ in posts] == [BOSS.id]
    assert "Acme fell to 30" in posts[0][1] or "Acme is at 30" in posts[0][1]
    replies = [words for kind, target, words in told if (kind, target) == ("reply", TEAM)]
    assert len(replies) == 1
    assert "Nobody acknowledged Acme within 4 working hours. @U0BOSS" in replies[0]


def test_the_backup_of_the_csm_goes_before_the_manager(book):
    escalation = {"manager": BOSS.email, "backups": {DANA.email: ERIN.email}}
    book.reconfigure(
        alerts=config_of(book.deps.config.home, alerts={**ALERTS, "escalation": escalation}).alerts
    )
    book.look(acme="escalated")
    book.said()
    book.clock.at += 4 * HOUR
    pursue(book)
    assert [target for kind, target, _ in book.said() if kind == "post"] == [ERIN.id]


def test_what_was_acknowledged_is_not_passed_on(book):
    book.look(acme="escalated")
    acting.acknowledge(book.deps, press(book))
    book.clock.at += 5 * HOUR
    assert pursue(book) == 0


def test_an_acknowledgement_runs_out_after_a_week_and_says_whose_it_was(book):
    book.look(acme="escalated")
    acting.acknowledge(book.deps, press(book))
    book.said()
    book.look(after=7 * DAY)
    assert pursue(book) == 1
    assert book.alerts("acme")["critical"].acknowledged_by is None
    replies = [words for kind, _, words in book.said() if kind == "reply"]
    assert all("@U0ERIN took Acme a week ago" in words for words in replies)
    assert len(replies) == 2


def test_a_snooze_ends_early_when_the_score_falls_by_five_points(book):
    for _ in range(2):
        book.look(acme="negative")
    acting.snooze(book.deps, press(book, "at_risk"), days=14)
    assert book.alerts("acme")["at_risk"].snoozed_from == 55
    book.said()
    book.look()
    assert book.alerts("acme")["at_risk"].snoozed_until is not None
    book.look(acme="escalated")
    assert book.alerts("acme")["at_risk"].snoozed_until is None
    woken = [words for kind, _, words in book.said() if kind == "reply" and "got worse" in words]
    assert len(woken) == 2
    assert all("@U0ERIN had snoozed it" in words for words in woken)


def brief(world):
    return briefing.brief(world.deps, at=world.clock.at)


def test_the_morning_tells_each_csm_once_what_is_due_and_who_is_critical(book):
    book.look(acme="escalated")
    book.said()
    book.clock.at += DAY
    assert (brief(book), brief(book)) == (1, 0)
    ((kind, target, words),) = book.said()
    assert (kind, target) == ("post", DANA.id)
    assert words.startswith("Today: 1 task due, 1 Critical")
    assert "Urgent outreach · Acme" in words
    assert "overdue" in words
    assert "Acme 30 · day 2 · nobody has it yet" in words


def test_a_morning_without_anything_to_tell_is_silent(book):
    assert brief(book) == 0
    assert book.said() == []


def test_who_was_given_an_alert_hears_of_it_in_the_csms_place(book):
    book.look(acme="escalated")
    acting.assign(book.deps, press(book), to=ERIN.id)
    book.said()
    book.clock.at += DAY
    brief(book)
    told = {target: words for _, target, words in book.said()}
    assert "Critical" in told[ERIN.id]


def test_unstable_accounts_are_a_line_in_the_brief(book):
    for _ in range(4):
        for mood in ("negative", "negative", "neutral", "neutral"):
            book.look(after=25 * HOUR, acme=mood)
    for _ in range(2):
        book.look(after=25 * HOUR, acme="negative")
    book.said()
    brief(book)
    told = [words for _, target, words in book.said() if target == DANA.id]
    assert "Acme: “At-risk” keeps coming and going" in told[0]
