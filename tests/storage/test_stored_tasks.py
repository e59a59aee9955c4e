"""Tasks as they are kept: whose they are, which come first, and which an alert's outreach does."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import AlertId, Change, Decision
from scoring.members import Member, MemberId
from scoring.records import Organisation
from scoring.rules import Rule
from storage import accounts, alerts, tasks

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
ANN = Member(id=MemberId("U1"), team_id="T0", name="Ann", email="Ann@us.example")
BOB = Member(id=MemberId("U2"), team_id="T0", name="Bob")


@pytest.fixture
def acme(session: Session) -> AccountId:
    acme = [Organisation(ref="acme", name="Acme")]
    accounts.create_or_update(session, acme, source="stripe", at=NOW)
    return accounts.active_ids(session)[0]


@pytest.fixture
def alert(session: Session, acme: AccountId) -> AlertId:
    decision = Decision(
        account_id=acme, rule=Rule.CRITICAL, change=Change.OPENED, episode=1, quiet=None
    )
    return alerts.open_episode(session, decision, value=30, before=70, at=NOW).id


def add(session, acme, title, *, due=0, **more):
    assert tasks.add(
        session, key=title, account_id=acme, title=title, due_on=TODAY + due * DAY, **more
    )
    return tasks.by_key(session, title)


def titles(session, **wanted):
    return [each.title for each in tasks.open_tasks(session, **wanted)]


def test_a_members_tasks_are_those_given_to_them_and_those_of_their_accounts_given_to_nobody(
    session, acme
):
    add(session, acme, "her account's", csm_email="ann@US.example")
    add(session, acme, "given to her", due=-1, assigned_to="U1")
    add(session, acme, "given away", csm_email="ann@us.example", assigned_to="U2")
    add(session, acme, "nobody's")
    assert titles(session, member=ANN) == ["given to her", "her account's"]
    assert titles(session, member=BOB) == ["given away"]
    assert tasks.count_open(session, member=ANN) == 2
    assert tasks.count_open(session, member=ANN, due_by=TODAY - DAY) == 1
    assert tasks.count_open(session) == 4


def test_the_first_due_is_on_top_of_every_page(session, acme):
    for due in (3, 1, 2, 0):
        add(session, acme, f"in {due}", due=due)
    assert titles(session, limit=3) == ["in 0", "in 1", "in 2"]
    assert titles(session, limit=3, offset=3) == ["in 3"]


def test_a_task_is_given_once_and_not_after_it_is_done(session, acme):
    task = add(session, acme, "Call", assigned_to="U1")
    assert not tasks.give(session, task.id, to="U1")
    assert tasks.give(session, task.id, to="U2")
    assert tasks.finish(session, task.id, at=NOW, by="U2")
    assert not tasks.finish(session, task.id, at=NOW + DAY, by="U1")
    assert not tasks.give(session, task.id, to="U1")
    done = tasks.get(session, task.id)
    assert (done.assigned_to, done.done_by, done.done_at) == ("U2", "U2", NOW)


def test_what_an_alert_finishes_are_the_playbooks_tasks_of_it_alone(session, acme, alert):
    own = add(session, acme, "own", alert_id=alert)
    add(session, acme, "made by hand", alert_id=alert, created_by="U1")
    add(session, acme, "of no alert")
    assert tasks.finish_of_alert(session, alert, at=NOW, by="U1") == [own]
    assert tasks.finish_of_alert(session, alert, at=NOW, by="U2") == []
    assert titles(session) == ["made by hand", "of no alert"]
    assert [each.done_by for each in tasks.of_alert(session, alert)] == ["U1", None]
