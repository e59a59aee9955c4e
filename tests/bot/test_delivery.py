"""From the outbox to Slack: once, in order, and to nobody who must not see it, whatever goes wrong on the way."""

from datetime import timedelta

import pytest
from worlds import (
    ADMIN,
    TEAM,
    amend,
    deliver_all,
    key_of,
    keys,
    pass_time,
    pending,
    post_by_hand,
    say,
    wait_for,
)

from bot.delivery import deliver
from storage import outbox


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


POST, UPDATE = "chat.postMessage", "chat.update"
AFTER_SLACK_TOOK_IT = ["commit_then_drop", "commit_then_500", "commit_then_fatal_error"]
BEFORE_SLACK_TOOK_IT = ["http_500", "drop", "error:fatal_error", "error:internal_error"]


def dead(deps):
    with deps.db.read() as session:
        return {each.key: each.error for each in outbox.dead(session)}


def test_a_message_is_posted_once_and_carries_its_key(sandbox, deps, client):
    say(deps, "a")
    say(deps, "a")
    assert deliver(deps, client) == 1
    assert deliver(deps, client) == 0
    assert sandbox.texts() == ["text of a"]
    assert keys(sandbox) == ["a"]


def test_a_channels_messages_come_in_the_order_they_were_said(sandbox, deps, client):
    for key in "abcdef":
        say(deps, key)
    deliver_all(deps, client)
    assert keys(sandbox) == list("abcdef")


def test_one_second_lies_between_two_messages_of_a_channel(sandbox, deps, client):
    for key, target in (("a", TEAM), ("b", TEAM), ("c", ADMIN)):
        say(deps, key, target)
    deliver(deps, client)
    assert (keys(sandbox), keys(sandbox, ADMIN)) == (["a"], ["c"])
    pass_time(deps, seconds=1)
    deliver(deps, client)
    assert keys(sandbox) == ["a", "b"]


@pytest.mark.parametrize("kind", AFTER_SLACK_TOOK_IT)
def test_an_accepted_message_whose_answer_was_lost_is_found_again(sandbox, deps, client, kind):
    sandbox.break_(kind, method=POST)
    say(deps, "a")
    say(deps, "b")
    deliver_all(deps, client)
    assert keys(sandbox) == ["a", "b"]


def test_an_answer_that_comes_too_late_is_a_lost_one(sandbox, deps, client):
    client.timeout = 1
    sandbox.break_("slow", method=POST, seconds=2.0)
    say(deps, "a")
    deliver(deps, client)
    assert pending(deps) == 1
    wait_for(lambda: keys(sandbox))
    deliver_all(deps, client)
    assert (keys(sandbox), pending(deps)) == (["a"], 0)


@pytest.mark.parametrize("kind", BEFORE_SLACK_TOOK_IT)
def test_what_slack_took_before_it_failed_is_not_posted_again(sandbox, deps, client, kind):
    say(deps, "a")
    post_by_hand(client, "a")
    sandbox.break_(kind, method=POST)
    deliver_all(deps, client)
    assert (keys(sandbox), pending(deps)) == (["a"], 0)


@pytest.mark.parametrize("kind", BEFORE_SLACK_TOOK_IT)
def test_what_slack_did_not_take_is_posted_later(sandbox, deps, client, kind):
    sandbox.break_(kind, method=POST, times=3)
    say(deps, "a")
    deliver(deps, client)
    assert keys(sandbox) == []
    deliver_all(deps, client, seconds=120)
    assert keys(sandbox) == ["a"]


def test_slack_says_how_long_to_wait_and_nothing_goes_out_before(sandbox, deps, client):
    sandbox.break_("ratelimited", method=POST, retry_after=30)
    say(deps, "a")
    say(deps, "b")
    deliver(deps, client)
    asked = sandbox.calls(POST)
    pass_time(deps, seconds=29)
    deliver(deps, client)
    assert sandbox.calls(POST) == asked
    pass_time(deps, seconds=1)
    deliver_all(deps, client)
    assert keys(sandbox) == ["a", "b"]


def test_what_slack_limits_in_one_channel_waits_in_all_since_nobody_knows_what_it_counts(
    sandbox, deps, client
):
    sandbox.break_("ratelimited", method=POST, retry_after=30, channel=TEAM)
    say(deps, "a")
    say(deps, "b", ADMIN)
    deliver(deps, client)
    pass_time(deps, seconds=29)
    deliver(deps, client)
    assert (keys(sandbox), keys(sandbox, ADMIN)) == ([], [])
    pass_time(deps, seconds=1)
    deliver(deps, client)
    assert (keys(sandbox), keys(sandbox, ADMIN)) == (["a"], ["b"])


def test_a_limit_on_changes_holds_up_changes_alone(sandbox, deps, client):
    say(deps, "a")
    deliver(deps, client)
    sandbox.break_("ratelimited", method=UPDATE, retry_after=30)
    amend(deps, "a", "new")
    deliver(deps, client)
    asked = sandbox.calls(UPDATE)
    say(deps, "b", ADMIN)
    pass_time(deps, seconds=29)
    deliver(deps, client)
    assert (sandbox.calls(UPDATE), keys(sandbox, ADMIN)) == (asked, ["b"])
    pass_time(deps, seconds=1)
    deliver(deps, client)
    assert sandbox.texts() == ["new"]


@pytest.mark.parametrize("kind", ["ratelimited", "http_500", "error:token_revoked"])
def test_what_cannot_be_looked_for_is_not_posted_again_without_looking(sandbox, deps, client, kind):
    sandbox.break_("commit_then_drop", method=POST)
    sandbox.break_(kind, method="conversations.history", times=2)
    say(deps, "a")
    deliver_all(deps, client, seconds=120)
    assert (keys(sandbox), pending(deps)) == (["a"], 0)


def test_a_message_that_still_waits_is_posted_as_it_is_by_then(sandbox, deps, client):
    say(deps, "a")
    say(deps, "b")
    deliver(deps, client)
    amend(deps, "b", "newer")
    updates = sandbox.calls(UPDATE)
    deliver_all(deps, client)
    assert (sandbox.texts(), keys(sandbox)) == (["text of a", "newer"], ["a", "b"])
    assert sandbox.calls(UPDATE) == updates


def test_a_reminder_that_is_out_of_date_when_slack_is_back_is_left_unsaid(sandbox, deps, client):
    sandbox.break_("drop", method=POST, times=10_000)
    soon = deps.clock.now() + timedelta(minutes=30)
    for key, until in (("a", soon), ("b", soon), ("c", None)):
        say(deps, key, expires_at=until)
    for _ in range(20):
        deliver(deps, client)
        pass_time(deps, minutes=3)
    sandbox.post("/sandbox/faults", clear=True)
    deliver_all(deps, client, seconds=400)
    assert (keys(sandbox), dead(deps), pending(deps)) == (["c"], {}, 0)


def test_a_lost_message_is_found_on_a_later_page_of_the_history(sandbox, deps, client):
    sandbox.break_("commit_then_drop", method=POST)
    say(deps, "a")
    deliver(deps, client)
    for number in range(201):
        sandbox.do("message", user="U0CSM1", channel=TEAM, text=f"chatter {number}")
    deliver_all(deps, client)
    assert [key_of(each) for each in sandbox.messages() if "metadata" in each] == ["a"]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_wrong_does_not_double(sandbox, config, deps, client, minutes):
    pass_time(deps, minutes=10)
    sandbox.move(deps.clock.now() + timedelta(minutes=max(0, -minutes)))
    deps.clock.set(deps.clock.now() + timedelta(minutes=max(0, minutes)))
    sandbox.break_("commit_then_drop", method=POST)
    say(deps, "a")
    deliver_all(deps, client)
    assert keys(sandbox) == ["a"]


def test_what_somebody_deleted_before_we_looked_is_posted_again(sandbox, deps, client):
    sandbox.break_("commit_then_drop", method=POST)
    say(deps, "a")
    deliver(deps, client)
    (message,) = sandbox.messages()
    client.chat_delete(channel=TEAM, ts=message["ts"])
    deliver_all(deps, client)
    assert keys(sandbox) == ["a"]


def test_an_update_waits_for_its_message_and_only_the_latest_is_made(sandbox, deps, client):
    sandbox.break_("http_500", method=POST, times=2)
    say(deps, "a")
    updates = sandbox.calls(UPDATE)
    for text in ("one", "two", "three"):
        amend(deps, "a", text)
        deliver(deps, client)
    deliver_all(deps, client)
    (message,) = sandbox.messages()
    assert (message["text"], message["edited"]) == ("three", 1)
    assert sandbox.calls(UPDATE) - updates == 1
    assert key_of(message) == "a"


@pytest.mark.parametrize("kind", ["commit_then_drop", "http_500", "ratelimited"])
def test_an_update_that_failed_is_made_again(sandbox, deps, client, kind):
    say(deps, "a")
    deliver(deps, client)
    sandbox.break_(kind, method=UPDATE)
    amend(deps, "a", "new")
    deliver_all(deps, client)
    assert sandbox.texts() == ["new"]


def test_an_update_of_a_message_somebody_deleted_is_given_up(sandbox, deps, client):
    say(deps, "a")
    deliver(deps, client)
    client.chat_delete(channel=TEAM, ts=sandbox.messages()[0]["ts"])
    amend(deps, "a", "new")
    say(deps, "b")
    deliver_all(deps, client)
    assert keys(sandbox) == ["b"]
    assert dead(deps) == {"a:new": "message_not_found"}


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop"])
@pytest.mark.parametrize("broadcast", [True, False])
def test_a_reply_finds_its_thread_and_is_not_doubled(sandbox, deps, client, kind, broadcast):
    say(deps, "a")
    say(deps, "b", reply_to="a", broadcast=broadcast)
    deliver(deps, client)
    pass_time(deps, seconds=1)
    sandbox.break_(kind, method=POST)
    deliver_all(deps, client)
    parent, reply = sandbox.messages()
    assert (key_of(parent), key_of(reply)) == ("a", "b")
    assert reply["thread_ts"] == parent["ts"]


@pytest.mark.parametrize("kind", ["http_500", "drop", "error:token_revoked", "error:invalid_auth"])
def test_an_hour_without_slack_loses_nothing(sandbox, deps, client, kind):
    sandbox.break_(kind, method=POST, times=10_000)
    for key in "abc":
        say(deps, key)
        say(deps, f"{key}!", ADMIN)
    for _ in range(20):
        deliver(deps, client)
        pass_time(deps, minutes=3)
    sandbox.post("/sandbox/faults", clear=True)
    deliver_all(deps, client, seconds=600)
    assert keys(sandbox) == ["a", "b", "c"]
    assert keys(sandbox, ADMIN) == ["a!", "b!", "c!"]
    assert dead(deps) == {}


def test_in_an_hour_without_slack_it_is_not_asked_every_few_seconds(sandbox, deps, client):
    sandbox.break_("http_500", method=POST, times=10_000)
    say(deps, "a")
    asked = sandbox.calls(POST)
    for _ in range(240):
        deliver(deps, client)
        deps.clock.set(deps.clock.now() + timedelta(seconds=15))
    assert sandbox.calls(POST) - asked < 25
