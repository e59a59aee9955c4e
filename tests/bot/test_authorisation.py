"""Who may do what: every role by every command, press, modal, option load, shortcut and channel, through Bolt."""

import itertools
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread

import pytest
from books import Entry, keep
from slack_bolt import BoltRequest
from worlds import ADMIN, SHARED, TEAM, deliver_all, own_program, wait_for, words_of

from bot.blocks import actions
from bot.blocks.found import render_denied
from bot.commands.registry import COMMANDS
from bot.services import admitting
from scoring.members import Right
from storage import audit

TEAM_ID = "T0SANDBOX"
BODY, GENERAL = "D0CSM1", "C0GENERAL"

ACCESS = {
    "members": ["S0CSM", "omar@northwind.example"],
    "money": ["S0FINANCE"],
    "export": ["omar@northwind.example"],
}
EVERYTHING = frozenset(Right)
ROLES = {
    "csm": ("U0CSM1", frozenset({Right.ACCOUNTS})),
    "head": ("U0HEAD", frozenset({Right.ACCOUNTS, Right.MONEY})),
    "ops and admin": ("U0OPS", EVERYTHING),
    "guest": ("U0GUEST", frozenset()),
    "single-channel guest": ("U0SINGLE", frozenset()),
    "stranger": ("U0STRANGER", frozenset()),
    "who left": ("U0LEFT", frozenset()),
    "another app": ("U0OTHERBOT", frozenset()),
    "slackbot": ("USLACKBOT", frozenset()),
}
INSIDE = [role for role, (_, given) in ROLES.items() if given]
OUTSIDE = [role for role, (_, given) in ROLES.items() if not given]
TYPED = [
    (each, typed.removeprefix("/health").strip()) for each in COMMANDS for typed, _ in each.examples
]
PRESSED = sorted(
    {
        re.sub(r"\\d\$", "1", value.pattern)
        .replace("^", "")
        .replace("\\", "")
        .replace("$", "")
        .replace("(next|previous)", "next")
        if isinstance(value, re.Pattern)
        else value
        for name, value in vars(actions).items()
        if name.isupper()
        and isinstance(value, str | re.Pattern)
        and "." in getattr(value, "pattern", value)
    }
)

_numbers = itertools.count()


class Letterbox:
    """What is answered at a response_url, over HTTP."""

    def __init__(self) -> None:
        self.letters: Queue[dict] = Queue()
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                box.letters.put(json.loads(body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *args: object) -> None:
                """Quietly."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self) -> dict:
        return self.letters.get(timeout=20)

    def is_empty(self) -> bool:
        try:
            self.letters.get_nowait()
        except Empty:
            return True
        return False


@pytest.fixture(scope="module")
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()
    yield box
    box.server.shutdown()
    box.server.server_close()


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with own_program(outside, home, access=ACCESS) as running:
        keep(running.deps, [Entry("Acme", 35.0, "U0CSM1"), Entry("Globex", 85.0, "U0CSM2")])
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


def send(program, body):
    """One payload, as the socket hands it on."""
    return program.app.dispatch(BoltRequest(mode="socket_mode", body=body))


def command(letterbox, user, text, channel=TEAM, *, team=TEAM_ID):
    return {
        "command": "/health",
        "text": text,
        "user_id": user,
        "team_id": team,
        "channel_id": channel,
        "response_url": letterbox.url,
        "trigger_id": f"matrix.{next(_numbers)}",
    }


def press(letterbox, user, action_id, *, value="1", channel=TEAM, team=TEAM_ID):
    number = next(_numbers)
    action = {
        "type": "button",
        "action_id": action_id,
        "block_id": "b",
        "value": value,
        "action_ts": f"{number}.0",
    }
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": team},
        "team": {"id": team},
        "channel": {"id": channel},
        "container": {"type": "message", "message_ts": f"1.{number}", "channel_id": channel},
        "trigger_id": f"matrix.{number}",
        "response_url": letterbox.url,
        "actions": [action],
    }


def is_denied(letter, needs=Right.ACCOUNTS):
    return letter["text"] == render_denied(needs).text


def newest(deps):
    with deps.db.read() as session:
        return audit.recent(session, limit=1)[0]


def test_nothing_is_hung_into_the_app_but_through_the_door(program):
    names = {
        function.__qualname__
        for listener in program.app._listeners
        for function in [listener.ack_function, *listener.lazy_functions]
    }
    # The other one only acknowledges events that no story is about.
    assert names == {"Door._guarded.<locals>.listener", "_leave"}


@pytest.mark.parametrize("channel", [TEAM, "DM", SHARED, GENERAL])
@pytest.mark.parametrize("role", OUTSIDE)
def test_an_outsider_gets_one_polite_line_for_every_command_in_every_channel(
    program, deps, letterbox, sandbox, role, channel
):
    user, _ = ROLES[role]
    where = f"D{user[1:]}" if channel == "DM" else channel
    for _, text in TYPED:
        assert send(program, command(letterbox, user, text, where)).status == 200
        letter = letterbox.next()
        assert is_denied(letter)
        assert letter["response_type"] == "ephemeral"
    entry = newest(deps)
    assert (entry.member, entry.what, entry.allowed) == (user, "/health", False)


@pytest.mark.parametrize("role", INSIDE)
def test_a_member_is_answered_by_what_their_role_may(program, deps, letterbox, sandbox, role):
    user, given = ROLES[role]
    seen = ""
    for meant, text in TYPED:
        send(program, command(letterbox, user, text))
        letter = letterbox.next()
        if meant.needs in given:
            assert not any(is_denied(letter, right) for right in Right), text
        else:
            assert is_denied(letter, meant.needs), text
            assert not newest(deps).allowed
        assert letter["response_type"] == "ephemeral"
        assert "went wrong" not in letter["text"]
        seen += json.dumps(letter, ensure_ascii=False)
    assert ("$" in seen) == (Right.MONEY in given)
    assert ("MRR" in seen) == (Right.MONEY in given)


@pytest.mark.parametrize("action_id", PRESSED)
@pytest.mark.parametrize("role", ["guest", "stranger", "who left"])
def test_an_outsider_presses_in_vain(program, deps, letterbox, sandbox, role, action_id):
    user, _ = ROLES[role]
    told = send(program, press(letterbox, user, action_id))
    if told.status == 404:  # what is only the name of a field, or of a modal
        return
    assert is_denied(letterbox.next())
    assert (newest(deps).member, newest(deps).what) == (user, action_id)


def test_every_press_there_is_was_tried(program):
    """The table above holds what the app listens to, whatever it is called."""
    listening = sum(
        "action" in str(type(matcher).__name__).lower()
        or "actions" in str(getattr(matcher, "func", "")).lower()
        for listener in program.app._listeners
        for matcher in listener.matchers
    )
    assert listening <= len(PRESSED)


@pytest.mark.parametrize("kind", ["view_submission", "block_suggestion", "shortcut"])
@pytest.mark.parametrize("role", ["guest", "stranger", "another app"])
def test_modals_options_and_shortcuts_are_closed_to_outsiders(
    program, deps, letterbox, sandbox, role, kind
):
    user, _ = ROLES[role]
    number = next(_numbers)
    body = {
        "type": kind,
        "user": {"id": user, "team_id": TEAM_ID},
        "team": {"id": TEAM_ID},
        "trigger_id": f"m.{number}",
    }
    field = {
        "type": "input",
        "block_id": "outreach.note",
        "element": {"type": "plain_text_input", "action_id": "field"},
    }
    view = {"id": f"V{number}", "type": "modal", "callback_id": actions.OUTREACH_SUBMIT, "blocks": [field],
            "private_metadata": json.dumps({"alert_id": 1}), "state": {"values": {}}}  # fmt: skip
    more = {
        "view_submission": {"view": view},
        "block_suggestion": {
            "action_id": actions.ACCOUNT_FIND,
            "block_id": "b",
            "value": "a",
            "view": view,
        },
        "shortcut": {"callback_id": "account.look_up"},
    }
    told = send(program, body | more[kind])
    answer = json.loads(told.body or "{}")
    if kind == "view_submission":
        assert answer["errors"] == {"outreach.note": render_denied().text}
    if kind == "block_suggestion":
        assert answer == {"options": []}
    assert wait_for(lambda: newest(deps).member == user)
    assert not newest(deps).allowed


@pytest.mark.parametrize("make", [command, press])
def test_who_says_to_be_ours_from_another_team_is_denied(program, deps, letterbox, sandbox, make):
    what = "acme" if make is command else actions.ACCOUNT_VIEW
    send(program, make(letterbox, "U0HEAD", what, team="T0ACME"))
    assert is_denied(letterbox.next())


def test_who_is_in_none_of_the_groups_is_denied(program, deps, letterbox, sandbox):
    sandbox.do("group", group="S0CSM", people=["U0CSM2"])
    deps.clock.wait(301)  # what Slack said of a group holds for five minutes
    try:
        send(program, command(letterbox, "U0CSM1", "acme"))
        assert is_denied(letterbox.next())
        send(program, command(letterbox, "U0CSM2", "acme"))
        assert "Acme" in letterbox.next()["text"]
    finally:
        sandbox.do("group", group="S0CSM", people=["U0CSM1", "U0CSM2", "U0CSM3", "U0HEAD"])
        deps.clock.wait(301)


@pytest.mark.parametrize("channel", [SHARED, GENERAL, "C0NOWHERE"])
def test_nothing_is_shared_where_outsiders_read_or_where_that_cannot_be_told(
    program, deps, letterbox, sandbox, channel
):
    before = sandbox.messages(channel)
    send(program, press(letterbox, "U0HEAD", actions.SHARE, value="acme", channel=channel))
    letter = letterbox.next()
    assert "Acme" not in json.dumps(letter)
    deliver_all(deps, program.posting)
    assert sandbox.messages(channel) == before


def test_what_is_shared_shows_no_money_where_it_is_for_some_only(program, deps, letterbox, sandbox):
    send(program, command(letterbox, "U0OPS", "acme"))
    told = json.dumps(letterbox.next(), ensure_ascii=False)
    assert "MRR" in told
    assert re.search(r"MRR \S*\d", told)
    send(program, press(letterbox, "U0OPS", actions.SHARE, value="acme"))
    assert "Shared" in letterbox.next()["text"]
    deliver_all(deps, program.posting)
    (shared,) = wait_for(
        lambda: [each for each in sandbox.messages(TEAM) if "Shared by" in words_of(each)]
    )
    assert "Acme" in words_of(shared)
    assert "MRR" not in words_of(shared)
    assert "$" not in words_of(shared)


def test_pictures_and_their_words_never_hold_money(program, deps, letterbox, sandbox):
    letters = []
    for text in ("acme", "acme history 90d"):
        send(program, command(letterbox, "U0HEAD", text))
        letters.append(letterbox.next())
    assert all("$" not in each["text"] for each in letters)


def test_what_goes_to_a_channel_by_itself_shows_no_money_either(program, deps, sandbox):
    assert "$" not in "".join(
        words_of(each) for each in [*sandbox.messages(TEAM), *sandbox.messages(ADMIN)]
    )
