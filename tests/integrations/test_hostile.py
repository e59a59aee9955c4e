"""What a vendor can do to us over HTTP, and what becomes of it: a typed error or a rejected record, never a false zero."""

import gzip
from datetime import UTC, datetime

import pytest
from vendor_cases import CASES
from vendor_server import Answer

from integrations.base import SourceAuthError, SourceDataError, SourceDownError, SourceError
from integrations.payload import from_unix, plausible

JSON = {"content-type": "application/json"}
GZIP = {**JSON, "content-encoding": "gzip"}
BOMB = gzip.compress(b"[" + b"0," * 40_000_000 + b"0]", compresslevel=1)  # 80 MB of nothing

# What comes back to every request after the first good one, and what it is to become.
ANSWERS = {
    "402 the plan lacks it": (Answer.of({"error": "pay"}, 402), SourceAuthError),
    "403 a permission lacks": (Answer.of({"error": "no"}, 403), SourceAuthError),
    "404 a wrong address": (Answer.of({"error": "nothing here"}, 404), SourceDataError),
    "410 the endpoint is gone": (Answer.of({"error": "retired"}, 410), SourceDataError),
    "400 what we ask is wrong": (Answer.of({"error": "bad"}, 400), SourceDataError),
    "422 what we ask is wrong": (Answer.of({"error": "bad"}, 422), SourceDataError),
    "429 and no word how long": (Answer.of({}, 429), SourceDownError),
    "500 it broke": (Answer.of({}, 500), SourceDownError),
    "503 with a web page": (
        Answer(b"<html>down</html>", 503, {"content-type": "text/html"}),
        SourceDownError,
    ),
    "504 with nothing": (Answer(b"", 504), SourceDownError),
    "200 with a web page": (
        Answer(b"<!doctype html><title>Login</title>", headers={"content-type": "text/html"}),
        SourceDataError,
    ),
    "a redirect to another host": (
        Answer(b"", 302, {"location": "https://evil.example/"}),
        SourceDataError,
    ),
    "half a JSON text": (Answer(b'{"data": [{"id": "1", "na', headers=JSON), SourceDataError),
    "a text that is no UTF-8": (Answer(b'{"data": "\xff\xfe"}', headers=JSON), SourceDataError),
    "a number where an object should be": (Answer(b"7", headers=JSON), SourceDataError),
    "a truncated gzip": (Answer(gzip.compress(b"{}" * 9_000)[:-9], headers=GZIP), SourceDataError),
    "something called gzip": (Answer(b"not at all", headers=GZIP), SourceDataError),
    "a gzip bomb": (Answer(BOMB, headers=GZIP), SourceDataError),
}

# Where a vendor means something else by it.
MEANS = {
    ("amplitude", "404 a wrong address"): None,  # an empty range
    ("amplitude", "400 what we ask is wrong"): SourceError,  # more than it can send at once
    ("amplitude", "504 with nothing"): SourceError,
}


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.secret))
@pytest.mark.parametrize("what", ANSWERS)
def test_whatever_comes_is_a_typed_error_and_tells_nothing(opened, name, what):
    asked = opened(name)
    asked.source.check()
    answer, expected = ANSWERS[what]
    expected = MEANS.get((name, what), expected)
    asked.server.always = answer
    if expected is None:
        assert [each["records"] for each in asked.pull() if each["records"]] == []
        return
    told = []
    with pytest.raises(expected) as refused:
        told.extend(asked.source.pull(None, now=asked.clock.now()))
    assert [each.records for each in told if each.records] == []
    assert str(refused.value)[-1] in ".?"
    assert sum(asked.clock.waits) <= 60


@pytest.mark.parametrize(
    "at",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1999, 12, 31, tzinfo=UTC),
        datetime(2100, 1, 1, tzinfo=UTC),
    ],
)
def test_a_year_that_cannot_be_right_is_refused(at):
    with pytest.raises(ValueError, match=f"the year {at.year} cannot be right"):
        plausible(at)


@pytest.mark.parametrize("seconds", [0, -1, 1e18, float("inf"), float("nan"), 4_102_444_800])
def test_seconds_that_cannot_be_right_are_refused(seconds):
    with pytest.raises(ValueError):  # noqa: PT011 - each says it in its own words
        from_unix(seconds)
