"""Mixpanel's traps: late events, duplicates, lists of accounts, time zones, broken exports."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from vendor_server import NOW, Answer

from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.sources.mixpanel import Settings
from scoring.readings import day_number

TODAY = day_number(NOW)


@pytest.fixture
def one(opened):
    return opened("mixpanel")


def day_of(pages, day):
    """Counts by account and feature, and how many people by account, of one day."""
    usage = next(page["usage"] for page in pages if page["usage"][0] == (day,))
    people = {}
    for each in usage[2]:
        people.setdefault(each.account_ref, set()).add(each.user_hash)
    return {(each.account_ref, each.feature): each.times for each in usage[1]}, people


def line(at, account="acme", event="Opened", user="ada", insert_id="i", **more):
    properties = {"time": at, "distinct_id": user, "company_id": account, **more}
    if insert_id is not None:
        properties["$insert_id"] = insert_id
    return json.dumps({"event": event, "properties": properties}).encode() + b"\n"


def wall(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def asked(one):
    return [each.one("from_date") for each in one.server.log]


def test_a_day_is_reduced_to_counts_and_hashed_people(one):
    counts, people = day_of(one.pull(), TODAY - 1)
    assert counts == {
        ("acme", "Report Viewed"): 2,  # one of the three came twice
        ("acme", "Data Exported"): 2,
        ("globex", "Data Exported"): 1,  # a list of accounts counts for each
        ("globex", "Page Viewed"): 1,
    }
    assert {ref: len(hashes) for ref, hashes in people.items()} == {"acme": 3, "globex": 1}


def test_numbers_where_text_is_expected_are_text(one):
    counts, people = day_of(one.pull(), TODAY)
    assert counts == {("acme", "Report Viewed"): 1, ("77", "Report Viewed"): 1}
    assert set(people) == {"acme", "77"}


def test_people_are_the_same_hash_on_every_day_and_fit_a_signed_integer(one):
    pages = one.pull()
    before, after = (day_of(pages, day)[1]["acme"] for day in (TODAY - 1, TODAY))
    assert after < before
    assert all(-(2**63) <= each < 2**63 for each in before)


def test_every_day_is_told_also_when_nothing_happened(one):
    pages = one.pull()
    assert [page["usage"][0] for page in pages] == [(TODAY - 2,), (TODAY - 1,), (TODAY,)]
    assert pages[0]["usage"] == ((TODAY - 2,), (), ())


def test_only_today_is_read_again_until_a_new_day_comes(one):
    cursor = one.pull()[-1]["cursor"]
    one.server.log.clear()
    assert one.pull(cursor)[0]["cursor"] == cursor
    assert asked(one) == ["2026-11-22"]


def test_late_events_are_found_by_reading_the_last_days_again(one):
    one.again(backfill_days=35)
    cursor = one.pull()[-1]["cursor"]
    one.vendor.days["2026-11-19"] = line(wall("2026-11-19T23:59:59"))
    one.clock.at = NOW + timedelta(days=1)
    one.server.log.clear()
    pages = one.pull(cursor)
    assert asked(one) == [f"2026-11-{day}" for day in range(18, 24)]
    assert day_of(pages, TODAY - 3)[0] == {("acme", "Opened"): 1}


def test_after_a_long_pause_every_missed_day_is_read(one):
    one.again(backfill_days=10)
    cursor = {"read_through": "2026-11-13", "reread_on": "2026-11-13"}
    assert len(one.pull(cursor)) == 10
    ancient = {"read_through": "2025-01-01", "reread_on": "2025-01-01"}
    assert len(one.pull(ancient)) == 11


def test_a_pull_cut_short_goes_on_with_the_day_it_lost(one):
    first, *rest = one.pull()
    assert one.pull(first["cursor"]) == [
        {**each, "progress": (number + 1) / 2} for number, each in enumerate(rest)
    ]


def test_rows_without_an_insert_id_are_told_apart_by_all_they_say(one):
    at = wall("2026-11-22T01:00:00")
    twice = line(at, insert_id=None, button="save")
    one.vendor.days["2026-11-22"] = twice + twice + line(at, insert_id=None, button="send")
    assert day_of(one.pull(), TODAY)[0] == {("acme", "Opened"): 2}


def test_odd_account_names_are_kept_as_they_are(one):
    at = wall("2026-11-22T01:00:00")
    names = ["[oops", "ac'me", 'q"uote', "ünï/co~de", "a,b"]
    lists = [["a", "a", ""], []]
    one.vendor.days["2026-11-22"] = b"".join(
        line(at, account=each, insert_id=str(number)) for number, each in enumerate(names + lists)
    )
    counts, _ = day_of(one.pull(), TODAY)
    assert counts == {(name, "Opened"): 1 for name in [*names, "a"]}


@pytest.mark.parametrize("name", ['Company\'s "id"', "a/b~c", "$group"])
def test_any_property_may_name_the_account(one, name):
    at = wall("2026-11-22T01:00:00")
    properties = {"time": at, "distinct_id": "ada", name: "acme"}
    one.vendor.days["2026-11-22"] = (
        json.dumps({"event": "Opened", "properties": properties}).encode() + b"\n"
    ) * 2
    assert day_of(one.again(account_property=name).pull(), TODAY)[0] == {("acme", "Opened"): 1}


def test_events_are_asked_for_by_name_where_they_are_chosen(one):
    one.again(events=["A", 'B "quoted"']).pull()
    assert json.loads(one.server.log[0].one("event")) == ["A", 'B "quoted"']


@pytest.mark.parametrize(
    ("zone", "local_start"),
    [("America/Los_Angeles", "2026-11-20T16:00:00"), ("Asia/Kolkata", "2026-11-21T05:30:00")],
)
def test_a_project_in_another_time_zone_is_told_in_whole_utc_days(one, zone, local_start):
    """`time` is the project's wall clock read as if it were UTC."""
    start = wall(local_start)
    one.vendor.days.clear()
    for insert_id, at in {"before": start - 1, "first": start, "last": start + 86399}.items():
        day = datetime.fromtimestamp(at, UTC).date().isoformat()
        one.vendor.days[day] = one.vendor.days.get(day, b"") + line(at, insert_id=insert_id)
    pages = one.again(project_timezone=zone).pull()
    assert day_of(pages, TODAY - 1)[0] == {("acme", "Opened"): 2}
    assert day_of(pages, TODAY - 2)[0] == {("acme", "Opened"): 1}
    assert len(asked(one)) == len(set(asked(one))) == 4 if zone.startswith("America") else True


def test_a_project_day_that_has_not_begun_is_not_asked_for(one):
    one.clock.at = datetime(2026, 11, 22, 3, tzinfo=UTC)
    one.again(project_timezone="America/Los_Angeles").pull()
    assert max(asked(one)) == "2026-11-21"


def test_most_events_without_an_account_are_reported_once_a_day(one):
    at = wall("2026-11-22T01:00:00")
    one.vendor.days["2026-11-22"] = b"".join(
        line(at, account=None, insert_id=str(each)) for each in range(5)
    )
    rejected = one.pull()[-1]["rejected"]
    assert [each.what for each in rejected] == ["events without company_id"]
    assert rejected[0].problem.startswith("5 of 5 events name no account")


def test_an_unzipped_export_is_read_as_well(one):
    expected = day_of(one.pull(), TODAY)
    whole = one.vendor.days["2026-11-22"]
    one.server.vendor = lambda request: Answer(
        whole if request.one("from_date") == "2026-11-22" else b"",
        headers={"content-type": "text/plain"},
    )
    assert day_of(one.pull(), TODAY) == expected


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_nothing_of_a_truncated_gzip_is_taken(one, share):
    at = wall("2026-11-22T01:00:00")
    body = b"".join(line(at, insert_id=str(each), user=str(each * 7919)) for each in range(20_000))
    packed = gzip.compress(body)
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    one.server.always = Answer(packed[: int(len(packed) * share)], headers=headers)
    with pytest.raises(SourceDataError, match="cut"):
        one.pull()


@pytest.mark.parametrize("ending", [b"terminated early\n", b'{"event": "Opened", "prop'])
def test_an_export_that_ends_in_the_middle_is_refused(one, ending):
    at = wall("2026-11-22T01:00:00")
    one.vendor.days["2026-11-22"] = line(at) + line(at, insert_id="j") + ending
    with pytest.raises(SourceDataError, match="short"):
        one.pull()


def test_a_day_beyond_the_memory_limit_says_which_setting_to_raise(one):
    at = wall("2026-11-22T01:00:00")
    one.vendor.days["2026-11-22"] = line(at)
    with pytest.raises(SourceDataError, match="memory_limit"):
        one.again(memory_limit="1MB").pull()


def test_a_time_zone_must_exist():
    with pytest.raises(ValueError, match="Europe/Berlin"):
        Settings(username="a", secret="b", project_id=1, project_timezone="Berlin")


def test_reading_again_since_a_day_reads_that_day_and_all_after_it(one):
    cursor = one.source.cursor_since(datetime(2026, 11, 15, 23, 59, tzinfo=UTC))
    assert cursor == {"since": "2026-11-15"}
    pages = one.pull(cursor)
    assert asked(one) == [f"2026-11-{day}" for day in range(15, 23)]
    assert set(pages[-1]["cursor"]) == {"read_through", "reread_on"}


@pytest.fixture
def by_profile(one):
    return one.again(account_from="profile")


def profiles_asked(one):
    return [each for each in one.server.log if each.path == "/api/query/engage"]


def test_the_profile_of_a_person_names_the_account(by_profile):
    counts, people = day_of(by_profile.pull(), TODAY - 1)
    assert counts == {
        ("acme", "Report Viewed"): 1,
        ("acme.example", "Report Viewed"): 1,  # by the domain of the address
        ("acme", "Data Exported"): 2,
        ("globex", "Data Exported"): 1,
    }
    assert {ref: len(each) for ref, each in people.items()} == {
        "acme": 2,
        "acme.example": 1,
        "globex": 1,
    }


def test_people_are_the_same_hash_whatever_names_their_account(one):
    by_event = day_of(one.pull(), TODAY)[1]
    assert day_of(one.again(account_from="profile").pull(), TODAY)[1] == by_event


def test_profiles_are_read_once_a_day_and_every_request_is_counted(by_profile):
    pages = by_profile.pull()
    assert len(profiles_asked(by_profile)) == 3
    assert sum(page["requests"] for page in pages) == len(by_profile.server.log) == 6
    by_profile.pull(pages[-1]["cursor"])
    assert len(profiles_asked(by_profile)) == 3
    by_profile.clock.at += timedelta(days=1)
    by_profile.pull(pages[-1]["cursor"])
    assert len(profiles_asked(by_profile)) == 6


def test_a_long_list_of_profiles_is_read_in_several_pulls_and_nothing_is_told_before(by_profile):
    by_profile.vendor.profiles += [
        {"$distinct_id": f"p{each}", "$properties": {}} for each in range(120)
    ]
    with pytest.raises(SourceDownError, match="100 of 125"):
        by_profile.pull()
    assert len(by_profile.server.log) == 50
    by_profile.clock.at += timedelta(hours=1)
    assert day_of(by_profile.pull(), TODAY)[0] != {}
    assert len(profiles_asked(by_profile)) == 63


def test_while_a_list_is_being_read_yesterdays_serves(by_profile):
    by_profile.pull()
    by_profile.vendor.profiles += [
        {"$distinct_id": f"p{each}", "$properties": {}} for each in range(120)
    ]
    by_profile.clock.at += timedelta(days=1)
    assert day_of(by_profile.pull(), TODAY)[0] == {
        ("acme", "Report Viewed"): 1,
        ("77", "Report Viewed"): 1,
    }


def test_a_session_the_vendor_forgot_is_begun_anew(by_profile):
    first = by_profile.vendor

    def forgetful(request):
        if request.path == "/api/query/engage" and b"session_id" in request.body:
            return Answer.of({"error": "session expired"}, 400)
        return first(request)

    by_profile.server.vendor = forgetful
    with pytest.raises(SourceDataError, match="session expired"):
        by_profile.pull()
    by_profile.server.vendor = first
    assert day_of(by_profile.pull(), TODAY)[0] != {}


def test_profiles_that_repeat_for_ever_are_noticed(by_profile):
    page = {"page": 0, "page_size": 2, "session_id": "s-1", "results": [{}, {}], "status": "ok"}
    by_profile.server.vendor = lambda request: Answer.of(page)
    with pytest.raises(SourceDataError, match="again and again"):
        by_profile.pull()


@pytest.mark.parametrize("status", [402, 403])
def test_profiles_that_may_not_be_read_say_what_is_needed(by_profile, status):
    export = by_profile.vendor

    def gated(request):
        if request.path == "/api/query/engage":
            return Answer.of({"error": "Your plan does not allow API calls."}, status)
        return export(request)

    by_profile.server.vendor = gated
    for attempt in (by_profile.source.check, by_profile.pull):
        with pytest.raises(SourceAuthError, match=r"plan and a role.*sources\.mixpanel"):
            attempt()


@pytest.mark.parametrize(
    "profile",
    [
        7,
        {"$distinct_id": None, "$properties": {}},
        {"$distinct_id": "x", "$properties": []},
        {"$distinct_id": ["x"], "$properties": {"company_id": "acme"}},
    ],
)
def test_a_profile_that_cannot_be_read_is_rejected_alone(by_profile, profile):
    by_profile.vendor.profiles.insert(0, profile)
    pages = by_profile.pull()
    assert next(each.what for each in pages[0]["rejected"]) == "profile without id"
    assert day_of(pages, TODAY)[0][("acme", "Report Viewed")] == 1


def test_odd_profiles_do_no_harm(by_profile):
    at = wall("2026-11-22T01:00:00")
    people = {
        "a": {"company_id": {"x": 1}, "$email": "a@acme.example"},
        "b": {"company_id": "ac\x00me"},
        "c": {"company_id": "half \ud800"},
        "d": {"company_id": "x" * 1_000_000},
        "e": {"company_id": "", "$email": ["e"]},
        "f": {"company_id": []},
        "g": {"company_id": "twice"},
    }
    by_profile.vendor.profiles = [
        {"$distinct_id": name, "$properties": each} for name, each in people.items()
    ]
    by_profile.vendor.profiles.append(by_profile.vendor.profiles[-1])
    by_profile.vendor.days["2026-11-22"] = b"".join(
        line(at, user=name, insert_id=name) for name in people
    )
    counts, _ = day_of(by_profile.pull(), TODAY)
    assert {ref for ref, _ in counts} == {"acme.example", "ac\x00me", "half ?", "twice"}
    assert counts["twice", "Opened"] == 1


def test_without_any_profile_the_setting_to_check_is_named(by_profile):
    by_profile.vendor.profiles.clear()
    rejected = by_profile.pull()[-1]["rejected"]
    assert "profile" in rejected[0].what
    assert "account_property" in rejected[0].problem


HOSTILE = {
    "a property of 10 MB": (line(wall("2026-11-22T01:00:00"), insert_id="x", big="x" * 10**7), 3),
    "an account of 10 MB": (
        line(wall("2026-11-22T01:00:00"), insert_id="x", account="x" * 10**7),
        2,
    ),
    "a lone surrogate": (line(wall("2026-11-22T01:00:00"), insert_id="x", account="\ud800"), 2),
    "half a line": (line(wall("2026-11-22T01:00:00"))[:50] + b"\n", 2),
    "wrong types": (b'{"event": [1], "properties": {"time": {}, "company_id": 5}}\n', 2),
    "properties that are a list": (b'{"event": "A", "properties": []}\n', 2),
    "a time in 1970": (line(7, insert_id="x"), 2),
    "a time in 2100": (line(wall("2100-01-01T00:00:00"), insert_id="x"), 2),
    "a negative time": (line(-5, insert_id="x"), 2),
    "NaN": (line(float("nan"), insert_id="x"), 2),
    "endless": (line(float("inf"), insert_id="x"), 2),
}


@pytest.mark.parametrize(("bad", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_a_line_that_is_no_event_of_the_day_spoils_no_other(one, bad, expected):
    at = wall("2026-11-22T01:00:00")
    good = line(at)
    one.vendor.days["2026-11-22"] = good + bad + good + line(at, insert_id="j")
    counts, _ = day_of(one.pull(), TODAY)
    assert counts == {("acme", "Opened"): expected}


def test_a_time_that_is_no_number_is_counted_as_unreadable(one):
    at = wall("2026-11-22T01:00:00")
    one.vendor.days["2026-11-22"] = line(at) + line(float("nan"), insert_id="x") + line(at)
    (rejected,) = one.pull()[-1]["rejected"]
    assert rejected.problem.startswith("1 of 2 have no event name or no time")


def test_a_bomb_in_a_line_is_refused(one):
    one.vendor.days["2026-11-22"] = line(wall("2026-11-22T01:00:00")) + b"0" * 40_000_000
    with pytest.raises(SourceDataError, match="damaged"):
        one.pull()
