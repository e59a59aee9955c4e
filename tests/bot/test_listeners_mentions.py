"""What people write to the bot: a mention is answered in its thread, as everybody may see it; a direct message like a command."""

import pytest
from books import Entry, keep
from worlds import TEAM, deliver_all, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting
from storage import accounts, audit, notes, outbox

DENIED = "I show accounts to full members of this workspace only"
BOT = "U0BELLWETHER"


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    with own_program(
        outside, tmp_path_factory.mktemp("home"), access={"money": ["helen@northwind.example"]}
    ) as running:
        keep(running.deps, [Entry("Acme Corp", 62.0, "U0CSM1"), Entry("Northern Star", 30.0)])
        keep(running.deps, [Entry(f"Slipping {n:02}", 41.0 + n / 2) for n in range(23)])
        yield running


def account_of(deps, name):
    with deps.db.read() as session:
        return accounts.named(session, name)


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


def write(sandbox, text, channel=TEAM, user="U0CSM1", **more):
    return sandbox.do("message", user=user, channel=channel, text=text, **more)["ts"]


def queued(deps, channel, ts):
    with deps.db.read() as session:
        return outbox.was_queued(session, f"answer:{channel}:{ts}")


def answer_to(sandbox, deps, program, ts, channel=TEAM):
    """The bot's message that answers another's."""
    wait_for(lambda: queued(deps, channel, ts))
    deliver_all(deps, program.posting)
    return sandbox.messages(channel)[-1]


def whispered(sandbox, user="U0CSM1"):
    return wait_for(lambda: sandbox.whispers(user))[-1]


def test_a_mention_is_answered_in_the_thread_of_the_message(sandbox, deps, program):
    ts = write(sandbox, "@bellwether acme")
    told = answer_to(sandbox, deps, program, ts)
    assert (told["user"], told["thread_ts"]) == (BOT, ts)
    assert told["text"].startswith("Acme Corp: 62 of 100, Stable")
    assert "Shared by <@U0CSM1>" in words_of(told)


def test_in_a_thread_it_is_answered_in_that_thread(sandbox, deps, program):
    root = write(sandbox, "How are they?")
    ts = write(sandbox, "hey @bellwether acme", thread_ts=root)
    deps.clock.wait(1)
    ts = write(sandbox, "@bellwether acme", thread_ts=root)
    assert answer_to(sandbox, deps, program, ts)["thread_ts"] == root


def test_what_everybody_reads_shows_no_money_where_only_some_may_know(sandbox, deps, program):
    told = answer_to(sandbox, deps, program, write(sandbox, "@bellwether acme", user="U0HEAD"))
    assert "MRR" not in words_of(told)


def test_a_list_is_posted_without_what_turns_its_pages(sandbox, deps, program):
    told = answer_to(sandbox, deps, program, write(sandbox, "@bellwether at-risk"))
    assert "Slipping 00" in words_of(told)
    assert actions.LIST_NEXT not in words_of(told)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@bellwether qqqqxyz", "No account is called"),
        ("@bellwether help", "what you can type"),
        ("@bellwether", "Your accounts"),
        ("@bellwether note acme written in public", "Noted on Acme Corp"),
        ("@bellwether note acme", "Acme Corp: "),
        ("@bellwether snooze acme soon", "1 to 30 days"),
    ],
)
def test_what_is_for_the_writer_alone_only_they_see(sandbox, deps, program, text, said):
    write(sandbox, text)
    assert said in whispered(sandbox)["text"]
    assert [each for each in sandbox.messages() if each["user"] == BOT] == []


def test_nothing_is_posted_where_outsiders_read(sandbox, deps, program):
    ts = write(sandbox, "@bellwether acme", channel="C0SHARED")
    assert "People of another organisation read this channel" in whispered(sandbox)["text"]
    assert not queued(deps, "C0SHARED", ts)


def test_a_mention_that_arrives_twice_is_answered_once(sandbox, deps, program):
    sandbox.break_("duplicate_delivery", times=2)
    ts = write(sandbox, "@bellwether note acme only once")
    whispered(sandbox)
    sandbox.break_("duplicate_delivery", times=2)
    ts = write(sandbox, "@bellwether acme")
    told = answer_to(sandbox, deps, program, ts)
    assert [each for each in sandbox.messages() if each["user"] == BOT] == [told]
    with deps.db.read() as session:
        bodies = [each.body for each in notes.latest(session, account_of(deps, "acme").id, 10)]
    assert bodies.count("only once") == 1


def test_a_lost_answer_is_looked_for_in_the_thread_and_not_said_twice(sandbox, deps, program):
    ts = write(sandbox, "@bellwether acme")
    wait_for(lambda: queued(deps, TEAM, ts))
    sandbox.break_("commit_then_drop", method="chat.postMessage", times=1)
    deliver_all(deps, program.posting)
    told = [each for each in sandbox.messages() if each["user"] == BOT]
    assert len(told) == 1
    assert told[0]["thread_ts"] == ts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acme", "Acme Corp: 62 of 100, Stable"),
        ("at-risk mine", "At-risk accounts of yours"),
        ("help", "what you can type"),
        ("note acme said in private & <soon>", "Noted on Acme Corp"),
        ("owner acme", "Acme Corp: CSM"),
        ("qqqqxyz", "No account is called"),
        ("snooze acme soon", "1 to 30 days"),
    ],
)
def test_a_direct_message_is_answered_like_a_command(sandbox, deps, program, text, said):
    ts = write(sandbox, text, channel="D0CSM1")
    wait_for(lambda: queued(deps, "D0CSM1", ts) or sandbox.whispers("U0CSM1"))
    deliver_all(deps, program.posting)
    told = [*sandbox.messages("D0CSM1"), *sandbox.whispers("U0CSM1")]
    assert any(each["user"] == BOT and said in each["text"] for each in told)


def test_a_direct_message_shows_money_to_whom_it_may(sandbox, deps, program):
    for user, room, may in (("U0HEAD", "D0HEAD", True), ("U0CSM1", "D0CSM1", False)):
        told = answer_to(sandbox, deps, program, write(sandbox, "acme", room, user), room)
        assert ("MRR" in words_of(told)) is may


def test_buttons_work_in_a_direct_message(sandbox, deps, program):
    told = answer_to(sandbox, deps, program, write(sandbox, "at-risk", "D0CSM1"), "D0CSM1")
    assert sandbox.click(told, actions.LIST_NEXT)["ok"]
    wait_for(lambda: "Slipping 11" in words_of([*sandbox.messages("D0CSM1"), *sandbox.whispers("U0CSM1")][-1]))  # fmt: skip


def test_somebody_who_is_denied_hears_it_once_an_hour(sandbox, deps, program):
    for _ in range(3):
        write(sandbox, "acme", channel="D0GUEST", user="U0GUEST")
        deps.clock.wait(1)
    wait_for(lambda: len(denials(deps)) >= 3)
    assert [each["text"].startswith(DENIED) for each in sandbox.whispers("U0GUEST")] == [True]
    deps.clock.wait(2 * 3_600)
    write(sandbox, "@bellwether acme", user="U0GUEST")
    wait_for(lambda: len(sandbox.whispers("U0GUEST")) == 2)


def denials(deps):
    with deps.db.read() as session:
        return [each for each in audit.recent(session) if not each.allowed]


def test_somebody_of_another_organisation_is_denied(sandbox, deps, program):
    write(sandbox, "@bellwether acme", channel="C0SHARED", user="U0STRANGER")
    assert whispered(sandbox, "U0STRANGER")["text"].startswith(DENIED)


def event(**more):
    return {"type": "message", "channel_type": "im", "channel": "D0CSM1", "user": "U0CSM1", "text": "acme", "ts": "1.0", **more}  # fmt: skip


@pytest.mark.parametrize(
    "event",
    [
        event(bot_id="B1"),
        event(subtype="message_changed"),
        event(subtype="channel_join"),
        event(edited={"user": "U0CSM1", "ts": "2.0"}),
        event(user=None),
        event(user="USLACKBOT"),
        event(channel_type="channel"),
    ],
)
def test_what_no_person_wrote_just_now_is_left_alone(event):
    from bot.listeners.mentions import _direct

    assert not _direct(event)
    assert _direct({**event, "bot_id": None, "subtype": None, "edited": None, "user": "U0CSM1", "channel_type": "im"})  # fmt: skip
