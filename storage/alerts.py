"""Alerts: where each rule stands for each account, the episodes, and the ledger of what people did."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from scoring.accounts import AccountId
from scoring.alerts import Alert, AlertId, AlertState, Decision, Outcome, Phase
from scoring.rubric import Component
from scoring.rules import Quiet, Rule
from storage.sql import add_new, chunks, fetch, first, run, upsert
from storage.tables import AccountRow, AlertActionRow, AlertRow, AlertStandingRow

_account = AccountRow.__table__
_alert = AlertRow.__table__
_state = AlertStandingRow.__table__
_action = AlertActionRow.__table__

_OF_ACCOUNT = (
    sa.select(_alert)
    .where(
        _alert.c.account_id == sa.bindparam("account"),
        sa.or_(_alert.c.closed_at.is_(None), _alert.c.opened_at >= sa.bindparam("since")),
    )
    .order_by(_alert.c.opened_at, _alert.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a member did about an alert."""

    kind: str
    member: str
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where every rule stands for an account, and what the look rested on that left them so.

    `rules` has those that ever moved. `rubric_id` None: it was a customer once, and is looked at as if
    for the first time. `covers` are the components of that look's score.
    """

    rules: Mapping[Rule, AlertState]
    rubric_id: int | None
    covers: frozenset[Component] = frozenset()

    @property
    def is_new(self) -> bool:
        return self.rubric_id is None


def watched(session: Session, account_ids: Collection[AccountId]) -> dict[AccountId, Watched]:
    """Where accounts stand; one that was never looked at has no entry."""
    found: dict[AccountId, Watched] = {}
    for part in chunks(account_ids):
        for row in fetch(session, sa.select(_state).where(_state.c.account_id.in_(part))):
            states = [_to_state(each) for each in row.rules]
            found[AccountId(row.account_id)] = Watched(
                rules={state.rule: state for state in states},
                rubric_id=row.rubric_id,
                covers=frozenset(Component(each) for each in row.covers.split()),
            )
    return found


def save_watched(session: Session, moved: Mapping[AccountId, Watched]) -> None:
    """Keep where accounts stand; equal rows are not written again."""
    rows = [
        {
            "account_id": account_id,
            "rules": [
                _state_json(state)
                for state in each.rules.values()
                if state != AlertState(rule=state.rule)
            ],
            "rubric_id": each.rubric_id,
            "covers": " ".join(sorted(each.covers)),
            "waits": any(state.is_waiting for state in each.rules.values()),
        }
        for account_id, each in moved.items()
    ]
    upsert(session, _state, rows, key=("account_id",))


def count_watched(session: Session) -> int:
    """How many accounts were ever looked at and are customers still."""
    query = (
        sa.select(sa.func.count().label("n"))
        .select_from(_state.join(_account, _account.c.id == _state.c.account_id))
        .where(_account.c.churned_on.is_(None), _state.c.rubric_id.is_not(None))
    )
    row = first(session, query)
    return row.n if row else 0


def open_episode(
    session: Session,
    decision: Decision,
    *,
    value: float | None,
    before: float | None,
    at: datetime,
    closed_at: datetime | None = None,
) -> Alert:
    """Write down an episode that has opened, or has opened again; either way there is one row of it.

    An event that comes with an account's end is closed as it opens.
    """
    row = {
        "account_id": decision.account_id,
        "rule": decision.rule,
        "episode": decision.episode,
        "opened_at": at,
        "value": value,
        "before": before,
        "announced": False,
        "quiet": decision.quiet,
        "evidence": decision.evidence,
        "subject": decision.subject,
        "closed_at": closed_at,
    }
    upsert(
        session,
        _alert,
        [row],
        key=("account_id", "rule", "episode"),
        keep=("opened_at", "value", "before", "announced"),
    )
    return _episode(session, decision.account_id, decision.rule, decision.episode)


def close_episode(
    session: Session, account_id: AccountId, rule: Rule, episode: int, *, at: datetime
) -> Alert:
    run(session, sa.update(_alert).where(_is(account_id, rule, episode)).values(closed_at=at))
    return _episode(session, account_id, rule, episode)


def get(session: Session, alert_id: AlertId, *, to_change: bool = False) -> Alert | None:
    """An alert; `to_change` keeps others from changing it before the transaction ends."""
    query = sa.select(_alert).where(_alert.c.id == alert_id)
    row = first(session, query.with_for_update() if to_change else query)
    return _to_alert(row) if row else None


def save(session: Session, alert: Alert) -> None:
    """Store an alert that was changed with `dataclasses.replace`."""
    values = {
        field.name: getattr(alert, field.name) for field in fields(Alert) if field.name != "id"
    }
    run(session, sa.update(_alert).where(_alert.c.id == alert.id).values(values))


def waiting_accounts(session: Session) -> list[AccountId]:
    """Accounts of which a rule waits for the next fresh data to confirm a crossing or a recovery."""
    query = sa.select(_state.c.account_id).where(_state.c.waits).order_by(_state.c.account_id)
    return [AccountId(row.account_id) for row in fetch(session, query)]


def forget(session: Session, account_ids: Collection[AccountId], *, at: datetime) -> None:
    """Close what is open for accounts and begin their rules anew: their next look is their first.

    Episodes count on, so that a new one is never taken for an old one.
    """
    for part in chunks(account_ids):
        still_open = sa.and_(_alert.c.account_id.in_(part), _alert.c.closed_at.is_(None))
        run(session, sa.update(_alert).where(still_open).values(closed_at=at))
    anew = {
        account_id: Watched(
            rules={
                rule: AlertState(rule=rule, episode=state.episode, quiet=Quiet.BASELINE)
                for rule, state in known.rules.items()
                if state.episode
            },
            rubric_id=None,
        )
        for account_id, known in watched(session, account_ids).items()
    }
    save_watched(session, anew)


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


def by_ids(session: Session, ids: Collection[AlertId]) -> dict[AlertId, Alert]:
    found: dict[AlertId, Alert] = {}
    for part in chunks(ids):
        query = sa.select(_alert).where(_alert.c.id.in_(part))
        found |= {AlertId(row.id): _to_alert(row) for row in fetch(session, query)}
    return found


def snoozed(
    session: Session, ids: Collection[AccountId], *, at: datetime
) -> list[tuple[AccountId, Alert]]:
    """The open alerts of accounts that are snoozed now."""
    found: list[tuple[AccountId, Alert]] = []
    for part in chunks(ids):
        asleep = sa.and_(
            _alert.c.account_id.in_(part),
            _alert.c.closed_at.is_(None),
            _alert.c.snoozed_until > at,
        )
        rows = fetch(session, sa.select(_alert).where(asleep).order_by(_alert.c.id))
        found += [(AccountId(row.account_id), _to_alert(row)) for row in rows]
    return found


def by_pressing(found: Iterable[Alert]) -> list[Alert]:
    """The most pressing first, of one rule the oldest."""
    order = {rule: place for place, rule in enumerate(Rule)}
    return sorted(found, key=lambda each: (order[each.rule], each.id))


def open_quiet(session: Session, quiet: Quiet) -> list[Alert]:
    """The open alerts nobody was told of, for this reason, oldest first."""
    query = sa.select(_alert).where(_alert.c.quiet == quiet, _alert.c.closed_at.is_(None))
    return [_to_alert(row) for row in fetch(session, query.order_by(_alert.c.id))]


def count_announced(session: Session) -> dict[Rule, int]:
    """How many alerts people were told of, by rule; a rule without one is left out."""
    query = sa.select(_alert.c.rule, sa.func.count().label("n")).where(_alert.c.announced)
    return {Rule(row.rule): row.n for row in fetch(session, query.group_by(_alert.c.rule))}


def opened_since(session: Session, since: datetime) -> list[Alert]:
    """Alerts that opened since, oldest first."""
    query = (
        sa.select(_alert)
        .where(_alert.c.opened_at >= since)
        .order_by(_alert.c.opened_at, _alert.c.id)
    )
    return [_to_alert(row) for row in fetch(session, query)]


def of_account(session: Session, account_id: AccountId, *, since: datetime) -> list[Alert]:
    """What opened for an account since, and what is open since longer, oldest first."""
    found = fetch(session, _OF_ACCOUNT, {"account": account_id, "since": since})
    return [_to_alert(row) for row in found]


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


def actions_on(
    session: Session, account_id: AccountId, *, kinds: Collection[str], since: datetime
) -> list[Action]:
    """What was done since about the alerts of an account, of these kinds, oldest first."""
    query = (
        sa.select(_action)
        .join(_alert, _alert.c.id == _action.c.alert_id)
        .where(_alert.c.account_id == account_id, _action.c.kind.in_(kinds), _action.c.at >= since)
        .order_by(_action.c.id)
    )
    return [
        Action(kind=row.kind, member=row.member, at=row.at, detail=row.detail)
        for row in fetch(session, query)
    ]


def _is(account_id: AccountId, rule: Rule, episode: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        _alert.c.account_id == account_id, _alert.c.rule == rule, _alert.c.episode == episode
    )


def _episode(session: Session, account_id: AccountId, rule: Rule, episode: int) -> Alert:
    row = first(session, sa.select(_alert).where(_is(account_id, rule, episode)))
    if row is None:
        raise ValueError(f"account {account_id} has no episode {episode} of {rule}")
    return _to_alert(row)


def _state_json(state: AlertState) -> dict[str, Any]:
    """A state without what is as it was in the beginning: there are many of them."""
    told = {
        "phase": None if state.phase is Phase.OK else state.phase,
        "seen": state.seen,
        "episode": state.episode,
        "as_of": _said(state.as_of),
        "closed_at": _said(state.closed_at),
        "quiet": state.quiet,
        "subject": state.subject,
        "known": list(state.known),
        "openings": [each.isoformat() for each in state.openings],
        "frozen_since": _said(state.frozen_since),
    }
    return {"rule": state.rule, **{name: value for name, value in told.items() if value}}


def _to_state(stored: Mapping[str, Any]) -> AlertState:
    return AlertState(
        rule=Rule(stored["rule"]),
        phase=Phase(stored.get("phase", Phase.OK)),
        seen=stored.get("seen", 0),
        episode=stored.get("episode", 0),
        as_of=_read(stored.get("as_of")),
        closed_at=_read(stored.get("closed_at")),
        quiet=Quiet(stored["quiet"]) if "quiet" in stored else None,
        subject=stored.get("subject", ""),
        known=tuple(stored.get("known", ())),
        openings=tuple(datetime.fromisoformat(each) for each in stored.get("openings", ())),
        frozen_since=_read(stored.get("frozen_since")),
    )


def _said(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _read(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def _to_alert(row: sa.Row[Any]) -> Alert:
    values = {field.name: getattr(row, field.name) for field in fields(Alert)}
    return Alert(
        **values
        | {
            "rule": Rule(row.rule),
            "quiet": Quiet(row.quiet) if row.quiet else None,
            "outcome": Outcome(row.outcome) if row.outcome else None,
        }
    )
