"""Importing a file: looked through first, stored as a sync stores, and never fresher than what was read."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from service_world import HOUR, NOON, SETTINGS, World, config_of

from bot.services import importing, syncing
from bot.services.errors import UserError
from integrations.base import SourceDataError
from integrations.sources.csv import Csv, Settings
from scoring.readings import day_number
from storage import sources, usage

ACCOUNTS = "account_id,name,domains\nacme,Acme,acme.example\nglobex,Globex,\ninitech,Initech,\n"
USAGE = "account_id,day,feature,count,user\nacme,2026-11-15,Report,3,u1\nacme,2026-11-14,Report,1,\nhooli,2026-11-15,Report,1,\n"


def quiet(*_):
    """Nobody watches."""


@pytest.fixture
def imports(db, tmp_path, monkeypatch):
    """A company whose accounts and usage come in files that somebody hands over."""

    def build(kinds=("accounts", "usage"), record="csv"):
        monkeypatch.setitem(SETTINGS, "csv", {"kinds": [*kinds]})
        names = dict.fromkeys(("csv", record))
        world = World(db, tmp_path, config=config_of(tmp_path, *names, system_of_record=record))
        source = Csv(Settings(kinds=kinds), hash_key=b"key")
        world.deps = replace(world.deps, sources={**world.shelves, "csv": source})
        return world

    return build


def put(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text)
    return file


def take(world, file, as_=None):
    return importing.take(world.deps, importing.preview(world.deps, file, as_), on_progress=quiet)


def state(world):
    with world.deps.db.read() as session:
        return sources.states(session).get("csv")


def test_a_preview_counts_and_stores_nothing(imports, tmp_path):
    world = imports()
    found = importing.preview(world.deps, put(tmp_path, "accounts.csv", ACCOUNTS), None)
    assert (found.rows, found.taken, found.error_rows) == (3, 3, 0)
    assert (found.accounts, found.matched, found.made) == (3, 0, True)
    assert found.is_clean
    assert world.keys() == set()
    assert state(world) is None


def test_the_accounts_of_a_file_are_accounts_where_csv_is_the_system_of_record(imports, tmp_path):
    world = imports(kinds=["accounts"])
    done = take(world, put(tmp_path, "accounts.csv", ACCOUNTS))
    assert (done.records, done.rejected, done.waits_for) == (3, 0, ())
    assert world.keys() == {"acme", "globex", "initech"}
    assert state(world).last_ok_at == NOON


def test_until_every_kind_was_read_nothing_counts_as_complete(imports, tmp_path):
    world = imports()
    done = take(world, put(tmp_path, "accounts.csv", ACCOUNTS))
    assert done.waits_for == ("usage",)
    assert world.keys() == {"acme", "globex", "initech"}
    assert state(world).last_ok_at is None
    done = take(world, put(tmp_path, "usage.csv", USAGE))
    assert done.waits_for == ()
    assert state(world).last_ok_at == datetime(2026, 11, 16, tzinfo=UTC), (
        "the end of its newest day"
    )
    assert state(world).failing_since is None


def test_what_is_read_on_schedule_afterwards_is_no_fresher(imports, tmp_path):
    world = imports()
    for name, text in (("accounts.csv", ACCOUNTS), ("usage.csv", USAGE)):
        take(world, put(tmp_path, name, text))
    world.clock.at += timedelta(days=9)
    assert syncing.sync(world.deps, "csv").error is None
    assert state(world).last_ok_at == datetime(2026, 11, 16, tzinfo=UTC)


def test_an_old_file_that_is_brought_later_takes_no_freshness_back(imports, tmp_path):
    world = imports(kinds=["usage"], record="stripe")
    take(world, put(tmp_path, "usage.csv", USAGE))
    world.clock.at += HOUR
    take(world, put(tmp_path, "usage.csv", USAGE.replace("2026-11-1", "2026-10-1")))
    assert state(world).last_ok_at == datetime(2026, 11, 16, tzinfo=UTC)


def test_usage_is_the_accounts_that_its_ids_name(imports, tmp_path):
    world = imports()
    take(world, put(tmp_path, "accounts.csv", ACCOUNTS))
    file = put(tmp_path, "usage.csv", USAGE)
    found = importing.preview(world.deps, file, None)
    assert (found.accounts, found.matched, found.made) == (2, 1, False)
    assert (found.first_day, found.last_day) == (date(2026, 11, 14), date(2026, 11, 15))
    take(world, file)
    acme = world.account("acme").id
    with world.deps.db.read() as session:
        active = usage.active_days(session, [acme], since=0, until=day_number(NOON))
        people = usage.active_users(session, [acme], since=0, until=day_number(NOON))
    assert active == {acme: {day_number(NOON) - 2: 1, day_number(NOON) - 1: 3}}
    assert people == {acme: 1}


def test_bringing_a_file_again_changes_nothing(imports, tmp_path):
    world = imports()
    for name, text in (("accounts.csv", ACCOUNTS), ("usage.csv", USAGE)):
        take(world, put(tmp_path, name, text))
    world.rescore()
    world.clock.at += HOUR
    take(world, tmp_path / "usage.csv")
    assert world.rescore() == 0


def test_ids_and_domains_of_another_system_of_record_are_counted_as_known(imports, tmp_path):
    from service_world import company

    world = imports(kinds=["accounts"], record="stripe")
    world.sync("stripe", company("globex"), company("other", domains=("acme.example",)))
    file = put(tmp_path, "accounts.csv", ACCOUNTS)
    found = importing.preview(world.deps, file, None)
    assert (found.accounts, found.matched, found.made) == (3, 2, False)
    take(world, file)
    assert world.keys() == {"globex", "other"}, "only the system of record makes accounts"
    again = importing.preview(world.deps, file, None)
    assert again.matched == 2


def test_bad_rows_are_errors_with_row_and_column(imports, tmp_path):
    world = imports()
    file = put(tmp_path, "accounts.csv", ACCOUNTS + "hooli,,\n")
    found = importing.preview(world.deps, file, None)
    assert found.errors == ("row 5, name: is empty",)
    done = importing.take(world.deps, found, on_progress=quiet)
    assert (done.records, done.rejected) == (3, 1)


def test_a_mistyped_column_is_an_error_too(imports, tmp_path):
    file = put(tmp_path, "accounts.csv", "account_id,name,renew_on\nacme,Acme,2027-01-01\n")
    found = importing.preview(imports().deps, file, None)
    assert found.errors == ("row 1, renew_on: there is no such column; did you mean renews_on?",)
    assert not found.is_clean


def test_a_file_that_is_no_csv_leaves_the_source_as_it_was(imports, tmp_path):
    world = imports()
    with pytest.raises(SourceDataError, match="is empty"):
        importing.preview(world.deps, put(tmp_path, "accounts.csv", ""), None)
    assert state(world) is None


@pytest.mark.parametrize(
    ("name", "as_", "sentence"),
    [
        (
            "export.csv",
            None,
            "The name export.csv does not say what is in the file. Add --as with one of: accounts, ",
        ),
        ("accounts.csv", "acounts", "acounts is no kind of file. Use one of: accounts, usage, "),
        (
            "tickets.csv",
            None,
            '[sources.csv] does not tell of tickets. If it shall, write there: kinds = ["accounts", "tickets", "usage"].',
        ),
        ("export.csv", "delighted", "[sources.csv] does not tell of surveys."),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(imports, tmp_path, name, as_, sentence):
    file = put(tmp_path, name, ACCOUNTS)
    with pytest.raises(UserError) as refused:
        importing.preview(imports().deps, file, as_)
    assert str(refused.value).startswith(sentence)


def test_without_the_section_it_is_named(world, tmp_path):
    with pytest.raises(UserError, match=r"no section \[sources.csv\]. Add it with kinds"):
        importing.preview(world.deps, put(tmp_path, "accounts.csv", ACCOUNTS), None)


def test_only_the_first_errors_are_shown_and_the_rest_counted(imports, tmp_path):
    rows = "".join(f"a{n},\n" for n in range(30)) + "".join(f"b{n},B\n" for n in range(40))
    found = importing.preview(
        imports().deps, put(tmp_path, "accounts.csv", "account_id,name\n" + rows), None
    )
    lines = [*importing.describe_errors(found, is_dry=True)]
    assert lines[0] == "  row 2, name: is empty"
    assert lines[20:] == ["  and 10 more"]
