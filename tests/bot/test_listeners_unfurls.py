"""Links to accounts' pages at vendors: a line on how the account stands, where only our own people read."""

import pytest
from books import Entry, keep
from worlds import TEAM, own_program, wait_for, words_of

from bot.blocks import actions
from bot.services import admitting
from scoring.identity import MatchedBy
from scoring.records import Organisation
from storage import audit, links

REF = "cus_Acme1"
URL = f"https://dashboard.stripe.com/customers/{REF}"
COMPANY = "https://app.hubspot.com/contacts/77/record/0-2/4711"


@pytest.fixture(scope="module")
def program(outside, tmp_path_factory):
    with own_program(
        outside, tmp_path_factory.mktemp("home"), access={"money": ["helen@northwind.example"]}
    ) as running:
        deps = running.deps
        acme, other = keep(deps, [Entry("Acme <Corp>", 62.0, "U0CSM1"), Entry("Other", 30.0)])
        with deps.db.write() as session:
            at = deps.clock.now()
            for source, ref, account in (("stripe", REF, acme), ("hubspot", "4711", other)):
                told = [Organisation(ref=ref, name=account.name)]
                ids = links.see(session, source, told, at=at)
                links.join(session, ids[ref], account.id, by=MatchedBy.ID, at=at)
            links.see(session, "stripe", [Organisation(ref="cus_waits", name="Waits")], at=at)
        yield running


@pytest.fixture
def deps(program, sandbox):
    program.deps.clock.set(sandbox.now())
    admitting.refresh_members(program.deps)
    return program.deps


def write(sandbox, text, channel=TEAM, user="U0CSM1"):
    return sandbox.do("message", user=user, channel=channel, text=text)["ts"]


def previews(sandbox, ts, channel=TEAM):
    posted = next(each for each in sandbox.messages(channel) if each["ts"] == ts)
    return {each["original_url"]: words_of({"text": "", "blocks": each["blocks"]}) for each in posted.get("attachments", [])}  # fmt: skip


def left_alone(sandbox, ts, channel=TEAM):
    """Whether there is no preview, once the bot is through with a later message's."""
    later = write(sandbox, f"see {URL}")
    wait_for(lambda: previews(sandbox, later))
    return previews(sandbox, ts, channel) == {}


def test_a_link_to_an_account_shows_how_it_stands(sandbox, deps):
    ts = write(sandbox, f"Look at {URL}?tab=1#x please, and {COMPANY}")
    shown = wait_for(lambda: previews(sandbox, ts))
    assert set(shown) == {f"{URL}?tab=1#x", COMPANY}
    text = shown[f"{URL}?tab=1#x"]
    assert "*Acme &lt;Corp&gt;* · 🔵 62, Stable" in text
    assert "Held back most by" in text
    assert "MRR" not in text
    assert "<@" not in text
    assert "🔴 30, Critical" in shown[COMPANY]


def test_its_button_opens_the_card_for_whoever_presses(sandbox, deps):
    ts = write(sandbox, URL)
    wait_for(lambda: previews(sandbox, ts))
    where = {"user": "U0CSM2", "channel": TEAM, "ts": ts, "attachment_id": 1}
    before = len(sandbox.whispers("U0CSM2"))
    assert sandbox.do("click", action_id=actions.ACCOUNT_VIEW, **where)["ok"]
    shown = wait_for(lambda: sandbox.whispers("U0CSM2")[before:])[0]
    assert "Acme" in shown["text"]


@pytest.mark.parametrize(
    "url",
    [
        "https://dashboard.stripe.com/customers",
        "https://dashboard.stripe.com/customers/cus_unknown",
        "https://dashboard.stripe.com/customers/cus_waits",
        f"https://dashboard.stripe.com/customers/{REF}/edit",
        f"https://dashboard.stripe.com/invoices?customer={REF}",
        "https://app.hubspot.com/contacts/77/record/0-1/4711",
        "https://www.hubspot.com/contacts/77/record/0-2/4711",
    ],
)
def test_a_page_that_is_no_accounts_is_left_alone(sandbox, deps, url):
    assert left_alone(sandbox, write(sandbox, url))


def test_nothing_is_shown_where_outsiders_read(sandbox, deps):
    assert left_alone(sandbox, write(sandbox, URL, "C0SHARED"), "C0SHARED")


def test_it_shows_in_our_own_channels_though_the_bot_is_no_member(sandbox, deps):
    ts = write(sandbox, URL, "C0GENERAL")
    wait_for(lambda: previews(sandbox, ts, "C0GENERAL"))


def test_a_guests_link_is_left_alone_and_nobody_is_told(sandbox, deps):
    ts = write(sandbox, URL, user="U0GUEST")
    assert left_alone(sandbox, ts)
    assert sandbox.whispers("U0GUEST") == []
    with deps.db.read() as session:
        assert any(
            (each.member, each.what) == ("U0GUEST", "link_shared") for each in audit.recent(session)
        )


def test_delivered_twice_there_is_one_preview(sandbox, deps):
    sandbox.break_("duplicate_delivery", times=2)
    ts = write(sandbox, URL)
    wait_for(lambda: previews(sandbox, ts))
    assert left_alone(sandbox, write(sandbox, "nothing"))
    posted = next(each for each in sandbox.messages() if each["ts"] == ts)
    assert len(posted["attachments"]) == 1
