"""The outbox when Slack tells us to wait, when a channel is broken, and when an older change comes after a newer one."""

from datetime import timedelta

import pytest
from outbox_world import LEASE, NOW, SECOND, claim, message, queue, send

from storage import channels, claims, outbox
from storage.channels import Lane
from storage.claims import Place
from storage.outbox import Kind

MINUTE = timedelta(minutes=1)


def test_a_lane_is_closed_until_it_opens(session):
    assert channels.closed_until(session, Lane.POST, at=NOW) is None
    channels.park(session, Lane.POST, until=NOW + 30 * SECOND)
    assert channels.closed_until(session, Lane.POST, at=NOW) == NOW + 30 * SECOND
    assert channels.closed_until(session, Lane.UPDATE, at=NOW) is None
    assert channels.closed_until(session, Lane.POST, at=NOW + 30 * SECOND) is None


def test_changes_wait_for_a_broken_channel_and_elsewhere_they_do_not(session):
    queue(session, message("a"), message("b", target="C2"))
    for _ in "ab":
        send(session, claim(session))
    queue(session, message("new a", kind=Kind.UPDATE, of="a"))
    queue(session, message("new b", target="C2", kind=Kind.UPDATE, of="b"))
    channels.note_problem(session, "C1", "is_archived", at=NOW)
    channels.park(session, "C1", until=NOW + MINUTE)
    channels.park(session, "C2", until=NOW + MINUTE)  # a post's pace: a change does not mind
    taken = claim(session)
    assert taken.message.key == "new b"
    send(session, taken)
    assert claims.take(session, at=NOW + 59 * SECOND) is None
    assert claim(session, NOW + MINUTE).message.key == "new a"


@pytest.mark.parametrize("lane", [Lane.POST, Lane.READ])
def test_what_waits_while_slack_takes_nothing_from_anybody_clogs_its_target(session, lane):
    queue(session, message("a"), message("b", target="C2"))
    queue(session, message("held", target="C3", not_before=NOW + timedelta(days=1)))
    for minute in range(7):  # the same message is tried again and again, the others never
        at = NOW + minute * MINUTE
        assert claims.postpone(session, claim(session, at), until=at + MINUTE, error="ratelimited")
        channels.park(session, lane, until=at + MINUTE)
    late = NOW + 6 * MINUTE
    assert [outbox.is_clogged(session, each, at=late) for each in ("C1", "C2", "C3", "C4")] == [
        True,
        True,
        False,
        False,
    ]
    assert not outbox.is_clogged(session, "C2", at=NOW + 4 * MINUTE)


def test_a_newer_change_that_is_just_made_is_made_once_more_after_a_late_older_one(session):
    queue(session, message("a"))
    send(session, claim(session))
    queue(session, message("older", kind=Kind.UPDATE, of="a"))
    frozen = claim(session)
    send(session, claim(session, NOW + LEASE))
    queue(session, message("newer", kind=Kind.UPDATE, of="a"))
    newer = claim(session, NOW + LEASE)
    claims.repeat_newest(session, frozen)
    assert not claims.mark_sent(session, newer, Place("C1", "1.0"), at=NOW + LEASE)
    assert claims.take(session, at=NOW + 2 * LEASE - SECOND) is None
    assert claim(session, NOW + 2 * LEASE).message.key == "newer"


def test_where_no_newer_change_was_made_nothing_is_made_again(session):
    queue(session, message("a"))
    send(session, claim(session))
    queue(session, message("only", kind=Kind.UPDATE, of="a"))
    frozen = claim(session)
    send(session, claim(session, NOW + LEASE))
    claims.repeat_newest(session, frozen)
    assert outbox.pending_count(session) == 0


def test_what_waits_next_is_known_through_closed_lanes_broken_channels_and_lines(session):
    queue(session, message("first"), message("a", target="C2"), message("b", target="C2"))
    send(session, claim(session))
    assert outbox.waits_until(session) == NOW
    assert claims.postpone(session, claim(session), until=NOW + MINUTE, error="ratelimited")
    queue(session, message("re", target="C3", kind=Kind.REPLY, of="b"))
    assert outbox.waits_until(session) == NOW + MINUTE  # b waits for a, and its reply for b
    channels.park(session, Lane.POST, until=NOW + 2 * MINUTE)
    assert outbox.waits_until(session) == NOW + 2 * MINUTE
    queue(session, message("new", kind=Kind.UPDATE, of="first"))
    assert outbox.waits_until(session) == NOW
    channels.note_problem(session, "C1", "is_archived", at=NOW)
    channels.park(session, "C1", until=NOW + 30 * SECOND)
    assert outbox.waits_until(session) == NOW + 30 * SECOND
    assert claims.take(session, at=NOW + 29 * SECOND) is None
    assert claim(session, NOW + 30 * SECOND).message.key == "new"
    channels.park(session, Lane.READ, until=NOW + 5 * MINUTE)
    assert outbox.waits_until(session) == NOW + 5 * MINUTE


def test_a_message_held_back_hides_nothing_that_may_go_before_it(session):
    queue(session, message("held", not_before=NOW + MINUTE))
    queue(session, message("a", not_before=NOW + SECOND))
    assert outbox.waits_until(session) == NOW + SECOND
