"""The fleet: how everybody moved is kept by the day, and measured by accounts that stay the same ones."""

import pytest
import sqlalchemy as sa
from sqlmodel import Session
from test_stored_records import NOW

from scoring.accounts import AccountId
from scoring.records import Organisation
from scoring.trends import Movement
from storage import accounts, fleet
from storage.sql import run
from storage.tables import AccountRow


def make(session: Session, *names: str) -> list[AccountId]:
    record = [Organisation(ref=each, name=each, account_key=each) for each in names]
    accounts.create_or_update(session, record, source="stripe", at=NOW)
    return accounts.active_ids(session)


def test_a_movement_is_kept_by_its_day(session):
    fleet.keep(session, 20_000, Movement(-0.03, 400))
    fleet.keep(session, 20_007, Movement(0.25, 12))
    fleet.keep(session, 20_007, Movement(0.5, 13))
    assert fleet.movements(session, [20_000, 20_006, 20_007]) == {
        20_000: Movement(-0.03, 400),
        20_007: Movement(0.5, 13),
    }
    assert fleet.movements(session, []) == {}


def test_a_sample_is_spread_over_the_book_and_stays_the_same_as_the_book_grows(session):
    first = make(session, *(f"account {n}" for n in range(60)))
    some = fleet.sample(session, 20)
    assert some == fleet.sample(session, 20)
    assert len(set(some)) == 20
    assert max(some) > first[40]
    assert min(some) < first[20]
    make(session, *(f"later {n}" for n in range(6)))
    assert len(set(fleet.sample(session, 20)) & set(some)) >= 14


def test_a_small_book_is_its_own_sample_without_who_has_left(session):
    ids = make(session, "a", "b", "c")
    account = AccountRow.__table__
    run(session, sa.update(account).where(account.c.id == ids[0]).values(churned_on=NOW.date()))
    assert sorted(fleet.sample(session, 2_000)) == ids[1:]


@pytest.mark.parametrize("limit", [1, 3])
def test_a_sample_is_no_larger_than_was_asked_for(session, limit):
    make(session, "a", "b", "c", "d")
    assert len(fleet.sample(session, limit)) == limit
