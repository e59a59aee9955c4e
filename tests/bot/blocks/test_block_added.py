"""What people add and where they meet it: notes, sentiment, owner, snooze, the forms, the look-up, a link's preview."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from block_samples import (
    ACME,
    ALERT,
    AT,
    EMPTY,
    NAMES,
    RUBRIC,
    SCORE,
    THIN,
    WEEK_AGO,
    named,
)
from slack_sdk.models.blocks import Block
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks import actions, kit, words
from bot.blocks.kit import Message, as_text
from bot.blocks.limits import problems
from bot.blocks.look_up import render_look_up
from bot.blocks.note_modal import (
    Spot,
    account_options,
    read_note_form,
    render_kept,
    render_message_form,
    render_note_form,
)
from bot.blocks.notes import NotesView, quoted, render_added, render_notes
from bot.blocks.owner import render_owned, render_owner
from bot.blocks.sentiment import SentimentView, render_sentiment
from bot.blocks.snoozed import render_snoozed, render_woken
from bot.blocks.standing import Standing
from bot.blocks.unfurl import render_unfurl
from bot.blocks.written import as_typed
from scoring.accounts import AccountId
from scoring.alerts import Rule
from scoring.members import MemberId
from scoring.notes import LONGEST_NOTE, Note, NoteId
from scoring.sentiments import LONGEST_REASON, Mood, Sentiment

DANA, ERIN = MemberId("U0DANA"), MemberId("U0ERIN")
SPOT = Spot("C0TEAM", "1.2")
LEFT = replace(ACME, churned_on=date(2026, 3, 1))


def standing(account=ACME, *, score=SCORE, week_ago=WEEK_AGO):
    return Standing(account=account, score=score, week_ago=week_ago, at=AT, csm_mention=DANA)


def note(number=1, body="Renewal talk went well.", **changes):
    told = {"account_id": ACME.id, "member": DANA, "permalink": None}
    at = AT - timedelta(days=number)
    return Note(**{**told, "id": NoteId(number), "body": body, "at": at, **changes})


def notes_of(*notes, account=ACME, total=None, deletable=(), done=""):
    view = NotesView(
        standing=standing(account),
        notes=notes,
        total=len(notes) if total is None else total,
        deletable=frozenset(deletable),
    )
    return render_notes(view, rubric=RUBRIC, done=done)


def feeling(mood=Mood.RED, reason="champion leaves", *, member=DANA, days=3, **changes):
    said = {"expires_on": date(2026, 6, 18), "ended_at": None, **changes}
    at = AT - timedelta(days=days)
    return Sentiment(account_id=ACME.id, mood=mood, reason=reason, member=member, at=at, **said)


def sentiment_of(current, *history, account=ACME, reader=DANA, done="", **more):
    view = SentimentView(
        standing=standing(account, **more),
        current=current,
        history=[*([current] if current else []), *history],
        reader=reader,
    )
    return render_sentiment(view, rubric=RUBRIC, done=done)


def owned(*alerts, account=ACME, step="Call them today, before they write.", **more):
    return render_owned(standing(account, **more), alerts, by=ERIN, next_step=step, rubric=RUBRIC)


def of(rule):
    return replace(ALERT, rule=rule)


def preview(*, account=ACME, csm="Dana Fox", **more):
    return Message("preview", render_unfurl(standing(account, **more), csm, rubric=RUBRIC))


def card_of(account, lines=1):
    """A card with what a modal takes, and with what it does not."""
    press = [
        kit.button("View", actions.ACCOUNT_VIEW, "7"),
        kit.button("Add a note", actions.NOTE_ADD, "7"),
    ]
    return Message(
        "a card",
        [
            kit.header(words.plain_name_of(account)),
            kit.section("35, Critical", accessory=press[0]),
            {"type": "markdown", "text": "only in a message"},
            kit.actions(press),
            *(kit.section(f"line {n}") for n in range(lines)),
        ],
    )


FULL = [note(n, f"Note {n}", permalink="https://us.slack.com/archives/C1/p1") for n in range(1, 6)]
HUGE = "🦄 <!channel> *bold* <https://evil.example|click> &\n" * 60
MESSAGES = {
    "notes, none": notes_of(),
    "notes, one, just kept": notes_of(note(), deletable=[1], done="📝 Noted on *Acme Corp*."),
    "notes, many": notes_of(*FULL, total=1_234, deletable=[2]),
    "notes, absurd": notes_of(
        *(note(n, HUGE[:LONGEST_NOTE]) for n in range(1, 6)), account=named(NAMES["mention"])
    ),
    "notes, of one that left": notes_of(note(), account=LEFT),
    "note kept from a message": render_added(standing(), rubric=RUBRIC),
    "sentiment, none": sentiment_of(None),
    "sentiment, one's own": sentiment_of(feeling(), done="Kept for *Acme Corp*."),
    "sentiment, another's": sentiment_of(feeling(Mood.YELLOW), reader=ERIN),
    "sentiment, many": sentiment_of(
        feeling(Mood.GREEN, "sponsor is back"),
        feeling(days=9, ended_at=AT),
        feeling(Mood.YELLOW, "sponsor is away", member=ERIN, days=40),
    ),
    "sentiment, absurd": sentiment_of(
        feeling(reason=("<!channel> *x* " * 40)[:LONGEST_REASON]), account=named(NAMES["override"])
    ),
    "sentiment, without a score": sentiment_of(feeling(expires_on=None), score=None, week_ago=None),
    "owner, changed": render_owner(
        standing(),
        rubric=RUBRIC,
        done="*Acme Corp* is <@U0ERIN>'s now. They hear of it by direct message.",
        more="x",
    ),
    "owned, no alert": owned(),
    "owned, one alert": owned(ALERT),
    "owned, many alerts": owned(*(of(each) for each in Rule)),
    "owned, absurd": owned(account=named(NAMES["long"]), score=EMPTY, week_ago=None),
    "snoozed, none": render_snoozed(standing(), 0, "until 4 Mar", rubric=RUBRIC),
    "snoozed, one": render_snoozed(standing(), 1, "until 4 Mar", rubric=RUBRIC),
    "snoozed, many": render_snoozed(standing(), 12, "until it gets worse", rubric=RUBRIC),
    "snoozed, absurd": render_snoozed(
        standing(named(NAMES["hebrew"])), 1_234, "until 4 Mar", rubric=RUBRIC
    ),
    "woken, none": render_woken(standing(), 0, rubric=RUBRIC),
    "woken, one": render_woken(standing(), 1, rubric=RUBRIC),
    "woken, many": render_woken(standing(), 12, rubric=RUBRIC),
    "preview": preview(),
    "preview, without a CSM": preview(csm=""),
    "preview, not enough data": preview(score=THIN, week_ago=None),
    "preview, of one that left": preview(account=LEFT),
    "preview, absurd": preview(account=named(NAMES["emoji"]), csm="<!here> *Dana*"),
}
MODALS = {
    "note form": render_note_form(ACME),
    "note form, absurd": render_note_form(named(NAMES["mention"])),
    "message form, no account": render_message_form(SPOT, "They say no.", account=None),
    "message form, an account": render_message_form(SPOT, "Acme says no.", account=ACME),
    "message form, absurd": render_message_form(SPOT, HUGE, account=named(NAMES["long"])),
    "message form, nothing said": render_message_form(SPOT, "", account=None),
    "kept": render_kept(standing(), rubric=RUBRIC),
    "look up, nothing yet": render_look_up(),
    "look up, a card": render_look_up(ACME, card_of(ACME)),
    "look up, absurd": render_look_up(
        named(NAMES["override"]), card_of(named(NAMES["override"]), lines=200)
    ),
}


@pytest.fixture
def picture(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("title", MESSAGES)
def test_a_message_looks_like_its_picture(picture, title):
    message = MESSAGES[title]
    assert {"text": message.text, "blocks": message.blocks} == picture(name=title)


@pytest.mark.parametrize("title", MODALS)
def test_a_modal_looks_like_its_picture(picture, title):
    assert MODALS[title] == picture(name=title)


def marked_up(part):
    """Every text in which Slack looks for markup."""
    if isinstance(part, list):
        return [text for each in part for text in marked_up(each)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if part.get("type") == "mrkdwn" else []
    return [*own, *(text for each in part.values() for text in marked_up(each))]


@pytest.mark.parametrize("title", MESSAGES)
def test_slack_takes_the_message(title):
    message = MESSAGES[title]
    assert problems(message.blocks, "message") == []
    for block in message.blocks:
        Block.parse(block).validate_json()
    assert message.text.strip()
    marked = "".join([message.text, *marked_up(message.blocks)])
    assert not any(each in marked for each in ("<!channel>", "<!here>", "<https://evil"))


@pytest.mark.parametrize("title", MODALS)
def test_slack_takes_the_modal(title):
    view = MODALS[title]
    assert problems(view["blocks"], "modal") == []
    assert len(view["title"]["text"]) <= 24
    assert "submit" in view or not [each for each in view["blocks"] if each["type"] == "input"]


@pytest.mark.parametrize("title", [each for each in MESSAGES if "preview" not in each])
def test_the_notification_says_how_the_account_stands(title):
    text = MESSAGES[title].text
    assert any(each in text for each in ("35 of 100, Critical", "no score yet", "left on 1 Mar"))


def test_a_preview_says_number_way_reason_and_owner_and_calls_nobody():
    said = as_text(MESSAGES["preview"])
    assert said == (
        "Acme Corp · 🔴 35, Critical, ▼ −27 in 7 days\n"
        "Down mostly on support: 1 open ticket escalated (urgent priority)\n"
        "CSM Dana Fox"
    )
    assert "<@" not in str(MESSAGES["preview"])
    assert "MRR" not in str(MESSAGES["preview"])


def test_everything_that_was_said_is_shown():
    shown = as_text(MESSAGES["notes, many"])
    assert all(f"> Note {n}" in shown for n in range(1, 6))
    shown = as_text(MESSAGES["sentiment, many"])
    assert "🟢 green (going well), you say since 17 Mar, until 18 Jun: “sponsor is back”" in shown
    assert "8 Feb 🟡 yellow (worried), @U0ERIN: “sponsor is away”" in shown
    assert "🔴 red (may be lost), @U0DANA: “champion leaves” (taken back)" in shown
    assert "Next: Call them today" in as_text(MESSAGES["owned, many alerts"])


def test_in_a_modal_only_what_works_there_can_be_pressed():
    view = MODALS["look up, a card"]
    pressable = [
        each["action_id"]
        for block in view["blocks"]
        for each in [*block.get("elements", []), block.get("accessory", {})]
        if "action_id" in each
    ]
    assert pressable == [actions.ACCOUNT_FIND, actions.NOTE_ADD]


def test_somebodys_lines_stay_lines_and_nothing_else():
    assert quoted("one\n\n*two*\n> three") == "> one\n>\n> ∗two∗\n> › three"
    assert quoted("\n \u200b") == "> …"


def test_a_form_gives_back_what_it_was_opened_with():
    values = {actions.NOTE_BODY: {actions.FIELD: {"value": " said no "}}}
    filled = read_note_form(values, MODALS["note form"]["private_metadata"])
    assert (filled.account_id, filled.body, filled.spot) == (ACME.id, "said no", None)
    picked = {"selected_option": {"value": "12"}}
    values |= {actions.NOTE_ACCOUNT: {actions.ACCOUNT_FIND: picked}}
    filled = read_note_form(values, MODALS["message form, no account"]["private_metadata"])
    assert (filled.account_id, filled.spot) == (AccountId(12), SPOT)
    assert read_note_form({}, MODALS["message form, an account"]["private_metadata"]).account_id is None  # fmt: skip


def test_a_menu_offers_what_slack_shows():
    options = account_options([named(text) for text in NAMES.values()])
    assert all(0 < len(each["text"]["text"]) <= 75 for each in options)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("a &amp; b &lt;c&gt; &amp;lt;", "a & b <c> &lt;"),
        ("told <@U0OPS|omar> and <@U0ERIN>", "told @omar and @U0ERIN's name"),
        ("in <#C0GENERAL|general> and <#C0X>", "in #general and #channel"),
        ("<!here> <!channel|@channel> <!subteam^S0CSM|@csm> <!subteam^S0CSM>", "@here @channel @csm @subteam"),
        ("<http://acme.io|acme.io> <https://acme.io/a?b=1&amp;c>", "acme.io https://acme.io/a?b=1&c"),
        ("<https://acme.io/long|their page>", "their page (https://acme.io/long)"),
        ("<mailto:a@acme.io|a@acme.io> <tel:+491|+49 1>", "a@acme.io +49 1 (+491)"),
        ("&lt;@U0OPS&gt; &lt;!channel&gt;", "<@U0OPS> <!channel>"),
    ],
)  # fmt: skip
def test_what_slack_hands_on_is_read_as_it_was_typed(written, typed):
    assert as_typed(written, name_of=lambda each: f"{each}'s name") == typed


def test_a_mention_stays_one_for_who_needs_to_know_whom():
    assert as_typed("owner acme <@U0OPS|omar> &amp;") == "owner acme <@U0OPS> &"
