"""The house rules that no linter knows: what is committed, and what must agree with what."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer.main
import yaml
from slack_sdk import WebClient

from bot import proving
from bot.cli import app
from bot.commands.registry import COMMANDS
from integrations.registry import SOURCES

ROOT = Path(__file__).parents[1]
ROOMS = ("scoring", "integrations", "storage", "bot", "sandbox")


@cache
def committed():
    """Every file git knows or would take, that is there."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(path):
    return (ROOT / path).read_text("utf-8", errors="replace")


@cache
def modules():
    """Every Python file of the rooms, parsed, by its path."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    }


def those(*kinds):
    """(file, node) of every node of these kinds."""
    return [
        (name, node)
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]


# What is committed.

# Put together here, so that this file holds none of them.
_INDEX = re.compile(
    "|".join(
        (
            "pypi" + r"\.org",
            "python" + "hosted",
            "index" + "-url",
            "art" + "ifactory",
            "dev" + r"pi\.",
            "jf" + "rog",
            "registry" + r"\.(?:npmjs|yarnpkg)",
        )
    ),
    re.IGNORECASE,
)
_MACHINE = re.compile(r"(?<![\w.:*-])/(?:work|root|home|Users|mnt|tmp)/[\w.-]+")


@pytest.mark.parametrize("pattern", [_INDEX, _MACHINE], ids=["package index", "machine path"])
def test_no_committed_file_names(pattern):
    found = {
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in committed()
        if path.suffix != ".png"
        for hit in [pattern.search(text_of(path))]
        if hit
    }
    assert not found


def test_nothing_the_bot_keeps_is_committed():
    kept = re.compile(r"(^|/)(\.venv|\.bellwether|__pycache__)/|\.(db|sqlite|pyc|log)$|uv\.lock$")
    assert not [each for each in committed() if kept.search(str(each.relative_to(ROOT)))]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_hashed_and_none_has_an_address(lock):
    text = text_of(lock)
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) > 20
    for each in requirements:
        assert re.match(r"[\w.\[\]-]+==[\w.+!]+", each), each
        assert "--hash=sha256:" in each, each


def test_what_runs_is_a_part_of_what_is_tested():
    def pinned(lock):
        return set(re.findall(r"^([\w.\[\]-]+==\S+)", text_of(lock), re.MULTILINE))

    assert pinned("requirements.txt") < pinned("requirements-dev.txt")


def test_every_dependency_is_locked():
    project = tomllib.loads(text_of("pyproject.toml"))
    asked = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
    ]
    locked = {
        each.lower().replace("_", "-")
        for each in re.findall(r"^([\w.-]+)", text_of("requirements.txt"), re.MULTILINE)
    }
    assert {re.match(r"[\w.-]+", each)[0].lower() for each in asked} <= locked


# The manifest.


@cache
def manifest():
    return yaml.safe_load(text_of("manifest.yml"))


# What each method of the Web API asks of the bot token (docs.slack.dev, "Methods"), for public and
# private channels and direct messages. An empty set: any token will do, or the app-level one.
_READ = {"channels:read", "groups:read"}
_HISTORY = {"channels:history", "groups:history", "im:history"}
SCOPES = {
    "auth_test": set(),
    "apps_connections_open": set(),
    "views_open": set(),
    "views_publish": set(),
    "views_push": set(),
    "views_update": set(),
    "chat_delete": {"chat:write"},
    "chat_getPermalink": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_unfurl": {"links:write"},
    "chat_update": {"chat:write"},
    "conversations_info": _READ,
    "conversations_history": _HISTORY,
    "conversations_replies": _HISTORY,
    "conversations_open": {"im:write"},
    "files_info": {"files:read"},
    "files_upload_v2": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read", "users:read.email"},
    "users_list": {"users:read", "users:read.email"},
}


# What each event we are sent asks of it (docs.slack.dev, "Events").
EVENTS = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "link_shared": {"links:read"},
    "message.im": {"im:history"},
}


def subscribed():
    return set(manifest()["settings"]["event_subscriptions"]["bot_events"])


def used_methods():
    methods = {name for name in dir(WebClient) if "_" in name and not name.startswith("_")}
    return {
        node.func.attr
        for name, node in those(ast.Call)
        if name.startswith("bot/") and isinstance(node.func, ast.Attribute)
        if node.func.attr in methods - {"api_call"}
    }


def test_the_scopes_are_exactly_what_the_methods_need():
    assert used_methods() <= SCOPES.keys(), "say in SCOPES what it needs"
    needed = set().union(*(SCOPES[each] for each in used_methods())) | {"commands"}
    needed |= set().union(*(EVENTS[each] for each in subscribed()))
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed
    assert "user" not in manifest()["oauth_config"]["scopes"]


def test_the_manifest_is_one_slack_takes():
    display, features = manifest()["display_information"], manifest()["features"]
    assert 1 <= len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert re.fullmatch(r"#[0-9a-f]{6}", display["background_color"])
    assert re.fullmatch(r"[a-z0-9._-]{1,80}", features["bot_user"]["display_name"])
    for command in features["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert 1 <= len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    known = {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert manifest().keys() == known


def test_the_manifest_asks_for_socket_mode_and_needs_no_address():
    settings = manifest()["settings"]
    assert settings["socket_mode_enabled"]
    assert settings["interactivity"] == {"is_enabled": True}
    assert "url" not in text_of("manifest.yml").replace("unfurl", "")


def test_the_manifest_and_the_help_name_the_same_commands():
    declared = {each["command"] for each in manifest()["features"]["slash_commands"]}
    assert declared == {typed.split()[0] for each in COMMANDS for typed, _ in each.examples}
    handled = re.findall(r'door\.command\("([^"]+)"', text_of("bot/listeners/health.py"))
    assert declared == set(handled)


def test_what_the_manifest_hints_at_is_in_the_help():
    (command,) = manifest()["features"]["slash_commands"]
    explained = {
        typed.split()[1] for each in COMMANDS for typed, _ in each.examples if " " in typed
    }
    assert set(command["usage_hint"].split(" | ")) <= explained


# The docs.

PAGES = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "GLOSSARY.md", "CHANGELOG.md"]
DOCS = [*PAGES, *(str(each.relative_to(ROOT)) for each in sorted((ROOT / "docs").rglob("*.md")))]


@pytest.mark.parametrize("page", DOCS)
def test_the_commands_a_page_names_exist(page):
    commands = typer.main.get_command(app).commands
    in_code = " ".join(re.findall(r"```.*?```|`[^`]+`", text_of(page), re.DOTALL))
    for first, second in re.findall(r"(?<!@)\bbellwether ([a-z]+)(?: ([a-z]+))?", in_code):
        assert first in commands, f"bellwether {first}"
        inner = getattr(commands[first], "commands", None)
        assert inner is None or second in inner, f"bellwether {first} {second}"


@pytest.mark.parametrize("page", DOCS)
def test_what_a_page_says_can_be_made_can_be_made(page):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    in_code = " ".join(re.findall(r"```.*?```|`[^`]+`", text_of(page), re.DOTALL))
    assert set(re.findall(r"\bmake ([a-z]+)", in_code)) <= targets


@pytest.mark.parametrize("page", DOCS)
def test_the_options_a_page_names_exist(page):
    demo = typer.main.get_command(app).commands["demo"]
    options = {option for each in demo.params for option in each.opts}
    named = re.findall(r"bellwether demo([^`|\n]*)", text_of(page))
    assert {each for words in named for each in re.findall(r"--[a-z-]+", words)} <= options


@pytest.mark.parametrize("page", DOCS)
def test_the_files_a_page_links_to_are_there(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", text_of(page)):
        # The pictures are drawn from the running demo.
        if not target.endswith(".png"):
            assert (ROOT / page).parent.joinpath(target).exists(), target


def test_every_decision_is_listed():
    pages = {each.name for each in (ROOT / "docs/adr").glob("[0-9]*.md")}
    listed = dict(
        re.findall(r"^\| \[(\d+)\]\(([^)]+)\)", text_of("docs/adr/README.md"), re.MULTILINE)
    )
    assert set(listed.values()) == pages
    assert all(name.startswith(number) for number, name in listed.items())
    assert sorted(map(int, listed)) == list(range(1, len(pages) + 1))


def test_the_changelog_has_room_for_what_comes():
    assert "\n## Unreleased\n" in text_of("CHANGELOG.md")


# The sources.


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_source_is_whole(name):
    docs, title = text_of("docs/integrations.md"), SOURCES[name].title
    assert f"\n## {title}\n" in docs
    quality = docs[docs.index("\n## Quality\n") :]
    (row,) = re.findall(rf"^\| {re.escape(title)} \|.*$", quality, re.MULTILINE)
    assert row.endswith(("| silver |", "| gold |")), row
    assert f"[sources.{name}]" in docs
    assert f"[sources.{name}]" in text_of("bellwether.example.toml")
    assert list((ROOT / "tests/integrations/fixtures" / name).iterdir())
    stand_ins = (ROOT / f"sandbox/vendors/{name}.py", ROOT / f"sandbox/couriers/{name}.py")
    assert any(each.exists() for each in stand_ins)


def test_every_adapter_is_registered_and_kept_apart_from_the_others():
    there = {each.stem for each in (ROOT / "integrations/sources").glob("[!_]*.py")}
    assert there == set(SOURCES)
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (apart,) = [each for each in contracts if each["name"] == "An adapter does not know another"]
    assert set(apart["modules"]) == {f"integrations.sources.{name}" for name in SOURCES}


# The code.


def test_only_one_file_reads_the_clock():
    reading = {"now", "utcnow", "today", "time"}
    clocks = {"datetime", "date", "dt", "time"}
    found = {
        name
        for name, node in those(ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in reading
        if isinstance(node.func.value, ast.Name) and node.func.value.id in clocks
    }
    # The sandbox is another world, with a clock of its own.
    assert {each for each in found if not each.startswith("sandbox/")} == {"bot/clock.py"}


@pytest.mark.parametrize(
    ("package", "where"),
    [
        ("httpx", {"integrations/http.py"}),
        ("apscheduler", {"bot/schedule.py"}),
        (
            "duckdb",
            {
                "integrations/events/reducer.py",
                "integrations/warehouse/databases.py",
                "sandbox/couriers/warehouse.py",
            },
        ),
        ("waitress", {"bot/web.py"}),
    ],
)
def test_a_library_is_known_in_one_place(package, where):
    found = set()
    for name, node in those(ast.Import, ast.ImportFrom):
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        found |= {name for each in names if (each or "").split(".")[0] == package}
    assert found == where


def test_the_services_and_blocks_do_not_know_slack():
    found = {
        name
        for name, node in those(ast.Import, ast.ImportFrom)
        if name.startswith(
            ("bot/services/", "bot/blocks/", "storage/", "integrations/", "scoring/")
        )
        and "slack_" in ast.unparse(node)
    }
    assert not found


def test_nothing_is_asynchronous_outside_the_sandbox():
    found = {
        name for name, _ in those(ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    }
    assert {name.split("/")[0] for name in found} <= {"sandbox"}


def test_every_module_opens_with_a_sentence():
    assert not [
        name
        for name, tree in modules().items()
        if not ast.get_docstring(tree) and "migrations" not in name and tree.body
    ]


def test_no_function_is_longer_than_60_lines():
    found = {
        f"{name}: {node.name}"
        for name, node in those(ast.FunctionDef, ast.AsyncFunctionDef)
        if node.end_lineno - node.lineno >= 60 and "/versions/" not in name
    }
    assert not found


def test_no_file_is_longer_than_400_lines():
    # A migration is as long as what it changes.
    assert not {
        name
        for name in modules()
        if len(text_of(name).splitlines()) > 400 and "/versions/" not in name
    }


def test_no_room_is_called_after_nothing():
    nothing = {
        "core",
        "utils",
        "util",
        "common",
        "helpers",
        "helper",
        "manager",
        "managers",
        "misc",
    }
    names = {part for name in modules() for part in Path(name).with_suffix("").parts}
    assert not names & nothing


def test_every_test_file_has_a_name_of_its_own():
    names = [path.name for path in committed() if path.name.startswith("test_")]
    names = [each for each in names if each.endswith(".py")]
    assert len(names) == len(set(names))


def test_no_mistake_is_silenced_for_a_whole_file():
    for path in committed():
        if path.suffix == ".py":
            assert not re.search(
                r"^# (?:ruff: noqa|mypy: ignore-errors)", text_of(path), re.MULTILINE
            ), path


def test_doctor_looks_for_the_scopes_that_the_manifest_asks_for():
    manifest = yaml.safe_load(text_of("manifest.yml"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == proving.SCOPES


# What goes to Slack.


def test_messages_and_views_are_built_in_one_place_where_they_are_made_to_fit():
    """`kit.message`, `kit.modal` and `kit.home` alone, so that nothing reaches Slack which it would refuse."""
    made = {
        name
        for name, node in those(ast.Dict)
        if name.startswith("bot/")
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and key.value == "type"
        and isinstance(value, ast.Constant)
        and value.value in {"modal", "home"}
    }
    assert made == {"bot/blocks/kit.py", "bot/blocks/limits.py"}
    called = {
        name
        for name, node in those(ast.Call)
        if name.startswith("bot/") and isinstance(node.func, ast.Name)
        if node.func.id == "Message"
    }
    assert called == {"bot/blocks/kit.py"}


def test_no_listener_builds_a_block():
    """What a listener hands to Slack has come out of bot/blocks."""
    spelled = {
        name
        for name, node in those(ast.Dict)
        if name.startswith("bot/") and not name.startswith("bot/blocks/")
        for key in node.keys
        if isinstance(key, ast.Constant) and key.value in {"elements", "accessory", "block_id"}
    }
    assert spelled == set()
