"""The command line: what a person did wrong is one sentence and an exit code, never a traceback."""

import json
import logging
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import structlog

from bot.cli import main
from scoring.records import Organisation
from storage import accounts
from storage.engine import open_database

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HEAVY = "alembic apscheduler duckdb httpx pydantic rapidfuzz slack_bolt slack_sdk sqlalchemy sqlmodel structlog".split()


class Bellwether:
    """The command as a person runs it, in a home folder of its own."""

    def __init__(self, folder, capsys):
        self.file = folder / "bellwether.toml"
        self.url = f"sqlite:///{folder / 'home' / 'bellwether.db'}"
        self._capsys = capsys

    def configure(self, **sections):
        self.file.write_text(
            "\n".join(
                f"[{name.replace('__', '.')}]\n"
                + "\n".join(f"{key} = {json.dumps(value)}" for key, value in section.items())
                for name, section in sections.items()
            ),
            "utf-8",
        )

    def __call__(self, *arguments):
        """Exit code, stdout and stderr; whatever goes wrong, no traceback."""
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *(["--config", str(self.file)] if "--help" not in arguments else [])])
        told = self._capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return ended.value.code, told.out, told.err


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


SLACK = {
    "bot_token": "xoxb-canary",
    "app_token": "xapp-canary",
    "team_channel": "C0TEAM",
    "admin_channel": "C0ADMIN",
    "base_url": "http://127.0.0.1:9/api/",
}


@pytest.fixture(autouse=True)
def logs_as_before():
    """The commands set up the process's logs; other tests want theirs."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def bellwether(tmp_path, home, capsys):
    command = Bellwether(tmp_path, capsys)
    command.configure(
        general={"hash_key": "canary"},
        slack=SLACK,
        sources__stripe={"api_key": "rk_live_canary", "base_url": "http://127.0.0.1:9"},
    )
    return command


def set_revision(url, revision):
    database = open_database(url)
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE alembic_version SET version_num = '{revision}'"
        )
    database.dispose()


def test_help_loads_nothing_heavy():
    asked = "import sys; from bot.cli import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "Usage: " in done.stdout
    assert not set(HEAVY) & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "command", ["demo", "run", "sync", "score", "health", "export", "erase", "readmit", "db"]
)
def test_every_command_explains_itself(bellwether, command):
    code, out, _ = bellwether(command, "--help")
    assert code == 0
    assert f" {command} " in out


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["health"], ["sync", "--nonsense"], ["db", "nonsense"]]
)
def test_a_wrong_use_exits_with_2(bellwether, arguments):
    code, out, err = bellwether(*arguments)
    assert (code, out) == (2, "")
    assert "Usage: " in err


@pytest.mark.parametrize(
    "arguments", [["run"], ["sync"], ["score"], ["health", "acme"], ["db", "upgrade"]]
)
def test_a_wrong_path_to_the_configuration_says_what_to_copy(bellwether, arguments):
    bellwether.file.unlink()
    code, out, err = bellwether(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"There is no {bellwether.file}. Copy bellwether.example.toml to ")


def test_a_wrong_configuration_is_a_wrong_use(bellwether):
    bellwether.configure(
        general={"hash_key": "canary", "time_zone": "UTC"},
        slack=SLACK,
        sources__stripe={"api_key": "rk_live_canary"},
    )
    assert bellwether("score") == (
        2,
        "",
        "Unknown key general.time_zone. Did you mean timezone?\n",
    )


@pytest.mark.parametrize("arguments", [["run"], ["sync"], ["score"], ["health", "acme"]])
def test_a_database_that_was_never_made_or_is_old_says_which_command_to_run(bellwether, arguments):
    code, out, err = bellwether(*arguments)
    assert (code, out) == (1, "")
    assert err == "The database needs an upgrade. Run: bellwether db upgrade\n"


def test_upgrading_twice_is_as_good_as_once(bellwether):
    assert bellwether("db", "upgrade") == (0, "The database is up to date.\n", "")
    assert bellwether("db", "upgrade") == (0, "The database is up to date.\n", "")
    assert bellwether("score") == (0, "0 accounts scored\n", "")


@pytest.mark.parametrize("arguments", [["run"], ["sync"], ["score"], ["db", "upgrade"]])
def test_a_newer_versions_database_is_refused(bellwether, arguments):
    bellwether("db", "upgrade")
    set_revision(bellwether.url, "from_the_future")
    code, out, err = bellwether(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("The database was made by a newer version of Bellwether (schema from_")


def test_a_database_that_is_none_says_so(bellwether, home):
    (home / "bellwether.db").write_bytes(b"this is no database" * 100)
    code, _, err = bellwether("score")
    assert (code, err) == (1, "The database cannot be used: file is not a database.\n")


def test_a_database_that_cannot_be_reached_says_so_and_keeps_its_password(bellwether):
    bellwether.configure(
        general={"hash_key": "canary", "database": "postgresql://me:canary@127.0.0.1:9/none"},
        slack=SLACK,
        sources__stripe={"api_key": "rk_live_canary"},
    )
    code, _, err = bellwether("score")
    assert code == 1
    assert err.startswith("The database cannot be used: ")
    assert "canary" not in err


def test_a_backup_is_a_whole_database_and_overwrites_nothing(bellwether, tmp_path):
    bellwether("db", "upgrade")
    copy = tmp_path / "copy.db"
    assert bellwether("db", "backup", str(copy)) == (0, f"Copied to {copy}.\n", "")
    copied = open_database(f"sqlite:///{copy}")
    copied.check_schema()
    copied.dispose()
    before = copy.read_bytes()
    code, out, err = bellwether("db", "backup", str(copy))
    assert (code, out) == (1, "")
    assert err == f"{copy} exists already; a backup never overwrites.\n"
    assert copy.read_bytes() == before


def test_a_backup_into_no_folder_names_the_place(bellwether, tmp_path):
    bellwether("db", "upgrade")
    code, _, err = bellwether("db", "backup", str(tmp_path / "nowhere" / "copy.db"))
    assert code == 1
    assert err.startswith(str(tmp_path / "nowhere"))


def test_an_unknown_source_is_named_with_the_ones_there_are(bellwether):
    bellwether("db", "upgrade")
    assert bellwether("sync", "zendesk") == (
        2,
        "",
        "No source called zendesk is configured. Configured are: stripe.\n",
    )


def test_a_source_that_cannot_be_reached_fails_and_scoring_goes_on(bellwether):
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=SLACK,
        sources__stripe={"api_key": "sk_wrong kind", "base_url": "http://127.0.0.1:9"},
    )
    bellwether("db", "upgrade")
    code, out, err = bellwether("sync", "stripe")
    assert (code, err) == (1, "")
    assert out.startswith("stripe: ")
    assert out.endswith("0 accounts scored\n")
    assert "sk_wrong" not in out


def test_run_says_that_slack_cannot_be_reached(bellwether):
    bellwether("db", "upgrade")
    code, out, err = bellwether("run")
    assert (code, out) == (2, "")
    assert "Slack cannot be reached at http://127.0.0.1:9/api/" in err
    assert "canary" not in err


def test_health_answers_in_plain_text(bellwether):
    bellwether("db", "upgrade")
    database = open_database(bellwether.url)
    with database.write() as session:
        told = [Organisation(ref="cus_1", name="Fish & Chips <Ltd>")]
        accounts.create_or_update(session, told, source="stripe", at=NOW)
    database.dispose()
    code, out, err = bellwether("health", "fish & chips")
    assert (code, err) == (0, "")
    assert "Fish & Chips <Ltd>" in out
    code, out, _ = bellwether("health", "zzz")
    assert code == 0
    assert "zzz" in out


def test_syncing_reads_every_source_and_scores_what_changed(bellwether, sandbox):
    told = sandbox.get("/sandbox/introduction")
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=told["slack"],
        **{f"sources__{name}": told["sources"][name] for name in ("stripe", "zendesk")},
    )
    bellwether("db", "upgrade")
    code, out, err = bellwether("sync", "stripe", "zendesk")
    assert (code, err) == (0, "")
    stripe, zendesk, scored = out.splitlines()
    assert stripe.startswith("stripe: ")
    assert " records in " in zendesk
    assert re.fullmatch(r"[1-9]\d* accounts scored", scored)


def test_reading_again_since_a_day_asks_for_what_happened_then(bellwether, sandbox):
    told = sandbox.get("/sandbox/introduction")
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=told["slack"],
        sandbox={"url": sandbox.url},
        **{f"sources__{name}": told["sources"][name] for name in ("stripe", "zendesk")},
    )
    bellwether("db", "upgrade")
    whole = records_of(bellwether("sync")[1], "zendesk")
    assert records_of(bellwether("sync", "zendesk")[1], "zendesk") < whole
    again = bellwether("sync", "zendesk", "--since", "2000-01-01")[1]
    assert records_of(again, "zendesk") == whole
    code, _, err = bellwether("sync", "zendesk", "--since", "yesterday")
    assert code == 2
    assert "yesterday" in err


def records_of(out, source):
    return int(re.search(rf"{source}: ([\d,]+) records", out)[1].replace(",", ""))


def test_the_doctor_proves_slack_and_each_source_and_names_what_is_wrong(bellwether, sandbox):
    told = sandbox.get("/sandbox/introduction")
    wrong = {**told["sources"]["stripe"], "api_key": "rk_test_wrong"}
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=told["slack"],
        sources__hubspot=told["sources"]["hubspot"],
        sources__stripe=wrong,
    )
    bellwether("db", "upgrade")
    code, out, err = bellwether("doctor")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert "  ✓ access: reaches the CRM" in lines
    assert "  ✓ scopes: has all 16 scopes it needs" in lines
    assert "  ✓ clock: this machine's clock is right" in lines
    (refused,) = [each for each in lines if "✗" in each]
    assert "[sources.stripe]" in refused
    assert "  ! freshness: no complete answer yet: run `bellwether sync stripe`" in lines
    assert lines[-1].endswith("1 broken")
    assert "rk_test_wrong" not in out


def test_the_doctor_warns_of_a_way_in_that_will_be_closed(bellwether, sandbox):
    told = sandbox.get("/sandbox/introduction")
    zendesk = told["sources"]["zendesk"]
    token = {"email": "bot@northwind.example", "api_token": "sandbox-zendesk-token"}
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=told["slack"],
        sandbox={"url": sandbox.url},
        sources__stripe=told["sources"]["stripe"],
        sources__zendesk={name: zendesk[name] for name in ("base_url", "subdomain")} | token,
    )
    bellwether("db", "upgrade")
    code, out, _ = bellwether("doctor")
    assert code == 0
    assert "  ! settings: It is read by an API token, which Zendesk ends on 30 April 2027" in out


def test_the_doctor_tells_programs_in_json(bellwether, sandbox):
    told = sandbox.get("/sandbox/introduction")
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=told["slack"],
        sources__stripe=told["sources"]["stripe"],
    )
    bellwether("db", "upgrade")
    code, out, _ = bellwether("doctor", "--json")
    answer = json.loads(out)
    assert (code, answer["broken"]) == (0, 0)
    assert {each["of"] for each in answer["findings"]} == {"slack", "stripe"}


def test_the_doctor_says_which_channel_is_wrong_and_what_to_do(bellwether, sandbox):
    told = sandbox.get("/sandbox/introduction")
    slack = {**told["slack"], "team_channel": "C0SHARED", "admin_channel": "C0NOWHERE"}
    bellwether.configure(
        general={"hash_key": "canary"}, slack=slack, sources__stripe=told["sources"]["stripe"]
    )
    bellwether("db", "upgrade")
    code, out, _ = bellwether("doctor")
    assert code == 1
    assert "is shared with another organisation" in out
    assert "slack.admin_channel = C0NOWHERE cannot be seen (channel_not_found)" in out


def test_the_doctor_lists_what_matches_no_account_and_what_could_not_be_read(bellwether, sandbox):
    told = sandbox.get("/sandbox/introduction")
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=told["slack"],
        sandbox={"url": sandbox.url},
        sources__stripe=told["sources"]["stripe"],
        sources__hubspot=told["sources"]["hubspot"],
    )
    bellwether("db", "upgrade")
    sandbox.break_vendor("hubspot", "malformed_record")
    assert bellwether("sync")[0] == 0
    code, out, _ = bellwether("doctor")
    assert code == 0
    assert "  ! unmatched: match no account and wait: 1. In Slack: /health matches" in out
    assert "      Nora's Bakery (299999999)" in out
    assert "  ! unread: could not be read and kept aside: 1" in out


def test_a_config_beside_a_sandbox_that_is_gone_says_so(bellwether):
    bellwether.configure(
        general={"hash_key": "canary"},
        slack=SLACK,
        sandbox={"url": "http://127.0.0.1:9"},
        sources__stripe={"api_key": "rk_test_1"},
    )
    code, _, err = bellwether("doctor")
    assert code == 2
    assert "The sandbox at http://127.0.0.1:9" in err


def test_json_without_headless_is_a_wrong_use(bellwether):
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--json"])
    assert ended.value.code == 2
