"""The clock: real time is aware UTC, and a story's time stands still or flows, but never goes back."""

from datetime import UTC, datetime, timedelta

from bot.clock import StoryClock, SystemClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def frozen():
    moves = []
    return StoryClock(NOON, flowing=False, on_move=moves.append), moves


def test_the_systems_time_is_aware_and_in_utc():
    assert SystemClock().now().tzinfo is UTC


def test_waiting_for_the_system_takes_that_long():
    clock = SystemClock()
    before = clock.now()
    clock.wait(0.01)
    assert clock.now() - before >= timedelta(milliseconds=9)


def test_a_story_that_does_not_flow_stands_still():
    clock, _ = frozen()
    assert {clock.now() for _ in range(1000)} == {NOON}


def test_a_flowing_story_goes_on_by_itself():
    clock = StoryClock(NOON, flowing=True, on_move=lambda _to: None)
    first = clock.now()
    while clock.now() == first:
        pass
    assert clock.now() > first >= NOON


def test_waiting_moves_the_story_and_tells_the_world():
    clock, moves = frozen()
    clock.wait(90)
    assert clock.now() == NOON + timedelta(seconds=90)
    assert moves == [NOON + timedelta(seconds=90)]


def test_a_story_never_goes_back():
    clock, _ = frozen()
    clock.set(NOON - timedelta(days=1))
    assert clock.now() == NOON
    clock.set(NOON + timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)
