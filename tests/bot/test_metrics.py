"""/metrics and /readyz: what operators see of the bot, and what they never see in it."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from books import Entry, keep
from prometheus_client.parser import text_string_to_metric_families
from slack_posts import get
from worlds import ROOT, TEAM, own_program, pass_time, say, wait_for

from bot import jobs
from bot.listeners.measuring import OUTCOME, what_of
from bot.services import admitting
from storage import gauges, sources
from storage.engine import open_database


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module, with a server. What a test counts is held against what was counted before it."""
    home = tmp_path_factory.mktemp("home")
    with own_program(outside, home, web={"listen": "127.0.0.1:0"}) as running:
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


@pytest.fixture
def scrape(program):
    """Reads /metrics as Prometheus does: {(name, label values…): value}."""

    def read():
        status, headers, said = get(program.web, "/metrics")
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
        return {
            (each.name.removeprefix("bellwether_"), *each.labels.values()): each.value
            for family in text_string_to_metric_families(said)
            for each in family.samples
        }

    return read


# What is stored.


def test_a_new_bot_tells_everything_and_nothing_waits(scrape, deps):
    told = scrape()
    assert told["database_up",] == told["slack_connected",] == 1
    assert told["outbox_pending",] == told["outbox_oldest_seconds",] == told["outbox_dead",] == 0
    assert told["source_stale", "stripe"] == 1
    assert ("source_age_seconds", "stripe") not in told


def test_messages_that_wait_are_counted_and_aged_but_not_those_held_back(scrape, deps, program):
    say(deps, "metrics-1")
    say(deps, "metrics-2", not_before=deps.clock.now() + timedelta(days=1))
    pass_time(deps, seconds=90)
    told = scrape()
    assert (told["outbox_pending",], told["outbox_oldest_seconds",]) == (2, 90)
    before = told["deliveries_total",]
    program.deliver()
    told = scrape()
    assert (told["outbox_pending",], told["outbox_oldest_seconds",]) == (1, 0)
    assert told["deliveries_total",] == before + 1


def test_a_message_that_was_given_up_is_dead_for_a_day(scrape, deps, program):
    say(deps, "metrics-3", target="U0STRANGER")
    program.deliver()
    assert scrape()["outbox_dead",] == 1
    pass_time(deps, hours=25)
    assert scrape()["outbox_dead",] == 0


def test_a_source_is_stale_until_it_answers_and_when_it_is_late(scrape, deps):
    with deps.db.write() as session:
        sources.succeeded(session, "stripe", at=deps.clock.now())
    pass_time(deps, hours=2)
    told = scrape()
    assert (told["source_age_seconds", "stripe"], told["source_stale", "stripe"]) == (7200, 0)
    pass_time(deps, days=3)
    assert scrape()["source_stale", "stripe"] == 1


def test_work_that_is_due_and_not_begun_lags(scrape, deps):
    jobs.tick(deps)
    pass_time(deps, minutes=7)
    assert scrape()["work_lag_seconds",] >= 420


def test_accounts_are_counted_by_status_and_named_nowhere(program, scrape, deps):
    keep(deps, [Entry("Acme Corp", 90.0), Entry("Globex", 12.0), Entry("Initech", 15.0)])
    told = scrape()
    assert (told["accounts", "Healthy"], told["accounts", "Critical"]) == (1, 2)
    assert not re.search("acme|globex|initech", get(program.web, "/metrics")[2], re.IGNORECASE)


def test_a_scrape_asks_the_database_no_more_than_five_things(program, scrape, deps):
    asked = []

    @sa.event.listens_for(deps.db.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT"):
            asked.append(statement)

    scrape()
    sa.event.remove(deps.db.engine, "before_cursor_execute", note)
    assert 1 <= len(asked) <= 5


def test_no_question_reads_all_messages_or_all_turns(deps):
    with deps.db.read() as session:
        plans = []
        execute = session.connection().exec_driver_sql

        @sa.event.listens_for(deps.db.engine, "before_cursor_execute")
        def explain(_connection, _cursor, statement, parameters, *_rest):
            if statement.startswith("SELECT"):
                plans.append((statement, parameters))

        gauges.read(session, at=deps.clock.now())
        sa.event.remove(deps.db.engine, "before_cursor_execute", explain)
        told = [
            row[3]
            for statement, parameters in plans
            for row in execute(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        ]
    assert len(plans) == 4
    assert not [each for each in told if re.match(r"SCAN (outbox|occurrence)$", each)]


# What was done.


def test_an_answer_is_timed_under_the_word_that_was_typed_and_never_under_a_name(
    scrape, deps, program, sandbox
):
    sandbox.ask("help")
    sandbox.ask("Zzyzx Industries")
    program.crew.drain(20)
    told = scrape()
    assert told["answer_seconds_count", "/health help"] == 1
    assert told["answer_seconds_count", "/health name"] == 1
    assert 0 < told["answer_seconds_sum", "/health help"] < 20
    assert told["answer_seconds_bucket", "+Inf", "/health help"] == 1
    assert "zzyzx" not in get(program.web, "/metrics")[2].lower()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"command": "/health", "text": "  HELP me "}, "/health help"),
        ({"command": "/health", "text": "Acme"}, "/health name"),
        ({"command": "/health", "text": ""}, "/health"),
        ({"command": "/health"}, "/health"),
        (
            {
                "type": "block_actions",
                "actions": [{"action_id": "alert.wake"}],
                "view": {"callback_id": "x"},
            },
            "alert.wake",
        ),
        ({"type": "view_submission", "view": {"callback_id": "task.submit"}}, "task.submit"),
        ({"type": "block_suggestion", "action_id": "find", "value": "Acme"}, "find"),
        ({"type": "message_action", "callback_id": "note", "message": {"text": "Acme"}}, "note"),
        ({"type": "event_callback", "event": {"type": "message", "text": "Acme"}}, "message"),
        ({}, "other"),
    ],
)
def test_what_was_asked_for_has_a_name_of_ours(body, what):
    assert what_of(body, {"help"}) == what


@pytest.mark.parametrize("outcome", ["denied", "failed"])
def test_who_was_denied_or_failed_is_counted_by_what_it_was(
    scrape, deps, program, sandbox, outcome
):
    def press(ack, context):
        ack()
        context[OUTCOME] = outcome

    program.app.action(f"probe.{outcome}")(press)
    words = {"type": "plain_text", "text": "Press"}
    button = {"type": "button", "text": words, "action_id": f"probe.{outcome}"}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = sandbox.web().chat_postMessage(channel=TEAM, text="x", blocks=blocks)["ts"]
    sandbox.click({"channel": TEAM, "ts": ts}, f"probe.{outcome}")
    program.crew.drain(20)
    assert scrape()[f"{outcome}_total", f"probe.{outcome}"] == 1


def test_slacks_calls_are_counted_by_how_they_ended_and_those_made_again_too(
    scrape, deps, program, sandbox
):
    def counted():
        told = scrape()
        names = (("users.list", "ok"), ("users.list", "ratelimited"), ("chat.postMessage", "ok"))
        calls = [told.get(("slack_calls_total", *each), 0) for each in names]
        return [*calls, told.get(("slack_retries_total", "users.list"), 0)]

    before = counted()
    sandbox.break_("ratelimited", method="users.list", times=1)
    admitting.refresh_members(deps)
    say(deps, "metrics-4")
    wait_for(lambda: pass_time(deps, seconds=2) or program.deliver())
    after = counted()
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1, 1]


def test_a_call_without_an_answer_is_counted_as_one(scrape, deps, program, sandbox):
    before = scrape().get(("slack_calls_total", "chat.postMessage", "no answer"), 0)
    sandbox.break_("commit_then_drop", method="chat.postMessage", times=1)
    say(deps, "metrics-5")
    program.deliver()
    assert scrape()["slack_calls_total", "chat.postMessage", "no answer"] == before + 1


def test_every_metric_is_explained_to_operators(program):
    told = {each.name for each in text_string_to_metric_families(get(program.web, "/metrics")[2])}
    explained = re.findall(r"bellwether_[a-z_]+", (ROOT / "docs/operations.md").read_text())
    assert told == {each.removesuffix("_total") for each in explained}


# When something is away.


def test_readiness_tells_every_check(program, deps):
    status, headers, said = get(program.web, "/readyz")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    told = json.loads(said)
    assert told["ready"]
    assert {name: each["ok"] for name, each in told["checks"].items()} == dict.fromkeys(
        ("running", "database", "schema", "slack"), True
    )


def test_without_its_database_the_bot_is_not_ready_and_still_measures(program, scrape, deps):
    file = deps.db.engine.url.database
    deps.db.dispose()
    aside = f"{file}.aside"
    _move(file, aside)
    try:
        status, _, said = get(program.web, "/readyz")
        assert status == 503
        assert not json.loads(said)["ready"]
        told = scrape()
        assert (told["database_up",], told["slack_connected",]) == (0, 1)
        assert ("outbox_pending",) not in told
    finally:
        deps.db.dispose()
        _move(aside, file)
    assert get(program.web, "/readyz")[0] == 200


def _move(old, new):
    for end in ("", "-wal", "-shm"):
        if Path(old + end).exists():
            Path(old + end).replace(new + end)


def test_an_old_schema_says_what_to_run(program, deps):
    other = open_database(str(deps.db.engine.url))
    revision = _set_revision(other, "0000")
    try:
        status, _, said = get(program.web, "/readyz")
        checks = json.loads(said)["checks"]
        assert (status, checks["database"]["ok"], checks["schema"]["ok"]) == (503, True, False)
        assert "newer version of Bellwether" in checks["schema"]["told"]
    finally:
        _set_revision(other, revision)
        other.dispose()
    assert get(program.web, "/readyz")[0] == 200


def _set_revision(db, revision):
    with db.engine.begin() as connection:
        before = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (revision,))
    return before
