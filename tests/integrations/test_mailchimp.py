"""Mailchimp's traps: batches that take their time, archives that cannot be trusted, machines that open mail."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from case_mailchimp import problem
from pydantic import ValidationError
from vendor_case import SECRET, records
from vendor_server import NOW

from integrations.base import SourceAuthError, SourceDataError
from integrations.registry import SOURCES
from integrations.shapes import mailchimp as mailchimp_shapes
from integrations.sources import mailchimp
from scoring.records import Contact

A1 = "00000000a1"


@pytest.fixture
def one(opened):
    return opened("mailchimp")


def at(day, hour=9, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def person(one, address):
    rows = [row for some in one.vendor.activity.values() for row in some]
    return next(row["email_id"] for row in rows if row["email_address"].lower() == address)


def told(pages, who):
    return [each for each in records(pages) if each.id == who]


def asked(one, path):
    return [each for each in one.server.log if each.path == f"/3.0/{path}"]


def rejected(pages):
    return [each for page in pages for each in page["rejected"]]


def test_a_recipient_brings_the_send_and_the_last_open_and_click(one):
    first = told(one.pull(), person(one, "ada@acme.example"))[0]
    assert first == Contact(
        id=person(one, "ada@acme.example"),
        account_ref="acme.example",
        updated_at=at(2, 8),
        last_sent_at=at(1),
        last_opened_at=at(2, 8),
        last_clicked_at=at(1, 10, 31),
    )


def test_who_did_nothing_is_known_to_have_been_mailed(one):
    bo = told(one.pull(), person(one, "bo@globex.example"))[0]
    assert (bo.last_sent_at, bo.last_opened_at, bo.last_clicked_at) == (at(1), None, None)


def test_a_free_mail_address_speaks_for_no_account(one):
    (cy,) = told(one.pull(), person(one, "cy@gmail.com"))
    assert cy.account_ref is None
    assert cy.last_opened_at == at(1, 12)


def test_who_bounced_was_not_mailed(one):
    assert told(one.pull(), person(one, "gone@acme.example")) == []


def test_a_click_within_ten_seconds_is_a_link_scanner_s(one):
    scanned = told(one.pull(), person(one, "bo@globex.example"))[1]
    assert (scanned.last_sent_at, scanned.last_clicked_at) == (at(9), None)


def test_an_unknown_deed_says_nothing(one):
    ada = told(one.pull(), person(one, "ada@acme.example"))[2]
    assert (ada.last_sent_at, ada.updated_at) == (at(13), at(13))


def test_times_come_in_utc(one):
    assert told(one.pull(), person(one, "bo@globex.example"))[2].last_opened_at == at(17, 9)


def test_no_address_or_name_leaves_the_adapter(one):
    said = str(records(one.pull()))
    assert "@" not in said


def test_machines_are_left_out_and_only_what_is_needed_is_asked_for(one):
    one.pull()
    (batch,) = asked(one, "batches")
    for operation in json.loads(batch.body)["operations"]:
        assert operation["params"]["filter_bots"] == "true"
        assert "ip" not in operation["params"]["fields"]


def test_campaigns_that_are_older_than_followed_are_not_read(one):
    one.pull()
    assert not [each for each in one.server.log if "c0ld000001" in each.path]
    (listed,) = asked(one, "campaigns")
    assert listed.one("since_send_time") == "2026-10-08T12:00:00+00:00"
    assert len(records(one.again(campaign_days=200).pull())) == len(records(one.again().pull())) + 1


def test_a_campaign_that_was_deleted_meanwhile_has_nobody(one):
    del one.vendor.activity[A1]
    pages = one.pull()
    assert not told(pages, person(one, "ada@acme.example"))[0].last_opened_at
    assert pages[-1]["progress"] == 1


def test_a_campaign_of_several_pages_is_read_to_its_last_recipient(one, monkeypatch):
    whole = set(records(one.pull()))
    monkeypatch.setattr(mailchimp_shapes, "COUNT", 1)
    monkeypatch.setattr(mailchimp, "COUNT", 1)
    one.vendor.campaigns = one.vendor.campaigns[:3]  # two pages short of being counted
    for row in one.vendor.campaigns[1:]:
        row["emails_sent"] = 1
    pages = one.again().pull()
    assert set(records(pages)) == {each for each in whole if each.last_sent_at in {at(1), at(5)}}
    asked_for = [each.one("offset") for each in asked(one, f"reports/{A1}/email-activity")]
    assert asked_for == ["0", "1", "2", "3"]
    for number, page in enumerate(pages):
        rest = records(one.again().pull(page["cursor"]))
        assert set(records(pages[: number + 1])) | set(rest) >= set(records(pages))


def test_a_list_that_repeats_for_ever_is_noticed(one, monkeypatch):
    monkeypatch.setattr(mailchimp_shapes, "COUNT", 1)
    monkeypatch.setattr(mailchimp, "COUNT", 1)
    one.vendor.campaigns = one.vendor.campaigns[1:2]
    row = one.vendor.activity[A1][0]
    one.vendor.get = lambda path, query: (
        ({"campaigns": one.vendor.campaigns} if query["offset"] == "0" else {"campaigns": []}, 200)
        if path == "campaigns"
        else ({"emails": [row]}, 200)
    )
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()


def test_afterwards_only_what_recipients_did_since_is_asked_for(one):
    cursor = one.pull()[-1]["cursor"]
    assert cursor["read"] == [row["id"] for row in one.vendor.campaigns[1:7]]
    one.clock.at += timedelta(hours=6)
    opened = {"action": "open", "timestamp": "2026-11-22T15:00:00+00:00"}
    one.vendor.activity[A1][1]["activity"].append(opened)
    new = {"id": "00000000b1", "status": "sent", "send_time": "2026-11-22T14:00:00+00:00"}
    one.vendor.campaigns.append(new | {"emails_sent": 1})
    one.vendor.activity["00000000b1"] = [one.vendor.activity[A1][2] | {"activity": []}]
    said = records(one.again().pull(cursor))
    assert [(each.last_sent_at, each.last_opened_at) for each in said] == [
        (at(1), at(22, 15)),
        (at(22, 14), None),
    ]
    operations = json.loads(asked(one, "batches")[-1].body)["operations"]
    assert [each["params"].get("since") for each in operations] == [
        *["2026-11-21T12:00:00+00:00"] * 6,
        None,
    ]


def test_a_campaign_that_was_still_being_sent_is_read_whole_when_it_is_listed(one):
    late = one.vendor.campaigns.pop()  # the draft
    late = one.vendor.campaigns.pop()
    cursor = one.pull()[-1]["cursor"]
    one.vendor.campaigns.append(late)
    one.clock.at += timedelta(days=2)
    assert at(20) in {each.last_sent_at for each in records(one.again().pull(cursor))}


def test_after_a_long_pause_campaigns_are_listed_from_its_beginning(one):
    cursor = one.source.cursor_since(NOW - timedelta(days=120))
    one.pull(cursor)
    assert asked(one, "campaigns")[-1].one("since_send_time") == "2026-07-25T12:00:00+00:00"


def test_reading_again_from_a_date_leaves_nobody_out(one):
    everybody = set(records(one.pull()))
    assert set(records(one.again().pull(one.source.cursor_since(NOW)))) == everybody


@pytest.mark.parametrize(
    "spoiled",
    [
        {"email_id": None},
        {"email_id": "a\u0000b"},
        {"email_id": "\ud800"},
        {"email_id": 7},
        {"activity": None},
        {"activity": [{"action": "open", "timestamp": "1970-01-01T00:00:00+00:00"}]},
        {"activity": [{"action": "open", "timestamp": "2100-01-01T00:00:00+00:00"}]},
        {"activity": [{"action": ["open"], "timestamp": "2026-11-01T00:00:00+00:00"}]},
        {"activity": [{"timestamp": "2026-11-01T00:00:00+00:00"}]},
    ],
)
def test_a_recipient_that_cannot_be_read_is_rejected_alone(one, spoiled):
    whole = records(one.pull())
    one.vendor.activity[A1][0] |= spoiled
    pages = one.again().pull()
    assert [each.what for each in rejected(pages)] == ["recipient without id"]
    assert records(pages) == whole[1:]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"emails_sent": -1},
        {"emails_sent": 10**12},
        {"send_time": "1970-01-01T00:00:00+00:00"},
        {"send_time": "2026-11-01"},
        {"id": "../../ping"},
        {"id": None},
    ],
)
def test_a_campaign_that_cannot_be_read_is_rejected_alone(one, spoiled):
    one.vendor.campaigns[2] |= spoiled
    one.vendor._sent = lambda since: one.vendor.campaigns[1:7]
    pages = one.pull()
    assert len(rejected(pages)) == 1
    assert rejected(pages)[0].what.startswith("campaign")
    assert at(1) in {each.last_sent_at for each in records(pages)}


def test_a_campaign_that_is_listed_twice_is_read_once(one):
    one.vendor.campaigns.append(one.vendor.campaigns[1])
    one.pull()
    (batch,) = asked(one, "batches")
    assert len(json.loads(batch.body)["operations"]) == 6


def test_an_odd_address_is_nobody_s_account(one):
    one.vendor.activity[A1][0]["email_address"] = "ada@\u0000acme.example"
    assert told(one.pull(), person(one, "ada@acme.example"))[0].account_ref is None


def test_the_key_says_where_it_is_at_home():
    settings = SOURCES["mailchimp"].settings
    key = "0123456789abcdef0123456789abcdef-us21"
    assert settings(api_key=key).data_center == "us21"
    for wrong in ("0123456789abcdef", "key-us21.evil.example/", "key-", "key-us21\n"):
        with pytest.raises(ValidationError, match="data center"):
            settings(api_key=wrong)
    assert settings(api_key="0123", base_url="http://127.0.0.1").data_center is None


def test_refusals_are_told_in_mailchimp_s_words(one):
    one.server.always = problem(403, "Forbidden", "This user may not see reports.")
    with pytest.raises(SourceAuthError, match=r"\[sources.mailchimp\]") as refused:
        one.source.check()
    assert "Forbidden" in str(refused.value)
    assert SECRET not in str(refused.value)
