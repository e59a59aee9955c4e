"""What became of alerts, as the ledger and the tasks tell it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scoring.alerts import Change, Decision, Outcome
from scoring.health import HealthScore, Part
from scoring.readings import day_number
from scoring.records import Organisation
from scoring.replaying import Shares
from scoring.rubric import DEFAULT_POINTS, Component, Rubric, Status
from scoring.rules import Quiet, Rule
from storage import accounts, alerts, known_names, outcomes, replays, rubrics, scores, tasks

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TODAY = day_number(NOW)
USAGE, PAYMENT = Component.USAGE, Component.PAYMENT
RUBRIC = Rubric()


@pytest.fixture
def ids(session):
    told = [
        Organisation(ref=name, name=name.title(), csm_email=f"{csm}@us.example")
        for name, csm in (("acme", "dana"), ("globex", "erin"))
    ]
    accounts.create_or_update(session, told, source="stripe", at=NOW)
    return accounts.by_key(session)


def opened(
    session, account_id, *, rule=Rule.AT_RISK, episode=1, at=NOW, quiet=None, announced=True
):
    decision = Decision(
        account_id=account_id, rule=rule, change=Change.OPENED, episode=episode, quiet=quiet
    )
    alert = alerts.open_episode(session, decision, value=58, before=71, at=at)
    alerts.save(session, replace(alert, announced=announced))
    return replace(alert, announced=announced)


def act(session, alert, kind, *, at, **detail):
    key = f"{alert.id}:{kind}:{at}"
    alerts.record_action(session, alert.id, kind, member="U1", key=key, at=at, detail=detail)


def only(session):
    (found,) = outcomes.told(session, since=NOW - 90 * DAY)
    return found


@pytest.mark.parametrize("kind", ["outreach", "call", "task_done"])
def test_an_alert_somebody_did_something_about_was_acted_on(session, ids, kind):
    alert = opened(session, ids["acme"])
    act(session, alert, kind, at=NOW + 2 * DAY)
    act(session, alert, kind, at=NOW + DAY)
    assert (only(session).acted_at, only(session).outcome) == (NOW + DAY, Outcome.ACTED)


@pytest.mark.parametrize("kind", ["acknowledge", "assign", "snooze", "draft", "task"])
def test_to_have_seen_an_alert_is_not_to_have_acted(session, ids, kind):
    act(session, opened(session, ids["acme"]), kind, at=NOW)
    assert only(session).outcome is None


def test_a_task_of_it_that_is_done_counts_as_an_action(session, ids):
    alert = opened(session, ids["acme"])
    tasks.add(
        session,
        key="t",
        account_id=ids["acme"],
        title="Call",
        due_on=date(2026, 11, 22),
        alert_id=alert.id,
    )
    assert only(session).outcome is None
    (task,) = tasks.open_tasks(session)
    tasks.finish(session, task.id, at=NOW + DAY)
    assert only(session).acted_at == NOW + DAY


def test_the_last_word_counts_and_the_ledger_keeps_every_one(session, ids):
    alert = opened(session, ids["acme"])
    act(session, alert, "outreach", at=NOW)
    for n, word in enumerate((Outcome.NOISE, Outcome.USEFUL, Outcome.NOISE)):
        act(session, alert, "outcome", at=NOW + n * DAY, outcome=word)
        alerts.save(
            session, replace(alert, outcome=word, outcome_by="U1", outcome_at=NOW + n * DAY)
        )
    assert only(session).outcome is Outcome.NOISE
    said = [each.detail.get("outcome") for each in alerts.actions(session, alert.id)]
    assert said == [None, "noise", "useful", "noise"]


@pytest.mark.parametrize("quiet", [Quiet.BASELINE, Quiet.REBASED, Quiet.DROPPED, Quiet.OFF])
def test_what_nobody_was_told_of_does_not_count(session, ids, quiet):
    opened(session, ids["acme"], quiet=quiet)
    opened(session, ids["globex"], announced=False)
    assert outcomes.told(session, since=NOW - DAY) == []


@pytest.mark.parametrize("quiet", [Quiet.UNSTABLE, Quiet.INHIBITED])
def test_what_was_told_and_fell_quiet_later_counts(session, ids, quiet):
    opened(session, ids["acme"], quiet=quiet)
    assert only(session).rule is Rule.AT_RISK


def test_only_what_opened_since_is_told_oldest_first(session, ids):
    opened(session, ids["acme"], at=NOW - 3 * DAY)
    opened(session, ids["globex"], at=NOW - DAY)
    opened(session, ids["globex"], rule=Rule.CRITICAL, at=NOW - 2 * DAY)
    found = outcomes.told(session, since=NOW - 2 * DAY)
    assert [each.rule for each in found] == [Rule.CRITICAL, Rule.AT_RISK]


def test_mine_are_those_of_my_accounts_and_those_given_to_me(session, ids):
    acme = opened(session, ids["acme"])
    globex = opened(session, ids["globex"], at=NOW + DAY)
    over = opened(session, ids["acme"], rule=Rule.CRITICAL)
    alerts.close_episode(session, ids["acme"], Rule.CRITICAL, 1, at=NOW)
    assert over.id not in [each.id for each in outcomes.still_open(session)]
    assert [each.id for each in outcomes.still_open(session)] == [acme.id, globex.id]
    dana = {"csm_email": "Dana@us.example", "member": "U0DANA"}
    assert [each.id for each in outcomes.still_open(session, **dana)] == [acme.id]
    alerts.save(session, replace(globex, assigned_to="U0DANA"))
    assert len(outcomes.still_open(session, **dana)) == 2


def score(value, *, without=()):
    parts = tuple(
        Part(component=each, level="x", points=1, share=value / 5, evidence="", as_of=NOW)
        for each in Component
        if each not in without
    )
    return HealthScore(value=value, status=Status.STABLE, coverage=1.0, parts=parts, scored_at=NOW)


def keep(session, account_id, value, *, at=NOW, rubric=RUBRIC, **more):
    rubric_id = rubrics.id_of(session, rubric, at=at)
    scores.save(session, [(account_id, score(value, **more))], rubric_id=rubric_id, at=at)


def test_scores_are_found_by_account_and_day_and_say_what_they_compare_with(session, ids):
    other = Rubric(points={**DEFAULT_POINTS, PAYMENT: dict.fromkeys(DEFAULT_POINTS[PAYMENT], 0)})
    keep(session, ids["acme"], 62.5)
    keep(session, ids["acme"], 70, at=NOW + DAY)
    keep(session, ids["acme"], 70, at=NOW + 2 * DAY, without=[USAGE])
    keep(session, ids["acme"], 70, at=NOW + 3 * DAY, rubric=other)
    pairs = [(ids["acme"], TODAY + n) for n in range(-1, 4)] + [(ids["globex"], TODAY)]
    found = outcomes.scores_on(session, pairs)
    assert [found[pair].value for pair in pairs[1:5]] == [62.5, 70, 70, 70]
    assert len(found) == 4
    first, same, partial, rebased = (found[pair] for pair in pairs[1:5])
    assert first.is_like(same)
    assert not first.is_like(partial)
    assert not first.is_like(rebased)


def test_the_latest_scores_are_told_without_their_reasons(session, ids):
    keep(session, ids["acme"], 62.5)
    assert outcomes.scores_now(session, ids.values()) == {ids["acme"]: (62.5, Status.STABLE)}


def test_the_history_is_read_a_day_at_a_time_with_its_rubrics(session, ids):
    heavy = Rubric(points={**DEFAULT_POINTS, PAYMENT: {**DEFAULT_POINTS[PAYMENT], "current": 20}})
    keep(session, ids["acme"], 50, at=NOW - 2 * DAY)
    keep(session, ids["acme"], 60, rubric=heavy)
    keep(session, ids["globex"], 80, without=[USAGE])
    days = list(replays.days(session, since=TODAY - 5, until=TODAY))
    assert [(day, [(row.account_id, row.score) for row in rows]) for day, rows in days] == [
        (TODAY - 2, [(ids["acme"], 500)]),
        (TODAY, [(ids["acme"], 600), (ids["globex"], 800)]),
    ]
    first, second = (replays.parts(rows[-1].key) for _, rows in days)
    assert first.shares == Shares(100, 100, 100, 100, 100)
    assert second.shares.usage is None
    known = replays.rubrics(session)
    assert known[first.rubric_id] == Rubric()
    assert known[replays.parts(days[1][1][0].key).rubric_id] == heavy


def test_the_plans_that_are_known_are_those_accounts_are_on(session, ids):
    accounts.set_billing(session, {ids["acme"]: ("Growth", None, None, None)})
    assert known_names.plans(session) == {"Growth"}
    assert known_names.features(session, ["report_exported"], since=TODAY - 30) == frozenset()
