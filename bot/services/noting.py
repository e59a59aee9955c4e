"""Noting: what somebody did about an alert, in the ledger with the score of that moment, and shown wherever it was told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.deps import Deps
from bot.services import telling
from bot.services.errors import UserError
from scoring.alerts import Alert, AlertId
from scoring.members import MemberId
from storage import accounts, alerts, notices, scores


def alert_to_change(session: Session, alert_id: AlertId) -> Alert:
    """The alert, which nobody else changes meanwhile. Raises UserError when it or its account is gone."""
    alert = alerts.get(session, alert_id, to_change=True)
    if alert is None or accounts.get(session, alert.account_id) is None:
        raise UserError("That alert is no longer kept here.")
    return alert


def told_with(session: Session, alert: Alert) -> list[Alert]:
    """The other alerts of the account that a message tells together with this one, oldest first."""
    keys = {each.message_key for each in notices.of_alert(session, alert.id) if each.message_key}
    ids = {other for key in keys for other in notices.in_message(session, key)} - {alert.id}
    found = alerts.by_ids(session, sorted(ids)).values()
    ours = (each for each in found if each.account_id == alert.account_id)
    return sorted(ours, key=lambda each: each.id)


def value_of(session: Session, alert: Alert) -> float | None:
    """The account's score now, else the one the alert opened at; None: there was none."""
    score = scores.latest(session, [alert.account_id]).get(alert.account_id)
    return alert.value if score is None or score.value is None else score.value


def note(
    session: Session,
    alert: Alert,
    kind: str,
    *,
    member: MemberId,
    key: str,
    at: datetime,
    **detail: Any,
) -> bool:
    """A row of the ledger, with the score of the moment. False when this key was noted before: then do nothing."""
    score = scores.latest(session, [alert.account_id]).get(alert.account_id)
    return alerts.record_action(
        session,
        alert.id,
        kind,
        member=member,
        key=key,
        at=at,
        detail={**detail, "value": score.value if score else None},
    )


def show(
    session: Session, deps: Deps, changed: Iterable[Alert], *, at: datetime, after: str
) -> None:
    """Show alerts as they now are in every message that tells them, each message once."""
    shown: set[str | None] = set()
    for alert in changed:
        keys = {each.message_key for each in notices.of_alert(session, alert.id)}
        if not keys <= shown:
            telling.refresh(session, deps, alert.id, at=at, after=after)
            shown |= keys
