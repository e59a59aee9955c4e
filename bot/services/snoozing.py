"""Snoozing an account: every open alert of it, by the rules of each."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.deps import Deps
from bot.services import acting
from bot.services.acting import Press
from bot.services.errors import UserError
from scoring.accounts import Account, AccountId
from scoring.alerts import Alert
from scoring.members import Member
from scoring.pursuit import UNTIL_WORSE, is_snoozed
from storage import alerts

LONGEST_DAYS = 30
SAY_HOW_LONG = (
    f"Say for how long, 1 to {LONGEST_DAYS} days: `/health snooze acme 7d`. "
    "`until worse` lets them sleep until the score falls, `off` wakes them."
)


def snooze(deps: Deps, account: Account, *, days: int, by: Member, key: str, at: datetime) -> int:
    """Keep an account's open alerts quiet until a day begins where the member is. `at` is in their zone.

    Returns how many alerts that are. Raises UserError.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise UserError(SAY_HOW_LONG)
    on = wakes_on(days, at=at)

    def sleeps(alert: Alert) -> bool:
        until = alert.snoozed_until
        return until is not None and until.astimezone(at.tzinfo).date() == on

    def act(press: Press) -> None:
        acting.snooze_until(deps, press, on=on)

    return _each(deps, account, act, unless=sleeps, by=by, key=key, at=at)


def snooze_until_worse(deps: Deps, account: Account, *, by: Member, key: str, at: datetime) -> int:
    """Keep them quiet until the account gets worse. Returns how many they are."""

    def sleeps(alert: Alert) -> bool:
        return alert.snoozed_until == UNTIL_WORSE

    def act(press: Press) -> None:
        acting.snooze_until_worse(deps, press)

    return _each(deps, account, act, unless=sleeps, by=by, key=key, at=at)


def wake(deps: Deps, account: Account, *, by: Member, key: str, at: datetime) -> int:
    """Take the snoozes of an account's alerts back. Returns how many slept."""
    with deps.db.read() as session:
        asleep = sum(is_snoozed(each, at) for each in open_of(session, account.id))

    def act(press: Press) -> None:
        acting.wake(deps, press)

    _each(deps, account, act, unless=lambda each: not is_snoozed(each, at), by=by, key=key, at=at)
    return asleep


def wakes_on(days: int, *, at: datetime) -> date:
    return at.date() + timedelta(days=days)


def open_of(session: Session, account_id: AccountId) -> list[Alert]:
    """The open alerts of an account that people are told of, oldest first."""
    return [each for each in alerts.open_alerts(session, account_id) if each.quiet is None]


def _each(
    deps: Deps,
    account: Account,
    act: Callable[[Press], None],
    *,
    unless: Callable[[Alert], bool],
    by: Member,
    key: str,
    at: datetime,
) -> int:
    """Press for every open alert that needs it, in turn: one press counts for those told in the same message too.

    Returns how many are open.
    """
    with deps.db.read() as session:
        meant = open_of(session, account.id)
    for alert in meant:
        with deps.db.read() as session:
            now = alerts.get(session, alert.id)
        if now is not None and now.closed_at is None and not unless(now):
            act(Press(alert_id=alert.id, member=by.id, key=f"snooze:{key}:{alert.id}", at=at))
    return len(meant)
