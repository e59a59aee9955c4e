"""The demo read from every source there is: they tell one story, and doctor finds all of them well."""

import json
import os
import signal
import subprocess

import pytest
from demos import BELLWETHER, launch
from worlds import ROOT

from bot.demo import USUAL, choose
from bot.variables import ConfigError
from integrations.registry import SOURCES
from storage import accounts, contacts, links
from storage.engine import open_database


def bellwether(home, *arguments):
    """A command beside the running demo, on the configuration it left."""
    return subprocess.run(
        [BELLWETHER, *arguments, "--config", str(home / "demo" / "bellwether.toml")],
        cwd=ROOT,
        env={**os.environ, "BELLWETHER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A demo of every source, up and lived through for a day."""
    home = tmp_path_factory.mktemp("every")
    options = ("--port", "0", "--days", "1", "--accounts", "20", "--sources", "all")
    process = launch(home, *options, stderr=subprocess.DEVNULL)
    said = ""
    while "http://" not in said:
        said = process.stdout.readline()
        assert said
    yield home
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


@pytest.mark.slow
def test_doctor_finds_every_source_and_slack_well(home):
    ran = bellwether(home, "doctor", "--json")
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["broken"]) == (0, 0), told
    assert {each["of"] for each in told["findings"]} == {"slack", *SOURCES}


@pytest.mark.slow
def test_every_source_knows_the_same_account(home):
    ran = bellwether(home, "health", "acme")
    assert "Acme Corporation" in ran.stdout
    assert "13 sources are fresh" in ran.stdout
    database = open_database(f"sqlite:///{home / 'demo' / 'bellwether.db'}")
    try:
        with database.read() as session:
            acme = accounts.by_key(session)["acme"]
            assert links.linked_sources(session, [acme])[acme] == set(SOURCES)
            assert contacts.of_accounts(session, [acme])[acme]
    finally:
        database.dispose()


@pytest.mark.slow
def test_nobody_became_a_second_account(home):
    database = open_database(f"sqlite:///{home / 'demo' / 'bellwether.db'}")
    try:
        with database.read() as session:
            names = [name for _, name in accounts.names(session)]
            assert len(names) == len(set(names))
    finally:
        database.dispose()


def test_sources_are_chosen_by_name_and_one_must_make_accounts():
    assert choose("") == USUAL
    assert choose("all") == tuple(SOURCES)
    assert choose("hubspot, mailchimp") == ("hubspot", "mailchimp")
    with pytest.raises(ConfigError, match="There is no source called salesforce"):
        choose("stripe,salesforce")
    with pytest.raises(ConfigError, match="None of these makes accounts"):
        choose("mixpanel,typeform")
