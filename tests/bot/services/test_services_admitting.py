"""Admitting: full members of our own workspace, asked of Slack again after five minutes, and nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from service_world import DANA, GUEST

from bot.services import admitting
from bot.services.errors import DeniedError
from scoring.members import Member, MemberId
from storage import audit, members


def entries(world):
    with world.deps.db.read() as session:
        return [(each.member, each.what, each.allowed) for each in audit.recent(session)]


def test_a_full_member_is_let_in_and_not_written_down(world):
    assert admitting.admit(world.deps, DANA.id, what="/health") == DANA
    assert entries(world) == []


@pytest.mark.parametrize(
    "flaw",
    [
        {"is_guest": True},
        {"is_stranger": True},
        {"is_bot": True},
        {"is_deactivated": True},
        {"team_id": "T0OTHER"},
        {"team_id": ""},
    ],
    ids=str,
)
def test_everybody_else_is_denied_and_written_down(world, flaw):
    stranger = replace(Member(id=MemberId("U0NEW"), team_id="T0", name="New"), **flaw)
    world.people.known[stranger.id] = stranger
    with pytest.raises(DeniedError):
        admitting.admit(world.deps, stranger.id, what="/health")
    assert entries(world) == [(stranger.id, "/health", False)]


def test_slack_is_asked_again_after_five_minutes(world):
    for minutes in (0, 4, 5, 6, 11, 12):
        world.clock.at = world.clock.at.replace(minute=minutes)
        admitting.who_is(world.deps, DANA.id)
    assert len(world.people.asked) == 2


def test_who_becomes_a_guest_is_out_within_five_minutes(world):
    admitting.admit(world.deps, DANA.id, what="/health")
    world.people.known[DANA.id] = replace(DANA, is_guest=True)
    world.clock.at += timedelta(minutes=5, seconds=1)
    with pytest.raises(DeniedError):
        admitting.admit(world.deps, DANA.id, what="/health")


def test_a_guest_is_denied_each_time(world):
    for what in ("/health", "alert_acknowledge"):
        with pytest.raises(DeniedError):
            admitting.admit(world.deps, GUEST.id, what=what)
    assert [what for _, what, _ in entries(world)] == ["alert_acknowledge", "/health"]


def test_everybody_is_learned_page_by_page(world):
    world.people.known[MemberId("U0NEW")] = Member(id=MemberId("U0NEW"), team_id="T0", name="New")
    assert admitting.refresh_members(world.deps) == 4
    with world.deps.db.read() as session:
        assert members.by_id(session, MemberId("U0NEW")).name == "New"
