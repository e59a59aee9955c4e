"""The outbox seen from outside: what waits and why, what is parked, what is forgotten."""

from datetime import timedelta

from outbox_world import NOW, SECOND, claim, message, queue, send

from storage import channels, claims, outbox
from storage.outbox import Kind


def test_what_is_long_finished_is_forgotten(session):
    queue(session, message("a"), message("b"))
    send(session, claim(session))
    assert outbox.prune(session, before=NOW + SECOND) == 1
    assert outbox.pending_count(session) == 1


def test_what_slack_says_of_a_channel_and_when_it_may_be_posted_to_do_not_meddle(session):
    channels.park(session, "C1", until=NOW)
    channels.describe(session, "C1", is_ext_shared=True, at=NOW)
    channels.park(session, "C1", until=NOW + SECOND)
    found = channels.get(session, "C1")
    assert found == channels.Channel(
        id="C1", is_ext_shared=True, checked_at=NOW, next_post_at=NOW + SECOND
    )
    assert channels.get(session, "C2") is None


def test_a_lane_that_is_closed_is_closed_in_every_channel(session):
    queue(session, message("first"))
    send(session, claim(session))
    queue(session, message("a", target="C2"), message("b", target="C3"))
    queue(session, message("up", kind=Kind.UPDATE, of="first"))
    channels.park(session, channels.Lane.POST, until=NOW + 30 * SECOND)
    assert claim(session).message.key == "up"
    assert claims.take(session, at=NOW + 29 * SECOND) is None
    assert claim(session, NOW + 30 * SECOND).message.key == "a"


def test_where_changes_are_refused_posts_go_on(session):
    queue(session, message("first"))
    send(session, claim(session))
    queue(session, message("up", kind=Kind.UPDATE, of="first"), message("a", target="C2"))
    channels.park(session, channels.Lane.UPDATE, until=NOW + 30 * SECOND)
    assert claim(session).message.key == "a"
    assert claims.take(session, at=NOW + 29 * SECOND) is None
    assert claim(session, NOW + 30 * SECOND).message.key == "up"


def test_where_nothing_can_be_read_nothing_goes_out(session):
    queue(session, message("a"))
    channels.park(session, channels.Lane.READ, until=NOW + 30 * SECOND)
    assert claims.take(session, at=NOW + 29 * SECOND) is None
    assert claim(session, NOW + 30 * SECOND).message.key == "a"


def test_a_target_is_clogged_when_what_was_tried_is_not_out_after_a_while(session):
    queue(session, message("a"), message("b"), message("c", target="C2"))
    assert claims.mark_unknown(session, claim(session), until=NOW + SECOND, error="drop")
    late = NOW + timedelta(minutes=5)
    assert not outbox.is_clogged(session, "C1", at=late)
    assert outbox.is_clogged(session, "C1", at=late + SECOND)
    assert not outbox.is_clogged(session, "C2", at=late + SECOND)  # nobody tried
    send(session, claim(session, late + SECOND))
    assert not outbox.is_clogged(session, "C1", at=late + SECOND)


def test_a_target_is_clogged_when_something_waits_long_behind_what_is_tried(session):
    queue(session, message("a", not_before=NOW + timedelta(minutes=6)), message("b"))
    queue(session, message("held", not_before=NOW + timedelta(days=1)))
    channels.park(session, "C1", until=NOW + timedelta(minutes=6))
    claim(session, NOW + timedelta(minutes=6))
    assert outbox.is_clogged(session, "C1", at=NOW + timedelta(minutes=6))  # b, behind a
    assert not outbox.is_clogged(session, "C1", at=NOW + timedelta(minutes=5))


def test_what_is_held_back_clogs_nothing(session):
    queue(session, message("a"), message("held", not_before=NOW + timedelta(days=1)))
    assert not outbox.is_clogged(session, "C1", at=NOW + timedelta(hours=1))


def test_the_oldest_that_waits_is_the_one_that_could_have_gone_first(session):
    assert outbox.oldest_waiting(session) is None
    assert outbox.waits_until(session) is None
    queue(session, message("held", not_before=NOW + timedelta(hours=1)), message("a", target="C2"))
    assert claims.postpone(session, claim(session), until=NOW + SECOND, error="is_archived")
    oldest = outbox.oldest_waiting(session)
    assert oldest == outbox.Waiting(
        key="a", target="C2", error="is_archived", attempts=1, since=NOW
    )
    assert outbox.waits_until(session) == NOW + SECOND


def test_a_message_something_waiting_hangs_on_is_not_forgotten(session):
    queue(session, message("a"))
    send(session, claim(session))
    queue(session, message("re", kind=Kind.REPLY, of="a"))
    assert outbox.prune(session, before=NOW + SECOND) == 0
    send(session, claim(session, NOW + SECOND))
    assert outbox.prune(session, before=NOW + SECOND) == 2


def test_what_is_wrong_with_a_channel_is_known_since_it_began_until_somebody_gets_through(session):
    channels.park(session, "C1", until=NOW)
    assert channels.note_problem(session, "C1", "is_archived", at=NOW)
    assert not channels.note_problem(session, "C1", "is_archived", at=NOW + SECOND)
    assert channels.note_problem(session, "C2", "not_in_channel", at=NOW + SECOND)
    found = [(each.id, each.problem, each.problem_since) for each in channels.with_problem(session)]
    assert found == [("C1", "is_archived", NOW), ("C2", "not_in_channel", NOW + SECOND)]
    channels.clear_problem(session, "C1")
    channels.clear_problem(session, "C3")
    assert [each.id for each in channels.with_problem(session)] == ["C2"]
