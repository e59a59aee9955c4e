"""Amplitude's traps: hours of uploads that hold older days, what may be asked when, archives of every kind."""

import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from case_amplitude import zipped
from vendor_server import NOW, Answer

from integrations.base import SourceAuthError, SourceDataError, SourceDownError
from integrations.events.archive import inflate, unpack
from scoring.readings import day_number

TODAY = day_number(NOW)
HEADERS = {"content-type": "application/zip"}


@pytest.fixture
def one(opened):
    return opened("amplitude")


class Book:
    """What is known of days, kept as storage keeps it."""

    def __init__(self):
        self.counts = Counter()
        self.users = set()
        self.rejected = []
        self.cursor = None

    def read(self, one, cursor=None, *, pages=99):
        for page in one.source.pull(cursor or self.cursor, now=one.clock.now()):
            self.store(page)
            pages -= 1
            if not pages:
                break
        return self

    def store(self, page):
        self.cursor = json.loads(json.dumps(page.cursor))
        self.rejected += page.rejected
        if page.usage is None:
            return
        if not page.usage.adds:
            gone = set(page.usage.days)
            self.counts = Counter({key: n for key, n in self.counts.items() if key[0] not in gone})
            self.users = {each for each in self.users if each[0] not in gone}
        for batch in page.usage.counts:
            for day, ref, feature, times in batch:
                assert day in page.usage.days
                self.counts[day, ref, feature] += times
        for batch in page.usage.users:
            self.users |= {tuple(each) for each in batch}

    def people(self, day):
        return Counter(ref for each, ref, _ in self.users if each == day)

    def of(self, day):
        return {key[1:]: n for key, n in self.counts.items() if key[0] == day}


def line(at, uploaded=None, event="Opened", user="ada", uuid="u", ref="acme", **more):
    row = {
        "event_type": event,
        "event_time": at,
        "server_upload_time": uploaded or at,
        "user_id": user,
        "uuid": uuid,
        "groups": {"company": ref},
        **more,
    }
    return json.dumps(row).encode() + b"\n"


def asked(one):
    exports = [each for each in one.server.log if each.path == "/api/2/export"]
    return [(each.one("start"), each.one("end")) for each in exports]


def test_days_are_reduced_to_counts_and_hashed_people(one):
    book = Book().read(one)
    assert book.of(TODAY - 2) == {("acme", "Report Viewed"): 2}  # one came a day late
    assert book.of(TODAY - 1) == {
        ("acme", "Report Viewed"): 2,  # one of the three came twice
        ("acme", "Data Exported"): 2,
        ("globex", "Data Exported"): 1,  # a list of groups counts for each
        ("globex", "Page Viewed"): 1,
    }
    assert book.of(TODAY) == {("acme", "Report Viewed"): 1, ("77", "Report Viewed"): 1}
    assert book.people(TODAY - 1) == {"acme": 3, "globex": 1}  # nobody is a device
    assert all(-(2**63) <= user < 2**63 for _, _, user in book.users)


def test_a_person_is_the_same_hash_as_in_other_sources(one, opened):
    mixpanel = opened("mixpanel").pull()
    theirs = {each.user_hash for page in mixpanel for each in page["usage"][2]}
    ours = {user for _, _, user in Book().read(one).users}
    assert len(theirs & ours) == 4  # ada, bob, eve and 4711


def test_what_happened_before_the_first_day_is_left_out(one):
    assert "Late Before" not in {feature for _, _, feature in Book().read(one).counts}


def test_setting_properties_is_no_use_of_the_product(one):
    assert "$identify" not in {feature for _, _, feature in Book().read(one).counts}


def test_a_day_is_asked_for_at_once_and_then_an_hour_a_pull(one):
    book = Book().read(one)
    assert asked(one) == [
        ("20261120T00", "20261120T23"),
        ("20261121T00", "20261121T23"),
        ("20261122T00", "20261122T09"),
    ]
    assert book.cursor == {"from_day": "2026-11-20", "next_hour": "2026-11-22T10"}
    one.server.log.clear()
    before = book.counts.copy()
    assert book.read(one).counts == before
    assert asked(one) == []
    one.vendor.hours["2026-11-22T10"] = b""
    one.server.vendor = lambda request: zipped({})
    one.clock.at = NOW + timedelta(hours=1, minutes=59)
    book.read(one)
    assert asked(one) == [("20261122T10", "20261122T10")]


@pytest.mark.parametrize(
    ("now", "last"),
    [("2026-11-22T11:59:59", "20261122T08"), ("2026-11-22T12:00:00", "20261122T09")],
)
def test_an_hour_is_asked_for_three_hours_after_it_began(one, now, last):
    one.clock.at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    Book().read(one)
    assert asked(one)[-1][1] == last


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_pull_cut_at_any_page_counts_nothing_twice(one, cut):
    whole = Book().read(one)
    book = Book().read(one, pages=cut)
    one.again()
    book.read(one)
    assert (book.counts, book.users) == (whole.counts, whole.users)


def test_reading_again_since_a_day_is_exact_and_leaves_no_day_empty(one):
    book = Book().read(one)
    whole = (book.counts.copy(), set(book.users))
    since = one.source.cursor_since(NOW - timedelta(days=1))
    assert since == {"from_day": "2026-11-21", "next_hour": "2026-11-21T00"}
    for page in one.source.pull(since, now=NOW):
        book.store(page)
        assert {TODAY - 2, TODAY - 1, TODAY} == {day for day, _, _ in book.counts}
    # What came on the 21st of the 20th is known already, and not taken again.
    assert (book.counts, book.users) == whole
    assert book.cursor["from_day"] == "2026-11-21"


def test_hours_in_whatever_pulls_make_the_same_days(one):
    dice = random.Random(7)
    one.vendor.hours.clear()
    begin = datetime(2026, 11, 20)  # noqa: DTZ001
    for number in range(400):
        uploaded = begin + timedelta(seconds=dice.randrange(58 * 3600))
        happened = uploaded - timedelta(seconds=dice.choice((1, 1, 1, 40_000, 100_000)))
        hour = f"{uploaded:%Y-%m-%dT%H}"
        one.vendor.hours[hour] = one.vendor.hours.get(hour, b"") + line(
            str(happened), str(uploaded), dice.choice("AB"), dice.choice("xyz"), f"u{number}"
        )
    whole = Book().read(one)
    assert sum(whole.counts.values()) > 250
    book, one.clock.at = Book(), NOW - timedelta(days=2)
    start = one.again().source.cursor_since(NOW - timedelta(days=2))
    while one.clock.at <= NOW:
        book.read(one, book.cursor or start)
        one.clock.at += timedelta(hours=dice.choice((0, 1, 1, 3, 7)))
    one.clock.at = NOW
    book.read(one)
    assert (book.counts, book.users) == (whole.counts, whole.users)


def test_an_hour_without_uploads_is_a_normal_nothing(one):
    one.vendor.hours.clear()
    book = Book().read(one)
    assert book.counts == {}
    assert book.rejected == []
    assert book.cursor["next_hour"] == "2026-11-22T10"


class Full:
    """Says no to more than some hours at once."""

    def __init__(self, vendor, most, status):
        self.vendor, self.most, self.status = vendor, most, status

    def __call__(self, request):
        if request.path == "/api/2/export":
            first, last = (int(request.one(each)[-2:]) for each in ("start", "end"))
            if last - first >= self.most:
                return Answer.of({"error": {"message": "too much"}}, self.status)
        return self.vendor(request)


@pytest.mark.parametrize("status", [400, 504])
def test_what_is_too_much_is_asked_for_in_halves(one, status):
    whole = Book().read(one)
    one.server.vendor = Full(one.vendor, 6, status)
    one.server.log.clear()
    book = Book().read(one)
    assert (book.counts, book.users) == (whole.counts, whole.users)
    assert len(set(asked(one))) == 2 + 4 + 4 + 2  # 24 and 12 hours once, then by six


@pytest.mark.parametrize(("status", "error"), [(400, SourceDataError), (504, SourceDownError)])
def test_one_hour_that_is_too_much_ends_the_pull(one, status, error):
    one.server.vendor = Full(one.vendor, 0, status)
    with pytest.raises(error, match=str(status)):
        Book().read(one)
    assert len(set(asked(one))) == 5  # 24, 12, 6, 3 hours and 1


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"account_by": "group"}, {"acme": 1, "globex": 1}),
        ({"account_by": "group", "group_type": "team"}, {}),
        ({"account_by": "property"}, {"a-1": 1, "g-1": 1}),
        ({"account_by": "property", "account_property": 'Company\'s "id"/~'}, {"odd": 1}),
        ({"account_by": "email"}, {"acme.example": 1, "xn--bcher-kva.example": 1}),
        ({"account_by": "email", "email_property": "work_mail"}, {"globex.example": 1}),
    ],
)
def test_the_account_is_what_the_settings_say(one, settings, found):
    people = [
        ("acme", {"company_id": "a-1", "email": "Ada@Acme.Example "}),
        ("globex", {"company_id": "g-1", "email": "x@gmail.com", "work_mail": "x@globex.example"}),
        (None, {'Company\'s "id"/~': "odd", "email": "y@Bücher.example"}),
        (None, {"email": "no address"}),
    ]
    one.vendor.hours = {
        "2026-11-22T01": b"".join(
            line("2026-11-22 01:00:00", uuid=f"u{number}", ref=ref, user_properties=properties)
            for number, (ref, properties) in enumerate(people)
        )
    }
    book = Book().read(one.again(**settings))
    assert book.of(TODAY) == {(ref, "Opened"): n for ref, n in found.items()}


def test_most_events_without_an_account_say_which_setting_to_check(one):
    one.vendor.hours = {"2026-11-22T01": line("2026-11-22 01:00:00", ref=None) * 3}
    (rejected,) = Book().read(one).rejected
    assert rejected.what == "events without an account in groups.company"
    assert "check account_by" in rejected.problem


def test_rows_without_any_id_are_told_apart_by_all_they_say(one):
    twice = line("2026-11-22 01:00:00", uuid=None, event_properties={"button": "save"})
    other = line("2026-11-22 01:00:00", uuid=None, event_properties={"button": "send"})
    one.vendor.hours = {"2026-11-22T01": twice + twice + other}
    assert Book().read(one).of(TODAY) == {("acme", "Opened"): 2}


@pytest.mark.parametrize(
    "at",
    ["1970-01-01 00:00:00", "2100-01-01 00:00:00", "infinity", "yesterday", None, 7, {"a": 1}],
)
def test_a_time_that_cannot_be_right_is_counted_as_unreadable(one, at):
    good = line("2026-11-22 01:00:00")
    one.vendor.hours = {"2026-11-22T01": good + line(at, "2026-11-22 01:00:01", uuid="bad")}
    book = Book().read(one)
    assert book.of(TODAY) == {("acme", "Opened"): 1}
    assert [each.problem for each in book.rejected] == [
        f"1 of 2 have no event name or no time (day {TODAY})"
    ]


def test_a_clock_that_runs_fast_counts_on_the_day_of_the_upload(one):
    event = line("2026-11-22 00:20:00", "2026-11-21 23:59:59")
    one.vendor.hours = {"2026-11-21T23": event}
    assert Book().read(one).of(TODAY - 1) == {("acme", "Opened"): 1}


HOSTILE = {
    "a name of 10 MB": line("2026-11-22 01:00:00", uuid="x", ref="x" * 10_000_000),
    "a lone surrogate": line("2026-11-22 01:00:00", uuid="x", ref="\ud800"),
    "half a line": line("2026-11-22 01:00:00")[:40] + b"\n",
    "a number": b"7\n",
    "a list": b"[1]\n",
    "broken text": b'{"event_type": "\xff"}\n',
    "wrong types": b'{"event_type": {"a": 1}, "event_time": [1], "user_id": {}, "groups": 5}\n',
    "groups that are text": b'{"event_type": "A", "event_time": "2026-11-22 01:00:00", "groups": "x"}\n',
    "NaN": b'{"event_type": "A", "event_time": NaN, "uuid": -1}\n',
}


@pytest.mark.parametrize("bad", HOSTILE.values(), ids=HOSTILE)
def test_a_line_that_is_no_event_spoils_no_other(one, bad):
    good = line("2026-11-22 01:00:00")
    one.vendor.hours = {"2026-11-22T01": good + bad + good + line("2026-11-22 01:00:01", uuid="v")}
    assert Book().read(one).of(TODAY) == {("acme", "Opened"): 2}


def test_a_property_of_ten_megabytes_is_read_past(one):
    big = line("2026-11-22 01:00:00", event_properties={"text": "x" * 10_000_000})
    one.vendor.hours = {"2026-11-22T01": big + line("2026-11-22 01:00:00", uuid="v")}
    assert Book().read(one).of(TODAY) == {("acme", "Opened"): 2}


def test_nul_in_a_name_is_kept_for_storage_to_clean(one):
    one.vendor.hours = {"2026-11-22T01": line("2026-11-22 01:00:00", ref="ac\x00me")}
    assert Book().read(one).of(TODAY) == {("ac\x00me", "Opened"): 1}


def test_a_few_broken_lines_in_a_quiet_hour_do_not_stop_the_source(one):
    one.vendor.hours = {"2026-11-22T01": b"oops\n" * 99}
    book = Book().read(one)
    assert book.cursor["next_hour"] == "2026-11-22T10"
    assert len(book.rejected) == 1


def test_a_day_that_is_mostly_not_events_is_refused(one):
    one.vendor.hours = {"2026-11-22T01": b"oops\n" * 101}
    with pytest.raises(SourceDataError, match="mostly not events"):
        Book().read(one)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_nothing_of_a_truncated_archive_is_taken(one, share):
    body = b"".join(line("2026-11-22 01:00:00", uuid=f"u{each}") for each in range(2_000))
    whole = zipped({"a.json.gz": gzip.compress(body)}).body
    one.server.always = Answer(whole[: int(len(whole) * share)], headers=HEADERS)
    with pytest.raises(SourceDataError, match="damaged"):
        Book().read(one)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_nothing_of_an_archive_with_a_truncated_file_is_taken(one, share):
    body = b"".join(line("2026-11-22 01:00:00", uuid=f"u{each}") for each in range(2_000))
    packed = gzip.compress(body)
    one.server.always = zipped({"a.json.gz": packed[: int(len(packed) * share)]})
    with pytest.raises(SourceDataError, match="damaged"):
        Book().read(one)


def test_a_file_of_several_gzip_members_is_read_to_its_end(one):
    parts = [gzip.compress(line("2026-11-20 01:00:00", uuid=each)) for each in "abc"]
    one.server.before = [zipped({"a.json.gz": b"".join(parts)})]
    assert Book().read(one).of(TODAY - 2)["acme", "Opened"] == 3


def test_names_in_an_archive_lead_nowhere(one, tmp_path):
    packed = gzip.compress(line("2026-11-20 01:00:00"))
    (tmp_path / "export.zip").write_bytes(
        zipped({"../../evil.json.gz": packed, "/etc/evil": packed, "dir/": b""}).body
    )
    files = unpack(tmp_path / "export.zip", tmp_path, title="Amplitude")
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert [each.name for each in files] == ["0.json.gz", "1.json.gz"]


def test_a_bomb_is_put_down_before_it_is_read(tmp_path):
    bomb = tmp_path / "export.zip"
    bomb.write_bytes(zipped({"a.gz": gzip.compress(b"\n" * 30_000_000)}).body)
    with pytest.raises(SourceDataError, match="never ends"):
        unpack(bomb, tmp_path, title="Amplitude", most=20_000_000)
    bomb.write_bytes(gzip.compress(b"\n" * 30_000_000))
    with pytest.raises(SourceDataError, match="never ends"):
        inflate(bomb, title="Amplitude", most=20_000_000)


def test_an_archive_sent_gzipped_once_more_is_read_as_well(one):
    whole = Book().read(one)

    def packed(request):
        answer = one.vendor(request)
        if answer.status != 200:
            return answer
        headers = {**answer.headers, "content-encoding": "gzip"}
        return Answer(gzip.compress(answer.body), headers=headers)

    one.server.vendor = packed
    assert Book().read(one.again()).counts == whole.counts


def test_a_refused_key_says_which_settings_to_check(one):
    one.server.always = Answer.of({"error": {"message": "Export is not in your plan."}}, 403)
    with pytest.raises(SourceAuthError, match=r"not in your plan.*api_key"):
        one.source.check()


def test_a_day_beyond_the_memory_limit_says_which_setting_to_raise(one):
    with pytest.raises(SourceDataError, match="memory_limit"):
        Book().read(one.again(memory_limit="1MB"))


def test_each_region_has_its_host(one):
    for region, host in (("us", "amplitude.com"), ("eu", "analytics.eu.amplitude.com")):
        one.again(region=region, base_url=None)
        assert one.source._http._base == f"https://{host}/"
