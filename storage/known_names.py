"""Known names: which plans and features the sources have ever told of, to find a misspelt one in the configuration."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from storage.sql import fetch, first
from storage.tables import AccountRow, SubscriptionRow, UsageDayRow

_account = AccountRow.__table__
_subscription = SubscriptionRow.__table__
_count = UsageDayRow.__table__


def plans(session: Session) -> frozenset[str]:
    """Every plan an account or a subscription is on or was, as it is spelled there."""
    queries = [sa.select(each.c.plan).distinct() for each in (_account, _subscription)]
    rows = [row for query in queries for row in fetch(session, query)]
    return frozenset(row.plan for row in rows if row.plan)


def features(session: Session, names: Collection[str], *, since: int) -> frozenset[str]:
    """Those of the names that were used since a day (days since 1970-01-01)."""
    used = (
        sa.select(_count.c.feature).where(_count.c.feature == name, _count.c.day >= since).limit(1)
        for name in names
    )
    return frozenset(row.feature for query in used if (row := first(session, query)))
