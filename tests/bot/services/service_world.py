"""What the use cases live on in these tests: a database, a clock that is told the time, and sources filled by hand.

The rubric scores by support and payment alone, and payment weighs nothing, so an account's score is
its mood's: 100, 70, 55 or 30. `look` lets an hour pass, after which every source answers anew.
"""

import json
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from bot.blocks.kit import Message, as_text
from bot.config import parse_config
from bot.deps import Deps
from bot.services import rescoring, syncing
from integrations.base import Page, SourceDownError
from integrations.registry import SOURCES
from scoring.accounts import Money
from scoring.members import Member, MemberId
from scoring.records import Organisation, Rating, Subscription, SubscriptionState, Ticket
from scoring.rules import FLAGS, Family
from storage import accounts, alerts, members, scores, tasks, watches
from storage.tables import OutboxRow

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)  # a Monday
TEAM, ADMIN = "C0TEAM", "C0ADMIN"
HOUR = timedelta(hours=1)

MOODS = {"positive": 100, "neutral": 70, "negative": 55, "escalated": 30}
NOTHING = {
    "usage": dict.fromkeys(("daily", "weekly", "monthly", "inactive"), 0),
    "features": dict.fromkeys(("all", "most", "some", "few", "none"), 0),
    "engagement": dict.fromkeys(("high", "medium", "low", "none"), 0),
    "payment": dict.fromkeys(("current", "minor", "overdue", "failed"), 0),
}
RUBRIC = {"points": {**NOTHING, "support": MOODS}}

DANA = Member(id=MemberId("U0DANA"), team_id="T0", name="Dana", email="dana@us.example")
ERIN = Member(id=MemberId("U0ERIN"), team_id="T0", name="Erin", email="erin@us.example")
GUEST = Member(id=MemberId("U0GUEST"), team_id="T0", name="Gus", is_guest=True)


@dataclass
class Clock:
    """It is what it was told."""

    at: datetime = NOON

    def now(self):
        return self.at

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


@dataclass
class Shelf:
    """A source that yields the pages put on it; an error among them is raised in its turn."""

    name: str
    pages: deque = field(default_factory=deque)
    asked: list = field(default_factory=list)

    @property
    def tells(self):
        return SOURCES[self.name].tells

    def check(self):
        return self.name

    def pull(self, cursor, *, now):
        self.asked.append(cursor)
        while self.pages:
            page = self.pages.popleft()
            if isinstance(page, Exception):
                raise page
            yield page


@dataclass
class People:
    """A workspace of those it was given."""

    known: dict
    team_id: str = "T0"
    asked: list = field(default_factory=list)
    groups: dict = field(default_factory=dict)

    def person(self, member_id):
        self.asked.append(member_id)
        return self.known[member_id]

    def everybody(self):
        yield from ([each] for each in self.known.values())

    def group(self, group_id):
        self.asked.append(group_id)
        return self.groups[group_id]


SETTINGS = {
    "stripe": {"api_key": "rk_test_1"},
    "zendesk": {"subdomain": "us", "client_id": "a", "client_secret": "b"},
    "mixpanel": {"username": "a", "secret": "b", "project_id": 1},
    "hubspot": {"access_token": "pat-1"},
}
SURVEYS = {"typeform": {"access_token": "tfp-1"}}


AT_ANY_HOUR = {"hours": {"always": True}}
# An account's mood is its score here; the flags that stand beside it have tests of their own.
FLAGS_OFF = [each.value for each in FLAGS if each.family in {Family.RISK, Family.OPPORTUNITY}]


def config_of(home, *names, rubric=RUBRIC, alerts=AT_ANY_HOUR, **general):
    return parse_config(
        {
            "general": {"hash_key": "key", "timezone": "Europe/Berlin", **general},
            "slack": {
                "bot_token": "xoxb-1",
                "app_token": "xapp-1",
                "team_channel": TEAM,
                "admin_channel": ADMIN,
            },
            "rubric": rubric,
            "alerts": {"off": FLAGS_OFF, **alerts},
            "sources": {
                name: (SETTINGS | SURVEYS)[name] for name in names or ("stripe", "zendesk")
            },
        },
        home=home,
    )


def company(key, *, ref="", csm=DANA.email, **more):
    """An organisation of the system of record's, which is an account."""
    return Organisation(
        ref=ref or f"cus_{key}", name=key.title(), account_key=key, csm_email=csm, **more
    )


def ticket(key, mood, *, at, ref=None):
    """The one ticket of an account; a newer one takes its place."""
    ratings = {"positive": Rating.GOOD, "negative": Rating.BAD}
    return Ticket(
        id=f"ticket of {key}",
        account_ref=ref or key,
        is_open=True,
        created_at=NOON - timedelta(days=1),
        updated_at=at,
        version=int(at.timestamp()),
        rating=ratings.get(mood),
        escalation="urgent priority" if mood == "escalated" else None,
    )


def subscription(ref, *, plan="Growth", cents=10_000, currency="usd", **more):
    return Subscription(
        **{
            "id": f"sub_{ref}_{plan}",
            "account_ref": ref,
            "state": SubscriptionState.ACTIVE,
            "plan": plan,
            "mrr": Money(Decimal(cents), currency),
            "started_at": NOON - timedelta(days=100),
            **more,
        }
    )


class World:
    def __init__(self, db, home, *, config=None, people=(DANA, ERIN, GUEST)):
        self.clock, self.people = Clock(), People({each.id: each for each in people})
        config = config or config_of(home)
        self.shelves = {name: Shelf(name) for name in config.sources}
        self.deps = Deps(
            db=db,
            clock=self.clock,
            config=config,
            sources=self.shelves,
            directory=self.people,
        )
        with db.write() as session:
            members.upsert(session, list(people), at=NOON)

    def put(self, name, *records, usage=None, cursor=None, **more):
        """Put a page on a source's shelf."""
        page = Page(
            cursor=cursor or {"at": str(self.clock.at)}, records=records, usage=usage, **more
        )
        self.shelves[name].pages.append(page)

    def sync(self, name, *records, **more):
        if records or more:
            self.put(name, *records, **more)
        return syncing.sync(self.deps, name)

    def fail(self, name, error=None):
        self.shelves[name].pages.append(error or SourceDownError("Stripe is down."))
        return syncing.sync(self.deps, name)

    def rescore(self):
        return rescoring.rescore_dirty(self.deps)

    def look(self, *, after=HOUR, **moods):
        """Some time later every source answers anew; the accounts named are in these moods."""
        self.clock.at += after
        for name in self.shelves:
            told = [ticket(key, mood, at=self.clock.at) for key, mood in moods.items()]
            self.sync(name, *(told if name == "zendesk" else ()))
        return self.rescore()

    def begin(self, **moods):
        """The first look at accounts in these moods."""
        bills = (subscription(f"cus_{key}") for key in moods)
        self.put("stripe", *map(company, moods), *bills)
        self.look(**moods)

    def reconfigure(self, **changes):
        self.deps = replace(self.deps, config=replace(self.deps.config, **changes))

    # What came of it.

    def account(self, key):
        with self.deps.db.read() as session:
            return accounts.get(session, accounts.by_key(session)[key])

    def keys(self):
        with self.deps.db.read() as session:
            return set(accounts.by_key(session))

    def score(self, key):
        with self.deps.db.read() as session:
            return scores.latest(session, [self.account(key).id]).get(self.account(key).id)

    def alerts(self, key):
        """The open alerts of an account, by rule, but for those that are switched off."""
        with self.deps.db.read() as session:
            found = alerts.open_alerts(session, self.account(key).id)
        return {each.rule.value: each for each in found if self.deps.config.alerts.is_on(each.rule)}

    def every_alert(self):
        with self.deps.db.read() as session:
            found = alerts.opened_since(session, NOON - timedelta(days=400))
        return [each for each in found if self.deps.config.alerts.is_on(each.rule)]

    def tasks(self):
        with self.deps.db.read() as session:
            return tasks.open_tasks(session)

    def watches(self, key):
        with self.deps.db.read() as session:
            found = watches.of_accounts(session, [self.account(key).id])
        return {each.kind.value for each in found.get(self.account(key).id, ())}

    def outbox(self):
        """Everything queued so far, oldest first."""
        with self.deps.db.read() as session:
            return session.execute(sa.select(OutboxRow.__table__).order_by(OutboxRow.id)).all()

    def said(self):
        """What was queued since this was asked last, as (what, target, first words)."""
        rows = self.outbox()
        new = [row for row in rows if row.id > getattr(self, "_heard", 0)]
        self._heard = rows[-1].id if rows else 0
        return [(row.kind, row.target, words_of(row)) for row in new]


def words_of(row):
    return as_text(Message(row.payload["text"], row.payload["blocks"]))


def text_of(row):
    return json.dumps(row.payload, ensure_ascii=False)
