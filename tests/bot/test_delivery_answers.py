"""Answers that are not Slack's, or only half of one: they say nothing about a message, so it is looked for."""

import pytest
from worlds import ADMIN, amend, deliver_all, keys, pass_time, pending, say

from bot.delivery import deliver
from storage import outbox

POST, INFO, HISTORY = "chat.postMessage", "conversations.info", "conversations.history"
NOT_SLACKS = ["html_200", "html_403", "commit_then_html", "commit_then_cut"]


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


def dead(deps):
    with deps.db.read() as session:
        return {each.key: each.error for each in outbox.dead(session)}


@pytest.mark.parametrize("kind", NOT_SLACKS)
def test_what_somebody_in_between_answers_loses_no_message_and_doubles_none(
    sandbox, deps, client, kind
):
    sandbox.break_(kind, method=POST)
    say(deps, "a")
    say(deps, "b")
    assert deliver(deps, client) == 0
    deliver_all(deps, client)
    assert (keys(sandbox), dead(deps), pending(deps)) == (["a", "b"], {}, 0)


@pytest.mark.parametrize("method", [INFO, HISTORY])
@pytest.mark.parametrize("kind", ["html_200", "html_403", "commit_then_cut"])
def test_nor_does_it_matter_where_something_is_asked(sandbox, deps, client, kind, method):
    sandbox.break_("commit_then_drop", method=POST)
    sandbox.break_(kind, method=method, times=2)
    say(deps, "a")
    deliver_all(deps, client, seconds=120)
    assert (keys(sandbox), dead(deps), pending(deps)) == (["a"], {}, 0)


@pytest.mark.parametrize("kind", NOT_SLACKS)
def test_a_change_that_was_answered_so_is_made_again(sandbox, deps, client, kind):
    say(deps, "a")
    deliver(deps, client)
    sandbox.break_(kind, method="chat.update")
    amend(deps, "a", "new")
    deliver_all(deps, client)
    assert (sandbox.texts(), dead(deps)) == (["new"], {})


def test_where_slack_does_not_say_how_long_to_wait_it_is_asked_less_and_less(sandbox, deps, client):
    sandbox.break_("error:message_limit_exceeded", method=POST, times=10_000)
    say(deps, "a")
    asked = sandbox.calls(POST)
    for _ in range(120):
        deliver(deps, client)
        pass_time(deps, seconds=15)
    assert 5 <= sandbox.calls(POST) - asked < 15
    assert dead(deps) == {}


def test_what_one_process_was_told_to_wait_holds_for_one_that_was_on_its_way(sandbox, deps, client):
    say(deps, "a")
    say(deps, "b", ADMIN)
    asked = sandbox.calls(POST)
    sandbox.break_("ratelimited", method=POST, channel=ADMIN, retry_after=30)
    deliver(deps, Overtaken(client, lambda: deliver(deps, client)))
    assert sandbox.calls(POST) - asked == 1
    pass_time(deps, seconds=30)
    deliver(deps, client)
    assert (keys(sandbox), keys(sandbox, ADMIN)) == (["a"], ["b"])


class Overtaken:
    """A client of a process in which somebody else is faster, once: between the claim and the post."""

    def __init__(self, client, meanwhile):
        self._client, self._meanwhile = client, meanwhile

    def __getattr__(self, name):
        return getattr(self._client, name)

    def conversations_info(self, **told):
        meanwhile, self._meanwhile = self._meanwhile, lambda: None
        meanwhile()
        return self._client.conversations_info(**told)


@pytest.mark.parametrize("kind", ["ratelimited", "commit_then_drop", "drop", "error:token_revoked"])
def test_a_message_that_is_days_old_when_the_bot_is_back_is_not_given_up_for_one_bad_answer(
    sandbox, deps, client, kind
):
    say(deps, "a")
    say(deps, "b")
    pass_time(deps, days=4)
    sandbox.break_(kind, method=POST)
    deliver_all(deps, client)
    assert (keys(sandbox), dead(deps)) == (["a", "b"], {})


def test_many_changes_in_a_broken_channel_are_not_all_tried_all_the_time(sandbox, deps, client):
    sandbox.do("create", channel="C0MANY")
    for number in range(12):
        say(deps, f"{number}", "C0MANY")
    deliver_all(deps, client)
    sandbox.do("archive", channel="C0MANY")
    for number in range(12):
        amend(deps, f"{number}", f"new {number}", "C0MANY")
    asked = sandbox.calls("chat.update") + sandbox.calls(INFO)
    for _ in range(60):
        deliver(deps, client)
        pass_time(deps, seconds=10)
    assert sandbox.calls("chat.update") + sandbox.calls(INFO) - asked < 30
    sandbox.do("unarchive", channel="C0MANY")
    deliver_all(deps, client, seconds=400)
    assert sandbox.texts("C0MANY") == [f"new {number}" for number in range(12)]
