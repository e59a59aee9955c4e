"""Alerting, from real rows to the outbox: who is told what, and when nobody is."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from service_world import DANA, ERIN, HOUR, TEAM, World, company, config_of, subscription, ticket

from bot.services import acting, pursuing, rescoring, syncing
from bot.services.acting import Press
from scoring.alerts import Rule
from scoring.rubric import Rubric
from storage.tables import WatchRow

DAY = timedelta(days=1)


@pytest.fixture
def calm(world):
    """A world in which Acme does well, and everybody knows it."""
    world.begin(acme="neutral")
    world.look()
    world.said()
    return world


def remind(world):
    return pursuing.remind_of_critical(world.deps, at=world.clock.at)


def test_a_first_look_alerts_nobody_and_is_summed_up_once(world):
    world.begin(acme="escalated", globex="negative", initech="positive")
    ((kind, target, words),) = world.said()
    assert (kind, target) == ("post", TEAM)
    assert words.startswith("First scores: 3 accounts")
    assert set(world.alerts("acme")) == {"critical", "at_risk"}
    assert not any(each.announced for each in world.every_alert())
    for _ in range(3):
        world.look()
    assert world.said() == []


def test_what_was_found_at_first_is_on_its_lists_but_gives_no_task(world):
    world.begin(acme="escalated")
    assert world.watches("acme") == {"daily_monitoring", "weekly_review"}
    assert world.tasks() == []


def test_a_recovery_from_what_was_never_announced_is_silent(world):
    world.begin(acme="escalated")
    world.said()
    for _ in range(3):
        world.look(acme="neutral")
    assert world.alerts("acme") == {}
    assert world.watches("acme") == set()
    assert world.said() == []


def test_at_risk_is_told_after_a_second_look_and_joins_the_weekly_review(calm):
    calm.look(acme="negative")
    assert (calm.alerts("acme"), calm.said()) == ({}, [])
    calm.look()
    assert set(calm.alerts("acme")) == {"at_risk"}
    (to_team, to_csm) = calm.said()
    assert (to_team[:2], to_csm[:2]) == (("post", TEAM), ("post", DANA.id))
    assert to_team[2] == to_csm[2]
    assert "Acme is at 55" in to_team[2]
    assert calm.watches("acme") == {"weekly_review"}


def test_scoring_again_without_new_data_is_no_second_look(calm):
    calm.look(acme="negative")
    for _ in range(3):
        with calm.deps.db.write() as session:
            rescoring.dirty.mark_all(session, at=calm.clock.at)
        assert calm.rescore() == 1
    assert (calm.alerts("acme"), calm.said()) == ({}, [])


def test_one_source_that_answers_alone_is_no_second_look(calm):
    calm.look(acme="negative")
    for _ in range(3):
        calm.clock.at += timedelta(minutes=5)
        calm.sync("zendesk")
        calm.rescore()
    assert calm.said() == []


def test_a_look_above_the_line_forgets_the_first_one_below(calm):
    for mood in ("negative", "neutral", "negative"):
        calm.look(acme=mood)
    assert (calm.alerts("acme"), calm.said()) == ({}, [])


def test_critical_is_told_at_once_with_a_task_due_today_and_daily_monitoring(calm):
    calm.look(acme="escalated")
    assert calm.alerts("acme")["critical"].announced
    (to_team, to_csm) = calm.said()
    assert (to_team[:2], to_csm[:2]) == (("post", TEAM), ("post", DANA.id))
    assert to_team[2].startswith("URGENT: Acme fell to 30") or "URGENT" in to_team[2]
    assert all(row.urgent for row in calm.outbox()[-2:])
    (task,) = calm.tasks()
    assert (task.title, task.due_on, task.csm_email) == (
        "Urgent outreach",
        calm.clock.at.date(),
        DANA.email,
    )
    assert "daily_monitoring" in calm.watches("acme")


def test_today_is_the_teams_day_not_greenwichs(calm):
    calm.clock.at = calm.clock.at.replace(hour=22, minute=45)
    calm.look(acme="escalated")  # 23:45 UTC is the next day in Berlin
    assert calm.tasks()[0].due_on == date(2026, 11, 17)


def test_a_watch_begins_and_ends_by_the_teams_day(calm):
    calm.clock.at = calm.clock.at.replace(hour=21, minute=45)
    calm.look(acme="escalated")  # 23:45 in Berlin
    calm.look(after=HOUR / 2, acme="neutral")
    calm.look(after=HOUR / 2)  # 00:45 there, and still the day before in Greenwich
    with calm.deps.db.read() as session:
        (row,) = session.execute(sa.select(WatchRow.__table__)).all()
    assert (row.since_on, row.until_on) == (date(2026, 11, 16), date(2026, 11, 17))


def test_critical_goes_on_in_the_thread_of_at_risk_and_shows_in_the_channel(calm):
    calm.look(acme="negative")
    calm.look()
    at_risk = calm.alerts("acme")["at_risk"]
    calm.said()
    calm.look(acme="escalated")
    to_team, to_csm = calm.outbox()[-2:]
    assert [row.kind for row in (to_team, to_csm)] == ["reply", "reply"]
    assert to_team.of == f"alert:{at_risk.id}:to:{TEAM}"
    assert to_csm.of == f"alert:{at_risk.id}:to:{DANA.id}"
    assert to_team.payload["reply_broadcast"]


def test_at_risk_is_not_announced_while_critical_says_it(calm):
    for _ in range(4):
        calm.look(acme="escalated")
    assert set(calm.alerts("acme")) == {"critical", "at_risk"}
    assert not calm.alerts("acme")["at_risk"].announced
    assert len(calm.said()) == 2


def test_climbing_from_critical_to_at_risk_recovers_the_one_and_never_tells_of_the_other(calm):
    for mood in ("escalated", "escalated", "negative", "negative", "negative"):
        calm.look(acme=mood)
    assert set(calm.alerts("acme")) == {"at_risk"}
    assert calm.watches("acme") == {"weekly_review"}
    told = calm.said()
    assert [kind for kind, _, _ in told].count("post") == 2
    assert not any("At-risk*, below 60" in words for _, _, words in told)


def test_rising_to_80_is_an_opportunity_with_a_task(calm):
    calm.look(acme="positive")
    calm.look()
    (to_team, to_csm) = calm.said()
    assert (to_team[1], to_csm[1]) == (TEAM, DANA.id)
    assert "Acme" in to_team[2]
    assert "review call" in to_team[2]
    (task,) = calm.tasks()
    assert task.title == "Schedule a review call"


def test_a_recovery_changes_the_message_and_replies_in_its_thread(calm):
    calm.look(acme="negative")
    calm.look()
    alert = calm.alerts("acme")["at_risk"]
    calm.said()
    calm.look(acme="neutral")
    assert calm.said() == []
    calm.look()
    assert (calm.alerts("acme"), calm.watches("acme")) == ({}, set())
    told = calm.said()
    assert sorted((kind, target) for kind, target, _ in told) == [
        ("reply", TEAM),
        ("reply", DANA.id),
        ("update", TEAM),
        ("update", DANA.id),
    ]
    assert {row.of for row in calm.outbox()[-4:]} == {
        f"alert:{alert.id}:to:{TEAM}",
        f"alert:{alert.id}:to:{DANA.id}",
    }
    assert all("lasted 2 h" in words for _, _, words in told)


def test_within_a_day_the_old_alert_speaks_again_in_its_thread(calm):
    moods = ("negative", "negative", "neutral", "neutral")
    for mood in moods:
        calm.look(acme=mood)
    calm.said()
    for _ in range(2):
        calm.look(acme="negative")
    (alert,) = [each for each in calm.every_alert() if each.rule is Rule.AT_RISK]
    assert (alert.episode, alert.closed_at) == (1, None)
    assert sorted((kind, target) for kind, target, _ in calm.said()) == [
        ("reply", TEAM),
        ("reply", DANA.id),
        ("update", TEAM),
        ("update", DANA.id),
    ]
    assert calm.watches("acme") == {"weekly_review"}


def test_a_critical_alert_that_speaks_again_asks_to_be_acknowledged_again(calm):
    calm.look(acme="escalated")
    alert = calm.alerts("acme")["critical"]
    press = Press(alert_id=alert.id, member=ERIN.id, key="1", at=calm.clock.at)
    acting.acknowledge(calm.deps, press)
    for mood in ("neutral", "neutral", "escalated"):
        calm.look(acme=mood)
    again = calm.alerts("acme")["critical"]
    assert (again.id, again.acknowledged_by) == (alert.id, None)
    calm.clock.at += DAY
    assert remind(calm) == 2


def test_after_a_day_it_is_a_new_alert(calm):
    for mood in ("negative", "negative", "neutral", "neutral"):
        calm.look(acme=mood)
    calm.said()
    calm.look(after=DAY, acme="negative")
    calm.look()
    assert calm.alerts("acme")["at_risk"].episode == 2
    assert [kind for kind, _, _ in calm.said()] == ["post", "post"]


def test_a_stale_source_freezes_everything(calm):
    calm.look(acme="negative")
    calm.clock.at += DAY
    for _ in range(3):
        calm.clock.at += HOUR
        calm.sync("zendesk", ticket("acme", "escalated", at=calm.clock.at))
        calm.rescore()
    assert calm.score("acme").is_stale
    assert (calm.alerts("acme"), calm.said()) == ({}, [])


def test_what_happened_while_a_source_was_away_counts_when_it_is_back(calm):
    calm.clock.at += DAY
    calm.sync("zendesk", ticket("acme", "escalated", at=calm.clock.at))
    calm.rescore()
    assert calm.alerts("acme") == {}
    calm.sync("stripe")  # with nothing new of Acme
    calm.rescore()
    assert not calm.score("acme").is_stale
    assert set(calm.alerts("acme")) == {"critical"}


def test_a_source_that_never_answered_freezes_everything(world):
    world.sync("stripe", company("acme"), subscription("cus_acme"))
    for _ in range(3):
        world.clock.at += HOUR
        world.fail("zendesk")
        world.sync("stripe", subscription("cus_acme", cents=int(world.clock.at.timestamp())))
        world.rescore()
    assert world.every_alert() == []
    assert [target for _, target, _ in world.said()] == [world.deps.config.slack.admin_channel]


def test_a_survey_tool_that_never_answered_holds_up_no_alert(db, tmp_path):
    world = World(db, tmp_path, config=config_of(tmp_path, "stripe", "zendesk", "typeform"))
    del world.shelves["typeform"]  # nobody reads it
    world.begin(acme="neutral")
    world.look(acme="escalated")
    assert set(world.alerts("acme")) >= {"critical"}


@pytest.mark.parametrize("csm", [None, "nobody@us.example"])
def test_without_a_known_csm_the_channel_is_told(world, csm):
    world.put("stripe", company("acme", csm=csm), subscription("cus_acme"))
    world.look(acme="neutral")
    world.said()
    world.look(acme="escalated")
    assert [target for _, target, _ in world.said()] == [TEAM]
    assert [each.csm_email for each in world.tasks()] == [csm]


def test_critical_is_brought_up_once_a_day_until_somebody_acknowledges(calm):
    calm.look(acme="escalated")
    calm.said()
    assert remind(calm) == 0  # it has only just been told
    told = []
    for _ in range(3):
        calm.look(after=DAY)
        assert (remind(calm), remind(calm)) == (2, 0)
        told.append([words.split("\n")[0] for _, _, words in calm.said()])
    assert ["day 2" in told[0][0], "day 3" in told[1][0], "day 4" in told[2][0]] == [True] * 3
    alert = calm.alerts("acme")["critical"]
    acting.acknowledge(
        calm.deps, Press(alert_id=alert.id, member=ERIN.id, key="1", at=calm.clock.at)
    )
    calm.look(after=DAY)
    assert remind(calm) == 0


def test_a_snoozed_alert_is_brought_up_again_when_the_snooze_is_over(calm):
    calm.look(acme="escalated")
    alert = calm.alerts("acme")["critical"]
    press = Press(alert_id=alert.id, member=DANA.id, key="1", at=calm.clock.at)
    acting.snooze(calm.deps, press, days=3)
    reminders = []
    for _ in range(4):
        calm.look(after=DAY)
        reminders.append(remind(calm))
    assert reminders == [0, 0, 2, 2]


def test_what_was_found_at_first_is_never_brought_up(world):
    world.begin(acme="escalated")
    world.look(after=DAY)
    assert remind(world) == 0


def test_a_changed_rubric_moves_the_alerts_silently(calm):
    points = {**calm.deps.config.rubric.points}
    points["support"] = {"positive": 100, "neutral": 30, "negative": 20, "escalated": 0}
    calm.reconfigure(rubric=Rubric(points=points))
    with calm.deps.db.write() as session:
        rescoring.dirty.mark_all(session, at=calm.clock.at)
    calm.look()
    assert calm.score("acme").value == 30
    assert set(calm.alerts("acme")) == {"critical", "at_risk"}
    ((kind, target, words),) = calm.said()
    assert (kind, target) == ("post", TEAM)
    assert words.startswith("Re-based: 1 account crossed a line")
    calm.look()
    assert calm.said() == []


def test_an_account_below_half_coverage_is_not_looked_at(db, tmp_path):
    rubric = {
        "points": {"usage": {"daily": 300, "weekly": 0, "monthly": 0, "inactive": 0}},
    }
    config = config_of(tmp_path, "stripe", "zendesk", "mixpanel", rubric=rubric)
    world = World(db, tmp_path, config=config)
    world.begin(acme="neutral")
    world.look(acme="escalated")
    assert world.score("acme").status is None
    assert world.every_alert() == []


def test_telling_everything_again_says_nothing_new(calm):
    for mood in ("negative", "negative", "escalated"):
        calm.look(acme=mood)
    calm.said()
    before = calm.every_alert()
    for _ in range(3):
        calm.sync("zendesk", ticket("acme", "escalated", at=calm.clock.at))
        with calm.deps.db.write() as session:
            rescoring.dirty.mark_all(session, at=calm.clock.at)
        calm.rescore()
    assert calm.every_alert() == before
    assert calm.said() == []


def test_critical_is_told_at_once_whichever_source_says_so(calm):
    calm.look(acme="neutral")  # scored, and looked at as of this hour
    calm.clock.at += timedelta(minutes=15)
    calm.sync("zendesk", ticket("acme", "escalated", at=calm.clock.at))
    calm.rescore()
    assert set(calm.alerts("acme")) == {"critical"}


def test_a_recovery_between_two_answers_of_the_slowest_source_counts_too(calm):
    calm.look(acme="escalated")
    calm.clock.at += timedelta(minutes=15)
    calm.sync("zendesk", ticket("acme", "neutral", at=calm.clock.at))
    calm.rescore()
    for _ in range(2):
        calm.look()
    assert calm.alerts("acme") == {}


def test_what_was_scored_in_the_middle_of_a_pull_counts_when_the_pull_ends(calm):
    calm.look(acme="positive")
    calm.clock.at += HOUR
    calm.put("zendesk", ticket("acme", "escalated", at=calm.clock.at))
    syncing.sync(calm.deps, "zendesk", on_progress=lambda *_: calm.rescore())
    calm.sync("stripe")
    calm.rescore()
    assert "critical" in calm.alerts("acme")


def test_what_was_scored_after_a_pull_broke_off_counts_when_the_next_one_ends(calm):
    calm.look(acme="positive")
    calm.clock.at += HOUR
    calm.sync("stripe")
    calm.put("zendesk", ticket("acme", "escalated", at=calm.clock.at))
    calm.fail("zendesk")
    calm.rescore()
    assert "critical" not in calm.alerts("acme")
    calm.sync("zendesk")
    calm.rescore()
    assert "critical" in calm.alerts("acme")


def test_one_reading_is_not_confirmed_by_another_sources_next_answer(calm):
    calm.clock.at += HOUR
    calm.sync("zendesk", ticket("acme", "negative", at=calm.clock.at))
    calm.rescore()
    calm.clock.at += timedelta(minutes=5)
    calm.sync("stripe")
    calm.rescore()
    assert calm.said() == []
