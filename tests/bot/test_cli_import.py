"""`bellwether import`: what a person sees of a file before it is stored, and after."""

import logging

import pytest
import structlog

from bot.cli import main

CONFIG = """
[general]
hash_key = "canary"
system_of_record = "csv"

[slack]
bot_token = "xoxb-canary"
app_token = "xapp-canary"
team_channel = "C0TEAM"
admin_channel = "C0ADMIN"
base_url = "http://127.0.0.1:9/api/"

[sources.csv]
kinds = ["accounts"]
"""
ACCOUNTS = "account_id,name,renews_on,industry\nacme,Acme,2027-03-01,steel\nglobex,Globex,,\ninitech,Initech,,\n"


@pytest.fixture(autouse=True)
def logs_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """The command as a person runs it: exit code, stdout and stderr."""
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    config = tmp_path / "bellwether.toml"
    config.write_text(CONFIG)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments), "--config", str(config)])
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return ended.value.code, told.out, told.err

    call("db", "upgrade")
    return call


@pytest.fixture
def file(tmp_path):
    def write(text=ACCOUNTS, name="accounts.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


PREVIEW = """accounts.csv, read as accounts:
  rows                                 3
  that can be stored                   3
  with errors                          0
  accounts named                       3
  known already                        0
  will be made                         3
  columns left out: “industry”
"""


def test_a_dry_run_shows_what_would_be_stored_and_stores_nothing(run, file):
    assert run("import", file(), "--dry-run") == (0, PREVIEW, "")
    assert run("import", file(), "--dry-run") == (0, PREVIEW, "")


def test_an_import_stores_and_scores(run, file):
    assert run("import", file()) == (0, PREVIEW + "3 rows stored\n3 accounts scored\n", "")
    _, out, _ = run("import", file(), "--dry-run")
    assert "  known already                        3\n" in out
    assert run("health", "globex")[0] == 0


def test_a_file_with_errors_is_refused_and_every_error_is_placed(run, file):
    bad = file(ACCOUNTS + "hooli,,,\nvehement,V,3/1/2027,\n")
    code, out, err = run("import", bad, "--dry-run")
    assert code == 1
    assert "  with errors                          2\n" in out
    assert err == (
        "  row 5, name: is empty\n"
        "  row 6, renews_on: “3/1/2027” can be read in more than one way; write it like 2026-11-24\n"
    )
    code, _, err = run("import", bad)
    assert code == 1
    assert err.endswith(
        "Nothing was stored. Mend the file, or take the rest of it with --skip-errors.\n"
    )
    assert "  known already                        0\n" in run("import", file(), "--dry-run")[1]


def test_the_good_rows_can_be_taken_alone(run, file):
    code, out, err = run("import", file(ACCOUNTS + "hooli,,,\n"), "--skip-errors")
    assert (code, err) == (0, "")
    assert out.endswith("3 rows stored\n  could not be read and kept aside: 1\n3 accounts scored\n")


@pytest.mark.parametrize(
    ("name", "more", "sentence"),
    [
        (
            "book.csv",
            [],
            "The name book.csv does not say what is in the file. Add --as with one of: accounts",
        ),
        (
            "usage.csv",
            [],
            '[sources.csv] does not tell of usage. If it shall, write there: kinds = ["accounts", "usage"].',
        ),
        ("book.csv", ["--as", "nonsense"], "nonsense is no kind of file."),
    ],
)
def test_what_can_be_mended_is_one_sentence(run, file, name, more, sentence):
    code, out, err = run("import", file(name=name), *more)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)


def test_a_file_of_any_name_is_read_as_what_it_is_said_to_be(run, file):
    assert run("import", file(name="book.txt"), "--as", "accounts")[0] == 0


def test_what_is_not_there_is_said(run, file, tmp_path):
    assert run("import", tmp_path / "accounts.csv")[2].endswith(
        "accounts.csv cannot be read: No such file or directory.\n"
    )
    (tmp_path / "accounts_2.csv").mkdir()
    assert run("import", tmp_path / "accounts_2.csv")[2].endswith("is a folder, not a file.\n")


def test_a_file_that_is_mostly_wrong_names_every_mistake_and_nothing_of_it_is_taken(run, file):
    wrong = file("account_id,name,renews_on\nacme,Acme,11/24/2026\nglobex,,\ninitech,Initech,\n")
    code, out, err = run("import", wrong, "--dry-run")
    assert code == 1
    assert "  with errors                          2\n" in out
    assert "row 2, renews_on" in err
    assert "row 3, name" in err
    assert "More than half of the rows are wrong" in err
    code, _, err = run("import", wrong, "--skip-errors")
    assert code == 1
    assert "2 of 3 rows cannot be read, so nothing of it is taken" in err
