"""HubSpot's traps: strings for everything, an index that lags, a search that ends at 10,000."""

import copy
import json
from datetime import UTC, date, datetime

import pytest
from vendor_cases import records
from vendor_server import NOW

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
    assert cursor == {"since": NOW.isoformat()}
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
    assert later[-1]["cursor"] == {"since": NOW.isoformat()}
