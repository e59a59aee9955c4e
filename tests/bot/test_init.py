"""`bellwether init`: every credential is tried as it is given, and what is written runs."""

import os
import stat
import tomllib
from datetime import date, time

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load_config
from integrations.registry import SOURCES


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def told(sandbox):
    return {**sandbox.get("/sandbox/introduction"), "url": sandbox.url}


def begin(folder, told, *names):
    """A configuration that knows where the sandbox is, and nothing else."""
    lines = ["[slack]", f'base_url = "{told["slack"]["base_url"]}"']
    lines += ["[sandbox]", f'url = "{told["url"]}"']
    for name in names:
        lines += [f"[sources.{name}]", f'base_url = "{told["sources"][name]["base_url"]}"']
    (folder / "bellwether.toml").write_text("\n".join(lines))


def answer(*lines):
    return CliRunner().invoke(app, ["init"], input="".join(f"{line}\n" for line in lines))


def slack(told):
    return [
        told["slack"][name] for name in ("bot_token", "app_token", "team_channel", "admin_channel")
    ]


def test_what_is_answered_is_proved_written_and_can_be_run(folder, told):
    begin(folder, told, "stripe", "hubspot")
    keys = [told["sources"]["stripe"]["api_key"], told["sources"]["hubspot"]["access_token"]]
    ran = answer("y", "Europe/Berlin", *slack(told), "stripe, hubspot", *keys, "stripe")
    assert ran.exit_code == 0, ran.output
    assert "✓ reaches the Stripe account" in ran.output
    assert "✓ reaches the CRM" in ran.output
    written = (folder / "bellwether.toml").read_text()
    secrets = dict(
        line.split("=", 1) for line in (folder / "bellwether.env").read_text().splitlines()
    )
    for secret in (*keys, told["slack"]["bot_token"]):
        assert secret not in written
        assert f"'{secret}'" in secrets.values()
        assert secret not in ran.output
    assert stat.S_IMODE((folder / "bellwether.env").stat().st_mode) == 0o600
    environment = {name: text.strip("'") for name, text in secrets.items()}
    os.environ.update(environment)
    try:
        config = load_config(folder / "bellwether.toml", home=folder)
    finally:
        for name in environment:
            del os.environ[name]
    assert set(config.sources) == {"stripe", "hubspot"}
    assert config.general.timezone == "Europe/Berlin"


def test_a_wrong_credential_is_said_at_once_and_asked_again(folder, told):
    begin(folder, told, "stripe")
    right = told["sources"]["stripe"]["api_key"]
    ran = answer("y", "UTC", *slack(told), "stripe", "rk_wrong", "y", right)
    assert ran.exit_code == 0, ran.output
    assert "refused the credentials (401)" in ran.output
    assert "✓ reaches the Stripe account" in ran.output


def test_a_wrong_time_zone_source_or_channel_is_asked_again(folder, told):
    begin(folder, told, "stripe")
    bot, app_token, team, admin = slack(told)
    wrong = [bot, app_token, "general", admin]
    key = told["sources"]["stripe"]["api_key"]
    ran = answer("y", "Berlin", "UTC", *wrong, "", "", team, admin, "salesforce", "stripe", key)
    assert ran.exit_code == 0, ran.output
    assert "is not a time zone" in ran.output
    assert "is not a channel's id" in ran.output
    assert "There is no source called salesforce" in ran.output


def test_every_setting_that_is_not_asked_for_is_there_as_a_comment(folder, told):
    begin(folder, told, "hubspot", "stripe")
    keys = [told["sources"]["hubspot"]["access_token"], told["sources"]["stripe"]["api_key"]]
    answer("y", "UTC", *slack(told), "hubspot,stripe", *keys, "stripe")
    written = (folder / "bellwether.toml").read_text()
    assert '# renewal_property = "renewal_date"' in written
    assert tomllib.loads(written)["sources"]["hubspot"]["access_token"] == "$HUBSPOT_ACCESS_TOKEN"


def test_what_else_an_old_configuration_says_stays(folder, told):
    begin(folder, told, "stripe")
    more = '\n[rubric]\ncore_features = ["A", "B"]\n[rubric.points.usage]\ndaily = 40\n'
    more += '[web]\nlisten = "[::1]:8080"\n[general]\nmonitor_at = 08:30:00\n'
    more += '[currencies]\nreporting = "usd"\n[[currencies.rates]]\non = 2026-01-01\neur = 1.08\n'
    file = folder / "bellwether.toml"
    file.write_text(file.read_text() + more)
    answer("y", "UTC", *slack(told), "stripe", told["sources"]["stripe"]["api_key"])
    kept = tomllib.loads(file.read_text())
    assert kept["rubric"] == {"core_features": ["A", "B"], "points": {"usage": {"daily": 40}}}
    assert kept["slack"]["base_url"] == told["slack"]["base_url"]
    assert kept["web"] == {"listen": "[::1]:8080"}
    assert kept["general"]["monitor_at"] == time(8, 30)
    assert kept["currencies"]["rates"] == [{"on": date(2026, 1, 1), "eur": 1.08}]


def test_every_setting_of_every_source_says_what_it_is():
    """It is the prompt of `init`, and the comment in what it writes."""
    mute = [
        f"{name}.{setting}"
        for name, kind in SOURCES.items()
        for setting, info in kind.settings.model_fields.items()
        if not info.description
    ]
    assert mute == []


def test_a_source_that_calls_gets_an_address_and_a_table_is_left_to_the_file(folder, told):
    begin(folder, told, "stripe", "sendgrid")
    key, mail = told["sources"]["stripe"]["api_key"], told["sources"]["sendgrid"]
    ran = answer(
        "y", "UTC", *slack(told), "stripe, sendgrid, warehouse", key,
        "https://bot.example", mail["api_key"], mail["public_key"], "2026-11-24", "",
        "n", "y",
        "duckdb:///a.duckdb", "stripe",
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output
    assert "docs/warehouse.md has them ready" in ran.output
    kept = tomllib.loads((folder / "bellwether.toml").read_text())
    assert kept["web"] == {"listen": "127.0.0.1:8080", "public_url": "https://bot.example"}
    assert kept["sources"]["sendgrid"]["listening_since"] == "2026-11-24"


def test_zendesk_is_asked_for_its_client_though_a_token_would_do(folder, told):
    begin(folder, told, "stripe", "zendesk")
    zendesk, key = told["sources"]["zendesk"], told["sources"]["stripe"]["api_key"]
    client = [zendesk["subdomain"], zendesk["client_id"], zendesk["client_secret"]]
    ran = answer("y", "UTC", *slack(told), "stripe, zendesk", key, *client, "stripe")
    assert ran.exit_code == 0, ran.output
    assert "✓ reaches northwind.zendesk.com" in ran.output
    kept = tomllib.loads((folder / "bellwether.toml").read_text())["sources"]["zendesk"]
    assert kept["client_secret"] == "$ZENDESK_CLIENT_SECRET"
    assert "api_token" not in kept
