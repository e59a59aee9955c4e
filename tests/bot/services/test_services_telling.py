"""Telling: who hears of what, in how many messages, and at what hour."""

from dataclasses import replace
from datetime import timedelta

import pytest
from service_world import (
    DANA,
    ERIN,
    HOUR,
    TEAM,
    World,
    company,
    config_of,
    subscription,
    text_of,
)

from bot.services import telling
from scoring.members import Member, MemberId
from storage import alerts, claims, members, notices
from storage.claims import Place

DAY = timedelta(days=1)
MIA = Member(
    id=MemberId("U0MIA"), team_id="T0", name="Mia", email="mia@us.example", tz="America/New_York"
)
OFFICE = {"hours": {"start": "08:00", "end": "18:00"}}


def world_of(db, tmp_path, **alerts):
    return World(
        db,
        tmp_path,
        config=config_of(tmp_path, alerts=alerts or OFFICE),
        people=(DANA, ERIN, MIA),
    )


def begin(world, *, csm=DANA.email, **moods):
    bills = (subscription(f"cus_{key}") for key in moods)
    world.put("stripe", *(company(key, csm=csm) for key in moods), *bills)
    world.look(**moods)
    world.said()


def fall(world, *keys, mood="negative"):
    """Two looks at which these accounts are down."""
    for _ in range(2):
        world.look(**dict.fromkeys(keys, mood))


def to(told, target):
    return [(kind, words) for kind, where, words in told if where == target]


def test_several_accounts_of_one_csm_in_one_run_are_one_message_with_a_line_each(world):
    begin(world, acme="neutral", globex="neutral", initech="neutral")
    fall(world, "acme", "globex", "initech")
    told = world.said()
    for target in (TEAM, DANA.id):
        ((kind, words),) = to(told, target)
        assert kind == "post"
        assert words.startswith("3 accounts need a look")
        assert all(f"{name} is at 55" in words for name in ("Acme", "Globex", "Initech"))


def test_accounts_of_two_csms_are_a_message_each_in_the_channel(world):
    begin(world, acme="neutral", globex="neutral")
    begin(world, csm=ERIN.email, initech="neutral", umbrella="neutral")
    fall(world, "acme", "globex", "initech", "umbrella")
    told = world.said()
    assert len(to(told, TEAM)) == 2
    assert [len(to(told, each.id)) for each in (DANA, ERIN)] == [1, 1]


def test_up_to_three_urgent_accounts_get_a_message_each_and_more_share_one(world):
    keys = [f"a{n}" for n in range(7)]
    begin(world, **dict.fromkeys(keys, "neutral"))
    world.look(**dict.fromkeys(keys[:3], "escalated"))
    assert len(to(world.said(), TEAM)) == 3
    world.look(**dict.fromkeys(keys[3:], "escalated"))
    ((_, words),) = to(world.said(), TEAM)
    assert words.startswith("4 accounts need a look")
    assert words.count("URGENT") == 4


def test_a_line_changes_in_place_when_its_account_recovers(world):
    begin(world, acme="neutral", globex="neutral")
    fall(world, "acme", "globex")
    world.said()
    fall(world, "acme", mood="neutral")
    told = to(world.said(), TEAM)
    (update,) = [words for kind, words in told if kind == "update"]
    assert "~Acme is at 55~ · over; now 🔵 Stable, 70" in update
    assert "Globex is at 55" in update
    (reply,) = [words for kind, words in told if kind == "reply"]
    assert "Acme is back at 70" in reply


def test_what_comes_later_of_an_account_goes_on_in_its_thread(world):
    begin(world, acme="neutral")
    fall(world, "acme")
    root = world.outbox()[-2].key
    world.said()
    world.look(acme="escalated")
    to_team = world.outbox()[-2]
    assert (to_team.kind, to_team.of) == ("reply", root)
    assert to_team.payload["reply_broadcast"]
    for _ in range(2):
        world.look(acme="neutral")
    replies = [row for row in world.outbox() if row.kind == "reply" and row.target == TEAM]
    assert len(replies) == 3
    assert {row.of for row in replies} == {root}  # never a reply to a reply


def test_in_the_thread_of_a_message_about_several_accounts_nothing_goes_on(world):
    begin(world, acme="neutral", globex="neutral")
    fall(world, "acme", "globex")
    world.said()
    world.look(acme="escalated")
    assert [row.kind for row in world.outbox()[-2:]] == ["post", "post"]


def test_a_message_of_which_the_lead_is_over_keeps_the_buttons_of_what_is_open(world):
    on = replace(world.deps.config.alerts, off=())
    world.reconfigure(alerts=on)
    begin(world, acme="neutral")
    world.look(acme="escalated")  # critical, and a support escalation beside it
    critical = world.alerts("acme")["critical"]
    with world.deps.db.write() as session:
        alerts.save(session, replace(critical, closed_at=world.clock.at))
        telling.refresh(session, world.deps, critical.id, at=world.clock.at, after="test")
    row = next(row for row in reversed(world.outbox()) if row.target == DANA.id)
    assert "has an escalated ticket" in row.payload["text"]
    assert "alert.acknowledge" in text_of(row)
    assert "~Critical" in text_of(row)


def test_what_is_more_pressing_than_all_before_shows_in_the_channel_too(world):
    world.reconfigure(alerts=replace(world.deps.config.alerts, off=()))
    begin(world, acme="positive")
    for mood in ("neutral", "neutral", "negative", "negative"):
        world.look(after=DAY, acme=mood)
    rows = [row for row in world.outbox() if row.target == TEAM and row.kind != "update"]
    _summary, first, *_, last = rows
    assert "is falling fast" in first.payload["text"]
    assert "is at 55" in last.payload["text"] or "fell to 55" in last.payload["text"]
    assert last.payload.get("reply_broadcast")


def test_what_can_wait_waits_for_the_csms_own_morning(db, tmp_path):
    world = world_of(db, tmp_path)
    begin(world, csm=MIA.email, acme="neutral")
    world.clock.at = world.clock.at.replace(day=17, hour=9)  # 10 in Berlin, 4 in New York
    fall(world, "acme")
    assert [target for _, target, _ in world.said()] == [TEAM]
    world.look(after=timedelta(hours=1, minutes=50))
    assert world.said() == []
    world.look(after=timedelta(minutes=11))  # a minute past eight there
    ((kind, target, words),) = world.said()
    assert (kind, target) == ("post", MIA.id)
    assert "Acme is at 55" in words


def test_what_is_over_before_the_morning_is_never_told(db, tmp_path):
    world = world_of(db, tmp_path)
    begin(world, acme="neutral", globex="neutral")
    world.clock.at = world.clock.at.replace(hour=20)
    fall(world, "acme", "globex")
    fall(world, "acme", mood="neutral")
    assert world.said() == []
    world.look(after=12 * HOUR)
    told = world.said()
    assert {words.split(",")[0].split(" is at")[0] for _, words in to(told, TEAM)} == {"Globex"}
    with db.read() as session:
        assert notices.next_due(session) is None


def test_what_gathered_over_the_weekend_is_one_message_on_monday(db, tmp_path):
    world = world_of(db, tmp_path)
    begin(world, acme="neutral", globex="neutral", initech="neutral")
    world.clock.at = world.clock.at.replace(day=21, hour=9)  # a Saturday
    for key in ("acme", "globex", "initech"):
        fall(world, key)
    assert world.said() == []
    world.clock.at = world.clock.at.replace(day=23, hour=8, minute=30)
    world.look(after=timedelta(minutes=1))
    told = world.said()
    assert [len(to(told, target)) for target in (TEAM, DANA.id)] == [1, 1]
    assert "3 accounts need a look" in told[0][2]


def test_urgent_passes_the_night_where_it_may(db, tmp_path):
    world = world_of(db, tmp_path, hours={"urgent_passes": True})
    begin(world, acme="neutral")
    world.clock.at = world.clock.at.replace(day=17, hour=2)
    world.look(acme="escalated")
    assert {target for _, target, _ in world.said()} == {TEAM, DANA.id}


def test_urgent_waits_for_the_morning_where_it_may_not_pass(db, tmp_path):
    world = world_of(db, tmp_path)
    begin(world, acme="neutral")
    world.clock.at = world.clock.at.replace(hour=22)
    world.look(acme="escalated")
    assert world.said() == []
    world.look(after=9 * HOUR)
    assert {target for _, target, _ in world.said()} == {TEAM, DANA.id}


def test_a_recovery_at_night_changes_the_message_at_once_and_is_said_in_the_morning(db, tmp_path):
    world = world_of(db, tmp_path)
    begin(world, acme="neutral")
    fall(world, "acme")
    world.said()
    world.clock.at = world.clock.at.replace(hour=21)
    fall(world, "acme", mood="neutral")
    rows = [row for row in world.outbox() if row.target == TEAM][-2:]
    assert [row.kind for row in rows] == ["update", "reply"]
    update, reply = rows
    assert update.not_before is None
    assert reply.not_before.astimezone(world.deps.config.zone).hour == 8


def test_what_did_not_get_through_before_the_evening_is_told_in_the_morning(db, tmp_path):
    world = world_of(db, tmp_path)
    begin(world, acme="neutral")
    fall(world, "acme")
    world.said()
    row = next(row for row in world.outbox() if row.target == TEAM and "alert:" in row.key)
    assert row.expires_at == world.clock.at.replace(hour=17)  # 18 in Berlin
    world.clock.at = world.clock.at.replace(hour=19)
    with db.write() as session:
        summary = claims.take(session, at=world.clock.at)
        claims.mark_sent(session, summary, Place(TEAM, "1.0"), at=world.clock.at)
        later = world.clock.at + timedelta(minutes=1)
        assert claims.take(session, at=later) is None  # the rest is out of date by now
    world.look()
    assert world.said() == []
    world.look(after=12 * HOUR)
    told = world.said()
    assert {target for _, target, _ in told} == {TEAM, DANA.id}
    kind, target, words = next(each for each in told if each[1] == TEAM)
    assert (kind, target) == ("post", TEAM)
    assert "Acme is at 55" in words


def test_without_a_csm_the_fallback_is_told(db, tmp_path):
    world = world_of(db, tmp_path, hours={"always": True}, fallback=ERIN.email)
    begin(world, csm=None, acme="neutral")
    world.look(acme="escalated")
    assert {target for _, target, _ in world.said()} == {TEAM, ERIN.id}


def test_a_csm_who_left_is_not_told_and_the_fallback_is(db, tmp_path):
    world = world_of(db, tmp_path, hours={"always": True}, fallback=ERIN.email)
    begin(world, acme="neutral")
    with db.write() as session:
        gone = Member(**{**_fields(DANA), "is_deactivated": True})
        members.upsert(session, [gone], at=world.clock.at)
    world.look(acme="escalated")
    assert {target for _, target, _ in world.said()} == {TEAM, ERIN.id}


def _fields(member):
    return {name: getattr(member, name) for name in Member.__dataclass_fields__}


@pytest.mark.parametrize(("plan", "channel"), [("Enterprise", "C0BIG"), ("Growth", TEAM)])
def test_an_account_is_told_of_in_the_channel_of_its_plan(db, tmp_path, plan, channel):
    routes = [{"channel": "C0BIG", "plans": ["enterprise"]}]
    world = world_of(db, tmp_path, hours={"always": True}, routes=routes)
    world.put("stripe", company("acme"), subscription("cus_acme", plan=plan))
    world.look(acme="neutral")
    world.said()
    world.look(acme="escalated")
    assert {target for _, target, _ in world.said()} == {channel, DANA.id}


def test_a_score_that_rests_on_other_parts_than_before_alerts_nobody_and_is_summed_up(world):
    """Payment weighs nothing here; but a score that covers less is another measure."""
    points = {**world.deps.config.rubric.points}
    points["payment"] = {"current": 60, "minor": 60, "overdue": 60, "failed": 60}
    world.reconfigure(rubric=type(world.deps.config.rubric)(points=points))
    begin(world, acme="negative")  # (60 + 55) of 160: At-risk from the beginning is silent
    assert not any(each.announced for each in world.every_alert())
    assert world.said() == []


def test_unstable_accounts_are_not_told_a_fourth_time(world):
    begin(world, acme="neutral")
    posts = []
    for _ in range(5):
        for mood in ("negative", "negative", "neutral", "neutral"):
            world.look(after=25 * HOUR, acme=mood)
        posts.append(
            len([kind for kind, where, _ in world.said() if (kind, where) == ("post", TEAM)])
        )
    assert posts == [1, 1, 1, 0, 0]
