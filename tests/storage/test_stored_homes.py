"""Homes, what moved in a week, and who is ready to expand, as they are stored and found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from scoring.accounts import Money
from scoring.alerts import Change, Decision
from scoring.health import HealthScore, Part
from scoring.members import MemberId
from scoring.playbooks import WatchKind
from scoring.records import Organisation
from scoring.rubric import Component, Rubric, Status
from scoring.rules import Quiet, Rule
from storage import accounts, alerts, homes, openings, rubrics, scores, watches, weeks
from storage.homes import Home
from storage.sql import day_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = day_of(NOW)
RUBRIC = Rubric()
DAY, WEEK = timedelta(days=1), timedelta(days=7)
DANA, ERIN = MemberId("U0DANA"), MemberId("U0ERIN")


@pytest.fixture
def ids(session):
    """Accounts a to f: a, b and c are Dana's, d and e Erin's, f is nobody's."""
    owners = dict.fromkeys("abc", "dana@us.example") | dict.fromkeys("de", "erin@us.example")
    told = [Organisation(ref=ref, name=ref, csm_email=owners.get(ref)) for ref in "abcdef"]
    accounts.create_or_update(session, told, source="stripe", at=NOW)
    return accounts.by_key(session)


def health(value, at=NOW):
    part = Part(
        component=Component.SUPPORT, level="neutral", points=15, share=value, evidence="", as_of=at
    )
    status = RUBRIC.status(value)
    return HealthScore(value=value, status=status, coverage=1.0, parts=(part,), scored_at=at)


def save(session, ids, *, rubric=RUBRIC, at=NOW, **values):
    rubric_id = rubrics.id_of(session, rubric, at=NOW)
    told = [(ids[key], health(value, at)) for key, value in values.items()]
    scores.save(session, told, rubric_id=rubric_id, at=at)


def raise_alert(session, account_id, rule, *, at=NOW, quiet=None, announced=True):
    decision = Decision(
        account_id=account_id, rule=rule, change=Change.OPENED, episode=1, quiet=quiet
    )
    alert = alerts.open_episode(session, decision, value=50.0, before=70.0, at=at)
    alerts.save(session, replace(alert, announced=announced))
    return alert


def names(found):
    return [each.account.name for each in found]


def test_a_home_begins_with_the_accounts_it_is_given_and_keeps_what_was_chosen(session):
    homes.opened(session, DANA, scope="team", at=NOW)
    homes.opened(session, DANA, scope="mine", at=NOW + DAY)
    assert homes.get(session, DANA) == Home(member=DANA, scope="team", opened_at=NOW + DAY)
    homes.choose(session, DANA, "mine", at=NOW + DAY)
    assert homes.get(session, DANA).scope == "mine"
    assert homes.get(session, ERIN) is None


def test_whoever_opens_a_home_or_chooses_on_it_has_it_published_anew(session):
    homes.opened(session, DANA, scope="mine", at=NOW)
    homes.published(session, DANA, digest="d1", at=NOW)
    assert homes.get(session, DANA).digest == "d1"
    homes.opened(session, DANA, scope="mine", at=NOW)
    assert homes.get(session, DANA) == Home(
        member=DANA, scope="mine", opened_at=NOW, published_at=NOW
    )
    homes.published(session, DANA, digest="d1", at=NOW)
    homes.choose(session, DANA, "team", at=NOW)
    assert homes.get(session, DANA).digest == ""


def test_homes_nobody_looks_at_are_left_out_and_forgotten_and_the_one_longest_undone_is_first(
    session,
):
    for number, name in enumerate(("U1", "U2", "U3", "U4")):
        homes.opened(session, MemberId(name), scope="mine", at=NOW - number * DAY)
    homes.published(session, MemberId("U1"), digest="x", at=NOW + DAY)
    homes.published(session, MemberId("U2"), digest="x", at=NOW - 3 * DAY)
    since = NOW - 2 * DAY
    assert [each.member for each in homes.opened_since(session, since)] == ["U2", "U3", "U1"]
    assert homes.prune(session, before=since) == 1
    assert homes.get(session, MemberId("U4")) is None


def test_the_statuses_of_a_day_are_counted_for_all_and_for_one_csm(session, ids):
    save(session, ids, at=NOW - WEEK, a=30.0, b=50.0, d=90.0, f=50.0)
    day = TODAY - 7
    assert scores.distribution(session, day) == {
        Status.CRITICAL: 1,
        Status.AT_RISK: 2,
        Status.HEALTHY: 1,
    }
    dana = scores.distribution(session, day, "Dana@us.example")
    assert dana == {Status.CRITICAL: 1, Status.AT_RISK: 1}
    assert scores.distribution(session, TODAY, "dana@us.example") == {}


def test_the_movers_of_a_week_are_the_steepest_each_way(session, ids):
    save(session, ids, at=NOW - WEEK, a=90.0, b=50.0, c=50.0, d=50.0, e=50.0)
    save(session, ids, a=40.0, b=49.5, c=49.0, d=70.0, e=50.9, f=10.0)
    down = weeks.movers(session, since_day=TODAY - 7, rising=False, limit=5)
    assert [(each.account.name, each.score, each.change) for each in down] == [
        ("a", 40.0, -50.0),
        ("c", 49.0, -1.0),
    ]
    up = weeks.movers(session, since_day=TODAY - 7, rising=True, limit=5)
    assert names(up) == ["d"]
    assert weeks.count_moved(session, since_day=TODAY - 7) == weeks.Moved(up=1, down=2, of=5)
    mine = weeks.count_moved(session, since_day=TODAY - 7, csm_email="erin@us.example")
    assert mine == weeks.Moved(up=1, down=0, of=2)
    assert names(weeks.movers(session, since_day=TODAY - 7, rising=False, limit=1)) == ["a"]


def test_what_another_rubric_moved_is_no_move_of_the_account(session, ids):
    save(session, ids, rubric=Rubric(healthy=85.0), at=NOW - WEEK, a=90.0)
    save(session, ids, a=40.0)
    assert weeks.movers(session, since_day=TODAY - 7, rising=False, limit=5) == []
    assert weeks.count_moved(session, since_day=TODAY - 7) == weeks.Moved(0, 0, 0)


def test_a_week_of_alerts_counts_what_people_were_told_of(session, ids):
    old = NOW - 30 * DAY
    raise_alert(session, ids["a"], Rule.AT_RISK)
    raise_alert(session, ids["b"], Rule.AT_RISK, announced=False, quiet=Quiet.BASELINE)
    held = raise_alert(session, ids["d"], Rule.CRITICAL, at=old)
    alerts.save(session, replace(held, announced=True, acknowledged_at=NOW, closed_at=NOW))
    gone = raise_alert(session, ids["e"], Rule.CANCELLATION, at=old)
    alerts.save(session, replace(gone, announced=True, closed_at=NOW))  # it only grew old
    week = weeks.alerts(session, since=NOW - WEEK)
    assert (week.opened, week.recovered, week.acknowledged) == ({Rule.AT_RISK: 1}, 1, 1)
    erins = weeks.alerts(session, since=NOW - WEEK, csm_email="erin@us.example")
    assert (erins.opened, erins.recovered, erins.acknowledged) == ({}, 1, 1)


def test_ready_to_expand_is_who_is_well_and_has_good_news_the_most_of_it_first(session, ids):
    save(session, ids, at=NOW - WEEK, a=70.0)
    save(session, ids, a=90.0, b=85.0, c=50.0, d=82.0, e=95.0, f=99.0)
    for key in "abcd":
        raise_alert(session, ids[key], Rule.EXPANSION, quiet=Quiet.BASELINE, announced=False)
    raise_alert(session, ids["b"], Rule.GROWING)
    raise_alert(session, ids["c"], Rule.GROWING)  # at risk: to be mended first
    raise_alert(session, ids["e"], Rule.GROWING, quiet=Quiet.DROPPED)  # the data were at fault
    raise_alert(session, ids["f"], Rule.PAYMENT_ISSUE)
    found = openings.ready(session, day=TODAY, limit=10)
    assert names(found) == ["b", "a", "d"]
    assert [each.change for each in found] == [None, 20.0, None]
    assert openings.count_ready(session) == 3
    assert names(openings.ready(session, day=TODAY, limit=1, offset=1)) == ["a"]
    assert names(openings.ready(session, day=TODAY, csm_email="Dana@us.example", limit=9)) == [
        "b",
        "a",
    ]
    assert openings.count_ready(session, "dana@us.example") == 2


def test_of_equal_scores_the_bigger_account_is_ready_first(session, ids):
    save(session, ids, a=90.0, b=90.0)
    for key, cents in (("a", 100), ("b", 90_000)):
        raise_alert(session, ids[key], Rule.EXPANSION)
        money = Money(Decimal(cents), "usd")
        accounts.set_billing(session, {ids[key]: (None, money, None, None)})
    assert names(openings.ready(session, day=TODAY, limit=9)) == ["b", "a"]


def test_an_account_that_left_is_neither_ready_nor_a_mover(session, ids):
    save(session, ids, at=NOW - WEEK, a=70.0)
    save(session, ids, a=90.0)
    raise_alert(session, ids["a"], Rule.EXPANSION)
    accounts.set_billing(session, {ids["a"]: (None, None, None, NOW.date())})
    assert openings.count_ready(session) == 0
    assert weeks.movers(session, since_day=TODAY - 7, rising=True, limit=5) == []


def test_the_open_alerts_of_several_accounts_come_the_most_pressing_first(session, ids):
    raise_alert(session, ids["a"], Rule.GROWING)
    raise_alert(session, ids["a"], Rule.CRITICAL)
    alerts.close_episode(
        session, ids["b"], raise_alert(session, ids["b"], Rule.AT_RISK).rule, 1, at=NOW
    )
    found = openings.of_accounts(session, list(ids.values()))
    assert {key: [each.rule for each in mine] for key, mine in found.items()} == {
        ids["a"]: [Rule.CRITICAL, Rule.GROWING]
    }


def test_those_on_a_watch_list_come_first_where_that_is_asked_for(session, ids):
    save(session, ids, a=41.0, b=42.0, c=43.0)
    watches.begin(session, ids["c"], WatchKind.WEEKLY_REVIEW, on=NOW.date())
    watches.begin(session, ids["b"], WatchKind.WEEKLY_REVIEW, on=NOW.date() - DAY)
    watches.end(session, ids["b"], WatchKind.WEEKLY_REVIEW, on=NOW.date())
    listed = scores.with_status(
        session, Status.AT_RISK, day=TODAY, first=WatchKind.WEEKLY_REVIEW, limit=9
    )
    assert names(listed) == ["c", "a", "b"]
    assert names(scores.with_status(session, Status.AT_RISK, day=TODAY)) == ["a", "b", "c"]
