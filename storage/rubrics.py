"""Rubrics: every one that ever gave a score, so that an old score can be explained."""

from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from scoring.rubric import Rubric
from storage.sql import add_new, first
from storage.tables import RubricRow

_rubric = RubricRow.__table__


def id_of(session: Session, rubric: Rubric, *, at: datetime) -> int:
    """The number this rubric goes by in the history; a new one is written down first."""
    query = sa.select(_rubric.c.id).where(_rubric.c.version == rubric.version)
    if (row := first(session, query)) is not None:
        return int(row.id)
    add_new(
        session,
        _rubric,
        [{"version": rubric.version, "definition": asdict(rubric), "first_used_at": at}],
    )
    row = first(session, query)
    assert row is not None  # noqa: S101  # it was there, or was just written
    return int(row.id)


def first_used(session: Session, rubric: Rubric) -> datetime | None:
    """When the first score was made by this rubric; None: none was yet."""
    row = first(
        session, sa.select(_rubric.c.first_used_at).where(_rubric.c.version == rubric.version)
    )
    return row.first_used_at if row else None
