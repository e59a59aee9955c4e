"""Notes, sentiment, owner and snooze, through Slack's own wire and back: by command, button, form and shortcut."""

from itertools import count

import pytest
from books import Entry, keep, slide
from worlds import TEAM, deliver_all, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting
from storage import accounts, alerts, audit, notes, sentiments

ACME, GLOBEX, STAR = "Acme Corp", "Globex & Sons", "Northern Star"
_numbers = count(1)


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    with own_program(outside, tmp_path_factory.mktemp("home")) as running:
        keep(running.deps, [Entry(ACME, 62.0, "U0CSM1"), Entry(GLOBEX, 81.0), Entry(STAR, 30.0)])
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


@pytest.fixture
def fresh(deps):
    """An account of a test's own."""
    (account,) = keep(deps, [Entry(f"Fresh {next(_numbers)} Ltd", 62.0, "U0CSM1")])
    return account


def kept(deps, account):
    with deps.db.read() as session:
        return notes.latest(session, account.id, 10)


def account_of(deps, name):
    with deps.db.read() as session:
        return accounts.named(session, name.lower().replace(" corp", "").replace(" &", ""))


def ids_of(message):
    return [
        each["action_id"]
        for block in message["blocks"]
        for each in [*block.get("elements", []), block.get("accessory", {})]
        if "action_id" in each
    ]


def whisper_after(sandbox, press, user="U0CSM1"):
    before = len(sandbox.whispers(user))
    told = press()
    assert told["ok"], told
    return wait_for(lambda: sandbox.whispers(user)[before:])[0]


def test_a_note_is_kept_by_command_and_listed(sandbox, deps, fresh):
    shown = sandbox.ask(f"note {fresh.name} renewal talk went well & <soon>")
    assert shown["text"].startswith(f"📝 Noted on {fresh.name}. {fresh.name}: 1 note")
    assert "renewal talk went well &amp; &lt;soon&gt;" in words_of(shown)
    (note,) = kept(deps, fresh)
    assert (note.body, note.member) == ("renewal talk went well & <soon>", "U0CSM1")


def test_a_note_calls_people_and_channels_by_their_names(sandbox, deps, fresh):
    sandbox.ask(f"note {fresh.name} told @omar in #general, see https://acme.example/a?b=1&c=2")
    (note,) = kept(deps, fresh)
    assert note.body == "told @omar in #general, see https://acme.example/a?b=1&c=2"


def test_a_button_opens_the_form_and_the_form_keeps_the_note(sandbox, deps, fresh):
    shown = sandbox.ask(f"note {fresh.name}")
    assert sandbox.click(shown, actions.NOTE_ADD)["ok"]
    form = wait_for(lambda: sandbox.modal("U0CSM1"))
    assert fresh.name in words_of({"text": "", "blocks": form["blocks"]})
    values = {actions.NOTE_BODY: {actions.FIELD: "first line\nsecond line"}}
    assert sandbox.do("submit", user="U0CSM1", view_id=form["id"], values=values)["ok"]
    (note,) = kept(deps, fresh)
    assert note.body == "first line\nsecond line"
    done = sandbox.modal("U0CSM1")
    assert "Noted" in words_of({"text": "", "blocks": done["blocks"]})
    sandbox.do("close", user="U0CSM1", view_id=done["id"])


def test_its_author_deletes_a_note_in_place(sandbox, deps, fresh):
    shown = sandbox.ask(f"note {fresh.name} not for long")
    assert sandbox.click(shown, actions.NOTE_DELETE)["ok"]
    now = wait_for(
        lambda: [each for each in sandbox.whispers("U0CSM1") if "is deleted" in each["text"]]
    )[-1]
    assert now["ts"] == shown["ts"]
    assert kept(deps, fresh) == []
    with deps.db.read() as session:
        assert audit.recent(session, limit=1)[0].what == "note.delete"


def test_somebody_else_may_read_a_note_and_not_delete_it_and_an_admin_may(sandbox, deps, fresh):
    sandbox.ask(f"note {fresh.name} mine")
    assert actions.NOTE_DELETE not in ids_of(sandbox.ask(f"note {fresh.name}", user="U0CSM2"))
    shown = sandbox.ask(f"note {fresh.name}", user="U0OPS")
    assert sandbox.click(shown, actions.NOTE_DELETE, user="U0OPS")["ok"]
    wait_for(lambda: kept(deps, fresh) == [])


def test_a_sentiment_is_kept_beside_the_score(sandbox, deps, fresh):
    shown = sandbox.ask(f"sentiment {fresh.name} red champion leaves until 30d")
    assert f"{fresh.name}: 62 of 100, Stable; you say red (“champion leaves”)" in shown["text"]
    with deps.db.read() as session:
        said = sentiments.current(session, [fresh.id], on=deps.clock.now().date())
    assert said[fresh.id].reason == "champion leaves"


def test_an_owner_is_named_by_mention_and_told(sandbox, deps, program, fresh):
    before = len(sandbox.messages("D0CSM2"))
    with deps.db.read() as session:
        handle = next(each.name for each in everybody(session) if each.id == "U0CSM2")
    shown = sandbox.ask(f"owner {fresh.name} @{handle}")
    assert "<@U0CSM2>'s now" in shown["text"]
    deliver_all(deps, program.posting)
    (told,) = sandbox.messages("D0CSM2")[before:]
    assert told["text"].startswith(f"<@U0CSM1> made you the CSM of {fresh.name}: 62 of 100")
    opened = whisper_after(
        sandbox,
        lambda: sandbox.click(told, actions.ACCOUNT_VIEW, user="U0CSM2"),
        user="U0CSM2",
    )
    assert fresh.name in opened["text"]


def everybody(session):
    from storage import members

    return members.everybody(session)


@pytest.mark.parametrize("whom", ["@gus", "@nobody.at.all"])
def test_who_may_not_see_accounts_owns_none(sandbox, deps, fresh, whom):
    shown = sandbox.ask(f"owner {fresh.name} {whom}")
    assert "may not see accounts" in shown["text"] or "I know nobody called" in shown["text"]
    with deps.db.read() as session:
        assert accounts.get(session, fresh.id).csm_email == fresh.csm_email


def test_a_snooze_quiets_the_account_everywhere_it_was_told(sandbox, deps, program):
    alert = slide(deps)
    deliver_all(deps, program.posting)
    with deps.db.read() as session:
        name = accounts.get(session, alert.account_id).name
    shown = sandbox.ask(f'snooze "{name}" 7d')
    assert f"{name}: 1 open alert is quiet until" in shown["text"]
    deliver_all(deps, program.posting)
    assert "nooze" in words_of(next(each for each in sandbox.messages() if name in each["text"]))
    with deps.db.read() as session:
        assert alerts.get(session, alert.id).snoozed_by == "U0CSM1"


def test_the_new_words_are_in_the_help(sandbox, deps):
    shown = words_of(sandbox.ask("help"))
    for word in ("note acme", "sentiment acme", "owner acme", "snooze acme"):
        assert f"/health {word}" in shown


# A message becomes a note.


def write(sandbox, text, channel=TEAM, user="U0CSM2", **more):
    return sandbox.do("message", user=user, channel=channel, text=text, **more)["ts"]


def begin(sandbox, ts, channel=TEAM, user="U0CSM1"):
    said = sandbox.do(
        "shortcut", user=user, channel=channel, ts=ts, callback_id=actions.NOTE_FROM_MESSAGE
    )
    assert said["ok"], said
    return wait_for(lambda: sandbox.modal(user))


def element(form, block_id):
    return next(each["element"] for each in form["blocks"] if each["block_id"] == block_id)


def test_a_message_becomes_a_note_that_links_back(sandbox, deps):
    text = "Globex & Sons will *not* renew, says @omar <b>"
    ts = write(sandbox, text)
    form = begin(sandbox, ts)
    globex = account_of(deps, "globex sons")
    picker = element(form, actions.NOTE_ACCOUNT)
    assert picker["initial_option"]["value"] == str(globex.id)
    assert element(form, actions.NOTE_BODY)["initial_value"] == text
    before = len(sandbox.whispers("U0CSM1"))
    assert sandbox.do("submit", user="U0CSM1", view_id=form["id"], values={})["ok"]
    told = wait_for(lambda: sandbox.whispers("U0CSM1")[before:])[0]
    assert told["text"].startswith("Noted on Globex &amp; Sons. It stands at 81 of 100, Healthy")
    note = kept(deps, globex)[0]
    assert note.body == text
    assert note.permalink == f"{sandbox.url}/archives/{TEAM}/p{ts.replace('.', '')}"
    assert sandbox.modal("U0CSM1") is None
    listed = whisper_after(sandbox, lambda: sandbox.click(told, actions.NOTE_LIST))
    assert f"<{note.permalink}|the message>" in words_of(listed)


def test_without_a_name_in_it_the_account_is_picked_while_typing(sandbox, deps, fresh):
    form = begin(sandbox, write(sandbox, "They will not renew."))
    assert "initial_option" not in element(form, actions.NOTE_ACCOUNT)
    where = {"user": "U0CSM1", "view_id": form["id"], "action_id": actions.ACCOUNT_FIND}
    offered = sandbox.do("suggest", value=fresh.name[:7], **where)["options"]
    assert str(fresh.id) in [each["value"] for each in offered]
    values = {
        actions.NOTE_ACCOUNT: {actions.ACCOUNT_FIND: str(fresh.id)},
        actions.NOTE_BODY: {actions.FIELD: "They say no."},
    }
    assert sandbox.do("submit", user="U0CSM1", view_id=form["id"], values=values)["ok"]
    wait_for(lambda: [each.body for each in kept(deps, fresh)] == ["They say no."])


@pytest.mark.parametrize("channel", ["C0SHARED", "D0CSM1"])
def test_it_works_where_outsiders_read_and_in_direct_messages(sandbox, deps, fresh, channel):
    public = len(sandbox.messages(channel))
    ts = write(sandbox, f"{fresh.name} is unhappy", channel, user="U0CSM1")
    form = begin(sandbox, ts, channel)
    assert sandbox.do("submit", user="U0CSM1", view_id=form["id"], values={})["ok"]
    assert [each.body for each in kept(deps, fresh)] == [f"{fresh.name} is unhappy"]
    assert len([each for each in sandbox.messages(channel)[public:] if each["user"] != "U0CSM1"]) <= (channel == "D0CSM1")  # fmt: skip


def test_a_reply_in_a_thread_is_noted_and_confirmed_there(sandbox, deps, fresh):
    root = write(sandbox, "How are things?")
    ts = write(sandbox, f"{fresh.name} is unhappy", thread_ts=root)
    form = begin(sandbox, ts)
    before = len(sandbox.whispers("U0CSM1"))
    assert sandbox.do("submit", user="U0CSM1", view_id=form["id"], values={})["ok"]
    told = wait_for(lambda: sandbox.whispers("U0CSM1")[before:])[0]
    assert told["thread_ts"] == root
    assert f"thread_ts={root}" in kept(deps, fresh)[0].permalink


def test_where_the_bot_is_no_member_the_form_itself_confirms(sandbox, deps, fresh):
    ts = write(sandbox, f"{fresh.name} is unhappy", "C0GENERAL")
    form = begin(sandbox, ts, "C0GENERAL")
    assert sandbox.do("submit", user="U0CSM1", view_id=form["id"], values={})["ok"]
    done = wait_for(lambda: sandbox.modal("U0CSM1"))
    assert "Noted on" in words_of({"text": "", "blocks": done["blocks"]})
    assert len(kept(deps, fresh)) == 1
    sandbox.do("close", user="U0CSM1", view_id=done["id"])


def test_a_message_longer_than_a_note_is_cut_to_fit(sandbox, deps, fresh):
    form = begin(sandbox, write(sandbox, f"{fresh.name} " + "🦄 <x> & " * 600))
    initial = element(form, actions.NOTE_BODY)["initial_value"]
    assert len(initial) <= 2_000
    assert initial.endswith("…")
    sandbox.do("close", user="U0CSM1", view_id=form["id"])


def test_guests_keep_no_notes(sandbox, deps, fresh):
    ts = write(sandbox, f"{fresh.name} is unhappy")
    shown = whisper_after(
        sandbox,
        lambda: sandbox.do(
            "shortcut", user="U0GUEST", channel=TEAM, ts=ts, callback_id=actions.NOTE_FROM_MESSAGE
        ),
        user="U0GUEST",
    )
    assert shown["text"].startswith("I show accounts to full members")
    assert sandbox.modal("U0GUEST") is None
