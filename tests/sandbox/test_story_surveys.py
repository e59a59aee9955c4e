"""The story's surveys: who answers when, in keeping with how their account fares."""

from datetime import timedelta

import pytest
from vendor_world import START

from sandbox.story import INSTALLED, Story
from sandbox.story.surveys import EVERY_DAYS, Answer, answers, temper

DAYS = range(INSTALLED + 60)


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(200, 7, START)


def told(story: Story, days: range = DAYS, round_: int = 0) -> list[Answer]:
    return [
        each
        for day in days
        for one in story.accounts
        for each in answers(one, day, story.midnight(day), round_)
    ]


def test_it_is_the_same_in_whatever_order_it_is_asked(story: Story):
    again = Story(200, 7, START)
    backwards = [
        each
        for day in reversed(DAYS)
        for one in reversed(again.accounts)
        for each in reversed(answers(one, day, again.midnight(day)))
    ]
    assert backwards[::-1] == told(story)


def test_everybody_is_asked_every_four_weeks_and_many_answer(story: Story):
    found = told(story)
    asked = len(story.accounts) * 2 * (len(DAYS) / EVERY_DAYS)
    assert 0.4 * asked < len(found) < 0.9 * asked
    days = {}
    for each in found:
        days.setdefault(each.account.index, set()).add(each.day % EVERY_DAYS)
    assert all(len(each) == 1 for each in days.values())


def test_scores_and_times_are_what_they_can_be(story: Story):
    found = told(story)
    assert {each.nps for each in found} >= set(range(2, 11))
    assert all(0 <= each.nps <= 10 for each in found)
    assert {each.csat for each in found} == {None, 1, 2, 3, 4, 5}
    assert all(story.day(each.at) == each.day for each in found)


def test_who_slides_becomes_a_detractor(story: Story):
    sliding = [one for one in story.accounts if one.course.arc == "sliding"]
    assert len(sliding) > 5
    for one in sliding:
        turn = next(first for first, pace in one.course.pace.steps if pace == 2)
        assert temper(one, turn - 30) >= 8
        assert temper(one, turn + 20) < 4


def test_steady_accounts_are_no_detractors(story: Story):
    steady = [each for each in told(story) if each.account.course.arc in {"steady", "growing"}]
    assert steady
    assert min(each.nps for each in steady) >= 7


def test_acme_recommends_us_until_it_does_not(story: Story):
    acme = story.accounts[0]
    assert temper(acme, 60) > 9
    assert temper(acme, 110) < 1


def test_nobody_answers_before_they_joined_or_after_they_left(story: Story):
    for each in told(story):
        course = each.account.course
        assert each.day >= each.account.joined
        assert course.ended is None or each.day < course.ended


def test_another_round_is_answered_on_other_days(story: Story):
    first, second = (
        {(each.account.index, each.day) for each in told(story, round_=r)} for r in (1, 2)
    )
    assert len(first & second) < len(first) / 5


def test_each_account_s_answers_of_a_day_are_of_different_people(story: Story):
    seen = {(each.account.index, each.day, each.contact.number) for each in told(story)}
    assert len(seen) == len(told(story))
    assert all(each.at - story.midnight(each.day) < timedelta(days=1) for each in told(story))
