"""HubSpot's traps: strings for everything, an index that lags, a search that ends at 10,000."""

import copy
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from vendor_case import records
from vendor_server import NOW, Answer

from integrations.base import SourceDataError
from scoring.records import Contact, Organisation


@pytest.fixture
def one(opened):
    return opened("hubspot")


def companies(pages):
    return {each.ref: each for each in records(pages) if isinstance(each, Organisation)}


def contacts(pages):
    return {each.id: each for each in records(pages) if isinstance(each, Contact)}


def searches(one):
    return [json.loads(each.body) for each in one.server.log if each.path.endswith("/search")]


def test_a_company_brings_its_key_domains_csm_and_renewal(one):
    assert companies(one.pull())["11"] == Organisation(
        ref="11",
        name="Acme",
        account_key="acme",
        domains=("acme.example", "acme.test", "acme.org"),
        csm_email="casey@vendor.example",
        renews_on=date(2027, 3, 31),
    )


def test_empty_strings_are_nothing_and_a_nameless_company_goes_by_its_domain(one):
    assert companies(one.pull())["12"] == Organisation(
        ref="12", name="globex.example", domains=("globex.example",)
    )


def test_a_date_may_come_in_milliseconds_and_an_unknown_owner_is_nobody(one):
    initech = companies(one.pull())["13"]
    assert initech.renews_on == date(2027, 3, 31)
    assert initech.csm_email is None
    assert initech.domains == ()


def test_a_contact_brings_the_last_of_each_kind_of_answer(one):
    told = contacts(one.pull())
    assert told["21"] == Contact(
        id="21",
        account_ref="11",
        updated_at=datetime(2026, 11, 5, 10, tzinfo=UTC),
        last_sent_at=datetime(2026, 11, 4, 9, tzinfo=UTC),
        last_opened_at=datetime(2026, 11, 5, 9, 30, tzinfo=UTC),
        last_clicked_at=None,
        last_replied_at=datetime(2026, 11, 5, 10, tzinfo=UTC),
    )
    assert told["22"].account_ref is None


def test_other_properties_may_hold_the_key_and_the_renewal(one):
    one.vendor.objects["companies"][0]["properties"] |= {"tenant": "t-1", "ends": "2027-01-01"}
    told = companies(one.again(account_id_property="tenant", renewal_property="ends").pull())
    assert (told["11"].account_key, told["11"].renews_on) == ("t-1", date(2027, 1, 1))


def test_after_the_first_reading_only_changes_are_searched(one):
    cursor = one.pull()[-1]["cursor"]
    assert cursor == {"since": NOW.isoformat(), "archived_on": "2026-11-22"}
    changed = one.vendor.objects["companies"][2]
    changed["properties"] |= {"name": "Initrode", "hs_lastmodifieddate": NOW.isoformat()}
    pages = one.pull(cursor)
    assert companies(pages) == {"13": companies(pages)["13"]}
    assert companies(pages)["13"].name == "Initrode"
    overlap = {each["filterGroups"][0]["filters"][0]["value"] for each in searches(one)}
    assert overlap == {str(int(NOW.timestamp() - 600) * 1000)}


def test_a_search_of_more_than_ten_thousand_finds_them_all(one):
    cursor = one.pull()[-1]["cursor"]
    pattern = one.vendor.objects["companies"][0]
    pattern["properties"]["hs_lastmodifieddate"] = NOW.isoformat()
    many = []
    for number in range(10_450):
        each = copy.copy(pattern)
        each["id"] = str(1_000_000 - number)
        many.append(each)
    one.vendor.objects["companies"], one.vendor.page = many, 200
    assert len(companies(one.pull(cursor))) == 10_450
    assert all("after" not in each for each in searches(one))


def test_a_pull_cut_short_goes_on_and_still_ends_at_when_it_began(one):
    pages = one.pull()
    assert len(pages) == 4
    one.clock.at = NOW.replace(hour=18)
    later = one.again().pull(pages[1]["cursor"])
    assert set(contacts(later)) == {"21", "22", "23"}
    assert not companies(later)
    assert later[-1]["cursor"] == {"since": NOW.isoformat(), "archived_on": "2026-11-22"}


# Families, merges and deletions.


def test_a_company_brings_its_parent_but_is_not_its_own(one):
    one.vendor.objects["companies"][0]["properties"]["hs_parent_company_id"] = "12"
    one.vendor.objects["companies"][1]["properties"]["hs_parent_company_id"] = "12"
    told = companies(one.pull())
    assert (told["11"].parent_ref, told["12"].parent_ref, told["13"].parent_ref) == (
        "12",
        None,
        None,
    )


def test_what_was_merged_away_is_told_as_deleted(one):
    one.vendor.objects["companies"][0]["properties"]["hs_merged_object_ids"] = "11;8; 9"
    one.vendor.objects["contacts"][0]["properties"]["hs_merged_object_ids"] = "19"
    pages = one.pull()
    gone = {ref for ref, each in companies(pages).items() if each.deleted}
    assert gone == {"8", "9"}
    assert [ident for ident, each in contacts(pages).items() if each.deleted] == ["19"]


def archive(one, kind, index):
    """Delete an object; that does not change it."""
    row = one.vendor.objects[kind].pop(index)
    gone_at = (NOW + timedelta(hours=1)).isoformat()
    one.vendor.archived[kind].append({**row, "archived": True, "archivedAt": gone_at})


def archived_listings(one):
    return [each.path for each in one.server.log if each.one("archived") == "true"]


def test_what_was_deleted_is_told_once_a_day_for_no_search_finds_it(one):
    cursor = one.pull()[-1]["cursor"]
    archive(one, "companies", 0)
    archive(one, "contacts", 0)
    one.server.log.clear()
    pages = one.pull(cursor)
    assert archived_listings(one) == []
    one.clock.at = NOW + timedelta(days=1)
    pages = one.pull(pages[-1]["cursor"])
    assert archived_listings(one) == ["/crm/v3/objects/companies", "/crm/v3/objects/contacts"]
    assert [ref for ref, each in companies(pages).items() if each.deleted] == ["11"]
    gone = contacts(pages)["21"]
    assert (gone.deleted, gone.updated_at) == (True, NOW + timedelta(hours=1))
    one.server.log.clear()
    one.pull(pages[-1]["cursor"])
    assert archived_listings(one) == []


def test_the_first_reading_asks_for_nothing_that_was_deleted_before_it(one):
    archive(one, "companies", 0)
    assert "11" not in companies(one.pull())
    assert archived_listings(one) == []


def test_a_listing_of_the_archived_that_was_cut_short_goes_on(one):
    cursor = one.pull()[-1]["cursor"]
    for _ in range(3):
        archive(one, "companies", 0)
    one.clock.at = NOW + timedelta(days=1)
    pages = one.pull(cursor)
    cut = next(
        each["cursor"]
        for each in pages
        if each["cursor"].get("phase") == 2 and each["cursor"]["after"]
    )
    rest = companies(one.again().pull(cut))
    assert [each.deleted for each in rest.values()] == [True]


def test_who_overlooks_that_only_the_archived_are_asked_for_deletes_nobody(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.archived = one.vendor.objects
    one.clock.at = NOW + timedelta(days=1)
    assert not any(each.deleted for each in companies(one.pull(cursor)).values())


def test_a_cursor_of_an_older_version_goes_on(one):
    whole = one.pull()
    old = {"since": None, "kind": "contacts", "after": None, "began_at": NOW.isoformat()}
    later = one.again().pull(old)
    assert contacts(later) == contacts(whole)
    assert not companies(later)
    one.pull({"since": NOW.isoformat()})


# What no customer's data can be.


@pytest.mark.parametrize(
    "broken",
    [
        {"id": ""},
        {"id": None},
        {"properties": "none"},
        {"properties": {"renewal_date": "1970-01-01"}},
        {"properties": {"renewal_date": "2100-01-01"}},
        {"properties": {"renewal_date": "9" * 30}},
        {"properties": {"renewal_date": "-1"}},
        {"properties": {"name": 7}},
        {"updatedAt": "yesterday"},
        {"updatedAt": "1970-01-01T00:00:00Z"},
    ],
)
def test_a_company_that_cannot_be_right_is_rejected_alone(one, broken):
    one.vendor.objects["companies"][0] |= broken
    pages = one.pull()
    [rejected] = [each for page in pages for each in page["rejected"]]
    assert rejected.what.startswith("company ")
    assert set(companies(pages)) == {"12", "13"}


def test_a_contact_that_clicked_in_1970_is_rejected_alone(one):
    one.vendor.objects["contacts"][0]["properties"]["hs_email_last_click_date"] = "0"
    pages = one.pull()
    assert set(contacts(pages)) == {"22", "23"}


def test_the_same_company_twice_is_told_twice_the_same_and_broken_text_breaks_nothing(one):
    one.vendor.objects["companies"][0]["properties"]["name"] = "Ac\x00me\ud800"
    one.vendor.objects["companies"].append(one.vendor.objects["companies"][0])
    told = [each for each in records(one.pull()) if isinstance(each, Organisation)]
    assert [each.ref for each in told] == ["11", "12", "13", "11"]
    assert told[0] == told[3]


@pytest.mark.parametrize("kind", ["owners", "objects/companies", "objects/contacts"])
def test_a_list_that_never_ends_is_noticed(one, kind):
    vendor, rows = one.server.vendor, one.vendor.objects[kind.split("/")[-1]][:1]
    endless = {"results": rows, "paging": {"next": {"after": "1"}}}
    one.server.vendor = lambda request: (
        Answer.of(endless) if request.path == f"/crm/v3/{kind}" else vendor(request)
    )
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()


def test_a_search_that_never_ends_is_noticed(one):
    cursor, vendor = one.pull()[-1]["cursor"], one.server.vendor
    for rows, problem in ((one.vendor.objects["companies"], "again"), ([{"id": "x"}], "not after")):
        endless = {"results": rows, "paging": {"next": {"after": "200"}}}
        one.server.vendor = lambda request, endless=endless: (
            Answer.of(endless) if request.path.endswith("/search") else vendor(request)
        )
        with pytest.raises(SourceDataError, match=problem):
            one.pull(cursor)
