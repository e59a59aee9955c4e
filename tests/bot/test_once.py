"""What the socket hands on twice has one effect, and what is kept of it does not grow for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from worlds import TEAM, own_program, wait_for

from bot.jobs import KEEP_DELIVERIES
from bot.listeners.once import Once, key_of
from storage import inbox
from storage.tables import SeenRow


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(autouse=True)
def on_time(program, sandbox):
    program.deps.clock.set(sandbox.now())


def kept(deps):
    with deps.db.read() as session:
        rows = session.connection().execute(SeenRow.__table__.select()).all()
    return [row.key for row in rows if row.key.startswith(inbox.SLACK)]


def test_a_command_that_comes_in_two_envelopes_is_answered_once(program, sandbox):
    sandbox.break_("duplicate_delivery")
    sandbox.ask("help")
    # Whatever came before a later command of the same person was dealt with before it.
    sandbox.ask("help", user="U0CSM2")
    program.crew.drain(20)
    assert len(sandbox.whispers("U0CSM1")) == 1


def test_the_same_command_typed_again_is_another_one(program, sandbox):
    sandbox.ask("help")
    sandbox.ask("help")
    assert len(sandbox.whispers("U0CSM1")) == 2


def test_a_press_that_comes_in_two_envelopes_has_one_effect(program, sandbox):
    pressed = []

    def press(ack):
        ack()
        pressed.append(1)

    program.app.action("probe.once")(press)
    words = {"type": "plain_text", "text": "Press"}
    button = {"type": "button", "text": words, "action_id": "probe.once"}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = sandbox.web().chat_postMessage(channel=TEAM, text="x", blocks=blocks)["ts"]
    sandbox.break_("duplicate_delivery")
    sandbox.click({"channel": TEAM, "ts": ts}, "probe.once")
    sandbox.ask("help", user="U0CSM2")
    program.crew.drain(20)
    assert pressed == [1]


def test_an_event_is_marked_and_forgotten_in_time_and_others_keep_what_is_theirs(program, sandbox):
    deps = program.deps
    with deps.db.write() as session:
        inbox.first_time(session, "somebody else's", at=deps.clock.now())
    sandbox.do("home", user="U0CSM1")
    wait_for(lambda: kept(deps))
    deps.clock.wait((KEEP_DELIVERIES + timedelta(minutes=1)).total_seconds())
    with deps.db.write() as session:
        inbox.prune(session, before=deps.clock.now() - KEEP_DELIVERIES, prefix=inbox.SLACK)
    assert not kept(deps)
    with deps.db.read() as session:
        assert inbox.knows(session, "somebody else's")


def test_what_many_are_through_with_at_once_is_all_marked(program, sandbox):
    once = Once(program.deps)
    names = [f"{inbox.SLACK}many.{number}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(once.mark, names))
    assert {*names} <= {*kept(program.deps)}


def test_a_command_over_the_socket_needs_no_look_at_what_was_seen(program, sandbox):
    deps, rename = program.deps, "ALTER TABLE {} RENAME TO {}".format
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql(rename("seen", "elsewhere"))
    try:
        sandbox.ask("help")
    finally:
        with deps.db.engine.begin() as connection:
            connection.exec_driver_sql(rename("elsewhere", "seen"))


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"event_id": "Ev1", "trigger_id": "t"}, "slack:Ev1"),
        ({"command": "/health", "trigger_id": "1.2.3"}, "slack:1.2.3"),
        ({"type": "block_actions", "trigger_id": "1.2.3"}, "slack:1.2.3"),
        ({"type": "block_suggestion", "trigger_id": "1.2.3"}, None),
        ({"type": "url_verification"}, None),
    ],
)
def test_what_names_an_occurrence(body, key):
    assert key_of(body) == key


def test_a_closed_form_is_named_by_all_that_is_said_of_it():
    one = {"type": "view_closed", "user": {"id": "U1"}, "view": {"id": "V1"}}
    assert key_of(one) == key_of(dict(reversed(one.items())))
    assert key_of(one) != key_of({**one, "view": {"id": "V2"}})
