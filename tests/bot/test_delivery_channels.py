"""Channels and people nobody can post to: what waits, what is given up, and who is told to mend it."""

import itertools

import pytest
from worlds import (
    ADMIN,
    TEAM,
    amend,
    deliver_all,
    keys,
    pass_time,
    pending,
    say,
    words_of,
)

from bot.blocks.kit import Message
from bot.delivery import deliver
from bot.services import diagnosing, speaking
from storage import channels, outbox

POST = "chat.postMessage"
_numbers = itertools.count(1)
BREAKS = [
    ("archive", "unarchive", "is_archived"),
    ("remove", "invite", "not_in_channel"),
    ("share", "unshare", "is_ext_shared"),
]


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def room(sandbox):
    """A channel of this test's own."""
    name = f"C0ROOM{next(_numbers)}"
    assert sandbox.do("create", channel=name) == {"ok": True}
    return name


def dead(deps):
    with deps.db.read() as session:
        return {each.key: each.error for each in outbox.dead(session)}


def problems(deps):
    with deps.db.read() as session:
        return {each.id: each.problem for each in channels.with_problem(session)}


@pytest.mark.parametrize(("breaks", "mends", "problem"), BREAKS)
def test_what_goes_to_a_broken_channel_waits_and_goes_out_in_order_once_it_is_mended(
    sandbox, deps, client, room, breaks, mends, problem
):
    sandbox.do(breaks, channel=room)
    for key, where in (("a", room), ("b", room), ("elsewhere", TEAM)):
        say(deps, key, where)
    say(deps, "re", room, reply_to="a")
    deliver_all(deps, client)
    assert (keys(sandbox, room), keys(sandbox), dead(deps)) == ([], ["elsewhere"], {})
    assert problems(deps) == {room: problem}
    sandbox.do(mends, channel=room)
    deliver_all(deps, client, seconds=400)
    assert keys(sandbox, room) == ["a", "b", "re"]
    assert (pending(deps), problems(deps)) == (0, {})


def test_operators_are_asked_once_a_day_to_mend_a_channel(sandbox, deps, client, room):
    sandbox.do("archive", channel=room)
    for key in "abc":
        say(deps, key, room)
    deliver_all(deps, client)
    (told,) = sandbox.messages(ADMIN)
    assert room in words_of(told)
    assert "Unarchive it" in words_of(told)
    for _ in range(24):
        pass_time(deps, hours=1)
        deliver(deps, client)
    assert len(sandbox.messages(ADMIN)) == 2


def test_a_channel_nobody_mends_for_three_days_gets_what_is_new_and_no_more(
    sandbox, deps, client, room
):
    sandbox.do("archive", channel=room)
    for key in "ab":
        say(deps, key, room)
    deliver_all(deps, client)
    pass_time(deps, days=2)
    say(deps, "new", room)
    deliver_all(deps, client)
    assert dead(deps) == {}
    pass_time(deps, days=1)
    deliver_all(deps, client)
    assert dead(deps) == {"a": "is_archived", "b": "is_archived"}
    assert [text for text in sandbox.texts(ADMIN) if "given up" in text] == [
        "A message was given up: the channel is archived (is_archived)"
    ]
    sandbox.do("unarchive", channel=room)
    deliver_all(deps, client, seconds=400)
    assert keys(sandbox, room) == ["new"]


def test_a_channel_that_comes_to_be_shared_gets_no_more_within_half_a_minute(
    sandbox, deps, client, room
):
    say(deps, "a", room)
    deliver_all(deps, client)
    sandbox.do("share", channel=room)
    pass_time(deps, seconds=30)
    say(deps, "b", room)
    deliver_all(deps, client)
    assert keys(sandbox, room) == ["a"]
    assert "shared with another organisation" in sandbox.texts(ADMIN)[0]


def test_the_change_of_a_message_waits_for_its_channel_too(sandbox, deps, client, room):
    say(deps, "a", room)
    deliver_all(deps, client)
    sandbox.do("archive", channel=room)
    amend(deps, "a", "new", room)
    deliver(deps, client)
    sandbox.do("unarchive", channel=room)
    deliver_all(deps, client)
    assert sandbox.texts(room) == ["new"]


def test_a_channel_where_the_bot_may_not_post_waits_for_its_settings(sandbox, deps, client, room):
    sandbox.break_("error:restricted_action", method=POST, channel=room)
    say(deps, "a", room)
    deliver(deps, client)
    assert "only some people may post there" in sandbox.texts(ADMIN)[0]
    deliver_all(deps, client)
    assert keys(sandbox, room) == ["a"]


def test_a_channel_slack_does_not_know_is_named(sandbox, deps, client):
    say(deps, "a", "C0NOWHERE")
    deliver_all(deps, client)
    assert "C0NOWHERE" in words_of(sandbox.messages(ADMIN)[0])
    assert problems(deps) == {"C0NOWHERE": "channel_not_found"}


def test_operators_are_not_told_in_their_own_broken_channel_but_the_doctor_and_the_log_know(
    sandbox, deps, client, capsys
):
    sandbox.break_("error:is_archived", method=POST, channel=ADMIN)
    say(deps, "a", ADMIN)
    deliver(deps, client)
    assert "error" in (said := capsys.readouterr().out)
    assert (ADMIN in said, "is_archived" in said) == (True, True)
    found = {each.what: each for each in diagnosing.diagnose_delivery(deps)}
    assert found[f"channel {ADMIN}"].verdict is diagnosing.Verdict.BROKEN
    assert "Unarchive it" in found[f"channel {ADMIN}"].told
    deliver_all(deps, client)
    assert keys(sandbox, ADMIN) == ["a"]


def test_the_doctor_tells_what_waits_for_long_and_what_was_given_up(sandbox, deps, client, room):
    def told():
        return {each.what: each for each in diagnosing.diagnose_delivery(deps)}

    assert told().keys() == {"outbox"}
    sandbox.do("archive", channel=room)
    say(deps, "a", room)
    say(deps, "b", "U0LEFT")
    deliver_all(deps, client)
    assert told()["outbox"].verdict is diagnosing.Verdict.OK
    assert "may not see accounts" in told()["dead letters"].examples[0]
    pass_time(deps, minutes=11)
    assert room in told()["outbox"].told
    assert "the channel is archived" in told()["outbox"].told


def test_a_message_slack_will_never_take_is_given_up_and_the_next_goes_out(sandbox, deps, client):
    with deps.db.write() as session:
        speaking.say(session, Message("x" * 40_001, []), key="a", target=TEAM, at=deps.clock.now())
    say(deps, "b")
    deliver_all(deps, client)
    assert keys(sandbox) == ["b"]
    assert dead(deps) == {"a": "msg_too_long"}
    assert "too long" in sandbox.texts(ADMIN)[0]


@pytest.mark.parametrize("target", ["U0LEFT", "U0GUEST", "U0SINGLE", "U0STRANGER", "U0OTHERBOT"])
def test_only_full_members_get_direct_messages(sandbox, deps, client, target):
    say(deps, "a", target)
    deliver_all(deps, client)
    assert sandbox.messages(f"D{target[1:]}") == []
    assert "may not see accounts" in sandbox.texts(ADMIN)[0]


def test_somebody_slack_does_not_know_gets_nothing_and_operators_hear(sandbox, deps, client):
    say(deps, "a", "U0NOBODY")
    deliver_all(deps, client)
    assert dead(deps) == {"a": "user_not_found"}
    assert "<@U0NOBODY>" in words_of(sandbox.messages(ADMIN)[0])


def test_a_csm_gets_direct_messages(sandbox, deps, client):
    say(deps, "a", "U0CSM1")
    deliver_all(deps, client)
    assert keys(sandbox, "D0CSM1") == ["a"]


def test_of_a_changed_message_that_somebody_deleted_operators_hear_nothing(sandbox, deps, client):
    say(deps, "a")
    deliver(deps, client)
    client.chat_delete(channel=TEAM, ts=sandbox.messages()[0]["ts"])
    amend(deps, "a", "new", TEAM)
    deliver_all(deps, client)
    assert (sandbox.messages(ADMIN), dead(deps)) == ([], {"a:new": "message_not_found"})
