"""Replays: the history as it was written, day by day, and the rubrics it was written by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.replaying import Shares
from scoring.rubric import Rubric
from storage.sql import fetch
from storage.tables import RubricRow, SnapshotRow

_rubric = RubricRow.__table__
_day = SnapshotRow.__table__


class Parts(NamedTuple):
    """What a day's score was made of, and by which rubric. Few of them differ."""

    rubric_id: int
    shares: Shares


class DayRow(NamedTuple):
    """One account's day: its score in tenths (None: nothing was known), and `key`, from which `parts` reads what it was made of."""

    account_id: AccountId
    score: int | None
    key: tuple[int | None, ...]


def days(session: Session, *, since: int, until: int) -> Iterator[tuple[int, list[DayRow]]]:
    """The days from `since` to `until`, oldest first, each with all its accounts; one without any is left out."""
    columns = (_day.c.account_id, _day.c.score, _day.c.rubric_id)
    shares = (_day.c[each] for each in Shares._fields)
    query = sa.select(*columns, *shares).order_by(_day.c.account_id)
    for day in range(since, until + 1):
        rows: Sequence[Any] = fetch(session, query.where(_day.c.day == day))
        if rows:
            yield day, [DayRow(row[0], row[1], row[2:]) for row in rows]


def parts(key: tuple[int | None, ...]) -> Parts:
    """Read a key. That is left to whoever needs it: a history has a million of them, and few differ."""
    rubric_id, *shares = key
    assert rubric_id is not None  # noqa: S101  # every row has one
    return Parts(rubric_id, Shares(*shares))


def rubrics(session: Session) -> Mapping[int, Rubric]:
    """Every rubric that ever gave a score, by its number; one that this version cannot read is left out."""
    found: dict[int, Rubric] = {}
    for row in fetch(session, sa.select(_rubric.c.id, _rubric.c.definition)):
        try:
            found[row.id] = TypeAdapter(Rubric).validate_python(row.definition)
        except ValidationError:
            continue
    return found
