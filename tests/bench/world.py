"""The world the bench plays in: one instant, a configuration, and accounts with a past, seeded."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from bot.app import open_deps
from bot.clock import StoryClock
from bot.config import Config, parse_config
from bot.deps import Deps
from bot.services import matching
from scoring.accounts import Money
from scoring.readings import day_number
from scoring.records import (
    ActiveUser,
    Card,
    Contact,
    FeatureCount,
    Invoice,
    InvoiceState,
    Organisation,
    Rating,
    Subscription,
    SubscriptionState,
    Ticket,
    UsageDays,
)
from storage import accounts, billing, contacts, links, sources, tickets, usage

T = TypeVar("T")

NOW = datetime(2026, 11, 22, 23, 50, tzinfo=UTC)
TODAY = day_number(NOW)
DAY = timedelta(days=1)
FEATURES = tuple(f"Feature {number}" for number in range(40))
_BATCH = 10_000


def ref(number: int) -> str:
    """What every vendor calls an account."""
    return f"acct-{number:06d}"


def name(number: int) -> str:
    return "Acme" if number == 0 else f"Company {number:06d}"


def open_world(folder: Path, *, mixpanel: str = "http://127.0.0.1:9", database: str = "") -> Deps:
    """The use cases' deps, at an instant that stands still, on SQLite in the folder unless told otherwise."""
    clock = StoryClock(NOW, flowing=False, on_move=lambda _to: None)
    return open_deps(config_of(folder, mixpanel=mixpanel, database=database), clock=clock)


def config_of(folder: Path, *, mixpanel: str, database: str = "") -> Config:
    raw = {
        "general": {"hash_key": "bench", **({"database": database} if database else {})},
        "slack": {
            "bot_token": "xoxb-bench",
            "app_token": "xapp-bench",
            "team_channel": "C1",
            "admin_channel": "C2",
        },
        "rubric": {"core_features": list(FEATURES[:6])},
        "sources": {
            "mixpanel": {
                "username": "bench",
                "secret": "bench",
                "project_id": 1,
                "base_url": mixpanel,
                "backfill_days": 1,
            },
            "zendesk": {"subdomain": "bench", "email": "a@bench.example", "api_token": "bench"},
            "stripe": {"api_key": "rk_live_bench"},
            "hubspot": {"access_token": "bench"},
        },
    }
    return parse_config(raw, home=folder)


def make_accounts(session: Session, count: int) -> list[Organisation]:
    """Accounts as the system of record knows them, with a key that every vendor has."""
    known = [
        Organisation(ref=ref(each), name=name(each), account_key=ref(each)) for each in range(count)
    ]
    accounts.create_or_update(session, known, source="stripe", at=NOW)
    return known


def populate(deps: Deps, count: int) -> None:
    """Accounts with two months of everything a score needs, each source having just answered."""
    dice = random.Random(20261122)
    everybody = range(count)
    with deps.db.write() as session:
        known = make_accounts(session, count)
        for source in ("mixpanel", "zendesk", "hubspot"):
            links.see(session, source, known, at=NOW)
        matching.match_waiting(session, record="stripe", at=NOW)
        usage.replace_days(session, "mixpanel", _usage(dice, count), at=NOW)
        tickets.upsert(session, "zendesk", [_ticket(dice, each) for each in everybody], at=NOW)
        contacts.upsert(
            session,
            "hubspot",
            [_contact(dice, each, person) for each in everybody for person in range(2)],
            at=NOW,
        )
        billing.upsert_subscriptions(
            session, "stripe", [_subscription(dice, each) for each in everybody], at=NOW
        )
        billing.upsert_invoices(
            session,
            "stripe",
            [_invoice(dice, each, month) for each in everybody for month in range(2)],
            at=NOW,
        )
        billing.upsert_cards(session, "stripe", [_card(each) for each in everybody], at=NOW)
        for source in deps.config.sources:
            sources.succeeded(session, source, at=NOW)


def _usage(dice: random.Random, count: int) -> UsageDays:
    """Sixty days: an account is active on a share of them that is its own, with a few features and people."""
    share = [dice.random() ** 0.5 for _ in range(count)]
    active = [
        (day, each)
        for day in range(TODAY - 59, TODAY + 1)
        for each in range(count)
        if dice.random() < share[each]
    ]
    counts = [
        FeatureCount(day, ref(each), feature, dice.randrange(1, 60))
        for day, each in active
        for feature in dice.sample(FEATURES[:8], 2)
    ]
    users = [
        ActiveUser(day, ref(each), each * 100 + person)
        for day, each in active
        for person in dice.sample(range(8), 2)
    ]
    days = tuple(range(TODAY - 59, TODAY + 1))
    return UsageDays(days=days, counts=_batches(counts), users=_batches(users))


def _batches(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]


def _ticket(dice: random.Random, account: int) -> Ticket:
    opened = NOW - dice.randrange(1, 50) * DAY
    return Ticket(
        id=f"t{account}",
        account_ref=ref(account),
        is_open=dice.random() < 0.1,
        created_at=opened,
        updated_at=opened + DAY / 2,
        version=1,
        rating=dice.choices((Rating.GOOD, Rating.BAD, None), (6, 1, 3))[0],
        escalation="urgent priority" if dice.random() < 0.03 else None,
    )


def _contact(dice: random.Random, account: int, person: int) -> Contact:
    def sometime() -> datetime | None:
        return NOW - dice.randrange(1, 60) * DAY if dice.random() < 0.8 else None

    return Contact(
        id=f"p{account}-{person}",
        account_ref=ref(account),
        updated_at=NOW,
        last_sent_at=NOW - 5 * DAY,
        last_opened_at=sometime(),
        last_clicked_at=sometime(),
        last_replied_at=sometime(),
    )


def _subscription(dice: random.Random, account: int) -> Subscription:
    return Subscription(
        id=f"s{account}",
        account_ref=ref(account),
        state=SubscriptionState.ACTIVE if dice.random() < 0.95 else SubscriptionState.PAST_DUE,
        plan="Growth",
        mrr=Money(Decimal(dice.randrange(10, 900) * 100), "usd"),
        started_at=NOW - 300 * DAY,
        renews_at=NOW + dice.randrange(1, 300) * DAY,
    )


def _invoice(dice: random.Random, account: int, month: int) -> Invoice:
    issued = NOW - (30 * month + 10) * DAY
    paid = dice.random() < 0.93
    return Invoice(
        id=f"i{account}-{month}",
        account_ref=ref(account),
        state=InvoiceState.PAID if paid else InvoiceState.OPEN,
        amount=Money(Decimal(9_900), "usd"),
        finalized_at=issued,
        due_at=issued + 7 * DAY,
        failed_attempts=0 if paid else dice.randrange(3),
        paid_at=issued + DAY if paid else None,
    )


def _card(account: int) -> Card:
    return Card(account_ref=ref(account), expires_on=NOW.date() + 400 * DAY)
