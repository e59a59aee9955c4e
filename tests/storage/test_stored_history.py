"""History of billing: kept once by its natural key, newest first, and states that come back as they were."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlmodel import Session

from scoring.accounts import AccountId, Money
from scoring.lagging import BillingEvent, BillingEventKind
from scoring.looks import BillingState, Seen, Standing
from scoring.records import Organisation
from storage import accounts, history, schedules, sources
from storage.rules import Every

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Kind = BillingEventKind


@pytest.fixture
def ids(session: Session) -> tuple[AccountId, AccountId]:
    names = ("acme", "globex")
    record = [Organisation(ref=each, name=each, account_key=each) for each in names]
    accounts.create_or_update(session, record, source="stripe", at=NOW)
    by_key = accounts.by_key(session)
    return by_key["acme"], by_key["globex"]


def event(kind: BillingEventKind = Kind.DOWNGRADE, days: int = 1, **more) -> BillingEvent:
    return BillingEvent(kind=kind, at=NOW - days * DAY, **more)


def usd(cents: str) -> Money:
    return Money(Decimal(cents), "usd")


def test_an_event_is_kept_once_however_often_it_is_added(session: Session, ids):
    acme, globex = ids
    events = [event(before=usd("500.5"), after=usd("300")), event(Kind.CANCELLED, subject="sub_1")]
    assert history.add(session, acme, events, at=NOW) == 2
    later = [event(before=usd("1")), event(Kind.CANCELLED, subject="sub_2")]
    assert history.add(session, acme, later, at=NOW) == 1
    assert history.add(session, globex, events, at=NOW) == 2
    kept = history.of_account(session, acme, since=NOW - 9 * DAY)
    assert {*events, later[1]} == {*kept}  # the first telling stays as it was


def test_events_come_newest_first_since_a_date_and_so_many(session: Session, ids):
    days = [30, 1, 7]
    history.add(session, ids[0], [event(days=each) for each in days], at=NOW)
    found = history.of_account(session, ids[0], since=NOW - 10 * DAY)
    assert [(NOW - each.at).days for each in found] == [1, 7]
    assert history.of_account(session, ids[1], since=NOW - 90 * DAY) == []


def state(**more) -> BillingState:
    seen = [
        Seen(id="a", standing=Standing.PAYING, worth=usd("1234.5678"), started_at=NOW),
        Seen(
            id="b",
            standing=Standing.ENDED,
            started_at=NOW - DAY,
            renews_at=NOW,
            cancel_requested_at=NOW,
            ended_at=NOW,
            paid=False,
        ),
    ]
    return BillingState(seen_at=NOW, subscriptions={each.id: each for each in seen}, **more)


def test_a_state_comes_back_as_it_was(session: Session, ids):
    history.keep(session, {ids[0]: state(lapsed=True)})
    assert history.states(session, ids) == {ids[0]: state(lapsed=True)}
    history.keep(session, {ids[0]: state()})
    assert history.states(session, ids) == {ids[0]: state()}


def test_who_waits_keeps_what_was_seen_and_is_woken_once(session: Session, ids):
    acme, globex = ids
    history.keep(session, {acme: state()})
    assert not history.waits(session)
    history.wait(session, ids)
    history.wait(session, ids)
    assert history.waits(session)
    assert history.states(session, ids) == {acme: state()}  # the other was never seen as a whole
    assert sorted(history.wake(session)) == sorted([acme, globex])
    assert not history.waits(session)
    assert history.wake(session) == []
    history.wait(session, [acme])
    history.keep(session, {acme: state()})
    assert not history.waits(session)


def ran(session: Session, source: str, error: str | None = None) -> None:
    sources.record_run(
        session,
        source,
        started_at=NOW,
        ended_at=NOW,
        records=1,
        requests=1,
        rejected=0,
        error=error,
    )


def test_a_source_is_whole_when_its_last_reading_came_to_its_end(session: Session):
    assert not history.are_whole(session, ["stripe"])
    ran(session, "stripe")
    assert history.are_whole(session, ["stripe"])
    assert not history.are_whole(session, ["stripe", "csv"])
    ran(session, "stripe", error="down")
    assert not history.are_whole(session, ["stripe"])
    ran(session, "stripe")
    ran(session, "zendesk", error="down")
    assert history.are_whole(session, ["stripe"])


def test_a_source_that_is_being_read_is_not_whole(session: Session):
    ran(session, "stripe")
    ran(session, "csv")
    schedules.ensure(
        session,
        "sync:stripe",
        job="sync",
        args={"source": "stripe"},
        rule=Every(900),
        at=NOW,
        first_due_at=NOW,
    )
    schedules.due(session, now=NOW)
    occurrence = schedules.claim(session, now=NOW, lease=DAY)
    assert occurrence
    assert not history.are_whole(session, ["stripe"])
    assert history.are_whole(session, ["csv"])
    schedules.finish(session, occurrence, at=NOW)
    assert history.are_whole(session, ["stripe"])
