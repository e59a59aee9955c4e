"""Tables of health: what waits to be scored, the latest scores, and their history."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from storage.tables.base import Table, instant, json, of_account, small, text


class DirtyRow(Table, table=True):
    """An account to be scored again. The stamp tells a mark from one made later for the same account."""

    __tablename__ = "dirty"

    account_id: int = of_account(primary_key=True)
    marked_at: datetime = instant(index=True)
    stamp: int = Field(sa_type=sa.BigInteger)


class RubricRow(Table, table=True):
    __tablename__ = "rubric"

    id: int | None = Field(default=None, primary_key=True)
    version: str = text(unique=True)
    definition: dict[str, Any] = json()
    first_used_at: datetime = instant()


class SnapshotRow(Table, table=True):
    """One row a day and account: the day's last score and its parts, in tenths of a point.

    Day first: a day is appended at the end and read as a whole; one account's trend lists its days.
    """

    __tablename__ = "snapshot"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account_id: int = of_account(primary_key=True)
    score: int | None = small()
    usage: int | None = small()
    features: int | None = small()
    support: int | None = small()
    engagement: int | None = small()
    payment: int | None = small()
    coverage: int = small()
    status: int | None = small()
    rubric_id: int = Field(foreign_key="rubric.id", sa_type=sa.SmallInteger)


class AccountScoreRow(Table, table=True):
    """The latest score of an account, with its evidence in words."""

    __tablename__ = "account_score"

    account_id: int = of_account(primary_key=True)
    scored_at: datetime = instant()
    score: float | None
    status: int | None = small(index=True)
    coverage: float
    parts: list[dict[str, Any]] = json()
    missing: dict[str, str] = json()
    flags: list[dict[str, Any]] = json()
    judged: dict[str, str] = json()
    cap: dict[str, Any] | None = json()
    rubric_id: int = Field(foreign_key="rubric.id")


class FleetRow(Table, table=True):
    """How the usage of everybody moved: the median of this week against its own baseline, by the day it ends on."""

    __tablename__ = "fleet"

    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    movement: float
    accounts: int
