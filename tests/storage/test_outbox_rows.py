"""The outbox: in order, once, and nobody speaks for a claim that was lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from outbox_world import LEASE, NOW, SECOND, claim, message, queue, send

from storage import channels, claims, outbox
from storage.claims import Place
from storage.engine import Database
from storage.outbox import Kind, OutMessage


def test_a_message_goes_out_as_it_was_queued(session):
    given = message("a", urgent=True, not_before=NOW, expires_at=NOW + LEASE)
    queue(session, given)
    taken = claim(session)
    assert taken.message == given
    assert (taken.attempt, taken.unknown, taken.first_try_at) == (1, False, NOW)
    send(session, taken, ts="17.5")
    assert outbox.stands_at(session, "a") == "17.5"
    assert (outbox.pending_count(session), outbox.count_posted(session)) == (0, 1)


def test_a_key_is_queued_once_even_when_it_is_long_out(session):
    queue(session, message("a"))
    send(session, claim(session))
    assert not outbox.add(session, message("a"), at=NOW)
    assert claims.take(session, at=NOW + LEASE) is None


def test_a_channel_gets_its_messages_in_order_one_at_a_time(session):
    queue(session, message("a"), message("b"), message("c", target="C2"))
    first, other = claim(session), claim(session)
    assert (first.message.key, other.message.key) == ("a", "c")
    assert claims.take(session, at=NOW + SECOND) is None
    send(session, first)
    assert claim(session, NOW + SECOND).message.key == "b"


def test_a_channel_is_posted_to_once_a_second(session):
    queue(session, message("a"), message("b"))
    send(session, claim(session))
    assert claims.take(session, at=NOW + SECOND / 2) is None
    assert claim(session, NOW + SECOND).message.key == "b"


def test_a_parked_channel_waits_and_others_do_not(session):
    queue(session, message("a"), message("b", target="C2"))
    channels.park(session, "C1", until=NOW + 30 * SECOND)
    channels.park(session, "C1", until=NOW + 5 * SECOND)
    assert claim(session).message.key == "b"
    assert claims.take(session, at=NOW + 29 * SECOND) is None
    assert claim(session, NOW + 30 * SECOND).message.key == "a"


def test_urgent_ones_go_first_but_not_past_their_own_channel(session):
    queue(session, message("a"), message("b", urgent=True), message("c", target="C2", urgent=True))
    assert [claim(session).message.key for _ in range(2)] == ["c", "a"]


def test_a_message_held_back_holds_up_nobody(session):
    queue(session, message("held", not_before=NOW + 60 * SECOND), message("b"))
    send(session, claim(session))
    assert claims.take(session, at=NOW + 59 * SECOND) is None
    assert claim(session, NOW + 60 * SECOND).message.key == "held"


def test_a_message_that_is_tried_again_keeps_its_place(session):
    queue(session, message("a"), message("b"))
    assert claims.postpone(session, claim(session), until=NOW + 60 * SECOND, error="503")
    assert claims.take(session, at=NOW + 59 * SECOND) is None
    again = claim(session, NOW + 60 * SECOND)
    assert (again.message.key, again.attempt, again.unknown, again.first_try_at) == (
        "a",
        2,
        False,
        NOW,
    )


def test_a_claim_whose_lease_is_over_is_unknown_and_its_holder_speaks_for_it_no_more(session):
    queue(session, message("a"))
    lost = claim(session)
    assert claims.take(session, at=NOW + LEASE - SECOND) is None
    found = claim(session, NOW + LEASE)
    assert (found.unknown, found.attempt, found.first_try_at) == (True, 2, NOW)
    assert not claims.mark_sent(session, lost, Place("C1", "1.0"), at=NOW)
    assert not claims.postpone(session, lost, until=NOW, error="")
    assert not claims.mark_unknown(session, lost, until=NOW, error="")
    assert not claims.mark_dead(session, lost, error="", at=NOW)
    assert claims.take(session, at=NOW + 2 * LEASE - SECOND) is None
    send(session, found)
    assert not claims.mark_sent(session, found, Place("C1", "2.0"), at=NOW)


def test_a_message_whose_fate_is_unknown_is_looked_for_after_a_while(session):
    queue(session, message("a"), message("b"))
    assert claims.mark_unknown(
        session, claim(session), until=NOW + 10 * SECOND, error="read timed out"
    )
    assert claims.take(session, at=NOW + 9 * SECOND) is None
    assert claim(session, NOW + 10 * SECOND).unknown


def test_a_reply_waits_for_its_message_and_knows_where_it_is(session):
    queue(session, message("a", not_before=NOW + SECOND), message("re", kind=Kind.REPLY, of="a"))
    assert claims.take(session, at=NOW) is None
    send(session, claim(session, NOW + SECOND), ts="17.5")
    reply = claim(session, NOW + 2 * SECOND)
    assert (reply.message.kind, reply.of) == (Kind.REPLY, Place("C1", "17.5"))


def test_an_update_waits_for_its_post_but_not_in_the_line_of_the_channel(session):
    queue(session, message("a"), message("b"))
    first = claim(session)
    queue(session, message("up", kind=Kind.UPDATE, of="a"))
    assert claims.take(session, at=NOW) is None
    send(session, first, ts="17.5")
    update = claim(session)  # at once: posts are paced, updates are not
    assert (update.message.key, update.of) == ("up", Place("C1", "17.5"))


def test_of_several_updates_that_wait_only_the_newest_goes_out(session):
    queue(session, message("a"))
    first = claim(session)
    queue(session, *(message(f"up{n}", kind=Kind.UPDATE, of="a") for n in range(3)))
    assert outbox.pending_count(session) == 2
    send(session, first)
    assert claim(session).message.key == "up2"
    assert claims.take(session, at=NOW) is None


def test_an_update_on_its_way_is_finished_before_the_next(session):
    queue(session, message("a"))
    send(session, claim(session))
    queue(session, message("up1", kind=Kind.UPDATE, of="a"))
    first = claim(session)
    queue(session, message("up2", kind=Kind.UPDATE, of="a"))
    assert claims.take(session, at=NOW) is None
    send(session, first)
    assert claim(session).message.key == "up2"


def test_what_hangs_on_a_dead_message_is_dead_and_the_line_goes_on(session):
    queue(session, message("a"), message("re", kind=Kind.REPLY, of="a"), message("b"))
    assert claims.mark_dead(session, claim(session), error="channel_not_found", at=NOW)
    queue(
        session,
        message("up", kind=Kind.UPDATE, of="a"),
        message("lost", kind=Kind.REPLY, of="never"),
    )
    assert {each.key for each in outbox.dead(session)} == {"a", "re", "up", "lost"}
    assert claim(session, NOW + SECOND).message.key == "b"


def test_a_reply_without_a_message_is_refused():
    with pytest.raises(ValueError, match="needs `of`"):
        message("re", kind=Kind.REPLY)
    with pytest.raises(ValueError, match="takes no `of`"):
        message("a", of="b")


def test_a_change_of_a_message_that_still_waits_is_posted_with_it(session):
    queue(session, message("a", not_before=NOW + SECOND))
    queue(session, message("re", kind=Kind.REPLY, of="a"))
    shown_too = {"text": "re", "reply_broadcast": True}
    queue(session, OutMessage(key="b", target="C2", payload=shown_too))
    for key in ("up1", "up2"):
        queue(session, message(key, kind=Kind.UPDATE, of="a"))
    queue(session, message("new b", target="C2", kind=Kind.UPDATE, of="b"))
    assert outbox.pending_count(session) == 3
    assert not outbox.add(session, message("up1", kind=Kind.UPDATE, of="a"), at=NOW)
    assert claim(session).message.payload == {"text": "new b", "reply_broadcast": True}
    taken = claim(session, NOW + SECOND)
    assert (taken.message.key, taken.message.payload) == ("a", {"text": "up2"})


def test_a_message_that_slack_refused_to_hurry_takes_in_its_changes_too(session):
    queue(session, message("a"))
    assert claims.postpone(session, claim(session), until=NOW + SECOND, error="ratelimited")
    queue(session, message("up", kind=Kind.UPDATE, of="a"))
    assert claim(session, NOW + SECOND).message.payload == {"text": "up"}
    assert outbox.pending_count(session) == 1


def test_what_is_out_of_date_is_left_unsaid_with_what_hangs_on_it(session):
    queue(session, message("old", expires_at=NOW + SECOND), message("b"))
    queue(session, message("re", kind=Kind.REPLY, of="old"))
    assert claim(session, NOW + SECOND).message.key == "b"
    assert outbox.pending_count(session) == 1
    assert not outbox.is_alive(session, "old")
    assert outbox.root_of(session, "old") is None
    assert outbox.dead(session) == []


def test_what_may_be_out_already_is_looked_for_though_it_is_out_of_date(session):
    queue(session, message("a", expires_at=NOW + SECOND), message("b"))
    claim(session)
    taken = claim(session, NOW + LEASE)
    assert (taken.message.key, taken.unknown) == ("a", True)
    assert claims.mark_expired(session, taken, at=NOW + LEASE)
    assert claim(session, NOW + LEASE + SECOND).message.key == "b"


def test_of_two_who_posted_the_same_the_one_that_was_noted_first_stands(session):
    queue(session, message("a"), message("b"))
    frozen = claim(session)
    second = claim(session, NOW + LEASE)
    claims.note_late(session, frozen, Place("C1", "1.0"))
    send(session, second, ts="2.0")
    assert outbox.stands_at(session, "a") == "1.0"
    late = claim(session, NOW + LEASE + SECOND)
    send(session, late, ts="3.0")
    claims.note_late(session, late, Place("C1", "4.0"))
    assert outbox.stands_at(session, "b") == "3.0"


def test_what_was_posted_late_is_known_to_whoever_claims_it_next(session):
    queue(session, message("a"))
    frozen = claim(session)
    second = claim(session, NOW + LEASE)
    assert claims.postpone(session, second, until=NOW + 2 * LEASE, error="ratelimited")
    claims.note_late(session, frozen, Place("C1", "1.0"))
    assert claim(session, NOW + 2 * LEASE).noted == Place("C1", "1.0")


def test_a_change_that_was_undone_by_a_late_one_is_made_again(session):
    queue(session, message("a"))
    send(session, claim(session))
    queue(session, message("up1", kind=Kind.UPDATE, of="a"))
    frozen = claim(session)
    send(session, claim(session, NOW + LEASE))
    queue(session, message("up2", kind=Kind.UPDATE, of="a"))
    send(session, claim(session, NOW + LEASE))
    claims.repeat_newest(session, frozen)
    assert claim(session, NOW + LEASE).message.key == "up2"


def test_what_hangs_on_what_hangs_on_a_dead_message_is_dead_too(session):
    queue(session, message("a"))
    taken = claim(session)
    queue(session, message("re", kind=Kind.REPLY, of="a"))
    queue(session, message("re2", kind=Kind.REPLY, of="re"))
    assert claims.mark_dead(session, taken, error="invalid_blocks", at=NOW)
    assert outbox.pending_count(session) == 0
    assert {each.key for each in outbox.dead(session)} == {"a", "re", "re2"}
    assert outbox.dead(session, since=NOW + SECOND) == []


def test_workers_at_once_never_claim_the_same_message(db: Database):
    with db.write() as session:
        queue(
            session,
            *(message(f"{target}{n}", target=target) for n in range(4) for target in "ABCDEF"),
        )
    order: list[str] = []

    def work(_: int) -> None:
        at, idle = NOW, 0
        while idle < 30:
            with db.write() as session:
                taken = claims.take(session, at=at, lease=10_000 * SECOND)
            at += SECOND
            idle = 0 if taken else idle + 1
            if taken:
                order.append(taken.message.key)
                with db.write() as session:
                    assert claims.mark_sent(session, taken, Place("C", "1"), at=at)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert len(order) == len(set(order)) == 24
    for target in "ABCDEF":
        assert [key for key in order if key[0] == target] == [f"{target}{n}" for n in range(4)]
