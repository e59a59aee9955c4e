"""The soak sees what it looks for, and says so to people and machines."""

import json

import pytest

from tests.bench.figures import Figure
from tests.soak.__main__ import main
from tests.soak.verdicts import BrokenError, Script, Seen, judge


@pytest.fixture
def script():
    """Three messages to a channel, one to another; the second was changed afterwards."""
    made = Script()
    for key in ("a", "b", "c"):
        made.say("C1", key, key)
    made.say("C2", "d", "d")
    made.texts["b"] = "b, changed"
    return made


def seen(*told):
    """(key, channel, second, text), the text being the key where nothing else is said."""
    return [Seen(key, channel, at, *(text or [key])) for key, channel, at, *text in told]


WELL = (("a", "C1", 1.0), ("b", "C1", 2.0, "b, changed"), ("c", "C1", 3.0), ("d", "C2", 1.5))


def test_a_run_where_all_went_well_shows_nothing(script):
    verdict = judge(script, seen(*WELL))
    assert (verdict.lost, verdict.doubled, verdict.disordered, verdict.outdated) == (0, 0, 0, 0)


def test_what_is_missing_is_lost(script):
    assert judge(script, seen(*WELL[1:])).lost == 1


def test_what_stands_twice_is_doubled_and_not_out_of_order(script):
    verdict = judge(script, seen(*WELL, ("a", "C1", 9.0)))
    assert (verdict.doubled, verdict.disordered) == (1, 0)


def test_what_stands_before_what_it_should_follow_is_out_of_order(script):
    early = (("c", "C1", 0.5), *WELL[:2], WELL[3])
    assert judge(script, seen(*early)).disordered == 1


def test_what_misses_its_last_change_is_outdated(script):
    old = (WELL[0], ("b", "C1", 2.0), *WELL[2:])
    assert judge(script, seen(*old)).outdated == 1


def test_a_channel_is_as_busy_as_its_busiest_ten_seconds():
    script = Script()
    times = [0.0, 20.0, 25.0, 29.9, 30.1, 41.0]
    for number, _ in enumerate(times):
        script.say("C1", f"m{number}", f"m{number}")
    told = seen(*((f"m{number}", "C1", at) for number, at in enumerate(times)))
    assert judge(script, told).busiest == 3


def keeps(_folder):
    yield Figure("kept", 1, "promise")


def breaks(_folder):
    yield Figure("lost", 2, "messages")
    raise BrokenError("2 messages lost")


def test_a_broken_promise_ends_with_one_after_every_figure_was_said(capsys):
    assert main([], measures={"breaks": breaks, "keeps": keeps}) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["lost", "kept"]
    assert "A promise was broken: breaks: 2 messages lost" in err


def test_only_what_is_named_runs(capsys):
    assert main(["keeps"], measures={"breaks": breaks, "keeps": keeps}) == 0
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == ["kept"]
