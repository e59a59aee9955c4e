"""Mailchimp's batches: they take their time, leave things out, and lie somewhere else."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from case_mailchimp import packed, problem
from vendor_case import records
from vendor_server import NOW, Answer

from integrations.base import SourceDataError
from integrations.shapes import mailchimp as mailchimp_shapes

A1 = "00000000a1"


@pytest.fixture
def one(opened):
    return opened("mailchimp")


def asked(one, path):
    return [each for each in one.server.log if each.path == f"/3.0/{path}"]


def test_a_handful_of_pages_is_read_without_a_batch(one):
    whole = set(records(one.pull()))
    one.vendor.campaigns = [row for row in one.vendor.campaigns if row["id"] != A1]
    one.server.log.clear()
    assert set(records(one.again().pull())) < whole
    assert not asked(one, "batches")
    assert len(one.server.log) == 1 + 5


def test_a_quick_batch_is_read_within_the_pull(one):
    pages = one.pull()
    assert one.clock.waits == [1]
    assert [each.method for each in one.server.log] == ["GET", "POST", "GET", "GET", "GET"]
    assert pages[-1]["cursor"]["since"] == "2026-11-22T12:00:00Z"


def test_a_slow_batch_is_left_to_the_next_pull_which_does_not_ask_again(one):
    whole = records(one.pull())
    one.vendor.polls_until_finished = 12
    slow = [*one.again().source.pull(None, now=NOW)]
    assert sum(one.clock.waits[1:]) == 60
    assert not any(page.records for page in slow)
    assert slow[-1].as_of == NOW - timedelta(days=45)
    one.clock.at += timedelta(hours=6)
    later = one.again().pull(json.loads(json.dumps(slow[-1].cursor)))
    assert records(later) == whole
    assert len(asked(one, "batches")) == 2
    assert later[-1]["cursor"]["since"] == "2026-11-22T12:00:00Z"


def test_what_a_slow_batch_leaves_known_is_as_old_as_the_last_whole_reading(one):
    cursor = one.pull()[-1]["cursor"]
    one.vendor.polls_until_finished = 99
    one.clock.at += timedelta(hours=6)
    *_, last = one.again().source.pull(cursor, now=one.clock.now())
    assert last.as_of == NOW


def test_a_batch_that_was_forgotten_is_asked_for_anew(one):
    whole = records(one.pull())
    one.vendor.polls_until_finished = 99
    cursor = one.again().pull()[-1]["cursor"]
    one.vendor.batches.clear()
    one.vendor.polls_until_finished = 1
    assert records(one.again().pull(cursor)) == whole


def test_a_new_batch_that_does_not_exist_is_not_asked_for_for_ever(one):
    known = one.vendor._status
    one.vendor._status = lambda name, host: problem(404, "Resource Not Found", "No such batch.")
    with pytest.raises(SourceDataError, match="404"):
        one.pull()
    assert len(asked(one, "batches")) == 1
    one.vendor._status = known


def test_what_failed_within_a_batch_or_got_lost_is_read_directly(one):
    whole = set(records(one.pull()))
    one.vendor.fails, one.vendor.drops = {f"{A1}-0"}, {"00000000a2-0"}
    one.server.log.clear()
    assert set(records(one.again().pull())) == whole
    assert len(asked(one, f"reports/{A1}/email-activity")) == 1
    assert len(asked(one, "reports/00000000a2/email-activity")) == 1


def test_more_than_a_hundred_pages_go_into_several_batches_at_once(one):
    row = one.vendor.campaigns[1]
    one.vendor.campaigns = [row | {"emails_sent": 249_001}]
    pages = one.pull()
    sizes = [len(json.loads(each.body)["operations"]) for each in asked(one, "batches")]
    assert sizes == [100, 100, 50]
    assert set(records(pages)) == set(records(one.again().pull(pages[2]["cursor"])))
    progress = [page["progress"] for page in pages]
    assert progress == sorted(progress)


def test_results_of_another_host_in_our_own_network_are_not_fetched(one):
    url = "https://169.254.169.254/latest/meta-data"
    status = {"id": "b", "status": "finished", "response_body_url": url}
    one.vendor._status = lambda name, host: Answer.of(status)
    with pytest.raises(SourceDataError, match="refused"):
        one.pull()


ARCHIVES = {
    "no gzip": b"<Error><Code>NoSuchKey</Code></Error>",
    "empty": b"",
    "no tar": gzip.compress(b"x" * 4_000),
    "cut": packed({"1.json": [{"operation_id": f"{A1}-0"}] * 500})[:-40],
    "no JSON": packed({"1.json": b"[{"}),
    "NaN": packed({"1.json": b"[NaN]"}),
    "too many files": packed({f"{number}": b"[]" for number in range(1_001)}),
}


@pytest.mark.parametrize("archive", ARCHIVES.values(), ids=ARCHIVES)
def test_what_a_damaged_archive_does_not_hold_is_read_directly(one, tmp_path, archive):
    whole = records(one.pull())
    (tmp_path / "damaged").write_bytes(archive)
    with pytest.raises(SourceDataError, match="Mailchimp"):
        list(mailchimp_shapes.results_in(tmp_path / "damaged"))
    one.vendor.archive = archive
    one.server.log.clear()
    pages = one.again().pull()
    assert records(pages) == whole
    assert len([each for each in one.server.log if "email-activity" in each.path]) == 6
    assert pages[-1]["progress"] == 1


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    bomb = tmp_path / "bomb"
    monkeypatch.setattr(mailchimp_shapes, "_ARCHIVE_MAX_BYTES", 100_000)
    bomb.write_bytes(packed({"1.json": b"[]" + b" " * 50_000, "2.json": b"[]" + b" " * 90_000}))
    with pytest.raises(SourceDataError, match="too large"):
        list(mailchimp_shapes.results_in(bomb))
    monkeypatch.setattr(mailchimp_shapes, "_FILE_MAX_BYTES", 1_000)
    bomb.write_bytes(packed({"1.json": b" " * 2_000}))
    with pytest.raises(SourceDataError, match="too large"):
        list(mailchimp_shapes.results_in(bomb))


def test_names_in_an_archive_are_not_used_as_paths(one, tmp_path):
    result = one.vendor.result
    operations = [{"operation_id": f"{A1}-0", "path": f"/reports/{A1}/email-activity"}]
    query = {"count": 1000, "offset": 0, "filter_bots": "true"}
    results = [result(each | {"params": query}) for each in operations]
    outside = tmp_path / "outside.json"
    one.vendor.archive = packed({f"/..{outside}": results, "../../x.json": results})
    assert datetime(2026, 11, 2, 8, tzinfo=UTC) in {e.last_opened_at for e in records(one.pull())}
    assert not outside.exists()


def test_results_that_are_none_of_ours_or_come_twice_are_left_out(one):
    whole = records(one.pull())
    answer = json.dumps({"emails": one.vendor.activity["c0ld000001"]})
    stray = {"operation_id": "c0ld000001-0", "status_code": 200, "response": answer}
    made = one.vendor.result
    one.vendor.archive = packed(
        {
            "1.json": [stray, 7, {"operation_id": 1}, *_results(one, made)],
            "2.json": [*_results(one, made)],
            "3.json": {"not": "a list"},
        }
    )
    assert records(one.again().pull()) == whole


def _results(one, made):
    return [made(each) for each in one.vendor.batches["batch00000"]]
