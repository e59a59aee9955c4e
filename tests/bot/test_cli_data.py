"""`bellwether export`, `erase` and `readmit`: what is kept, taken away, and let go."""

import csv
import io
from datetime import UTC, datetime

import pytest
from test_cli import SLACK, Bellwether, home, logs_as_before  # noqa: F401

from scoring.records import Organisation
from storage import accounts
from storage.engine import open_database

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def bellwether(tmp_path, home, capsys):  # noqa: F811
    """A command on a database with two accounts."""
    command = Bellwether(tmp_path, capsys)
    command.configure(
        general={"hash_key": "canary"},
        slack=SLACK,
        sources__stripe={"api_key": "rk_live_canary", "base_url": "http://127.0.0.1:9"},
    )
    command("db", "upgrade")
    database = open_database(command.url)
    with database.write() as session:
        told = [Organisation(ref="cus_1", name="Acme"), Organisation(ref="cus_2", name="Globex")]
        accounts.create_or_update(session, told, source="stripe", at=NOW)
    database.dispose()
    return command


def names(bellwether):
    database = open_database(bellwether.url)
    with database.read() as session:
        found = {
            each.name for each in accounts.by_ids(session, accounts.active_ids(session)).values()
        }
    database.dispose()
    return found


def test_an_export_is_a_private_file_that_is_never_overwritten(bellwether, tmp_path):
    file = tmp_path / "all.csv"
    assert bellwether("export", str(file)) == (0, f"2 accounts written to {file}.\n", "")
    assert file.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [each["Account"] for each in rows] == ["Acme", "Globex"]
    assert "MRR" in rows[0]
    code, _, err = bellwether("export", str(file))
    assert (code, err) == (1, f"{file} exists already; an export never overwrites.\n")


def test_an_account_is_erased_by_its_whole_name_alone(bellwether):
    code, _, err = bellwether("erase", "acm", "--yes")
    assert code == 1
    assert "No account is called exactly “acm”" in err
    code, out, _ = bellwether("erase", "acme", "--yes")
    assert code == 0
    assert "Erase Acme?" in out
    assert "Erased: 1 records" in out
    assert names(bellwether) == {"Globex"}


def test_without_an_answer_nothing_is_erased(bellwether, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, out, _ = bellwether("erase", "acme")
    assert code == 1
    assert "Erase it?" in out
    assert names(bellwether) == {"Acme", "Globex"}


def test_what_was_erased_can_be_let_in_again(bellwether):
    bellwether("erase", "acme", "--yes")
    assert bellwether("readmit", "stripe:cus_1") == (
        0,
        "stripe:cus_1 is stored again from its next reading on.\n",
        "",
    )
    assert bellwether("readmit", "stripe:cus_1")[0] == 1
    assert bellwether("readmit", "nowhere:1")[2] == (
        "nowhere:1 is no id of a configured source, like stripe:cus_1.\n"
    )


def test_a_database_is_vacuumed(bellwether):
    bellwether("erase", "acme", "--yes")
    assert bellwether("db", "vacuum") == (0, "What was deleted is overwritten.\n", "")
