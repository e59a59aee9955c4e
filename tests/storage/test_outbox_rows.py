"""The outbox: in order, once, and nobody speaks for a claim that was lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from storage import channels, outbox
from storage.engine import Database
from storage.outbox import Claim, Kind, OutMessage

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = outbox.LEASE


def message(key: str, target: str = "C1", **more: Any) -> OutMessage:
    return OutMessage(key=key, target=target, payload={"text": key}, **more)


def queue(session: Session, *messages: OutMessage, at: datetime = NOW) -> None:
    for each in messages:
        assert outbox.add(session, each, at=at)


def claim(session: Session, at: datetime = NOW) -> Claim:
    taken = outbox.claim(session, at=at)
    assert taken is not None
    return taken


def send(session: Session, taken: Claim, ts: str = "1.0", at: datetime = NOW) -> None:
    assert outbox.mark_sent(session, taken, channel=taken.message.target, ts=ts, at=at)


def test_a_message_goes_out_as_it_was_queued(session):
    given = message("a", urgent=True, not_before=NOW, expires_at=NOW + LEASE)
    queue(session, given)
    taken = claim(session)
    assert taken.message == given
    assert (taken.attempt, taken.unknown, taken.first_try_at) == (1, False, NOW)
    send(session, taken, ts="17.5")
    assert outbox.sent_ts(session, "a") == ("C1", "17.5")
    assert (outbox.pending_count(session), outbox.count_posted(session)) == (0, 1)


def test_a_key_is_queued_once_even_when_it_is_long_out(session):
    queue(session, message("a"))
    send(session, claim(session))
    assert not outbox.add(session, message("a"), at=NOW)
    assert outbox.claim(session, at=NOW + LEASE) is None


def test_a_channel_gets_its_messages_in_order_one_at_a_time(session):
    queue(session, message("a"), message("b"), message("c", target="C2"))
    first, other = claim(session), claim(session)
    assert (first.message.key, other.message.key) == ("a", "c")
    assert outbox.claim(session, at=NOW + SECOND) is None
    send(session, first)
    assert claim(session, NOW + SECOND).message.key == "b"


def test_a_channel_is_posted_to_once_a_second(session):
    queue(session, message("a"), message("b"))
    send(session, claim(session))
    assert outbox.claim(session, at=NOW + SECOND / 2) is None
    assert claim(session, NOW + SECOND).message.key == "b"


def test_a_parked_channel_waits_and_others_do_not(session):
    queue(session, message("a"), message("b", target="C2"))
    channels.park(session, "C1", until=NOW + 30 * SECOND)
    channels.park(session, "C1", until=NOW + 5 * SECOND)
    assert claim(session).message.key == "b"
    assert outbox.claim(session, at=NOW + 29 * SECOND) is None
    assert claim(session, NOW + 30 * SECOND).message.key == "a"


def test_urgent_ones_go_first_but_not_past_their_own_channel(session):
    queue(session, message("a"), message("b", urgent=True), message("c", target="C2", urgent=True))
    assert [claim(session).message.key for _ in range(2)] == ["c", "a"]


def test_a_message_held_back_holds_up_nobody(session):
    queue(session, message("held", not_before=NOW + 60 * SECOND), message("b"))
    send(session, claim(session))
    assert outbox.claim(session, at=NOW + 59 * SECOND) is None
    assert claim(session, NOW + 60 * SECOND).message.key == "held"


def test_a_message_that_is_tried_again_keeps_its_place(session):
    queue(session, message("a"), message("b"))
    assert outbox.postpone(session, claim(session), until=NOW + 60 * SECOND, error="503")
    assert outbox.claim(session, at=NOW + 59 * SECOND) is None
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
    assert outbox.claim(session, at=NOW + LEASE - SECOND) is None
    found = claim(session, NOW + LEASE)
    assert (found.unknown, found.attempt, found.first_try_at) == (True, 2, NOW)
    assert not outbox.mark_sent(session, lost, channel="C1", ts="1.0", at=NOW)
    assert not outbox.postpone(session, lost, until=NOW, error="")
    assert not outbox.mark_unknown(session, lost, until=NOW, error="")
    assert not outbox.mark_dead(session, lost, error="", at=NOW)
    assert not outbox.extend(session, lost, until=NOW)
    assert outbox.extend(session, found, until=NOW + 3 * LEASE)
    assert outbox.claim(session, at=NOW + 2 * LEASE) is None
    send(session, found)
    assert not outbox.mark_sent(session, found, channel="C1", ts="2.0", at=NOW)


def test_a_message_whose_fate_is_unknown_is_looked_for_after_a_while(session):
    queue(session, message("a"), message("b"))
    assert outbox.mark_unknown(
        session, claim(session), until=NOW + 10 * SECOND, error="read timed out"
    )
    assert outbox.claim(session, at=NOW + 9 * SECOND) is None
    assert claim(session, NOW + 10 * SECOND).unknown


def test_a_reply_waits_for_its_message_and_knows_where_it_is(session):
    queue(session, message("a", not_before=NOW + SECOND), message("re", kind=Kind.REPLY, of="a"))
    assert outbox.claim(session, at=NOW) is None
    send(session, claim(session, NOW + SECOND), ts="17.5")
    reply = claim(session, NOW + 2 * SECOND)
    assert (reply.message.kind, reply.of_channel, reply.of_ts) == (Kind.REPLY, "C1", "17.5")


def test_an_update_waits_for_its_post_but_not_in_the_line_of_the_channel(session):
    queue(session, message("a"), message("b"), message("up", kind=Kind.UPDATE, of="a"))
    send(session, claim(session), ts="17.5")
    update = claim(session)  # at once: posts are paced, updates are not
    assert (update.message.key, update.of_channel, update.of_ts) == ("up", "C1", "17.5")


def test_of_several_updates_that_wait_only_the_newest_goes_out(session):
    queue(session, message("a"), *(message(f"up{n}", kind=Kind.UPDATE, of="a") for n in range(3)))
    assert outbox.pending_count(session) == 2
    send(session, claim(session))
    assert claim(session).message.key == "up2"
    assert outbox.claim(session, at=NOW) is None


def test_an_update_on_its_way_is_finished_before_the_next(session):
    queue(session, message("a"), message("up1", kind=Kind.UPDATE, of="a"))
    send(session, claim(session))
    first = claim(session)
    queue(session, message("up2", kind=Kind.UPDATE, of="a"))
    assert outbox.claim(session, at=NOW) is None
    send(session, first)
    assert claim(session).message.key == "up2"


def test_what_hangs_on_a_dead_message_is_dead_and_the_line_goes_on(session):
    queue(session, message("a"), message("re", kind=Kind.REPLY, of="a"), message("b"))
    assert outbox.mark_dead(session, claim(session), error="channel_not_found", at=NOW)
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
                taken = outbox.claim(session, at=at, lease=10_000 * SECOND)
            at += SECOND
            idle = 0 if taken else idle + 1
            if taken:
                order.append(taken.message.key)
                with db.write() as session:
                    assert outbox.mark_sent(session, taken, channel="C", ts="1", at=at)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert len(order) == len(set(order)) == 24
    for target in "ABCDEF":
        assert [key for key in order if key[0] == target] == [f"{target}{n}" for n in range(4)]
