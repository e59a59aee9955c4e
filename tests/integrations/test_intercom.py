"""Intercom's traps: one scroll at a time, searches by calendar day, dates that move alone, letters from ourselves."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from vendor_case import records
from vendor_server import NOW, Answer

from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.payload import explain
from integrations.sources.intercom import Settings
from scoring.records import Contact, Organisation, Rating, Ticket

ACME, ADA = "531ee472cce572a6ec000006", "6762f14a1bb69f9f2193bb01"


def unix(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture
def one(opened):
    return opened("intercom")


def told(pages, kind):
    name = "ref" if kind is Organisation else "id"
    return {getattr(each, name): each for each in records(pages) if isinstance(each, kind)}


def asked(one, part):
    return [each for each in one.server.log if part in each.path]


def queries(one, part):
    return [json.loads(each.body)["query"] for each in asked(one, part)]


def later(one, **passed):
    """The same day or another, with what the vendor was asked so far forgotten."""
    one.server.log.clear()
    one.clock.at += timedelta(**passed)
    return one


def test_a_company_is_an_organisation_by_its_own_id_and_ours(one):
    found = told(one.pull(), Organisation)
    assert found[ACME] == Organisation(
        ref=ACME, name="Acme", account_key="acme", domains=("acme.example",)
    )
    others = [found[f"531ee472cce572a6ec00000{n}"] for n in (7, 8)]
    assert [(each.name, each.account_key, each.domains) for each in others] == [
        ("globex-1", "globex-1", ()),
        ("initech.example", None, ("initech.example",)),
    ]


def test_a_contact_tells_when_it_was_last_mailed_and_what_it_did(one):
    assert told(one.pull(), Contact)[ADA] == Contact(
        id=ADA,
        account_ref=ACME,
        updated_at=unix(1795340400),
        last_sent_at=unix(1795258800),
        last_opened_at=unix(1795262400),
        last_clicked_at=unix(1795262460),
        last_replied_at=unix(1795266000),
    )


def test_a_contact_without_a_company_belongs_where_its_address_points(one):
    found = told(one.pull(), Contact)
    assert found[ADA[:-1] + "2"].account_ref == "initech.example"
    assert found[ADA[:-1] + "3"].account_ref is None
    assert found[ADA[:-1] + "2"].updated_at == unix(
        1795100000
    )  # its last mail, not its last change


def test_a_conversation_is_a_ticket(one):
    found = told(one.pull(), Ticket)
    assert found["511"] == Ticket(
        id="511",
        account_ref=ACME,
        is_open=True,
        created_at=unix(1795160000),
        updated_at=unix(1795300000),
        version=1795300000,
        escalation="marked as priority",
    )
    assert (found["512"].account_ref, found["512"].is_open) == ("initech.example", True)
    assert found["512"].escalation == "tag escalated"
    assert told(one.again(escalation_tags=["vip"]).pull(), Ticket)["512"].escalation is None


def test_an_address_of_ours_says_nothing_of_the_customer(one):
    assert told(one.pull(), Ticket)["513"].account_ref is None


def test_a_closed_conversation_is_rated_and_no_longer_escalated(one):
    found = told(one.pull(), Ticket)["513"]
    assert (found.is_open, found.rating, found.escalation) == (False, Rating.GOOD, None)


@pytest.mark.parametrize(
    ("rating", "worth"),
    [
        (5, Rating.GOOD),
        (4, Rating.GOOD),
        (3, Rating.NEUTRAL),
        (2, Rating.BAD),
        (1, Rating.BAD),
        (None, None),
    ],
)
def test_five_faces_are_three_ratings(one, rating, worth):
    one.vendor.conversations[2]["conversation_rating"]["rating"] = rating
    assert told(one.pull(), Ticket)["513"].rating is worth


def test_the_first_pull_reads_every_contact_and_a_year_of_conversations(one):
    one.vendor.conversations[2]["updated_at"] = int((NOW - timedelta(days=400)).timestamp())
    assert set(told(one.pull(), Ticket)) == {"511", "512"}
    assert "513" in told(one.again(backfill_days=500).pull(), Ticket)
    assert len(told(one.pull(), Contact)) == 3


def test_companies_are_scrolled_through_once_a_day(one):
    cursor = one.pull()[-1]["cursor"]
    assert len(asked(one, "scroll")) == 3  # the last answer is empty
    cursor = later(one, minutes=30).pull(cursor)[-1]["cursor"]
    assert not asked(one, "scroll")
    later(one, days=1).pull(cursor)
    assert len(asked(one, "scroll")) == 3


def test_a_scroll_that_was_cut_short_begins_again(one):
    pages = one.source.pull(None, now=one.clock.now())
    cursor = dict(next(pages).cursor)
    pages.close()
    later(one, minutes=2)
    assert len(told(one.again().pull(cursor), Organisation)) == 3
    assert asked(one, "scroll")[0].one("scroll_param") is None


def test_another_scroll_is_waited_for_until_the_next_pull(one):
    one.vendor.scroll_is_taken = True
    with pytest.raises(SourceDownError, match=r"scroll already exists.*at the next pull"):
        one.pull()
    assert one.clock.waits == []
    one.vendor.scroll_is_taken = False
    assert len(told(one.pull(), Organisation)) == 3


def test_a_scroll_that_others_hold_keeps_nothing_else_back_for_three_days(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.scroll_is_taken = True
    for _ in range(3):
        pages = later(one, days=1).pull(cursor)
        assert asked(one, "conversations")
        cursor = pages[-1]["cursor"]
        assert cursor["companies_on"] == "2026-11-22"
    with pytest.raises(SourceDownError, match="scroll already exists"):
        later(one, days=1).pull(cursor)


def test_a_page_of_the_scroll_that_was_lost_on_the_way_is_not_skipped(one):
    vendor, failed = one.server.vendor, []

    def lose_one(request):
        if request.one("scroll_param") and not failed:
            failed.append(vendor(request))
            return Answer.of({}, 502)
        return vendor(request)

    one.server.vendor = lose_one
    with pytest.raises(SourceDownError, match="while companies were read"):
        one.pull()
    assert len(told(one.again().pull(), Organisation)) == 3


def test_a_scroll_that_repeats_is_refused(one):
    vendor = one.server.vendor
    same = {"type": "list", "data": one.vendor.companies, "scroll_param": "s1"}
    one.server.vendor = lambda request: (
        Answer.of(same) if "scroll" in request.path else vendor(request)
    )
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()


def test_a_scroll_may_keep_its_parameter_from_page_to_page(one):
    vendor, place = one.server.vendor, iter(["s0", "s2", "s4"])

    def constant(request):
        if "scroll" not in request.path:
            return vendor(request)
        request.query["scroll_param"] = [next(place)]
        answer = json.loads(vendor(request).body)
        return Answer.of({**answer, "scroll_param": "always-the-same"})

    one.server.vendor = constant
    assert len(told(one.pull(), Organisation)) == 3


@pytest.mark.parametrize("hours", [0.5, 5, 11, 30, 75])
def test_no_change_falls_between_calendar_days(one, hours):
    """A search by date begins on the next day of a time zone we do not know."""
    cursor = one.pull()[-1]["cursor"]
    later(one, hours=hours)
    at = int((NOW + timedelta(minutes=5)).timestamp())
    for row in (one.vendor.contacts[1], one.vendor.conversations[1]):
        row["updated_at"] = at
    pages = one.pull(cursor)
    assert ADA[:-1] + "2" in told(pages, Contact)
    assert "512" in told(pages, Ticket)


def test_what_did_not_change_is_not_told_again_although_a_search_by_day_finds_it(one):
    cursor = one.pull()[-1]["cursor"]
    pages = later(one, hours=1).pull(cursor)
    assert records(pages) == []
    (query,) = queries(one, "contacts/search")
    since = NOW - timedelta(minutes=30, days=2)
    assert query == {"field": "updated_at", "operator": ">", "value": int(since.timestamp())}


@pytest.mark.parametrize("name", ["last_email_opened_at", "last_contacted_at", "last_replied_at"])
def test_a_date_that_moved_without_a_change_is_found_once_a_day(one, name):
    cursor = one.pull()[-1]["cursor"]
    at = int((NOW + timedelta(minutes=5)).timestamp())
    one.vendor.contacts[2][name] = at
    cursor = later(one, hours=1).pull(cursor)[-1]["cursor"]
    pages = later(one, hours=12).pull(cursor)
    assert told(pages, Contact)[ADA[:-1] + "3"].updated_at == unix(at)


def test_newest_first_what_is_older_than_the_last_pull_is_not_asked_for(one):
    cursor = one.pull()[-1]["cursor"]
    at = int(NOW.timestamp())
    old = one.vendor.conversations[1]
    one.vendor.conversations += [
        {**old, "id": str(600 + n), "updated_at": at - 7200 - n} for n in range(40)
    ]
    assert records(later(one, hours=1).pull(cursor)) == []
    assert len(asked(one, "conversations/search")) == 1
    one.vendor.sorts = False  # then nothing follows from the last row of a page
    one.vendor.conversations.sort(key=lambda each: each["updated_at"])
    one.vendor.conversations.append({**old, "id": "700", "updated_at": at})
    assert set(told(later(one, minutes=1).pull(cursor), Ticket)) == {"700"}


def test_a_page_that_is_no_longer_known_is_looked_for_from_the_first(one):
    pages = one.pull()
    cursor = next(each["cursor"] for each in pages if each["cursor"].get("after"))
    one.vendor.known.clear()
    assert len(told(one.again().pull(cursor), Contact)) == 3
    one.again()
    vendor = one.server.vendor

    def refuse(request):
        return Answer.of({}, 400) if b"starting_after" in request.body else vendor(request)

    one.server.vendor = refuse
    with pytest.raises(SourceDataError, match="400"):
        one.pull()


def test_a_search_that_repeats_is_refused(one):
    rows = one.vendor.contacts
    vendor = one.server.vendor
    same = {"data": rows, "pages": {"next": {"starting_after": "x"}}}
    one.server.vendor = lambda request: (
        Answer.of(same) if "contacts" in request.path else vendor(request)
    )
    with pytest.raises(SourceDataError, match="again and again"):
        one.pull()


def test_checking_asks_for_one_row_of_each_and_opens_no_scroll(one):
    assert one.source.check() == "contacts and conversations (region us)"
    sizes = [json.loads(each.body)["pagination"]["per_page"] for each in one.server.log]
    assert (sizes, asked(one, "scroll")) == ([1, 1], [])


def test_a_refusal_is_worded_from_its_list_of_errors(one):
    one.again(access_token="wr0ng")
    with pytest.raises(SourceAuthError, match=r"It says: Access Token Invalid \(unauthorized\)\."):
        one.source.check()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errors": [{"message": "access forbidden", "field": None}]}, "access forbidden."),
        ({"errors": [{"message": "is wrong.", "field": "query"}]}, "is wrong (query)."),
        ({"errors": [{"detail": "one"}, {"code": "two"}, "three"]}, "one. two. three."),
        ({"errors": [4, None, {}, {"message": 5, "code": 6}]}, ""),
        ({"title": "Forbidden", "detail": "No access"}, "Forbidden No access"),
        ({"errors": [{"message": "x" * 900}]}, "x" * 300),
    ],
)
def test_lists_of_errors_are_put_into_words(body, said):
    assert explain(json.dumps(body).encode()) == said


def test_a_region_is_one_of_three():
    regions = Settings.model_json_schema()["properties"]["region"]["enum"]
    assert regions == ["us", "eu", "au"]
    with pytest.raises(ValueError, match="region"):
        Settings(access_token="x", region="mars")


def test_every_setting_is_described():
    properties = Settings.model_json_schema()["properties"].values()
    assert all(each.get("description") for each in properties)


BAD_CONTACTS = [
    {"id": None},
    {"id": ""},
    {"id": 7},
    {"updated_at": None},
    {"updated_at": "yesterday"},
    {"updated_at": True},
    {"updated_at": 0},
    {"updated_at": -5},
    {"updated_at": 4_200_000_000},
    {"updated_at": 10**30},
    {"last_email_opened_at": 0},
    {"last_contacted_at": "2026-11-01"},
    {"companies": [1]},
    {"companies": {"data": "none"}},
    {"email": 4},
]
BAD_CONVERSATIONS = [
    {"id": {}},
    {"state": "resolved"},
    {"state": None},
    {"created_at": 0},
    {"updated_at": 4_200_000_000},
    {"conversation_rating": {"rating": 0}},
    {"conversation_rating": {"rating": 6}},
    {"conversation_rating": {"rating": -1}},
    {"conversation_rating": {"rating": True}},
    {"conversation_rating": {"rating": "5"}},
    {"tags": ["escalated"]},
    {"source": "mail"},
]
BAD_COMPANIES = [{"id": None}, {"id": ""}, {"name": 5}, {"company_id": 5}, {"website": []}]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("contacts", each) for each in BAD_CONTACTS]
    + [("conversations", each) for each in BAD_CONVERSATIONS]
    + [("companies", each) for each in BAD_COMPANIES],
)
def test_a_record_that_makes_no_sense_is_rejected_alone(one, kind, wrong):
    rows = getattr(one.vendor, kind)
    one.vendor.sorts = False
    rows.insert(1, {**deepcopy(rows[0]), "id": "spoilt", **wrong})
    pages = one.pull()
    (rejected,) = [each for page in pages for each in page["rejected"]]
    assert next(iter(wrong)) in rejected.problem
    assert len(records(pages)) == 9


@pytest.mark.parametrize("row", [None, 5, "x", [], {}])
def test_a_row_that_is_no_record_is_rejected_alone(one, row):
    one.vendor.companies.insert(0, row)
    pages = one.pull()
    assert sum(len(page["rejected"]) for page in pages) == 1
    assert len(records(pages)) == 9


def test_odd_letters_unknown_keys_and_repeated_records_do_no_harm(one):
    one.vendor.companies[0] |= {"name": "A\x00\ud800 Ltd", "new": {"deep": [1]}}
    one.vendor.companies.append(one.vendor.companies[0])
    one.vendor.conversations[0] |= {"priority": "somewhat", "company": {}, "source": None}
    pages = one.pull()
    assert [each for page in pages for each in page["rejected"]] == []
    assert told(pages, Organisation)[ACME].name == "A\x00\ud800 Ltd"
    found = told(pages, Ticket)["511"]
    assert (found.account_ref, found.escalation) == (None, None)


def test_sixteen_hundred_requests_in_ten_seconds_are_kept(one):
    for _ in range(801):
        one.source.check()
    assert one.clock.waits == [10]


def test_nothing_is_asked_before_the_allowance_is_renewed(one):
    reset = str(int(NOW.timestamp()) + 7)
    spent = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": reset}
    one.server.before = [Answer.of({"data": [], "scroll_param": "s0"}, **spent)]
    one.pull()
    assert one.clock.waits == [7]
