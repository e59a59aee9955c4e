"""Notes, sentiments and owners in the database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from scoring.records import Organisation
from scoring.sentiments import Mood, Sentiment
from storage import accounts, notes, owners, sentiments, tasks

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = AT.date()


@pytest.fixture
def ids(session):
    return make(session)


def make(session, csm="dana@us.example"):
    told = [Organisation(ref=f"cus_{name}", name=name, csm_email=csm) for name in ("Acme", "Bolt")]
    accounts.create_or_update(session, told, source="stripe", at=AT)
    by_key = accounts.by_key(session)
    return [by_key[each.ref] for each in told]


def note(session, account_id, body, *, key=None, at=AT, **more):
    return notes.add(
        session, key=key or body, account_id=account_id, member="U1", body=body, at=at, **more
    )


def feel(session, account_id, mood, *, key=None, at=AT, days=90, **more):
    said = Sentiment(
        account_id=account_id, mood=mood, reason=f"{mood} it is", member="U1", at=at,
        expires_on=None if days is None else TODAY + timedelta(days=days), **more,
    )  # fmt: skip
    return sentiments.add(session, said, key=key or f"{mood} {at}")


def test_the_last_notes_come_first_and_only_an_accounts_own(session, ids):
    acme, bolt = ids
    for n in range(4):
        note(session, acme, f"note {n}", at=AT + timedelta(days=n))
    note(session, bolt, "another's")
    assert [each.body for each in notes.latest(session, acme, 3)] == ["note 3", "note 2", "note 1"]
    assert (notes.count(session, acme), notes.count(session, bolt)) == (4, 1)


def test_a_note_is_kept_once_by_its_key(session, ids):
    assert note(session, ids[0], "first", key="k")
    assert not note(session, ids[0], "again", key="k")
    assert [each.body for each in notes.latest(session, ids[0], 5)] == ["first"]


def test_a_note_keeps_every_character_and_its_message(session, ids):
    body = "🦄 <!channel> חברה\nsecond line\x00" + "x" * 1_900
    note(session, ids[0], body, key="k", permalink="https://us.slack.com/archives/C1/p1")
    (kept,) = notes.latest(session, ids[0], 1)
    assert kept.body == body.replace("\x00", "")
    assert kept.permalink == "https://us.slack.com/archives/C1/p1"


def test_a_deleted_note_is_gone(session, ids):
    note(session, ids[0], "first")
    (kept,) = notes.latest(session, ids[0], 1)
    assert notes.delete(session, kept.id)
    assert not notes.delete(session, kept.id)
    assert notes.get(session, kept.id) is None


def test_the_newest_sentiment_that_holds_counts(session, ids):
    acme = ids[0]
    feel(session, acme, Mood.GREEN)
    feel(session, acme, Mood.RED, at=AT + timedelta(days=1), days=7)
    found = sentiments.current(session, ids, on=TODAY + timedelta(days=7))
    assert {each: said.mood for each, said in found.items()} == {acme: Mood.RED}
    later = sentiments.current(session, ids, on=TODAY + timedelta(days=8))
    assert later[acme].mood is Mood.GREEN
    assert sentiments.current(session, ids, on=TODAY + timedelta(days=91)) == {}


def test_a_sentiment_without_an_end_holds_on(session, ids):
    feel(session, ids[0], Mood.YELLOW, days=None)
    assert sentiments.current(session, ids, on=date(2040, 1, 1))[ids[0]].mood is Mood.YELLOW


def test_what_is_taken_back_no_longer_holds_and_is_kept(session, ids):
    feel(session, ids[0], Mood.GREEN)
    feel(session, ids[0], Mood.RED, at=AT + timedelta(hours=1))
    assert sentiments.end(session, ids[0], on=TODAY, at=AT + timedelta(hours=2)) == 2
    assert sentiments.current(session, ids, on=TODAY) == {}
    kept = sentiments.of_account(session, ids[0], 5)
    assert [each.mood for each in kept] == [Mood.RED, Mood.GREEN]
    assert all(each.ended_at for each in kept)


def test_a_sentiment_is_said_once_by_its_key(session, ids):
    assert feel(session, ids[0], Mood.GREEN, key="k")
    assert not feel(session, ids[0], Mood.RED, key="k")
    assert sentiments.current(session, ids, on=TODAY)[ids[0]].mood is Mood.GREEN


def owner(session, account_id):
    return accounts.get(session, account_id).csm_email


def test_an_owner_whom_a_member_named_outlasts_every_sync(session, ids):
    assert owners.name(session, ids[0], "Erin@us.example", member="U1")
    make(session)
    accounts.set_crm(session, {each: ("finn@us.example", date(2027, 1, 1)) for each in ids})
    assert [owner(session, each) for each in ids] == ["erin@us.example", "finn@us.example"]
    assert accounts.get(session, ids[0]).renews_on == date(2027, 1, 1)
    assert [owners.named_by(session, each) for each in ids] == ["U1", None]


def test_an_account_given_back_is_whose_the_crm_says(session, ids):
    owners.name(session, ids[0], "erin@us.example", member="U1")
    make(session, csm="finn@us.example")
    assert owners.release(session, ids[0])
    assert owner(session, ids[0]) == "finn@us.example"
    assert not owners.release(session, ids[0])


def test_an_account_nobody_is_named_for_is_nobodys_when_given_back(session):
    ids = make(session, csm=None)
    owners.name(session, ids[0], "erin@us.example", member="U1")
    assert owners.release(session, ids[0])
    assert owner(session, ids[0]) is None


def test_naming_the_same_owner_again_is_no_news(session, ids):
    assert owners.name(session, ids[0], "dana@us.example", member="U1")  # the CRM had said it
    assert not owners.name(session, ids[0], "dana@us.example", member="U2")


def test_the_csms_tasks_go_to_the_new_one_and_nobody_elses(session, ids):
    acme, bolt = ids
    more = {"due_on": TODAY, "csm_email": "dana@us.example"}
    for key, account_id in (("mine", acme), ("done", acme), ("elsewhere", bolt)):
        tasks.add(session, key=key, account_id=account_id, title=key, **more)
    tasks.add(session, key="given", account_id=acme, title="given", due_on=TODAY, assigned_to="U9")
    tasks.finish(session, tasks.by_key(session, "done").id, at=AT)
    owners.name(session, acme, "erin@us.example", member="U1")
    whose = {key: tasks.by_key(session, key) for key in ("mine", "done", "elsewhere", "given")}
    assert whose["mine"].csm_email == "erin@us.example"
    assert whose["done"].csm_email == whose["elsewhere"].csm_email == "dana@us.example"
    assert whose["given"].assigned_to == "U9"
