"""Receiving: what was proved to be the vendor's is stored whole, and twice is once."""

import json
from datetime import timedelta
from http import HTTPStatus

import pytest
import sqlalchemy as sa
from service_world import NOON, SETTINGS, World, company, config_of
from sqlalchemy.exc import SQLAlchemyError

from bot.config import parse_config
from bot.services import receiving
from integrations.registry import open_source
from integrations.webhooks import WebhookRefusedError
from sandbox.vendors.sendgrid import SendGrid, signed
from storage import accounts, contacts, dirty, sources


def config(home):
    usual = config_of(home)
    return parse_config(
        {
            "general": {"hash_key": "key"},
            "slack": usual.slack.model_dump(),
            "sources": {
                "stripe": SETTINGS["stripe"],
                "sendgrid": SendGrid.settings("http://127.0.0.1:1"),
            },
            "web": {"listen": "127.0.0.1:0"},
        },
        home=home,
    )


@pytest.fixture
def world(db, tmp_path):
    world = World(db, tmp_path, config=config(tmp_path))
    settings = world.deps.config.sources["sendgrid"].settings
    world.shelves["sendgrid"] = open_source(
        "sendgrid", settings, clock=world.clock, hash_key=b"key"
    )
    return world


def event(kind="delivered", *, hours=-1, **more):
    at = int((NOON + timedelta(hours=hours)).timestamp())
    told = {"email": "ada@acme.example", "event": kind, "timestamp": at}
    return {**told, "sg_event_id": f"{kind}{at}", "account_id": "acme", **more}


def receive(world, *events):
    body = json.dumps(events).encode()
    receiving.receive(world.deps, "sendgrid", signed(body, world.clock.now()), body)


def read(world, what, *arguments):
    with world.deps.db.read() as session:
        return what(session, *arguments)


def of_acme(world):
    account = read(world, accounts.by_key)["acme"]
    return read(world, contacts.of_accounts, [account]).get(account, [])


def begin(world):
    """An account that is known, is linked, and waits for nothing."""
    world.sync("stripe", company("acme"))
    receive(world, event())
    world.sync("stripe")
    world.rescore()


def dirty_ones(world):
    with world.deps.db.write() as session:
        return set(dirty.take(session, limit=100))


def test_only_sources_that_are_called_listen(world):
    assert set(receiving.listeners(world.deps)) == {"sendgrid"}


def test_what_came_is_stored_when_it_returns_and_its_account_waits_to_be_scored(world):
    begin(world)
    assert dirty_ones(world) == set()
    receive(world, event("open", hours=0))
    (ada,) = of_acme(world)
    assert (ada.last_sent_at, ada.last_opened_at) == (NOON - timedelta(hours=1), NOON)
    assert dirty_ones(world) == {read(world, accounts.by_key)["acme"]}


def test_mail_to_an_account_that_is_not_known_yet_waits_for_it(world):
    receive(world, event())
    world.sync("stripe", company("acme"))
    assert len(of_acme(world)) == 1


def test_a_batch_that_comes_again_changes_nothing(world):
    begin(world)
    receive(world, event())
    assert dirty_ones(world) == set()
    assert len(of_acme(world)) == 1


def test_batches_may_come_in_any_order(world):
    begin(world)
    receive(world, event("open", hours=0))
    receive(world, event("open", hours=-20), event(hours=-21))
    (ada,) = of_acme(world)
    assert (ada.last_sent_at, ada.last_opened_at) == (NOON - timedelta(hours=1), NOON)


def test_what_could_not_be_read_is_kept_aside_and_the_rest_is_stored(world):
    receive(
        world,
        event(timestamp="?"),
        event("open", sg_event_id="\x00odd"),
        event(email=7, sg_event_id="other"),
    )
    assert read(world, sources.count_rejected) == {"sendgrid": 2}
    world.sync("stripe", company("acme"))
    assert len(of_acme(world)) == 1


def test_a_call_moves_neither_the_cursor_nor_the_sources_state(world):
    before = read(world, sources.states), read(world, sources.cursor, "sendgrid")
    receive(world, event())
    assert (read(world, sources.states), read(world, sources.cursor, "sendgrid")) == before


def test_what_is_not_the_vendors_leaves_nothing(world):
    body = json.dumps([event()]).encode()
    forged = signed(body + b" ", NOON)
    with pytest.raises(WebhookRefusedError) as caught:
        receiving.receive(world.deps, "sendgrid", forged, body)
    assert caught.value.status == HTTPStatus.UNAUTHORIZED
    world.sync("stripe", company("acme"))
    assert of_acme(world) == []


def test_what_cannot_be_stored_whole_is_not_stored_at_all(world):
    begin(world)
    with world.deps.db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE rejected RENAME TO elsewhere"))
    with pytest.raises(SQLAlchemyError):
        receive(world, event("open", hours=0), event(timestamp="?"))
    assert of_acme(world)[0].last_opened_at is None
    assert dirty_ones(world) == set()


def test_what_came_by_itself_is_counted_with_the_last_time_it_was_asked(world):
    receive(world, event())
    assert "sendgrid" not in read(world, sources.totals)
    with world.deps.db.write() as session:
        ran = {"records": 0, "requests": 1, "rejected": 0, "error": None}
        sources.record_run(session, "sendgrid", started_at=NOON, ended_at=NOON, **ran)
    receive(world, event("open", hours=0))
    receive(world, event("click", hours=0), event(hours=0))
    assert read(world, sources.totals)["sendgrid"] == (2, 1)  # a contact each
