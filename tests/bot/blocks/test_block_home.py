"""Home at every size: Slack's limits, what it says, and what tells two Homes apart."""

import json
from datetime import timedelta

import pytest
from block_samples import AT, NAMES, RUBRIC, named, page, source
from home_samples import ILL, LATE, NEW, at_risk, book, critical, home, task
from slack_sdk.models.views import View
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks import actions
from bot.blocks.found import render_denied
from bot.blocks.home import as_home, as_view, digest_of, in_modal, render_home, standing_option
from bot.blocks.limits import problems
from bot.blocks.lists import Tally, render_list
from bot.blocks.reader import Reader, reading
from sandbox.slack.judge import Surface, judge_options, judge_view
from scoring.rubric import Status

HOMES = {
    "of nobody's accounts": home(),
    "before the first sync": home(scope="team"),
    "of one": home(task(), book=book(1), sources=[source()]),
    "of the first day": home(book=book(1, week_ago=None), scope="team"),
    "where all is well": home(
        book=book(
            0,
            counts={Status.HEALTHY: Tally(12)},
            week_ago={Status.HEALTHY: 12},
            critical=[],
            at_risk=[],
        )
    ),
    "where one slips by itself": home(
        book=book(2, critical=[critical(1), critical(2, next_step="Call their sponsor.")])
    ),
    "of many": home(
        *(task(n) for n in range(1, 9)),
        book=book(31, ready_total=31),
        scope="team",
        total=25,
        sources=[source(), ILL, LATE, NEW, source("Stripe")],
    ),
    "of far too many": home(
        *(task(n, NAMES["long"]) for n in range(1, 500)),
        book=book(5_000, name=NAMES["long"]),
        total=5_000,
        sources=[ILL] * 60,
    ),
    **{
        f"named {each}": home(task(1, name), book=book(2, name=name), sources=[source(name)])
        for each, name in NAMES.items()
    },
}


def shown(view):
    return as_view(render_home(view, rubric=RUBRIC), scope=view.scope, at=view.at)


def words_of(view):
    return json.dumps(shown(view), ensure_ascii=False)


@pytest.fixture(params=HOMES)
def title(request):
    return request.param


def test_looks_as_it_did(title, snapshot):
    assert shown(HOMES[title]) == snapshot(extension_class=JSONSnapshotExtension)


def test_slack_takes_it(title):
    view = shown(HOMES[title])
    assert problems(view["blocks"], "home") == []
    assert judge_view(view, Surface.HOME) == []
    View(**view).validate_json()
    assert len(view["blocks"]) <= 60


def test_two_homes_differ_by_what_they_show_and_not_by_when_they_were_looked_at():
    seen = HOMES["of many"]
    blocks = render_home(seen, rubric=RUBRIC)
    assert digest_of("team", blocks) == digest_of("team", render_home(seen, rubric=RUBRIC))
    assert digest_of("team", blocks) != digest_of("mine", blocks)
    other = home(task(), book=book(1))
    assert digest_of("team", blocks) != digest_of("team", render_home(other, rubric=RUBRIC))
    later = as_view(blocks, scope="team", at=AT + timedelta(minutes=5))
    assert later != as_view(blocks, scope="team", at=AT)


def test_a_source_that_answers_once_more_is_no_news():
    fresh = [home(sources=[source(last_ok_at=AT - timedelta(minutes=n))]) for n in (1, 9)]
    assert len({digest_of("mine", render_home(each, rubric=RUBRIC)) for each in fresh}) == 1


def test_what_was_picked_in_the_search_is_gone_with_the_next_home():
    blocks = render_home(home(), rubric=RUBRIC)
    ids = {
        as_view(blocks, scope="mine", at=AT + timedelta(seconds=n))["blocks"][1]["block_id"]
        for n in range(2)
    }
    assert len(ids) == 2


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_it_tells_no_amount_to_who_may_not_see_any(locale):
    for view in HOMES.values():
        with reading(Reader(locale, sees_money=False)):
            told = words_of(view)
        assert "MRR" not in told
        assert "$" not in told


def test_the_switch_says_in_words_what_is_chosen():
    for scope, chosen in (("mine", "✓ My accounts"), ("team", "✓ Team")):
        switch = shown(home(scope=scope))["blocks"][1]
        labels = [each["text"]["text"] for each in switch["elements"] if each["type"] == "button"]
        assert [each for each in labels if "✓" in each] == [chosen]


def test_a_step_that_several_share_is_said_once_and_another_beside_its_account():
    told = words_of(HOMES["where one slips by itself"])
    step = critical().next_step
    assert told.count(step) == 1
    many = words_of(home(book=book(8)))
    assert many.count(step) == 1
    assert many.count(at_risk().next_step) == 1


def test_what_is_not_shown_is_counted_and_one_press_away():
    blocks = shown(HOMES["of many"])["blocks"]
    more = [each for each in blocks if "… and" in str(each) and "accessory" in each]
    assert [each["text"]["text"] for each in more] == ["… and 5 more", "… and 25 more"]
    assert [actions.read_page(each["accessory"]["value"]) for each in more] == [
        (Status.AT_RISK, "team", 0),
        (None, "team", 0),
    ]


def test_every_press_on_it_has_a_listener_of_homes_own():
    names = {
        each["action_id"]
        for view in HOMES.values()
        for block in shown(view)["blocks"]
        for each in [*block.get("elements", []), block.get("accessory", {})]
        if "action_id" in each
    }
    assert all(each.startswith("home.") for each in names), names


@pytest.mark.parametrize("rows", [0, 1, 10])
def test_a_list_over_home_is_a_modal_whose_buttons_go_on_there(rows):
    message = render_list(page(rows, total=5_000 if rows else 0, offset=10), rubric=RUBRIC)
    view = in_modal(message, "At-risk accounts")
    assert judge_view(view, Surface.MODAL) == []
    pressed = json.dumps(view)
    assert actions.ACCOUNT_VIEW not in pressed
    assert actions.LIST_NEXT not in pressed
    assert rows == 0 or actions.HOME_NEXT in pressed


def test_somebody_who_may_not_see_accounts_has_one_polite_line_and_nothing_else():
    view = as_home(render_denied())
    assert judge_view(view, Surface.HOME) == []
    assert len(view["blocks"]) == 1


@pytest.mark.parametrize("name", ["Acme", *NAMES.values()])
def test_an_account_that_is_offered_has_its_score_and_status_however_long_its_name(name):
    option = standing_option(named(name), 59.6, Status.AT_RISK, RUBRIC)
    assert judge_options({"options": [option]}) == []
    assert option["text"]["text"].endswith("59.6 At-risk")
    unknown = standing_option(named(name), None, None, RUBRIC)
    assert unknown["text"]["text"].endswith("Not enough data")
