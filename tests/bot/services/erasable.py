"""A book with one account that is everywhere: in every table, under every name, and in what was said."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from service_world import DANA, NOON, TEAM, company, subscription, ticket

from bot.blocks import kit
from bot.services import linking, speaking
from integrations.base import Rejected
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
    SurveyKind,
    SurveyResponse,
    UsageDays,
)
from scoring.sentiments import Mood, Sentiment
from storage import claims, notes, sentiments
from storage.claims import Place
from storage.tables import Table

SOURCES = ("stripe", "zendesk", "mixpanel", "hubspot", "typeform")
TODAY = day_number(NOON)
# Every word by which somebody could tell that it was Zephyr.
WORDS = ("zephyr", "zd-org-7", "hs-77", "tk-zeph-1", "comment of theirs", "sub_cus_z", "cus_z")


def of_zephyr(at, mood="escalated"):
    """Everything the sources tell of Zephyr, by source."""
    return {
        "stripe": [
            company("zephyr", ref="cus_z", domains=("zephyr.example",)),
            subscription("cus_z"),
            Invoice(
                id="in_zephyr",
                account_ref="cus_z",
                state=InvoiceState.OPEN,
                amount=Money(Decimal(100), "usd"),
                finalized_at=NOON,
                due_at=NOON + timedelta(days=30),
            ),
            Card(account_ref="cus_z", expires_on=None),
        ],
        "zendesk": [
            Organisation(ref="zd-org-7", name="Zephyr Support", domains=("zephyr.example",)),
            replace(ticket("zephyr", mood, at=at, ref="zd-org-7"), id="tk-zeph-1"),
            rating("rating 1", "tk-zeph-1"),
        ],
        "hubspot": [
            Organisation(ref="hs-77", name="Zephyr Inc", domains=("zephyr.example",)),
            Organisation(ref="hs-88", name="Globex", account_key="globex", parent_ref="hs-77"),
            Contact(id="ann@zephyr.example", account_ref="hs-77", updated_at=at, last_sent_at=NOON),
        ],
        "typeform": [
            SurveyResponse(
                id="answer of zephyr",
                account_ref="zephyr.example",
                kind=SurveyKind.NPS,
                score=2,
                answered_at=NOON,
                updated_at=NOON,
                has_comment=True,
                comment="comment of theirs",
            )
        ],
    }


def rating(id_, ticket_id):
    return SurveyResponse(
        id=id_,
        account_ref=None,
        kind=SurveyKind.CSAT,
        score=1,
        answered_at=NOON,
        updated_at=NOON,
        ticket_id=ticket_id,
        has_comment=True,
        comment="comment of theirs",
    )


def usage(*keys):
    return UsageDays(
        days=(TODAY - 1,),
        counts=iter([[FeatureCount(TODAY - 1, key, "login", 5) for key in sorted(keys)]]),
        users=iter([[ActiveUser(TODAY - 1, key, len(key)) for key in sorted(keys)]]),
    )


def tell(world, mood="escalated"):
    """Every source tells everything it knows of Zephyr and of Globex."""
    at = world.clock.at
    told = of_zephyr(at, mood)
    told["stripe"] += [company("globex"), subscription("cus_globex")]
    told["zendesk"] += [ticket("globex", mood, at=at)]
    broken = (
        Rejected(what="ticket 13", problem="no date", raw='{"org": "zd-org-7"}'),
        Rejected(what="ticket 14", problem="no date", raw='{"by": "b@zephyr.example"}'),
        Rejected(what="ticket 15", problem="no date", raw='{"org": "globex"}'),
    )
    for name, records in told.items():
        world.sync(name, *records, **({"rejected": broken} if name == "zendesk" else {}))
    world.sync("mixpanel", usage=usage("zephyr", "globex"))
    world.clock.at += timedelta(hours=1)
    world.rescore()


def deliver(world):
    """Everything that waits goes out."""
    place = 0
    while True:
        with world.deps.db.write() as session:
            claim = claims.take(session, at=world.clock.at)
            if claim is None:
                return
            place += 1
            claims.mark_sent(session, claim, Place(TEAM, f"1.{place}"), at=world.clock.at)
        world.clock.wait(1)


def talk(world):
    """People do what people do: notes, sentiments, links, and lists that name several."""
    zephyr, deps = world.account("zephyr"), world.deps
    at = world.clock.at
    with deps.db.write() as session:
        notes.add(
            session, key="n", account_id=zephyr.id, member=DANA.id, body="zephyr is unwell", at=at
        )
        sentiments.add(session, mood_of(zephyr, at), key="s")
        speaking.say(
            session,
            kit.message(
                "Due today",
                [
                    kit.header("Today: 2 tasks"),
                    kit.section("• *Zephyr* call them\n• *Globex* call them\n• *Zephyrus* too"),
                ],
            ),
            key="brief:U0DANA:today",
            target=DANA.id,
            at=world.clock.at,
        )
        card = kit.message("Zephyr: 30, Critical", [kit.header("Zephyr"), kit.section("30")])
        speaking.say(session, card, key="share:1", target=TEAM, at=world.clock.at)
    linking.link(deps, DANA, "Zephyr", "zephyr.io")


def mood_of(account, at):
    return Sentiment(
        account_id=account.id,
        mood=Mood.RED,
        reason="Zephyr's champion left",
        member=DANA.id,
        at=at,
        expires_on=None,
    )


def rows(db):
    """Every row of every table as text, by its table."""
    with db.read() as session:
        for table in Table.metadata.sorted_tables:
            for row in session.connection().execute(sa.select(table)).all():
                yield table.name, " ".join(map(str, row))


def traces(db, words=WORDS):
    """Where any of the words stands: (table, word)."""
    return {
        (table, word)
        for table, row in rows(db)
        for word in words
        if word in row.lower().replace("zephyrus", "")
    }


def rows_of(db, account_id):
    """Every row that hangs on an account, without what says whose part it is."""
    with db.read() as session:
        alerts, links = (
            sa.select(each.c.id).where(each.c.account_id == account_id)
            for each in (Table.metadata.tables["alert"], Table.metadata.tables["link"])
        )
        for table in Table.metadata.sorted_tables:
            wanted = {"account_id": [account_id], "link_id": links, "alert_id": alerts}
            on = next((name for name in wanted if name in table.c), None)
            if on is not None:
                query = sa.select(table).where(table.c[on].in_(wanted[on]))
                for row in session.connection().execute(query).mappings():
                    kept = {name: each for name, each in row.items() if name != "parent_ref"}
                    yield table.name, str(kept)
