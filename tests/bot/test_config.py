"""Configuration: what is said is taken as it is, and every mistake is one sentence with its mend."""

import re
import tomllib
import traceback
from copy import deepcopy
from dataclasses import fields, replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.config import General, load_config, parse_config
from bot.connecting import SlackConfig
from bot.variables import ConfigError
from integrations.registry import SOURCES
from scoring.hours import WorkingHours
from scoring.playbooks import PLAYBOOKS, Playbook, WatchKind
from scoring.policy import AlertPolicy, Drop, Escalation, MassChange, Route, Threshold
from scoring.rubric import Component, Rubric
from scoring.rules import Rule

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "bellwether.example.toml").read_text("utf-8")
DOCS = "\n".join(
    (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    for name in ("integrations", "scoring", "alerts", "warehouse")
)
HOME = Path("home")

RAW = {
    "general": {"hash_key": "canary-hash"},
    "slack": {
        "bot_token": "xoxb-canary",
        "app_token": "xapp-canary",
        "team_channel": "C0TEAM",
        "admin_channel": "C0ADMIN",
    },
    "sources": {"stripe": {"api_key": "rk_live_canary"}},
}


def parse(raw, **environment):
    return parse_config(raw, home=HOME, environment=environment)


def with_key(path, value):
    """The smallest configuration, with one key set; a value of None takes it out."""
    raw = deepcopy(RAW)
    *sections, key = path.split(".")
    table = raw
    for section in sections:
        table = table.setdefault(section, {})
    if value is None:
        del table[key]
    else:
        table[key] = value
    return raw


def refusal(raw, **environment):
    with pytest.raises(ConfigError) as caught:
        parse(raw, **environment)
    return caught


# What is said is taken as it is.


def test_the_smallest_configuration_has_every_default():
    config = parse(RAW)
    assert (config.general.timezone, config.general.monitor_at) == ("UTC", time(9))
    assert (config.rubric, config.alerts) == (Rubric(), AlertPolicy())
    assert config.playbooks == PLAYBOOKS
    assert config.sources["stripe"].every == SOURCES["stripe"].every
    assert config.database_url == f"sqlite:///{HOME / 'bellwether.db'}"


def test_the_example_file_works_once_its_variables_are_set():
    names = set(re.findall(r'"\$([A-Z_]+)"', EXAMPLE))
    config = parse(tomllib.loads(EXAMPLE), **dict.fromkeys(names, "secret"))
    assert set(config.sources) == {"stripe", "mixpanel", "zendesk", "hubspot"}


def test_the_examples_comments_work_too():
    uncommented = re.sub(r"^# (\[+[\w.]+\]+|\w+ = )", r"\1", EXAMPLE, flags=re.MULTILINE)
    names = dict.fromkeys(re.findall(r'"\$([A-Z_]+)"', EXAMPLE), "secret")
    names |= {"MAILCHIMP_API_KEY": "secret-us21", "WAREHOUSE_URL": "duckdb:///analytics.duckdb"}
    config = parse(tomllib.loads(uncommented), **names)
    assert set(config.sources) == set(SOURCES)
    assert config.rates.reporting == "usd"
    assert config.sources["stripe"].every == timedelta(hours=1)
    assert config.rubric.points[Component.USAGE] == Rubric().points[Component.USAGE]
    assert config.playbooks[Rule.AT_RISK].checklist[0].startswith("Ask support")
    assert config.playbooks[Rule.AT_RISK].draft.startswith("{account}: how is it going?\n\nHi")


def settings_of(kind):
    return kind.model_fields if hasattr(kind, "model_fields") else [f.name for f in fields(kind)]


# A rising rule is one by its nature, and the lines of each rule have sections of their own.
UNWRITTEN = {"rising", "at_risk", "critical", "expansion", "points", "flags", "caps"}
UNWRITTEN |= {"sharp_drop", "mass_change", "hours", "escalation", "routes"}
ALERT_KINDS = (AlertPolicy, Threshold, Drop, MassChange, WorkingHours, Escalation, Route)


@pytest.mark.parametrize(
    "kind",
    [General, SlackConfig, Rubric, Playbook, *ALERT_KINDS, *(s.settings for s in SOURCES.values())],
    ids=lambda kind: f"{kind.__module__}.{kind.__name__}",
)
def test_every_setting_is_written_down_somewhere(kind):
    for name in set(settings_of(kind)) - UNWRITTEN:
        assert re.search(rf"^#? ?{name} = |`{name}`", EXAMPLE + DOCS, re.MULTILINE), name


def test_a_source_keeps_a_rhythm_of_its_own():
    config = parse(with_key("sources.stripe.every", "PT2H30M"))
    assert config.sources["stripe"].every == timedelta(hours=2, minutes=30)
    assert config.sources["stripe"].stale_after == timedelta(hours=6)


def test_one_number_of_the_rubric_can_be_changed_alone():
    rubric = parse(with_key("rubric.points.usage.weekly", 25)).rubric
    assert rubric.points[Component.USAGE] == {
        "daily": 30,
        "weekly": 25,
        "monthly": 10,
        "inactive": 0,
    }
    assert rubric.points[Component.PAYMENT] == Rubric().points[Component.PAYMENT]


def test_one_number_of_an_alert_can_be_changed_alone():
    alerts = parse(with_key("alerts.critical.confirmations", 3)).alerts
    assert alerts.critical == Threshold(fires=40, clears=45, confirmations=3)
    assert alerts.at_risk == AlertPolicy().at_risk


def test_one_line_of_a_playbook_can_be_changed_alone():
    said = {"task": "Ring them up", "checklist": ["One", "Two"]}
    playbooks = parse(with_key("playbooks.at_risk", said)).playbooks
    usual = PLAYBOOKS[Rule.AT_RISK]
    assert playbooks[Rule.AT_RISK] == replace(usual, task="Ring them up", checklist=("One", "Two"))
    assert {**playbooks, Rule.AT_RISK: usual} == PLAYBOOKS


def test_an_empty_task_or_list_of_a_playbook_is_none():
    said = {"task": "", "watch": "", "draft": "", "checklist": []}
    playbook = parse(with_key("playbooks.critical", said)).playbooks[Rule.CRITICAL]
    assert (playbook.task, playbook.watch, playbook.draft, playbook.checklist) == (
        *(None, None),
        *("", ()),
    )


def test_a_list_of_a_playbook_is_called_by_its_name():
    raw = with_key("playbooks.cancellation.watch", "daily_monitoring")
    assert parse(raw).playbooks[Rule.CANCELLATION].watch is WatchKind.DAILY_MONITORING


def test_the_cooldown_is_an_iso_duration():
    assert parse(with_key("alerts.cooldown", "P1DT12H")).alerts.cooldown == timedelta(hours=36)


# Secrets.


def test_a_secret_comes_from_the_environment():
    config = parse(with_key("slack.bot_token", "$TOKEN"), TOKEN="xoxb-1")
    assert config.slack.bot_token.get_secret_value() == "xoxb-1"


@pytest.mark.parametrize("left", ["xoxb-1\n", "  xoxb-1  ", "xoxb-1\r\n"])
def test_what_a_shell_or_a_file_leaves_around_a_secret_is_dropped(left, tmp_path):
    (tmp_path / "token").write_text(left, "utf-8")
    raw = with_key("slack.bot_token", "$TOKEN ")
    for environment in ({"TOKEN": left}, {"TOKEN_FILE": str(tmp_path / "token")}):
        assert parse(raw, **environment).slack.bot_token.get_secret_value() == "xoxb-1"


def test_the_environment_goes_before_the_file(tmp_path):
    (tmp_path / "token").write_text("xoxb-file", "utf-8")
    raw = with_key("slack.bot_token", "$TOKEN")
    config = parse(raw, TOKEN="xoxb-set", TOKEN_FILE=str(tmp_path / "token"))
    assert config.slack.bot_token.get_secret_value() == "xoxb-set"


def test_an_event_that_begins_with_a_dollar_is_no_variable():
    raw = with_key("rubric.core_features", ["$mp_web_page_view", "Report Viewed"])
    assert parse(raw).rubric.core_features == ("$mp_web_page_view", "Report Viewed")


def test_a_missing_variable_is_named_with_the_key_that_wants_it():
    told = str(refusal(with_key("slack.bot_token", "$TOKEN")).value)
    assert told == (
        "slack.bot_token asks for the environment variable TOKEN, which is not set (nor is TOKEN_FILE)."
    )


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_an_empty_variable_is_as_bad_as_a_missing_one(empty):
    told = str(refusal(with_key("slack.bot_token", "$TOKEN"), TOKEN=empty).value)
    assert told == "slack.bot_token asks for the environment variable TOKEN, which is empty."


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path):
    binary = tmp_path / "binary"
    binary.write_bytes(b"xoxb-canary\xff")
    for path, why in [
        (tmp_path / "gone", "No such file"),
        (tmp_path, "Is a directory"),
        (binary, "not text"),
    ]:
        caught = refusal(with_key("slack.bot_token", "$TOKEN"), TOKEN_FILE=str(path))
        assert all(part in str(caught.value) for part in ("slack.bot_token", str(path), why))
        assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_no_secret_is_ever_shown():
    raw = with_key("general.database", "postgresql://bellwether:canary@localhost/bellwether")
    raw["sources"] |= {
        "mixpanel": {"username": "bot", "secret": "canary", "project_id": 1},
        "zendesk": {"subdomain": "acme", "client_id": "bot", "client_secret": "canary"},
        "hubspot": {"access_token": "pat-canary"},
    }
    config = parse(raw)
    assert "canary" not in repr(config)
    assert "canary" not in str(config)
    assert config.database_url.endswith("canary@localhost/bellwether")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("slack.app_token", None),
        ("slack.bot_token", ["xoxb-canary"]),
        ("slack.bot_tocken", "xoxb-canary"),
        ("slack.team_channel", "xoxb-canary"),
        ("general.hash_key", ["canary"]),
        ("general.database", "mysql://bellwether:canary@localhost/x"),
        ("sources.stripe.api_key", {"canary": "canary"}),
        ("sources.zendesk", {"subdomain": "acme", "client_secret": "canary"}),
    ],
)
def test_no_secret_is_shown_in_a_refusal_or_its_traceback(path, value):
    caught = refusal(with_key(path, value))
    assert "canary" not in "".join(traceback.format_exception(caught.value))


# Mistakes.


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("genral", {}, "Unknown key genral. Did you mean general?"),
        ("general.time_zone", "UTC", "Unknown key general.time_zone. Did you mean timezone?"),
        ("slack.bot_tocken", "x", "Unknown key slack.bot_tocken. Did you mean bot_token?"),
        ("sources.stripes", {}, "[sources.stripes]: there is no source of that name."),
        ("sources.stripe.apikey", "x", "Unknown key sources.stripe.apikey. Did you mean api_key?"),
        ("sources.stripe.evry", "PT1H", "Unknown key sources.stripe.evry. Did you mean every?"),
        ("rubric.helthy", 80, "Unknown key rubric.helthy. Did you mean healthy?"),
        ("rubric.points.usge", {}, "Unknown key rubric.points.usge. Did you mean usage?"),
        (
            "rubric.points.usage.dayly",
            30,
            "Unknown key rubric.points.usage.dayly. Did you mean daily?",
        ),
        ("alerts.atrisk", {}, "Unknown key alerts.atrisk. Did you mean at_risk?"),
        ("alerts.at_risk.fire", 60, "Unknown key alerts.at_risk.fire. Did you mean fires?"),
        (
            "alerts.routes",
            [{"chanel": "C1"}],
            "Unknown key alerts.routes.1.chanel. Did you mean channel?",
        ),
        ("playbooks.atrisk", {}, "Unknown key playbooks.atrisk. Did you mean at_risk?"),
        (
            "playbooks.at_risk.next",
            "x",
            "Unknown key playbooks.at_risk.next. Did you mean next_step?",
        ),
        ("general.xyz", 1, "Unknown key general.xyz. Known are: timezone, system_of_record,"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_one(path, value, told):
    assert str(refusal(with_key(path, value)).value).startswith(told)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("slack.app_token", None, "slack.app_token is missing: set it."),
        ("sources.stripe.api_key", None, "sources.stripe.api_key is missing: set it."),
        ("general.hash_key", None, "general.hash_key is missing: set it."),
        ("general.timezone", "Berlin", "general.timezone: 'Berlin' is not a time zone; write one"),
        ("general.monitor_at", "25:00", "general.monitor_at: "),
        ("general.database", "mysql://x", "general.database: must begin with sqlite:///"),
        ("general.database", "sqlite://", "general.database: must begin with sqlite:///"),
        ("general.system_of_record", "hubspot", "general.system_of_record is 'hubspot', but there"),
        ("slack.team_channel", "#general", "slack.team_channel: is not a channel's id; copy it"),
        ("slack.admin_channel", "", "slack.admin_channel: is not a channel's id; copy it"),
        ("slack.bot_token", 5, "slack.bot_token: Input should be a valid string."),
        ("sources.stripe.every", "hourly", "sources.stripe.every: "),
        ("sources.stripe.stale_after", "soon", "sources.stripe.stale_after: "),
        (
            "sources.heap",
            {},
            "[sources.heap]: Heap has no API that can be read. Its data comes through Heap Connect",
        ),
        ("sources.delighted", {}, "[sources.delighted]: Delighted closed on 30 June 2026."),
        ("sources.stripe.every", "PT0S", "sources.stripe.every: "),
        ("sources.stripe.every", "-PT1H", "sources.stripe.every: "),
        (
            "alerts.at_risk.clears",
            55,
            "alerts.at_risk: an alert must clear above the line it fires at: fires 60, clears 55.",
        ),
        ("alerts.expansion.clears", 85, "alerts.expansion: an alert must clear below the line"),
        ("alerts.critical.confirmations", 0, "alerts.critical: confirmations must be at least 1."),
        ("alerts.cooldown", "a day", "alerts.cooldown: "),
        ("alerts.off", ["at_risky"], "alerts.off.0: Input should be 'critical', 'cancellation'"),
        ("alerts.unstable_after", 0, "alerts: unstable_after must be at least 1."),
        ("alerts.sharp_drop.clears", 20, "alerts.sharp_drop: a sharp drop needs 0 < clears"),
        ("alerts.hours.end", "07:00", "alerts.hours: working hours must end after they start."),
        ("alerts.hours.days", ["monday"], "alerts.hours: 'monday' is no day; write mon, tue,"),
        ("alerts.escalation.after_hours", -1, "alerts.escalation: after_hours cannot be negative."),
        ("alerts.mass_change.share", 30, "alerts.mass_change: mass change needs 0 < share <= 1"),
        ("alerts.routes", {}, "alerts.routes must be sections: [[alerts.routes]]"),
        ("alerts.routes", [{"channel": "C1"}], "alerts.routes.1: a route needs plans, mrr_from"),
        (
            "playbooks.at_risk.draft",
            "Hi\n{acount}",
            "playbooks.at_risk: draft: there is no field {acount}; known are: {account}, {me},",
        ),
        ("playbooks.at_risk.task_due_days", -1, "playbooks.at_risk: task_due_days must be 0 to"),
        ("playbooks.at_risk.task_due_days", "soon", "playbooks.at_risk.task_due_days: "),
        ("playbooks.at_risk.watch", "daily", "playbooks.at_risk.watch: Input should be 'weekly_"),
        ("playbooks.at_risk.next_step", "", "playbooks.at_risk: next_step must say something."),
        ("playbooks.at_risk.checklist", "x", "playbooks.at_risk.checklist: "),
        ("playbooks.at_risk.call_minutes", 20, "playbooks.at_risk: call_minutes must be one of"),
        (
            "rubric.points.usage.weekly",
            31,
            "rubric: points.usage: a better level may not be worth less",
        ),
        ("rubric.points.usage.weekly", "many", "rubric.points.usage.weekly: "),
        ("rubric.healthy", 50, "rubric: the statuses need 0 < at_risk < stable < healthy <= 100."),
        ("rubric.core_features", ["a", "a"], "rubric: core_features: one is named twice."),
        ("rubric.min_coverage", float("nan"), "rubric: min_coverage is a share between 0 and 1."),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_key(path, value, told):
    sentence = str(refusal(with_key(path, value)).value)
    assert sentence.startswith(told)
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("value", [3, "text", [], [{}]])
@pytest.mark.parametrize(
    "path",
    [
        "general",
        "slack",
        "sources",
        "sources.stripe",
        "rubric",
        "rubric.points",
        "rubric.points.usage",
        "alerts",
        "alerts.at_risk",
        "alerts.hours",
        "playbooks",
        "playbooks.at_risk",
    ],
)
def test_a_value_where_a_section_belongs_is_named(path, value):
    told = str(refusal(with_key(path, value)).value)
    assert told == f"{path} must be a section: [{path}]."


def test_every_mistake_of_a_section_is_named_at_once():
    raw = with_key("slack.app_token", None)
    raw["slack"]["team_channel"] = "#general"
    told = str(refusal(raw).value)
    assert "slack.app_token" in told
    assert "slack.team_channel" in told


def test_a_configuration_without_a_source_says_what_to_add():
    assert str(refusal(with_key("sources", {})).value) == (
        "No source is configured. Add at least one section like [sources.stripe]."
    )


# The file.


def test_a_missing_file_says_what_to_copy(tmp_path):
    with pytest.raises(ConfigError, match=r"There is no .*Copy bellwether\.example\.toml"):
        load_config(tmp_path / "bellwether.toml", home=tmp_path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory\."):
        load_config(tmp_path, home=tmp_path)


@pytest.mark.parametrize("content", [b"[general\n", b"a = 1\na = 2\n", b"\xff\xfe", b"a = \x00"])
def test_a_file_that_is_no_toml_is_named(tmp_path, content):
    path = tmp_path / "bellwether.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"bellwether\.toml is not valid TOML: "):
        load_config(path, home=tmp_path)


def test_a_file_is_read_with_the_real_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "from-outside")
    path = tmp_path / "bellwether.toml"
    path.write_text(EXAMPLE, "utf-8")
    for name in set(re.findall(r'"\$([A-Z_]+)"', EXAMPLE)):
        monkeypatch.setenv(name, "from-outside")
    config = load_config(path, home=tmp_path)
    assert config.general.hash_key.get_secret_value() == "from-outside"


def test_a_source_that_tells_no_accounts_cannot_be_the_system_of_record():
    raw = with_key("general.system_of_record", "typeform")
    raw["sources"]["typeform"] = {"access_token": "tfp_canary"}
    assert str(refusal(raw).value) == (
        "general.system_of_record is 'typeform', which tells no accounts. Name one that does: stripe."
    )


def test_how_old_an_answer_may_be_follows_from_how_often_it_is_read_unless_it_is_said():
    config = parse(with_key("sources.stripe.every", "PT2H"))
    assert config.sources["stripe"].stale_after == timedelta(hours=5)
    config = parse(with_key("sources.stripe.stale_after", "P8D"))
    assert config.sources["stripe"].stale_after == timedelta(days=8)
