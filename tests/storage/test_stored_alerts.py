"""Alerts, tasks, watches, members and sources: each thing once, and what was done about it."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertState, Change, Decision, Phase
from scoring.members import Member, MemberId
from scoring.playbooks import Watch, WatchKind
from scoring.records import Organisation
from scoring.rubric import Component
from scoring.rules import Quiet, Rule
from storage import accounts, alerts, audit, members, sources, tasks, watches

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TODAY = date(2026, 11, 22)


@pytest.fixture
def acme(session: Session) -> AccountId:
    accounts.create_or_update(
        session, [Organisation(ref="acme", name="Acme")], source="stripe", at=NOW
    )
    return accounts.active_ids(session)[0]


def open_one(
    session: Session,
    acme: AccountId,
    *,
    episode: int = 1,
    quiet: Quiet | None = None,
    at: datetime = NOW,
) -> Alert:
    decision = Decision(
        account_id=acme,
        rule=Rule.AT_RISK,
        change=Change.OPENED,
        episode=episode,
        quiet=quiet,
        evidence="it fell",
    )
    return alerts.open_episode(session, decision, value=58.2, before=71.0, at=at)


FIRING = AlertState(
    rule=Rule.AT_RISK,
    phase=Phase.FIRING,
    episode=2,
    as_of=NOW,
    quiet=Quiet.UNSTABLE,
    subject="a",
    known=("b", "a"),
    openings=(NOW, LATER),
    frozen_since=LATER,
)
PENDING = AlertState(rule=Rule.CRITICAL, phase=Phase.PENDING, seen=1, as_of=NOW, closed_at=NOW)


def watched(*states: AlertState, rubric_id: int | None = 1) -> alerts.Watched:
    return alerts.Watched(
        rules={each.rule: each for each in states},
        rubric_id=rubric_id,
        covers=frozenset({Component.USAGE, Component.SUPPORT}),
    )


def test_where_an_account_stands_comes_back_as_it_went_in(session, acme):
    alerts.save_watched(session, {acme: watched(FIRING, PENDING)})
    assert alerts.watched(session, [acme]) == {acme: watched(FIRING, PENDING)}
    later = watched(FIRING, replace(PENDING, seen=2))
    alerts.save_watched(session, {acme: later})
    assert alerts.watched(session, [acme]) == {acme: later}


def test_a_rule_that_never_moved_takes_no_room(session, acme):
    alerts.save_watched(session, {acme: watched(FIRING, AlertState(rule=Rule.EXPANSION))})
    assert alerts.watched(session, [acme])[acme].rules == {Rule.AT_RISK: FIRING}


def test_an_account_waits_while_one_of_its_rules_is_to_be_confirmed(session, acme):
    alerts.save_watched(session, {acme: watched(FIRING)})
    assert alerts.waiting_accounts(session) == []
    alerts.save_watched(session, {acme: watched(FIRING, PENDING)})
    assert alerts.waiting_accounts(session) == [acme]


def test_an_account_that_is_forgotten_begins_anew_and_its_episodes_count_on(session, acme):
    open_one(session, acme, episode=2)
    alerts.save_watched(session, {acme: watched(FIRING, PENDING)})
    assert alerts.count_watched(session) == 1
    alerts.forget(session, [acme], at=LATER)
    assert alerts.open_alerts(session, acme) == []
    anew = alerts.watched(session, [acme])[acme]
    assert anew.is_new
    assert {rule: state.episode for rule, state in anew.rules.items()} == {Rule.AT_RISK: 2}
    assert (alerts.count_watched(session), alerts.waiting_accounts(session)) == (0, [])


def test_an_episode_has_one_row_however_often_it_opens(session, acme):
    first = open_one(session, acme)
    assert alerts.close_episode(session, acme, Rule.AT_RISK, 1, at=LATER).closed_at == LATER
    assert alerts.open_alerts(session, acme) == []
    assert open_one(session, acme, at=LATER) == first
    assert alerts.open_alerts(session, acme) == [first]
    assert alerts.opened_since(session, NOW) == [first]


def test_the_database_lets_no_second_episode_of_a_rule_be_open(session, acme):
    open_one(session, acme)
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        open_one(session, acme, episode=2)


def test_what_was_done_about_an_alert_is_kept_in_it(session, acme):
    alert = replace(
        open_one(session, acme), acknowledged_by="U1", acknowledged_at=LATER, snoozed_until=LATER
    )
    alerts.save(session, alert)
    assert alerts.get(session, alert.id) == alert


def test_a_press_counts_once_however_often_it_arrives(session, acme):
    alert = open_one(session, acme)
    press = {"member": "U1", "key": "1732266000.1:ack:U1", "at": NOW}
    assert alerts.record_action(session, alert.id, "acknowledge", **press)
    assert not alerts.record_action(session, alert.id, "acknowledge", **press)
    assert [(each.kind, each.member) for each in alerts.actions(session, alert.id)] == [
        ("acknowledge", "U1")
    ]


def test_told_alerts_are_counted_by_rule(session, acme):
    alerts.save(session, replace(open_one(session, acme), announced=True, closed_at=LATER))
    open_one(session, acme, episode=2, quiet=Quiet.BASELINE)
    assert alerts.count_announced(session) == {Rule.AT_RISK: 1}
    assert [each.episode for each in alerts.open_quiet(session, Quiet.BASELINE)] == [2]


def test_a_task_is_added_once_and_done_once(session, acme):
    alert = open_one(session, acme)
    task = {
        "key": "t1",
        "account_id": acme,
        "title": "Call Acme",
        "due_on": TODAY,
        "alert_id": alert.id,
    }
    assert tasks.add(session, **task, csm_email="Ann@example.com")
    assert not tasks.add(session, **task)
    (found,) = tasks.open_tasks(session, csm_email="ann@example.com", account_id=acme, due_by=TODAY)
    assert (found.title, found.done_at) == ("Call Acme", None)
    assert tasks.open_tasks(session, due_by=TODAY - timedelta(days=1)) == []
    tasks.assign(session, found.id, csm_email="bob@example.com")
    assert tasks.finish(session, found.id, at=NOW)
    assert not tasks.finish(session, found.id, at=LATER)
    done = tasks.get(session, found.id)
    assert done is not None
    assert (done.csm_email, done.done_at) == ("bob@example.com", NOW)
    assert tasks.finish_of_alert(session, alert.id, at=NOW) == []


def test_a_watch_begins_once_and_ends_once(session, acme):
    assert watches.begin(session, acme, WatchKind.DAILY_MONITORING, on=TODAY)
    assert not watches.begin(
        session, acme, WatchKind.DAILY_MONITORING, on=TODAY + timedelta(days=3)
    )
    assert watches.watched(session, WatchKind.DAILY_MONITORING) == {acme: TODAY}
    assert watches.of_accounts(session, [acme]) == {
        acme: [Watch(account_id=acme, kind=WatchKind.DAILY_MONITORING, since_on=TODAY)]
    }
    assert watches.end(session, acme, WatchKind.DAILY_MONITORING, on=TODAY)
    assert not watches.end(session, acme, WatchKind.DAILY_MONITORING, on=TODAY)
    assert watches.begin(session, acme, WatchKind.DAILY_MONITORING, on=TODAY)
    assert watches.watched(session, WatchKind.WEEKLY_REVIEW) == {}


def test_a_member_is_found_by_id_and_by_address(session):
    ann = Member(
        id=MemberId("U1"),
        team_id="T1",
        name="Ann",
        email="Ann@Example.com",
        tz="Europe/Zurich",
        is_admin=True,
    )
    old = Member(
        id=MemberId("U0"),
        team_id="T1",
        name="Ann before",
        email="ann@example.com",
        is_deactivated=True,
    )
    members.upsert(session, [replace(ann, name="?"), ann, old], at=NOW)
    found = members.by_email(session, "ANN@example.com")
    assert found == members.by_id(session, ann.id) == replace(ann, email="ann@example.com")
    assert members.everybody(session) == [found]
    assert members.by_id(session, ann.id, seen_since=NOW) == found
    assert members.by_id(session, ann.id, seen_since=LATER) is None
    assert members.by_id(session, MemberId("U9")) is None


def test_a_source_that_fails_is_news_once_and_once_when_it_is_back(session):
    assert not sources.succeeded(session, "stripe", at=NOW)
    assert sources.failed(session, "stripe", kind="down", error="timed out", at=LATER)
    assert not sources.failed(
        session, "stripe", kind="down", error="timed out", at=LATER + timedelta(hours=1)
    )
    assert sources.failed(
        session, "stripe", kind="auth", error="key refused", at=LATER + timedelta(hours=2)
    )
    state = sources.states(session)["stripe"]
    assert (state.last_ok_at, state.failing_since, state.last_error) == (NOW, LATER, "key refused")
    assert sources.succeeded(session, "stripe", at=LATER)
    assert not sources.succeeded(session, "stripe", at=LATER)
    assert sources.states(session)["stripe"].failing_since is None


def test_a_cursor_moves_and_nothing_else_with_it(session):
    assert sources.cursor(session, "zendesk") is None
    sources.failed(session, "zendesk", kind="down", error="503", at=NOW)
    sources.save_cursor(session, "zendesk", {"tickets": "abc", "since": 17})
    assert sources.cursor(session, "zendesk") == {"tickets": "abc", "since": 17}
    assert sources.states(session)["zendesk"].failing_since == NOW


def test_runs_add_up(session):
    for records, requests in [(100, 2), (5, 1)]:
        sources.record_run(
            session,
            "stripe",
            started_at=NOW,
            ended_at=LATER,
            records=records,
            requests=requests,
            rejected=0,
            error=None,
        )
    assert sources.totals(session) == {"stripe": (105, 3)}


@dataclass
class Bad:
    what: str
    problem: str
    raw: str


def test_a_record_that_cannot_be_read_is_kept_aside_once(session):
    sources.reject(
        session,
        "zendesk",
        [Bad("ticket 1", "no id", "{}"), Bad("ticket 1", "no date", "x" * 9999)],
        at=NOW,
    )
    sources.reject(session, "zendesk", [Bad("ticket 1", "no date", "x" * 9999)], at=LATER)
    assert sources.count_rejected(session) == {"zendesk": 1}
    assert [each.problem for each in sources.rejected(session, "zendesk", limit=5)] == ["no date"]
    sources.prune(session, runs_before=LATER, rejected_before=LATER)
    assert sources.count_rejected(session) == {"zendesk": 1}
    sources.prune(session, runs_before=LATER, rejected_before=LATER + timedelta(seconds=1))
    assert sources.count_rejected(session) == {}


def test_the_audit_trail_is_read_newest_first_and_forgotten_in_time(session):
    audit.write(session, member="U1", what="/health acme", allowed=True, at=NOW)
    audit.write(
        session, member="U2", what="/health acme", allowed=False, at=LATER, detail={"why": "guest"}
    )
    assert [(each.member, each.allowed, each.detail) for each in audit.recent(session)] == [
        ("U2", False, {"why": "guest"}),
        ("U1", True, {}),
    ]
    assert audit.prune(session, before=LATER) == 1
