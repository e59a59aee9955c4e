"""Alerts, tasks, watches, members and sources: each thing once, and what was done about it."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertState, Phase, Rule
from scoring.members import Member, MemberId
from scoring.playbooks import Watch, WatchKind
from scoring.records import Organisation
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
    session: Session, acme: AccountId, *, announced: bool = True, at: datetime = NOW
) -> Alert:
    return alerts.open_episode(
        session, acme, Rule.AT_RISK, 1, value=58.2, before=71.0, announced=announced, at=at
    )


def test_a_state_comes_back_as_it_went_in(session, acme):
    firing = AlertState(rule=Rule.AT_RISK, phase=Phase.FIRING, episode=2, as_of=NOW, announced=True)
    pending = AlertState(rule=Rule.CRITICAL, phase=Phase.PENDING, seen=1, as_of=NOW, closed_at=NOW)
    alerts.save_states(session, {acme: [firing, pending]})
    alerts.save_states(session, {acme: [replace(pending, seen=2)]})
    assert alerts.states(session, [acme]) == {
        acme: {Rule.AT_RISK: firing, Rule.CRITICAL: replace(pending, seen=2)}
    }


def test_an_episode_has_one_row_however_often_it_opens(session, acme):
    first = open_one(session, acme)
    assert alerts.close_episode(session, acme, Rule.AT_RISK, 1, at=LATER).closed_at == LATER
    assert alerts.open_alerts(session, acme) == []
    assert open_one(session, acme, at=LATER) == first
    assert alerts.open_alerts(session, acme) == [first]
    assert alerts.opened_since(session, NOW) == [first]


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


def test_alerts_are_counted_by_rule(session, acme):
    alert = open_one(session, acme)
    alerts.save(session, replace(alert, acknowledged_by="U1", acknowledged_at=NOW))
    alerts.open_episode(
        session, acme, Rule.AT_RISK, 2, value=50, before=None, announced=False, at=NOW
    )
    tally = alerts.Tally(opened=2, announced=1, still_open=2, acknowledged=1, outreach=0)
    assert alerts.count_by_rule(session, since=NOW) == {Rule.AT_RISK: tally}
    assert alerts.count_by_rule(session, since=LATER) == {}


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
    assert tasks.finish_of_alert(session, alert.id, at=NOW) == 0


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
