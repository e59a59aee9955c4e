"""/health, through Slack's own wire and back: what it answers, and to whom."""

import pytest
from books import Entry, keep
from slack_bolt import BoltRequest
from structlog.testing import capture_logs
from worlds import TEAM, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting
from scoring.rubric import Status
from storage import audit

DENIED = "I show accounts to full members of this workspace only"
NAMES = ("Acme Corp", "Globex Industries", "Northern Lights", "Northern Star", "R&D *Sons* <b>")


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    """One bot for the module, with a book of accounts; nothing a test does here is in another's way."""
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        deps = running.deps
        keep(deps, [Entry(name, 90.0 - n, "U0CSM1") for n, name in enumerate(NAMES)])
        keep(deps, [Entry(f"Slipping {n:02}", 41.0 + n / 2) for n in range(23)])
        keep(deps, [Entry("Sinking Ships", 12.0, "U0CSM2")])
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


def buttons(message, action_id):
    return [each for each in elements(message) if each["action_id"] == action_id]


def elements(message):
    for block in message["blocks"]:
        yield from block.get("elements", []) if block["type"] == "actions" else []
        if "accessory" in block:
            yield block["accessory"] | {"block_id": block["block_id"]}


def choose(sandbox, shown, name, *, action_id=actions.ACCOUNT_CHOOSE, user="U0CSM1"):
    """Press the button beside a name."""
    block = next(each for each in shown["blocks"] if "accessory" in each and name in str(each))
    before = len(sandbox.whispers(user))
    sandbox.click(shown, action_id, user=user, block_id=block["block_id"])
    return wait_for(lambda: sandbox.whispers(user)[before:])[0]


@pytest.mark.parametrize(
    "text", ["Acme Corp", "acme", "ACME", " acme  corp ", "acme, corp.", "acm", "Glob", "r&d sons"]
)
def test_a_name_is_found_however_it_is_written(sandbox, deps, text):
    wanted = {"G": "Globex", "r": "R&amp;D"}.get(text[0], "Acme Corp")
    shown = sandbox.ask(text)
    assert wanted in words_of(shown)
    assert "of 100, Healthy" in shown["text"]


def test_the_answer_is_for_the_asker_alone(sandbox, deps):
    sandbox.ask("acme", user="U0CSM2")
    assert sandbox.messages() == []
    assert sandbox.whispers("U0CSM1") == []


def test_a_typing_error_is_offered_and_a_press_opens_it(sandbox, deps):
    shown = sandbox.ask("akme")
    assert "No account is called “akme”" in shown["text"]
    assert "Acme Corp" in words_of(choose(sandbox, shown, "Acme Corp"))


def test_a_prefix_of_several_lets_one_choose(sandbox, deps):
    shown = sandbox.ask("northern")
    assert "2 accounts could be “northern”" in shown["text"]
    assert "Northern Star" in choose(sandbox, shown, "Northern Star")["text"]


def test_a_name_like_no_other_gets_a_way_on(sandbox, deps):
    shown = sandbox.ask("qqqqxyz")
    assert "No account is called “qqqqxyz”" in shown["text"]
    assert "/health help" in words_of(shown)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("critical", ["Sinking Ships"]),
        ("at-risk", ["Slipping 00"]),
        ("at risk", ["Slipping 00"]),
        ("AT-RISK all", ["Slipping 00"]),
        ("healthy", ["Acme Corp", "Globex Industries"]),
        ("healthy mine", ["Acme Corp"]),
    ],
)
def test_a_status_lists_its_accounts(sandbox, deps, text, names):
    shown = words_of(sandbox.ask(text))
    assert all(name in shown for name in names)


@pytest.mark.parametrize("text", ["stable", "critical mine"])
def test_a_status_nobody_is_in_says_so_and_what_to_ask_instead(sandbox, deps, text):
    shown = sandbox.ask(text)
    assert "none" in shown["text"]
    assert "`/health" in words_of(shown)


def test_a_long_list_is_turned_page_by_page_in_place(sandbox, deps):
    shown = sandbox.ask("at-risk")
    assert "At-risk accounts: 23" in shown["text"]
    assert [each["action_id"] for each in buttons(shown, actions.LIST_NEXT)] == [actions.LIST_NEXT]
    assert buttons(shown, actions.LIST_PREVIOUS) == []
    for turn, first in ((actions.LIST_NEXT, "Slipping 10"), (actions.LIST_NEXT, "Slipping 20"),
                        (actions.LIST_PREVIOUS, "Slipping 10")):  # fmt: skip
        sandbox.click(shown, turn)
        (shown,) = wait_for(
            lambda first=first: [
                each for each in sandbox.whispers("U0CSM1") if first in each["text"]
            ]
        )
    assert len(sandbox.whispers("U0CSM1")) == 1


def test_view_beside_a_row_opens_the_account(sandbox, deps):
    shown = sandbox.ask("critical")
    card = choose(sandbox, shown, "Sinking Ships", action_id=actions.ACCOUNT_VIEW)
    assert "Sinking Ships" in card["text"]
    assert card["ts"] != shown["ts"]


def test_without_a_word_a_csm_sees_their_own_book(sandbox, deps):
    shown = words_of(sandbox.ask(""))
    assert "Your accounts" in shown
    assert "Sinking Ships" not in shown


def test_without_a_word_somebody_without_a_book_sees_everybodys(sandbox, deps):
    shown = words_of(sandbox.ask("", user="U0HEAD"))
    assert "All accounts" in shown
    assert "Sinking Ships" in shown


def test_help_tells_what_can_be_typed(sandbox, deps):
    shown = words_of(sandbox.ask("help"))
    assert "/health acme" in shown
    assert "/health at-risk mine" in shown


@pytest.mark.parametrize(("text", "meant"), [("helthy", "healthy"), ("critcal", "critical")])
def test_a_word_near_a_command_is_corrected(sandbox, deps, text, meant):
    assert f"Did you mean `/health {meant}`?" in sandbox.ask(text)["text"]


@pytest.mark.parametrize(
    "text",
    ["x" * 3_000, "🦄" * 50, "חברת אקמה בע״מ", "<!channel>", "@omar", "*_~`", "%_' OR 1=1 --", "\u200b", "\u202eevil", "\x00",
     "at-risk mine please", "help me", "acme " * 300],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_absurd_input_gets_an_answer_that_pings_nobody(sandbox, deps, text):
    shown = words_of(sandbox.ask(text))
    assert "went wrong" not in shown
    assert "<!channel>" not in shown
    assert len(shown) < 12_000


def test_in_a_direct_message_it_answers_as_well(sandbox, deps):
    assert "Acme Corp" in sandbox.ask("acme", channel="D0CSM1")["text"]


@pytest.mark.parametrize(("user", "channel"), [("U0GUEST", TEAM), ("U0SINGLE", "C0SHARED")])
@pytest.mark.parametrize("text", ["acme", "", "help"])
def test_guests_are_denied_politely_and_it_is_written_down(sandbox, deps, user, channel, text):
    shown = sandbox.ask(text, user=user, channel=channel)
    assert shown["text"].startswith(DENIED)
    with deps.db.read() as session:
        (newest,) = audit.recent(session, limit=1)
    assert (newest.member, newest.what, newest.allowed) == (user, "/health", False)
    assert newest.at == deps.clock.now()


@pytest.mark.parametrize("user", ["U0GUEST", "U0SINGLE", "U0STRANGER"])
@pytest.mark.parametrize("action_id", [actions.ACCOUNT_VIEW, actions.LIST_NEXT])
def test_a_press_by_an_outsider_shows_nothing(sandbox, deps, program, user, action_id):
    value = "1" if action_id == actions.ACCOUNT_VIEW else actions.page(Status.AT_RISK, "all", 10)
    text = {"type": "plain_text", "text": "Go"}
    button = {"type": "button", "text": text, "action_id": action_id, "value": value}
    channel = TEAM if user == "U0GUEST" else "C0SHARED"
    program.posting.chat_postMessage(
        channel=channel, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    sandbox.click(sandbox.messages(channel)[-1] | {"channel": channel}, action_id, user=user)
    (shown,) = wait_for(lambda: sandbox.whispers(user))
    assert shown["text"].startswith(DENIED)
    with deps.db.read() as session:
        assert audit.recent(session, limit=1)[0].what == action_id


@pytest.mark.parametrize("user", ["U0LEFT", "U0OTHERBOT", "USLACKBOT"])
def test_who_left_and_other_apps_are_denied_though_slack_would_let_them(
    sandbox, deps, program, user
):
    body = {"command": "/health", "text": "acme", "user_id": user, "channel_id": TEAM}
    answer = program.app.dispatch(BoltRequest(mode="socket_mode", body=body))
    assert answer.status == 200
    wait_for(lambda: audit_of(deps)[0].member == user)
    assert not audit_of(deps)[0].allowed


def audit_of(deps):
    with deps.db.read() as session:
        return audit.recent(session)


def test_somebody_who_became_a_guest_is_denied_within_minutes(sandbox, deps):
    assert "Acme" in sandbox.ask("acme", user="U0CSM3")["text"]
    member = admitting.who_is(deps, "U0CSM3")
    assert admitting.may_see_accounts(deps, member)
    rename(deps, "UPDATE member SET is_guest = true WHERE id = 'U0CSM3'")
    assert sandbox.ask("acme", user="U0CSM3")["text"].startswith(DENIED)
    deps.clock.wait(301)  # Slack is asked again, and says they are none
    assert "Acme" in sandbox.ask("acme", user="U0CSM3")["text"]


def rename(deps, statement):
    with deps.db.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_an_error_of_ours_is_told_by_a_reference_and_the_bot_stays_up(sandbox, deps):
    rename(deps, "ALTER TABLE account_score RENAME TO hidden")
    try:
        with capture_logs() as logs:
            shown = sandbox.ask("acme")
    finally:
        rename(deps, "ALTER TABLE hidden RENAME TO account_score")
    assert shown["text"].startswith("Something went wrong on my side (ref ")
    ref = shown["text"].partition("(ref ")[2].partition(")")[0]
    assert [each["event"] for each in logs if each.get("ref") == ref] == ["listener failed"]
    assert "account_score" not in words_of(shown)
    assert "Acme Corp" in sandbox.ask("acme")["text"]
