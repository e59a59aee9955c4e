"""Erasing an account: nothing of it is left anywhere, nothing of it comes back, and nobody else loses a row."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from erasable import SOURCES, deliver, of_zephyr, rating, rows, rows_of, talk, tell, traces, usage
from service_world import DANA, ERIN, TEAM, World, config_of, text_of, ticket

from bot.blocks import kit
from bot.blocks.erase import GONE, GONE_LINE
from bot.services import barring, erasing, speaking
from bot.services.errors import UserError
from integrations.base import Page
from scoring.records import Organisation
from storage import accounts, audit


@pytest.fixture
def full(db, tmp_path):
    world = World(db, tmp_path, config=config_of(tmp_path, *SOURCES))
    tell(world, "positive")
    tell(world)
    talk(world)
    deliver(world)
    return world


def erase(world):
    return erasing.erase(world.deps, world.account("zephyr").id, member=ERIN.id)


def shown(world):
    """What stands in Slack once everything that waits is out, by key."""
    deliver(world)
    told = {}
    for row in world.outbox():
        if row.state == "sent":
            told[row.of if row.kind == "update" else row.key] = text_of(row)
    return told


def test_before_it_is_erased_it_is_nearly_everywhere(full):
    found = {table for table, _ in traces(full.deps.db)}
    assert {"account", "link", "link_domain", "ticket", "contact", "subscription"} <= found
    assert {"invoice", "card", "survey_response", "note", "sentiment"} <= found
    assert {"rejected", "audit", "outbox", "account_score"} <= found


def test_no_table_holds_a_word_of_it_afterwards(full):
    erase(full)
    assert traces(full.deps.db) == set()


def test_what_is_left_can_be_vacuumed(full):
    erase(full)
    before = sorted(rows(full.deps.db))
    full.deps.db.vacuum()
    assert sorted(rows(full.deps.db)) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_byte_of_it_is_in_the_file_once_it_is_vacuumed(full):
    file = Path(full.deps.db.engine.url.database)
    assert b"zephyr.example" in file.read_bytes() + file.with_name(f"{file.name}-wal").read_bytes()
    erase(full)
    full.deps.db.vacuum()
    kept = file.read_bytes() + file.with_name(f"{file.name}-wal").read_bytes()
    for word in (b"cus_z", b"zephyr.example", b"zd-org-7", b"tk-zeph-1", b"comment of theirs"):
        assert word not in kept.lower()


def test_nothing_comes_back_however_often_it_is_told(full):
    erase(full)
    before = full.keys()
    for _ in range(2):
        tell(full)
    assert traces(full.deps.db) == set()
    assert full.keys() == before == {"globex"}


def test_nothing_that_is_told_of_it_by_itself_is_stored(full):
    erase(full)
    at = full.clock.at
    page = Page(cursor={}, records=tuple(of_zephyr(at)["zendesk"]))
    with full.deps.db.write() as session:
        kept = barring.without_erased(session, full.deps, "zendesk", page)
    assert kept.records == ()


def test_a_ticket_that_is_opened_later_takes_its_rating_along_whichever_comes_first(full):
    erase(full)
    late = replace(ticket("x", "negative", at=full.clock.at, ref="zd-org-7"), id="tk-zeph-2")
    full.sync("zendesk", rating("rating 2", "tk-zeph-2"))
    assert traces(full.deps.db, ["tk-zeph-2"])
    full.sync("zendesk", late)
    full.sync("zendesk", rating("rating 3", "tk-zeph-2"))
    assert traces(full.deps.db, ["tk-zeph-2", "comment of theirs"]) == set()


def test_a_tool_that_is_connected_later_brings_nothing_either(full):
    erase(full)
    full.sync("hubspot", Organisation(ref="zephyr.example", name=""))
    full.sync("typeform", usage=usage("zephyr"))
    assert traces(full.deps.db) == set()


def test_a_raw_record_that_names_it_is_not_kept_aside_and_any_other_is(full):
    erase(full)
    tell(full)
    kept = [row for table, row in rows(full.deps.db) if table == "rejected"]
    assert len(kept) == 1
    assert "ticket 15" in kept[0]


def test_others_keep_every_row(full):
    globex = full.account("globex").id
    before = sorted(rows_of(full.deps.db, globex))
    assert {"alert", "link", "ticket", "subscription", "usage_day"} <= {name for name, _ in before}
    erase(full)
    assert sorted(rows_of(full.deps.db, globex)) == before
    assert full.account("globex").name == "Globex"
    assert full.score("globex") is not None


def test_what_it_was_a_part_of_or_had_as_a_part_stays(full):
    with full.deps.db.read() as session:
        globex = accounts.by_key(session)["globex"]
    erase(full)
    full.sync("hubspot", Organisation(ref="hs-88", name="Globex", parent_ref="hs-77"))
    with full.deps.db.read() as session:
        assert accounts.by_key(session) == {"globex": globex}
    assert traces(full.deps.db, ["hs-77"]) == set()


def test_what_was_said_of_it_alone_is_replaced_in_slack(full):
    erase(full)
    told = shown(full)
    alone = [key for key in told if key.startswith(("alert:", "share:"))]
    assert len(alone) >= 2
    gone = {key for key in alone if GONE in told[key]}
    assert "share:1" in gone
    assert all("ephyr" not in told[key].replace("Zephyrus", "") for key in told)


def test_of_what_was_said_of_several_only_its_line_goes(full):
    erase(full)
    brief = shown(full)["brief:U0DANA:today"]
    assert GONE_LINE in brief
    assert "Globex" in brief
    assert "Zephyrus" in brief


def test_what_was_to_be_said_of_it_is_not_said(full):
    with full.deps.db.write() as session:
        speaking.say(
            session,
            kit.message("Zephyr called", [kit.section("*Zephyr* called")]),
            key="later",
            target=TEAM,
            at=full.clock.at,
            not_before=full.clock.at + timedelta(days=1),
        )
    erase(full)
    (row,) = [each for each in full.outbox() if each.key == "later"]
    assert row.state == "expired"
    assert GONE in text_of(row)


def test_it_is_noted_who_erased_how_much_and_not_whom(full):
    done = erase(full)
    with full.deps.db.read() as session:
        entry = audit.recent(session)[0]
    assert (entry.member, entry.what, entry.allowed) == (ERIN.id, "erase", True)
    assert entry.detail["records"] == done.records > 10
    assert done.messages >= 2


def test_it_is_counted_before_it_is_done(full):
    with full.deps.db.read() as session:
        found = erasing.look(session, full.account("zephyr"))
    assert found.counts["ticket"] == 1
    assert found.counts["link"] >= 5
    assert sum(found.counts.values()) == erase(full).records


def test_a_second_press_finds_nothing_left_to_erase(full):
    account_id = full.account("zephyr").id
    erasing.erase(full.deps, account_id, member=ERIN.id)
    with pytest.raises(UserError, match="nothing left to erase"):
        erasing.erase(full.deps, account_id, member=ERIN.id)


def test_an_account_that_left_is_found_by_its_whole_name(full):
    full.sync("stripe", Organisation(ref="cus_z", name="Zephyr", deleted=True))
    with full.deps.db.read() as session:
        assert erasing.the_account(session, "zephyr", exactly=True).key == "zephyr"
        with pytest.raises(UserError, match="exactly"):
            erasing.the_account(session, "zeph", exactly=True)


def test_of_two_of_one_name_one_is_chosen_by_its_id(full):
    full.sync("stripe", Organisation(ref="cus_2", name="Zephyr", account_key="other"))
    with full.deps.db.read() as session:
        with pytest.raises(UserError, match="2 accounts have this name") as told:
            erasing.the_account(session, "Zephyr")
        other = accounts.by_key(session)["other"]
        assert f"account:{other}" in str(told.value)
        assert erasing.the_account(session, f"account:{other}").key == "other"


def test_who_is_let_in_again_is_a_new_account(full):
    erase(full)
    erasing.readmit(full.deps, "stripe", "cus_z", member=DANA.id)
    tell(full)
    assert full.keys() == {"zephyr", "globex"}
    with pytest.raises(UserError, match="Nothing of stripe was erased"):
        erasing.readmit(full.deps, "stripe", "cus_z", member=DANA.id)
