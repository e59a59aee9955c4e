"""The fleet: how everybody's usage moved, by the day, and the accounts by which that is measured."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.trends import Movement
from storage.sql import fetch, upsert
from storage.tables import AccountRow, FleetRow

_fleet = FleetRow.__table__
_account = AccountRow.__table__

# Knuth's multiplicative hash: neighbours end up far apart, and an account always at the same place.
_FACTOR, _RANGE = 2_654_435_761, 2**32


def sample(session: Session, limit: int) -> list[AccountId]:
    """As many accounts, spread evenly over all that have not churned: those of yesterday, but for who came or went."""
    place = sa.cast(_account.c.id, sa.BigInteger) * sa.literal(_FACTOR, sa.BigInteger) % _RANGE
    query = (
        sa.select(_account.c.id)
        .where(_account.c.churned_on.is_(None))
        .order_by(place, _account.c.id)
        .limit(limit)
    )
    return [AccountId(row.id) for row in fetch(session, query)]


def keep(session: Session, day: int, moved: Movement) -> None:
    """Keep how everybody moved in the seven days that end with a day."""
    row = {"day": day, "movement": moved.change, "accounts": moved.accounts}
    upsert(session, _fleet, [row], key=("day",))


def movements(session: Session, days: Collection[int]) -> dict[int, Movement]:
    """How everybody moved up to each of these days; one that was not measured is left out."""
    query = sa.select(_fleet).where(_fleet.c.day.in_(days))
    return {row.day: Movement(row.movement, row.accounts) for row in fetch(session, query)}
