"""Traces: the days of a feature, the people of two months, and the days in a status."""

from datetime import timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_lookups import _plans
from test_stored_records import DAY, NOW, days, ids
from test_stored_scores import rubric_id, score

from scoring.accounts import AccountId
from scoring.rubric import Status
from scoring.signs import People
from storage import scores, stays, traces, usage
from storage.engine import open_database
from storage.sql import fetch, run
from storage.tables import LinkRow

__all__ = ["ids", "rubric_id"]  # the fixtures


def told(session, *, counts=(), users=(), source="mixpanel"):
    on = sorted({row[0] for row in (*counts, *users)})
    usage.replace_days(session, source, days(*on, counts=list(counts), users=list(users)), at=NOW)


def test_the_days_of_each_feature_are_those_it_was_used_on(session, ids):
    acme, globex = ids
    told(
        session,
        counts=[
            (DAY, "acme", "report", 3),
            (DAY - 62, "acme", "report", 1),
            (DAY - 63, "acme", "report", 1),  # too long ago
            (DAY - 1, "acme", "export", 2),
            (DAY - 1, "acme", "login", 9),
            (DAY - 5, "globex", "report", 0),
        ],
    )
    found = traces.feature_days(session, ids, ["report", "export"], until=DAY)
    assert found == {acme: {"report": {DAY, DAY - 62}, "export": {DAY - 1}}}
    assert traces.feature_days(session, ids, [], until=DAY) == {}
    assert traces.feature_days(session, [globex], ["report"], until=DAY) == {}


def test_a_day_that_two_organisations_of_an_account_tell_of_is_one_day(session, ids):
    acme, _ = ids
    told(session, counts=[(DAY, "acme", "report", 1), (DAY, "branch", "report", 1)])
    link = LinkRow.__table__
    run(session, sa.update(link).where(link.c.ref == "branch").values(account_id=acme))
    assert len(fetch(session, sa.select(link).where(link.c.account_id == acme))) >= 2
    found = traces.feature_days(session, [acme], ["report"], until=DAY)
    assert found == {acme: {"report": frozenset({DAY})}}


@given(st.frozensets(st.integers(0, 62), max_size=63))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_every_set_of_days_comes_back(session, ids, back):
    acme, _ = ids
    window = range(DAY - 62, DAY + 1)
    counts = [(DAY - each, "acme", "report", 1) for each in back]
    usage.replace_days(session, "mixpanel", days(*window, counts=counts), at=NOW)
    found = traces.feature_days(session, ids, ["report"], until=DAY).get(acme, {})
    assert found.get("report", frozenset()) == {DAY - each for each in back}


def people(session, ids, **more):
    return traces.people(session, ids, until=DAY, **{"silent_days": 21, **more})


def active(ref, user, *back):
    return [(DAY - each, ref, user) for each in back]


def test_people_are_counted_in_28_days_and_in_the_28_before(session, ids):
    acme, globex = ids
    users = [
        *active("acme", 1, 0, 3, 30),  # now and before
        *active("acme", 2, 27),  # the last day of now
        *active("acme", 3, 28, 55),  # before
        *active("acme", 4, 56),  # too long ago
        *active("globex", 1, 1),
    ]
    told(session, users=users)
    found = people(session, ids)
    of = found[acme]
    assert (of.now, of.before, of.first_day) == (2, 2, DAY - 55)
    of = found[globex]
    assert (of.now, of.before, of.first_day) == (1, 0, DAY - 1)


def test_the_busiest_before_the_silence_is_the_champion(session, ids):
    acme, globex = ids
    users = [
        *active("acme", 1, *range(21, 40)),  # gone for three weeks
        *active("acme", 2, *range(21, 30), *range(10)),  # busier since, but not then
        *active("acme", 3, *range(19)),
        *active("globex", 7, *range(20)),
    ]
    told(session, users=users)
    found = people(session, ids)
    assert found[acme] == People(
        now=3,
        before=2,
        first_day=DAY - 39,
        champion_days=19,
        champion_last=DAY - 21,
        runner_up_days=9,
    )
    assert found[globex] == People(now=1, before=0, first_day=DAY - 19)
    assert people(session, [globex], silent_days=5)[globex] == People(
        now=1, before=0, first_day=DAY - 19, champion_days=15, champion_last=DAY, runner_up_days=0
    )


def test_an_account_without_people_has_no_entry(session, ids):
    assert people(session, ids) == {}


def test_the_days_in_a_status_are_counted_with_the_days_that_are_known(session, ids, rubric_id):
    acme, globex = ids
    for back, value in ((0, 85.0), (1, 90.0), (2, 70.0), (3, None), (5, 85.0), (6, 85.0)):
        at = NOW - timedelta(days=back)
        scores.save(session, [(acme, score(value, at))], rubric_id=rubric_id, at=at)
    found = stays.days_in(session, ids, Status.HEALTHY, until=DAY - 1, days=5)
    assert found == {acme: (2, 4)}
    assert globex not in found


def test_the_traces_of_some_accounts_are_found_by_their_key(sqlite_url):
    database = open_database(sqlite_url)
    plans = _plans(database)
    some = [AccountId(1), AccountId(2)]
    with database.read() as session:
        traces.feature_days(session, some, ["report"], until=60)
        traces.people(session, some, until=60, silent_days=21)
        stays.days_in(session, some, Status.HEALTHY, until=60, days=30)
    database.dispose()
    assert len(plans) == 3
    assert all("PRIMARY KEY (day=? AND link_id=?" in plan for plan in plans[:2])
    assert "PRIMARY KEY (day=? AND account_id=?)" in plans[2]
