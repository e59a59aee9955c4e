"""Books of accounts for the tests of what people ask and press: a few with a name of interest, and alerts on demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from bot.deps import Deps
from bot.services import alerting, telling
from scoring.accounts import Account, AccountId, Money
from scoring.alerts import Alert
from scoring.health import HealthScore, Part
from scoring.members import MemberId
from scoring.records import Organisation
from scoring.rubric import LEVELS, Component, Rubric
from storage import accounts, alerts, due_looks, inbox, members, rubrics, scores, sources

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Entry:
    """An account to be: its name, its score and whose it is (None: nobody's)."""

    name: str
    score: float
    csm: str | None = None


def health(rubric: Rubric, value: float, at) -> HealthScore:
    """A score whose parts all stand equally well."""
    parts = tuple(
        Part(
            component=component,
            level=next(iter(LEVELS[component])),
            points=rubric.weight(component) * value / 100,
            share=rubric.weight(component) * value / 100,
            evidence=f"{component} as it was found",
            as_of=at,
        )
        for component in Component
    )
    return HealthScore(
        value=value, status=rubric.status(value), coverage=1.0, parts=parts, scored_at=at
    )


def keep(deps: Deps, entries: Sequence[Entry]) -> list[Account]:
    """Store accounts with their scores of today, as a sync and a rescore do."""
    at = deps.clock.now()
    start = next(_numbers) * 10_000
    with deps.db.write() as session:
        for name in deps.sources:
            sources.succeeded(session, name, at=at)
        inbox.first_time(
            session, telling.BASELINE, at=at
        )  # nobody is greeted with a book like this
        organisations = [
            Organisation(
                ref=f"ref-{start + n}", name=each.name, csm_email=_email(session, each.csm)
            )
            for n, each in enumerate(entries)
        ]
        accounts.create_or_update(session, organisations, source="stripe", at=at)
        by_key = accounts.by_key(session)
        ids = [by_key[each.ref] for each in organisations]
        money = Money(Decimal(120_000), "usd")
        accounts.set_billing(session, dict.fromkeys(ids, ("Growth", money, None, None)))
        _save(session, deps, dict(zip(ids, (each.score for each in entries), strict=True)), at=at)
        found = accounts.by_ids(session, ids)
    return [found[each] for each in ids]


def score(deps: Deps, account: Account, value: float) -> None:
    """Score an account anew, as fresh data of every source does, and tell what that means."""
    at = deps.clock.now()
    with deps.db.write() as session:
        _save(session, deps, {account.id: value}, at=at)
        due_looks.mark(session, [account.id], at=at)
    alerting.look(deps)
    telling.tell(deps)


def slide(deps: Deps, *, to: float = 55.0, csm: str | None = "U0CSM1", name: str = "") -> Alert:
    """A new account that falls until an alert about it is queued. Story time passes with it."""
    entry = Entry(name or f"Case {next(_numbers)}", 70.0, csm)
    (account,) = keep(deps, [entry])
    for value in (70.0, to, to):
        score(deps, account, value)
        deps.clock.wait(60)
    with deps.db.read() as session:
        return next(each for each in alerts.open_alerts(session, account.id) if each.announced)


def alert_of(deps: Deps, alert: Alert) -> Alert:
    """The alert as it stands now."""
    with deps.db.read() as session:
        return alerts.get(session, alert.id)


def _save(session, deps: Deps, values: dict[AccountId, float], *, at) -> dict:
    rubric = deps.config.rubric
    fresh = {each: health(rubric, value, at) for each, value in values.items()}
    rubric_id = rubrics.id_of(session, rubric, at=at)
    scores.save(session, list(fresh.items()), rubric_id=rubric_id, at=at)
    return fresh


def _email(session, member: str | None) -> str | None:
    known = members.by_id(session, MemberId(member)) if member else None
    return known.email if known else None
