"""Several deliverers, and deliverers that die, on both databases; and a Slack that is gone, or keeps its history to itself."""

import threading

import pytest
from worlds import (
    ADMIN,
    ROOT,
    TEAM,
    Outside,
    amend,
    claim,
    deliver_all,
    keys,
    own_deps,
    pass_time,
    pending,
    post_by_hand,
    say,
)

from bot import posting
from bot.app import build
from bot.delivery import LEASE, deliver
from bot.posting import LateError
from bot.variables import ConfigError
from storage import claims, outbox
from storage.claims import Place
from tests.soak.trials import Trial, run

POST = "chat.postMessage"


def test_two_workers_do_not_double_or_reorder(sandbox, deps, client):
    said = [f"{number:02}" for number in range(12)]
    for key in said:
        say(deps, key)
        say(deps, f"{key}!", ADMIN)
    workers = [
        threading.Thread(target=deliver_all, args=[deps, sandbox.web()], kwargs={"seconds": 120})
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deliver_all(deps, client)
    assert keys(sandbox) == said
    assert keys(sandbox, ADMIN) == [f"{key}!" for key in said]


@pytest.mark.parametrize("slack_took_it", [True, False])
def test_a_worker_that_was_killed_at_a_message_is_replaced(sandbox, deps, client, slack_took_it):
    say(deps, "a")
    claim(deps)
    if slack_took_it:
        post_by_hand(client, "a")
    deliver(deps, client)
    assert pending(deps) == 1
    pass_time(deps, seconds=LEASE.total_seconds())
    deliver(deps, client)
    assert (keys(sandbox), pending(deps)) == (["a"], 0)


def test_a_worker_that_wakes_up_late_changes_nothing(sandbox, deps, client):
    say(deps, "a")
    late = claim(deps)
    pass_time(deps, seconds=LEASE.total_seconds())
    deliver(deps, client)
    with deps.db.write() as session:
        at = deps.clock.now()
        assert not claims.mark_sent(session, late, Place("C0WRONG", "1.0"), at=at)
        assert outbox.stands_at(session, "a") == sandbox.messages()[0]["ts"]


class Frozen:
    """A client whose process stands still before it posts, for as long as `meanwhile` takes."""

    def __init__(self, client, meanwhile):
        self._client, self._meanwhile = client, meanwhile

    def __getattr__(self, name):
        return getattr(self._client, name)

    def chat_postMessage(self, **told):  # noqa: N802 - as the SDK spells it
        self._thaw()
        return self._client.chat_postMessage(**told)

    def chat_update(self, **told):
        self._thaw()
        return self._client.chat_update(**told)

    def _thaw(self):
        meanwhile, self._meanwhile = self._meanwhile, lambda: None
        meanwhile()


def test_what_a_worker_posted_that_stood_still_too_long_is_taken_back(sandbox, deps, client):
    say(deps, "a")
    say(deps, "b")

    def take_over():
        pass_time(deps, seconds=LEASE.total_seconds())
        deliver_all(deps, client)

    deliver(deps, Frozen(client, take_over))
    assert (keys(sandbox), pending(deps)) == (["a", "b"], 0)


def test_of_two_who_post_the_same_at_once_the_one_that_was_noted_first_stands(
    sandbox, deps, client
):
    say(deps, "a")
    late = claim(deps)
    pass_time(deps, seconds=LEASE.total_seconds())

    def wake_up():
        """Once the other has looked and found nothing."""
        post_by_hand(client, "a")
        with deps.db.write() as session:
            claims.note_late(session, late, Place(TEAM, sandbox.messages()[0]["ts"]))

    deliver(deps, Frozen(client, wake_up))
    with deps.db.read() as session:
        stands_at = outbox.stands_at(session, "a")
    assert [each["ts"] for each in sandbox.messages()] == [stands_at]


def test_a_change_that_comes_late_is_changed_again(sandbox, deps, client):
    say(deps, "a")
    deliver(deps, client)
    amend(deps, "a", "older")

    def take_over():
        pass_time(deps, seconds=LEASE.total_seconds())
        deliver(deps, client)
        amend(deps, "a", "newer")
        deliver(deps, client)

    deliver(deps, Frozen(client, take_over))
    deliver_all(deps, client)
    assert sandbox.texts() == ["newer"]


def test_a_worker_with_too_little_time_left_does_not_post(sandbox, deps, client):
    say(deps, "a")
    taken = claim(deps)
    pass_time(deps, seconds=LEASE.total_seconds() - client.timeout)
    with pytest.raises(LateError):
        posting.send(deps, client, taken)
    assert keys(sandbox) == []


def test_order_is_kept_while_one_message_is_tried_again(sandbox, deps, client):
    sandbox.break_("http_500", method=POST, channel=TEAM, times=2)
    for key in "abc":
        say(deps, key)
    say(deps, "elsewhere", ADMIN)
    deliver(deps, client)
    assert (keys(sandbox), keys(sandbox, ADMIN)) == ([], ["elsewhere"])
    deliver_all(deps, client)
    assert keys(sandbox) == ["a", "b", "c"]


def test_slack_may_be_gone_altogether_and_come_back(tmp_path):
    sandbox = Outside(tmp_path / "outside", accounts=5)
    sandbox.start()
    deps = own_deps(sandbox, tmp_path / "home")
    client = sandbox.web()
    say(deps, "a")
    deliver(deps, client)
    now = deps.clock.now()
    sandbox.stop()
    for key in "bcd":
        say(deps, key)
        deliver(deps, client)
    sandbox.start()
    sandbox.move(now)
    pass_time(deps, minutes=10)
    deliver_all(deps, client)
    assert keys(sandbox) == ["a", "b", "c", "d"]
    deps.db.dispose()
    sandbox.stop()


def granted_all_but(scope, folder):
    """A sandbox whose app was installed without some scope."""
    lines = (ROOT / "manifest.yml").read_text().splitlines(keepends=True)
    manifest = folder / "manifest.yml"
    manifest.write_text("".join(line for line in lines if scope not in line))
    sandbox = Outside(folder / "outside", ("--manifest", str(manifest)), accounts=5)
    sandbox.start()
    return sandbox


def test_a_scope_that_is_missing_at_the_start_is_named(tmp_path):
    sandbox = granted_all_but("- users:read ", tmp_path)
    deps = own_deps(sandbox, tmp_path / "home")
    with pytest.raises(ConfigError, match=r"the scope users:read for slack\.bot_token\. Add it"):
        build(deps).start(ticking=False)
    deps.db.dispose()
    sandbox.stop()


def test_where_the_history_may_not_be_read_a_message_is_rather_doubled_than_lost(tmp_path):
    sandbox = granted_all_but(":history", tmp_path)
    deps = own_deps(sandbox, tmp_path / "home")
    sandbox.break_("commit_then_drop", method=POST)
    say(deps, "a")
    deliver_all(deps, sandbox.web())
    sandbox.break_("http_500", method=POST)
    say(deps, "b")
    deliver_all(deps, sandbox.web())
    assert keys(sandbox) == ["a", "a", "b"]
    deps.db.dispose()
    sandbox.stop()


@pytest.mark.slow
def test_deliverers_that_are_killed_and_frozen_lose_nothing_double_nothing_and_keep_the_order(
    tmp_path, database_url
):
    """What `make soak` does for minutes, for some seconds."""
    processes = 1 if database_url.startswith("sqlite") else 3
    trial = Trial(
        database=database_url, processes=processes, messages=24, kills=6, freezes=1, rooms=6
    )
    outcome = run(trial, tmp_path)
    assert (outcome.broken, outcome.messages, outcome.kills, outcome.freezes) == ({}, 24, 6, 1)
