"""Alerts: where each rule stands for each account, the episodes, and the ledger of what people did."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertId, AlertState, Phase, Rule
from storage.sql import add_new, chunks, fetch, first, run, upsert
from storage.tables import AlertActionRow, AlertRow, AlertStateRow

_alert = AlertRow.__table__
_state = AlertStateRow.__table__
_action = AlertActionRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a member did about an alert."""

    kind: str
    member: str
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of one rule's alerts."""

    opened: int
    announced: int
    still_open: int
    acknowledged: int
    outreach: int


def states(
    session: Session, account_ids: Collection[AccountId]
) -> dict[AccountId, dict[Rule, AlertState]]:
    """Where each rule stands; a rule that never moved, or an account without any, has no entry."""
    found: dict[AccountId, dict[Rule, AlertState]] = defaultdict(dict)
    for part in chunks(account_ids):
        for row in fetch(session, sa.select(_state).where(_state.c.account_id.in_(part))):
            found[row.account_id][Rule(row.rule)] = _to_state(row)
    return dict(found)


def save_states(session: Session, moved: Mapping[AccountId, Sequence[AlertState]]) -> None:
    rows = [
        {"account_id": account_id, **asdict(state)}
        for account_id, of_one in moved.items()
        for state in of_one
    ]
    upsert(session, _state, rows, key=("account_id", "rule"))


def open_episode(
    session: Session,
    account_id: AccountId,
    rule: Rule,
    episode: int,
    *,
    value: float,
    before: float | None,
    announced: bool,
    at: datetime,
) -> Alert:
    """Write down an episode that has opened, or has opened again; either way there is one row of it."""
    row = {
        "account_id": account_id,
        "rule": rule,
        "episode": episode,
        "opened_at": at,
        "value": value,
        "before": before,
        "announced": announced,
        "closed_at": None,
    }
    upsert(
        session,
        _alert,
        [row],
        key=("account_id", "rule", "episode"),
        keep=("opened_at", "value", "before"),
    )
    return _episode(session, account_id, rule, episode)


def close_episode(
    session: Session, account_id: AccountId, rule: Rule, episode: int, *, at: datetime
) -> Alert:
    run(session, sa.update(_alert).where(_is(account_id, rule, episode)).values(closed_at=at))
    return _episode(session, account_id, rule, episode)


def get(session: Session, alert_id: AlertId) -> Alert | None:
    row = first(session, sa.select(_alert).where(_alert.c.id == alert_id))
    return _to_alert(row) if row else None


def save(session: Session, alert: Alert) -> None:
    """Store an alert that was changed with `dataclasses.replace`."""
    values = {
        field.name: getattr(alert, field.name) for field in fields(Alert) if field.name != "id"
    }
    run(session, sa.update(_alert).where(_alert.c.id == alert.id).values(values))


def waiting_accounts(session: Session) -> list[AccountId]:
    """Accounts of which a rule waits for the next fresh data to confirm a crossing or a recovery."""
    waits = _state.c.phase.in_([Phase.PENDING, Phase.RECOVERING])
    query = sa.select(_state.c.account_id).where(waits).distinct().order_by(_state.c.account_id)
    return [AccountId(row.account_id) for row in fetch(session, query)]


def forget(session: Session, account_ids: Collection[AccountId], *, at: datetime) -> None:
    """Close what is open for accounts and begin their rules anew: their next evaluation is their first."""
    for part in chunks(account_ids):
        still_open = sa.and_(_alert.c.account_id.in_(part), _alert.c.closed_at.is_(None))
        run(session, sa.update(_alert).where(still_open).values(closed_at=at))
        run(session, sa.delete(_state).where(_state.c.account_id.in_(part)))


def firing(session: Session, rule: Rule) -> list[Alert]:
    """The open alerts of a rule, oldest first."""
    query = sa.select(_alert).where(_alert.c.rule == rule, _alert.c.closed_at.is_(None))
    return [
        _to_alert(row) for row in fetch(session, query.order_by(_alert.c.opened_at, _alert.c.id))
    ]


def open_alerts(session: Session, account_id: AccountId) -> list[Alert]:
    """The open alerts of an account, oldest first."""
    query = sa.select(_alert).where(_alert.c.account_id == account_id, _alert.c.closed_at.is_(None))
    return [
        _to_alert(row) for row in fetch(session, query.order_by(_alert.c.opened_at, _alert.c.id))
    ]


def opened_since(session: Session, since: datetime) -> list[Alert]:
    """Alerts that opened since, oldest first."""
    query = (
        sa.select(_alert)
        .where(_alert.c.opened_at >= since)
        .order_by(_alert.c.opened_at, _alert.c.id)
    )
    return [_to_alert(row) for row in fetch(session, query)]


def record_action(
    session: Session,
    alert_id: AlertId,
    kind: str,
    *,
    member: str,
    key: str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Write down what a member did. False when this press (`key`) was written down before: then do nothing."""
    row = {
        "alert_id": alert_id,
        "kind": kind,
        "member": member,
        "key": key,
        "at": at,
        "detail": dict(detail or {}),
    }
    return add_new(session, _action, [row]) == 1


def actions(session: Session, alert_id: AlertId) -> list[Action]:
    """What was done about an alert, oldest first."""
    query = sa.select(_action).where(_action.c.alert_id == alert_id).order_by(_action.c.id)
    return [
        Action(kind=row.kind, member=row.member, at=row.at, detail=row.detail)
        for row in fetch(session, query)
    ]


def count_by_rule(session: Session, *, since: datetime | None = None) -> dict[Rule, Tally]:
    """What became of the alerts that opened since (None: ever); a rule without one is left out."""
    query = (
        sa.select(
            _alert.c.rule,
            sa.func.count().label("opened"),
            _count_if(_alert.c.announced).label("announced"),
            _count_if(_alert.c.closed_at.is_(None)).label("still_open"),
            _count_if(_alert.c.acknowledged_at.is_not(None)).label("acknowledged"),
            _count_if(_alert.c.outreach_at.is_not(None)).label("outreach"),
        )
        .where(*([] if since is None else [_alert.c.opened_at >= since]))
        .group_by(_alert.c.rule)
    )
    return {
        Rule(row.rule): Tally(
            opened=row.opened,
            announced=row.announced,
            still_open=row.still_open,
            acknowledged=row.acknowledged,
            outreach=row.outreach,
        )
        for row in fetch(session, query)
    }


def _count_if(condition: sa.ColumnElement[bool]) -> sa.Function[int]:
    return sa.func.count(sa.case((condition, 1)))


def _is(account_id: AccountId, rule: Rule, episode: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        _alert.c.account_id == account_id, _alert.c.rule == rule, _alert.c.episode == episode
    )


def _episode(session: Session, account_id: AccountId, rule: Rule, episode: int) -> Alert:
    row = first(session, sa.select(_alert).where(_is(account_id, rule, episode)))
    if row is None:
        raise ValueError(f"account {account_id} has no episode {episode} of {rule}")
    return _to_alert(row)


def _to_state(row: sa.Row[Any]) -> AlertState:
    return AlertState(
        rule=Rule(row.rule),
        phase=Phase(row.phase),
        seen=row.seen,
        episode=row.episode,
        as_of=row.as_of,
        closed_at=row.closed_at,
        announced=row.announced,
    )


def _to_alert(row: sa.Row[Any]) -> Alert:
    values = {field.name: getattr(row, field.name) for field in fields(Alert)}
    return Alert(**values | {"rule": Rule(row.rule)})
