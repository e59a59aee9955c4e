"""History: how large it grows, and how long it takes to ask; each question also put the naive way."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.rubric import Rubric
from storage import accounts as account_rows
from storage import rubrics, scores
from storage.engine import Database
from storage.sql import fetch, insert, insert_tuples
from storage.tables import SnapshotRow
from tests.bench.figures import Figure, each_ms, held, p50, p99, timed
from tests.bench.processes import alone
from tests.bench.world import NOW, TODAY, make_accounts, open_world

_DAYS = 90
_ASKED, _ASKED_NAIVELY = 400, 20
_day = SnapshotRow.__table__


def measure(folder: Path, *, accounts: int) -> Iterator[Figure]:
    figures, _ = alone(build_and_ask, folder, accounts)
    yield from figures


def build_and_ask(folder: Path, accounts: int) -> list[Figure]:
    db = open_world(folder).db
    db.upgrade()
    with db.write() as session:
        make_accounts(session, accounts)
        ids = account_rows.active_ids(session)
        rubric_id = rubrics.id_of(session, Rubric(), at=NOW)
    before = _size(db)
    with db.write() as session:
        _fill(session, ids, rubric_id)
    grown = (_size(db) - before) / (accounts * _DAYS) * 365
    with db.read() as session:
        return [
            Figure("history", grown, "bytes/account/year"),
            *_trends(session, ids),
            *_whole_days(session, ids),
        ]


def _fill(session: Session, ids: Sequence[AccountId], rubric_id: int) -> None:
    """Ninety days on which every score walks about a little."""
    dice = random.Random(5)
    levels = [dice.randrange(200, 1000) for _ in ids]
    statement = insert(session, _day)
    for day in range(TODAY - _DAYS + 1, TODAY + 1):
        levels = [min(1000, max(0, each + dice.randrange(-30, 31))) for each in levels]
        insert_tuples(
            session,
            statement,
            [
                (day, each, score, *[score // 5] * 5, 100, min(4, max(1, score // 200)), rubric_id)
                for each, score in zip(ids, levels, strict=True)
            ],
        )


def _size(db: Database) -> int:
    with db.read() as session:
        pages, size = (
            fetch(session, sa.text(f"PRAGMA {what}"))[0][0] for what in ("page_count", "page_size")
        )
        return int(pages * size)


def _trends(session: Session, ids: Sequence[AccountId]) -> list[Figure]:
    dice = random.Random(3)
    asked = dice.sample(ids, min(_ASKED, len(ids)))
    listed = each_ms(lambda each: _trend(session, each), asked)
    between = each_ms(lambda each: _trend_between(session, each), asked[:_ASKED_NAIVELY])
    return [
        *held("90-day trend, p50", p50(listed), "ms", {"BETWEEN": p50(between)}),
        *held("90-day trend, p99", p99(listed), "ms", {"BETWEEN": p99(between)}),
    ]


def _whole_days(session: Session, ids: Sequence[AccountId]) -> list[Figure]:
    week_ago = TODAY - 7
    spread, _ = timed(lambda: scores.distribution(session, TODAY))
    counted, _ = timed(lambda: _count_in_python(session))
    crossed, found = timed(
        lambda: scores.crossed_below(session, line=60, day=TODAY, before_day=week_ago)
    )
    one_by_one, same = timed(lambda: [each for each in ids if _crossed(session, each, week_ago)])
    if found != same:
        raise RuntimeError("the two ways do not find the same accounts")
    return [
        *held("distribution of a day", spread * 1000, "ms", {"counting in Python": counted * 1000}),
        *held("crossed in a week", crossed * 1000, "ms", {"account by account": one_by_one * 1000}),
    ]


def _trend(session: Session, account_id: AccountId) -> object:
    return scores.past(session, account_id, until_day=TODAY, days=_DAYS)


def _trend_between(session: Session, account_id: AccountId) -> Sequence[sa.Row[Any]]:
    window = _day.c.day.between(TODAY - _DAYS + 1, TODAY)
    query = sa.select(_day).where(_day.c.account_id == account_id, window)
    return fetch(session, query.order_by(_day.c.day))


def _count_in_python(session: Session) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in fetch(session, sa.select(_day).where(_day.c.day == TODAY)):
        found[row.status] = found.get(row.status, 0) + 1
    return found


def _crossed(session: Session, account_id: AccountId, week_ago: int) -> bool:
    days = {
        each.day: each.value or 0
        for each in scores.past(session, account_id, until_day=TODAY, days=8)
    }
    return days[week_ago] >= 60 > days[TODAY]
