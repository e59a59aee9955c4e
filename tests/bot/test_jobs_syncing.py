"""Syncs from the sandbox's vendors: everybody is scored, and a source that fails is a matter for operators alone."""

import threading

import pytest
from worlds import ADMIN, TEAM, own_deps, own_program, pass_time, settle, words_of

from bot.services import syncing
from scoring.readings import day_number
from scoring.sights import OF_SCORE
from storage import accounts, alerts, scores, sources


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module, with every source read once."""
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        settle(running)
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    return program.deps


def sync_again(program):
    """Let six hours pass, so that every source is due, and do what is."""
    pass_time(program.deps, hours=6)
    settle(program)


def said_of_customers(deps):
    """What was told of scores, by rule: flags of other sources go on."""
    with deps.db.read() as session:
        told = alerts.count_announced(session)
    return {rule: count for rule, count in told.items() if rule in OF_SCORE}


def test_the_first_sync_scores_everybody_and_says_once_how_they_stand(outside, deps):
    with deps.db.read() as session:
        active = accounts.active_ids(session)
        latest = scores.latest(session, active)
    assert len(active) > 30
    assert latest.keys() == set(active)
    posted = outside.get("/sandbox/transcript")["messages"]
    first = [each["text"] for each in posted if "First scores" in each["text"]]
    assert len(first) == 1


def test_a_new_day_scores_everybody_though_nothing_happened(deps, program):
    now = deps.clock.now()
    pass_time(deps, seconds=86_400 - (now.timestamp() % 86_400) + 300)
    settle(program)
    with deps.db.read() as session:
        active = accounts.active_ids(session)
        today = scores.on_day(session, active, day_number(deps.clock.now()))
    assert today.keys() == set(active)


def test_a_source_that_is_down_is_told_once_and_once_when_it_is_back(sandbox, deps, program):
    told = said_of_customers(deps)
    sandbox.break_vendor("zendesk", "down", times=10_000)
    for _ in range(3):
        sync_again(program)
    (down,) = sandbox.messages(ADMIN)
    assert "Zendesk cannot be read" in down["text"]
    assert "It last answered" in words_of(down)
    assert said_of_customers(deps) == told
    assert sandbox.texts(TEAM) == []
    sandbox.break_vendor("zendesk", "none")
    sync_again(program)
    assert [text.partition(":")[0] for text in sandbox.texts(ADMIN)] == [
        "Zendesk cannot be read",
        "Zendesk answers again",
    ]


@pytest.mark.parametrize(
    ("vendor", "title", "setting"),
    [
        ("stripe", "Stripe", "api_key in [sources.stripe]"),
        ("hubspot", "HubSpot", "access_token in [sources.hubspot]"),
        ("zendesk", "Zendesk", "client_id and client_secret in [sources.zendesk]"),
        ("mixpanel", "Mixpanel", "username, secret, project_id and region in [sources.mixpanel]"),
    ],
)
def test_a_refused_token_is_told_with_the_setting_to_mend(
    sandbox, deps, program, vendor, title, setting
):
    sandbox.break_vendor(vendor, "unauthorized", times=10_000)
    sync_again(program)
    (told,) = sandbox.messages(ADMIN)
    assert title in told["text"]
    assert setting in words_of(told)
    sandbox.break_vendor(vendor, "none")
    sync_again(program)
    assert "answers again" in sandbox.texts(ADMIN)[-1]


def test_a_record_that_cannot_be_read_is_kept_aside_and_the_others_count(sandbox, deps, program):
    with deps.db.read() as session:
        before = sum(sources.count_rejected(session).values())
    sandbox.break_vendor("zendesk", "malformed_record", times=1)
    sync_again(program)
    with deps.db.read() as session:
        assert sum(sources.count_rejected(session).values()) >= before
        assert sources.states(session)["zendesk"].failing_since is None
    assert sandbox.messages(ADMIN) == []


def test_a_rate_limit_is_waited_for(sandbox, deps, program):
    sandbox.break_vendor("hubspot", "ratelimited", times=2, retry_after=30)
    sync_again(program)
    with deps.db.read() as session:
        assert sources.states(session)["hubspot"].failing_since is None


def test_questions_are_answered_while_everything_is_read(sandbox, deps, program, tmp_path):
    """The sandbox gives up on an answer after three seconds, as Slack does."""
    other = own_deps(sandbox, tmp_path / "other")
    reading = threading.Thread(target=read_everything, args=[other])
    here = threading.Thread(target=sync_again, args=[program])
    reading.start()
    here.start()
    asked = 0
    while reading.is_alive() or here.is_alive():
        assert "went wrong" not in sandbox.ask("at-risk", user="U0CSM2")["text"]
        asked += 1
    reading.join()
    here.join()
    other.db.dispose()
    assert asked > 0


def read_everything(deps):
    for name in deps.sources:
        syncing.sync(deps, name)
