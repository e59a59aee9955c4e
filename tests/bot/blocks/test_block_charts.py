"""Charts in words and as Slack's own: whatever the history is, Slack takes them, and they say what is to be seen."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from block_samples import NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import words
from bot.blocks.book_charts import MOST_MOVERS, Distribution, Mover, Movers
from bot.blocks.chart import CATEGORIES, has_amount
from bot.blocks.charts import Marker, MarkerKind, Trend
from bot.blocks.reader import Reader, reading
from bot.blocks.text import length
from sandbox.slack.judge import Surface, judge
from scoring.readings import day_number
from scoring.rubric import Rubric, Status

UNTIL = 20_781  # 24 Nov 2026
RUBRIC = Rubric()

names = st.sampled_from(list(NAMES.values())) | st.text(max_size=120)
labels = st.sampled_from(["below 60", "$1,200 less", "1.200 € less", "EUR 1200", ""]) | st.text()
scores = st.floats(0, 100).map(lambda value: round(value, 1))
days = st.integers(UNTIL - 95, UNTIL + 3)
rubrics = st.sampled_from(
    [RUBRIC, Rubric(healthy=80.5, stable=80.25, at_risk=0.1), Rubric(healthy=100, at_risk=59.9)]
)
markers = st.builds(Marker, day=days, kind=st.sampled_from(MarkerKind), label=labels)
trends = st.builds(
    Trend,
    name=names,
    points=st.dictionaries(days, scores, max_size=98).map(lambda points: sorted(points.items())),
    until=st.just(UNTIL),
    rubric=rubrics,
    markers=st.lists(markers, max_size=30),
)
counts = st.dictionaries(st.sampled_from([*Status, None]), st.integers(0, 3000))
distributions = st.builds(
    Distribution,
    of=names,
    counts=st.dictionaries(days, counts, max_size=60).map(lambda found: sorted(found.items())),
)
movers = st.builds(
    Movers,
    of=names,
    movers=st.lists(st.builds(Mover, name=names, before=scores, now=scores), max_size=20),
    since=st.just(UNTIL - 7),
    until=st.just(UNTIL),
    rubric=rubrics,
)


def acme(points, **more):
    """The trend of an account, from scores that end on the last day; None is a day without one."""
    first = UNTIL - len(points) + 1
    known = [(first + at, score) for at, score in enumerate(points) if score is not None]
    return Trend(**{"name": "Acme", "points": known, "until": UNTIL, "rubric": RUBRIC, **more})


def mark(days_ago, kind, label=""):
    return Marker(day=UNTIL - days_ago, kind=kind, label=label)


@settings(deadline=None)
@given(trends | distributions | movers)
def test_slack_takes_every_chart_and_every_picture(chart):
    native = chart.native()
    blocks = [chart.image("F0"), *([native] if native else [])]
    assert judge(blocks, Surface.MESSAGE) == []
    assert judge([chart.image("F0")], Surface.HOME) == []
    assert length(chart.alt) <= 2000
    if native:
        assert length(native["title"]) <= 50
        assert len(native["chart"]["series"]) <= 6
        labels = [*native["chart"]["axis_config"]["categories"]]
        labels += [each["name"] for each in native["chart"]["series"]]
        assert all(length(each) <= 20 for each in labels)


@settings(deadline=None)
@given(trends)
def test_a_thinned_trend_keeps_its_ends_and_its_extremes(trend):
    native = trend.native()
    if not trend.shown:
        assert native is None
        return
    score = native["chart"]["series"][0]
    told = [point["value"] for point in score["data"]]
    all_of_them = [words.whole(value) for _, value in trend.shown]
    assert len(told) <= CATEGORIES
    assert (told[0], told[-1]) == (all_of_them[0], all_of_them[-1])
    assert (min(told), max(told)) == (min(all_of_them), max(all_of_them))
    if len(all_of_them) <= CATEGORIES:
        assert told == all_of_them


@settings(deadline=None)
@given(trends)
def test_the_words_have_the_first_and_the_last_score_and_never_money(trend):
    trend = replace(trend, name="Acme")
    for (_, value), day in ((each, trend.day(each[0])) for each in trend.shown[:1]):
        assert f"{trend.score(value)} on {day}" in trend.alt
    for (_, value), day in ((each, trend.day(each[0])) for each in trend.shown[-1:]):
        assert f"{trend.score(value)} on {day}" in trend.alt
    said = trend.alt + trend.title
    assert not any(unicodedata.category(char) == "Sc" for char in said)
    assert "1200" not in said


@pytest.mark.parametrize("told", ["€ 12", "12 USD a month", "USD12", "₹900", "from $5 to 2"])
def test_an_amount_is_known_by_its_currency(told):
    assert has_amount(told)


@pytest.mark.parametrize("told", ["below 60", "call with 3 people", "to Growth", "SLA talk"])
def test_other_numbers_are_no_amounts(told):
    assert not has_amount(told)


def test_a_trend_says_where_it_was_where_it_is_and_what_happened():
    trend = acme(
        [72, 75, 61, 59, None, 38, 41],
        markers=[
            mark(3, MarkerKind.ALERT, "below 60"),
            mark(1, MarkerKind.ALERT),
            mark(0, MarkerKind.OUTREACH, "call"),
            mark(2, MarkerKind.PLAN, "Growth to Basic, $1,200 less"),
            mark(120, MarkerKind.NOTE, "long ago"),
        ],
    )
    assert trend.title == "Acme · health score 41, down 31 since 18 Nov"
    assert trend.alt == (
        "Acme: health score 72 on 18 Nov, 41 on 24 Nov (down 31); lowest 38 on 23 Nov;"
        " highest 75 on 19 Nov; fell below 60 on 21 Nov; fell below 40 on 23 Nov;"
        " rose to 40 or more on 24 Nov; no score on 1 day in between;"
        " alerts on 21 Nov (below 60), 23 Nov; outreach on 24 Nov (call); plan changes on 22 Nov."
    )


def test_one_point_and_no_point_have_their_words():
    assert acme([80]).alt == "Acme: health score 80 on 24 Nov."
    assert acme([80]).title == "Acme · health score 80"
    assert acme([59.6]).title == "Acme · health score 59.6"
    assert acme([]).alt == "Acme: no health score from 27 Aug to 24 Nov."
    assert acme([]).title == "Acme · no health score yet"
    assert acme([]).native() is None


def test_a_score_that_is_old_says_of_when_it_is():
    trend = acme([50, 55, None, None])
    assert trend.title == "Acme · health score 55 on 22 Nov, up 5 since 21 Nov"


def test_a_day_of_another_year_has_its_year():
    newyear = day_number(datetime(2027, 1, 2, tzinfo=UTC))
    trend = Trend(name="Acme", points=[(newyear - 5, 50.0)], until=newyear, rubric=RUBRIC)
    assert "50 on 28 Dec 2026" in trend.alt


def test_of_many_alerts_the_newest_are_told_and_the_others_counted():
    trend = acme([50] * 30, markers=[mark(ago, MarkerKind.ALERT) for ago in range(0, 30, 3)])
    assert "alerts on 9 Nov, 12 Nov, 15 Nov, 18 Nov, 21 Nov, 24 Nov and 4 earlier" in trend.alt


def test_a_long_name_leaves_the_number_in_the_title():
    native = acme([90, 41], name="Consolidated Amalgamated Holdings " * 3).native()
    assert native["title"].endswith("… · 41, down 49")


def test_the_lines_of_the_statuses_stand_in_slacks_chart_by_their_names():
    series = acme([41, 42]).native()["chart"]["series"]
    assert [each["name"] for each in series] == [
        "Health score",
        "Healthy from 80",
        "Stable from 60",
        "At-risk from 40",
    ]
    assert series[2]["data"] == [{"label": "23 Nov", "value": 60}, {"label": "24 Nov", "value": 60}]


def test_a_digest_is_that_of_what_is_drawn_whoever_reads():
    trend = acme([41.3, 42], markers=[mark(0, MarkerKind.ALERT, "below 60")])
    same = replace(trend, markers=[mark(0, MarkerKind.ALERT, "below 40")])
    assert trend.digest == same.digest
    with reading(Reader(locale="de-DE")):
        assert trend.digest == same.digest
    others = [
        acme([41.4, 42], markers=trend.markers),
        replace(trend, markers=()),
        replace(trend, until=UNTIL + 1),
        replace(trend, rubric=Rubric(healthy=81)),
        replace(trend, name="Globex"),
    ]
    assert len({each.digest for each in (trend, *others)}) == 5
    assert replace(trend, name="Globex").digest == trend.digest  # nothing of the name is drawn


def test_a_distribution_says_how_many_are_where_and_what_changed():
    chart = Distribution(
        of="All accounts",
        counts=[
            (UNTIL - 7, {Status.HEALTHY: 20, Status.AT_RISK: 3, None: 1}),
            (UNTIL, {Status.HEALTHY: 18, Status.AT_RISK: 3, Status.CRITICAL: 2, None: 1}),
        ],
    )
    assert chart.title == "All accounts · 5 of 24 At-risk or Critical, up 2 since 17 Nov"
    assert chart.alt == (
        "All accounts: 24 accounts on 24 Nov: Healthy 18 (down 2), At-risk 3, Critical 2 (up 2),"
        " Not enough data 1; changes since 17 Nov."
    )
    assert chart.native()["title"] == "All accounts · 5 below Stable"
    assert Distribution(of="Nobody", counts=[]).native() is None


def test_movers_are_told_the_steepest_fall_first_and_those_that_stood_still_not_at_all():
    chart = Movers(
        of="Movers of the week",
        movers=[
            Mover(name="Globex", before=50, now=66),
            Mover(name="Still", before=50.2, now=50.4),
            Mover(name="Acme", before=72, now=41),
        ],
        since=UNTIL - 7,
        until=UNTIL,
        rubric=RUBRIC,
    )
    assert chart.title == "Movers of the week · 1 down, 1 up since 17 Nov"
    assert chart.alt == (
        "Movers of the week from 17 Nov to 24 Nov: 1. Acme down 31 to 41; 2. Globex up 16 to 66."
    )
    axis = chart.native()["chart"]["axis_config"]
    assert axis["categories"] == ["Acme", "Globex"]


def test_of_too_many_movers_those_stay_that_moved_most():
    many = [Mover(name=f"A{at}", before=50, now=50 + at) for at in range(20)]
    chart = Movers(of="All", movers=many, since=UNTIL - 7, until=UNTIL, rubric=RUBRIC)
    assert [each.change for each in chart.shown] == list(range(20 - MOST_MOVERS, 20))
